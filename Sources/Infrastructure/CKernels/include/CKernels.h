/* Berth's kernels: plain C functions behind one table per instruction set.
 *
 * Every function of a table gives the same bits as the same function of any other table: integer sums are
 * exact, and the float operations that make one output number stand in one order, which the scalar
 * reference (Reference/) spells out. So results depend neither on the machine nor on what shares a batch.
 */
#ifndef BERTH_CKERNELS_H
#define BERTH_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "berth_attention.h"
#include "berth_probes.h"
#include "berth_words.h"

#pragma clang assume_nonnull begin

/* Element types, with the numbers that GGML and GGUF files use. */
enum {
    BERTH_F32 = 0,
    BERTH_F16 = 1,
    BERTH_Q4_0 = 2,
    BERTH_Q4_1 = 3,
    BERTH_Q5_0 = 6,
    BERTH_Q5_1 = 7,
    BERTH_Q8_0 = 8,
    BERTH_Q2_K = 10,
    BERTH_Q3_K = 11,
    BERTH_Q4_K = 12,
    BERTH_Q5_K = 13,
    BERTH_Q6_K = 14,
    BERTH_IQ4_NL = 20,
    BERTH_IQ4_XS = 23,
    BERTH_BF16 = 30,
    BERTH_MXFP4 = 39,
    /* One more than the largest. */
    BERTH_TYPE_LIMIT = 40,
};

enum {
    /* Output rows that a packed panel interleaves. */
    BERTH_PANEL_ROWS = 16,
    /* Activations that share one scale. */
    BERTH_BLOCK = 32,
};

/* 32 activations of one row: value = scale * values[i]. */
typedef struct berth_block {
    int8_t values[BERTH_BLOCK];
    float scale;
    /* scale * (sum of values): what the minimum of 32 weights is multiplied by. */
    float sum;
    /* -128 * (sum of values), for each half: takes the offset of 128 out of an unsigned weight, and what the
     * minimum of 16 weights is multiplied by. */
    int32_t offsets[2];
} berth_block;

/* One part of a product: a run of panels times a run of tokens. */
typedef struct berth_product {
    /* First panel; panels follow each other without a gap. */
    const uint8_t *panels;
    size_t panel_count;
    /* Output rows in these panels; the last panel may be partly padding. */
    size_t rows;
    size_t columns;
    size_t tokens;
    /* Quantized weights: blocks in tiles of `berth_kernels.tile` tokens, of which the last may have fewer.
     * In a tile of w tokens, block b of token t stands at [b * w + t]; tiles follow each other. */
    const berth_block *_Nullable blocks;
    /* Float weights: rows of float32, `input_stride` floats apart. */
    const float *_Nullable input;
    size_t input_stride;
    /* out[token * output_stride + row] */
    float *output;
    size_t output_stride;
} berth_product;

/* A head's turn about the origin of each of its planes. */
typedef struct berth_rotation {
    /* One cosine and one sine a pair. */
    const float *cosines;
    const float *sines;
    size_t pairs;
    /* true: pair i is (2i, 2i + 1); false: pair i is (i, i + pairs). */
    bool adjacent;
} berth_rotation;

typedef struct berth_kernels {
    const char *name;
    /* Tokens that a product takes in one pass over a panel; `berth_block`s are stored in tiles of this. */
    size_t tile;

    /* By weight type; NULL for a number that no type has. */
    void (*_Nullable products[BERTH_TYPE_LIMIT])(const berth_product *);
    /* out += product with float16 panels: every sum begins with what the output holds. For weights of few columns. */
    void (*add_product)(const berth_product *);

    /* Rounds `columns` floats (padded with zeros to whole blocks) to blocks; block i goes to out[i * step]. */
    void (*quantize)(const float *x, size_t columns, berth_block *out, size_t step);
    /* out = x / sqrt(mean(x^2) + epsilon) * weight; x and out may be the same. */
    void (*normalize)(const float *x, const float *weight, float epsilon, size_t count, float *out);
    /* out = gate / (1 + exp(-gate)) * up; see Formats/exponential.h for the exponential's error. */
    void (*gate)(const float *gate, const float *up, size_t count, float *out);
    /* out += x */
    void (*add)(const float *x, size_t count, float *out);
    /* out += factor * x, rounded once */
    void (*add_scaled)(const float *x, float factor, size_t count, float *out);
    /* Turns the first 2 * pairs values of a head in place. */
    void (*rotate)(const berth_rotation *, float *head);
    berth_attention_kernels attention;
    /* For encoders. */
    berth_word_kernels words;
    /* Rounds finite numbers, whole blocks of them, to a type that `berth_can_encode`. Costs about 6 ns a number
     * for K types with AVX-512. */
    void (*encode)(uint32_t type, const float *x, size_t count, uint8_t *out);
} berth_kernels;

typedef enum berth_isa {
    BERTH_SCALAR,
    BERTH_AVX2,
    BERTH_AVX512,
    BERTH_NEON_DOTPROD,
    BERTH_NEON_I8MM,
    /* One more than the last. */
    BERTH_ISA_LIMIT,
} berth_isa;

/* The kernels of an instruction set, or NULL when this machine or this build lacks it. */
const berth_kernels *_Nullable berth_kernels_for(berth_isa isa);

/* Multiplies panels of a weight type that `berth_panel_bytes` knows. */
void berth_multiply(const berth_kernels *kernels, uint32_t type, const berth_product *product);

/* Bytes of a packed panel, a multiple of 64; 0 for a type that has no panels. */
size_t berth_panel_bytes(uint32_t type, size_t columns);

/* Interleaves up to 16 rows of GGML blocks, `row_bytes` apart, into one panel; rows beyond are zero. */
void berth_pack_panel(uint32_t type, const uint8_t *source, size_t row_bytes, size_t rows,
                      size_t columns, uint8_t *panel);

/* A checksum of bytes; of several runs, when the seed is that of the run before. Another on a big-endian machine. */
uint64_t berth_checksum(const uint8_t *bytes, size_t count, uint64_t seed);

/* GGML blocks of `count` elements to float32; count is a multiple of the type's block. */
void berth_dequantize(uint32_t type, const uint8_t *source, size_t count, float *out);

/* Whether `berth_kernels.encode` writes a type. */
bool berth_can_encode(uint32_t type);

/* How many numbers come before the first whose magnitude is above a limit, or that is no number. */
size_t berth_count_within(const float *x, size_t count, float limit);

/* The first of `count` 16-bit numbers, `stride` bytes apart, that has all bits of a mask: with the bits of its
 * exponent, one that is infinite or no number. `count` where there is none. */
size_t berth_find_bits(const uint8_t *source, size_t stride, size_t count, uint16_t mask);

/* Tells the processor that this is a waiting loop. */
static inline void berth_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#pragma clang assume_nonnull end

#endif
