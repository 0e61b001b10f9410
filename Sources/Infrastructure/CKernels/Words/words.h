/* What the word kernels of all instruction sets share. */
#ifndef BERTH_WORDS_PRIVATE_H
#define BERTH_WORDS_PRIVATE_H

#include "CKernels.h"

enum {
    WORD_LINE = 64,
    /* A panel is a record a block: scales [16] float32, then 64 lines of 16 rows by 2 columns. */
    WORD_RECORD = WORD_LINE + BERTH_WORD_BLOCK / 2 * WORD_LINE,
    /* Queries that share a pass over keys and values. */
    WORD_QUERIES = 6,
    /* Positions whose values share a scale a dimension. */
    WORD_POSITIONS = BERTH_WORD_BLOCK,
};

/* erf(x / sqrt 2) = x * (G0 + G1 v + ... + G12 v^12), v = 2 x^2 / 25 - 1, a minimax fit for |x| <= 5. GELU made of it
 * errs by less than 4e-7 * |x|; below -5 it is 0. */
#define GELU_BOUND 5.0f
#define GELU_SCALE 0x1.47ae14p-4f
#define GELU_COEFFICIENTS                                                                          \
    {0x1.218356p-2f,  -0x1.1feef4p-3f, 0x1.a60e2ep-4f,  -0x1.4b507ap-4f, 0x1.01966ap-4f,           \
     -0x1.7d1cccp-5f, 0x1.0c9222p-5f,  -0x1.6e8482p-6f, 0x1.a5d002p-7f,  -0x1.5caf5cp-8f,          \
     0x1.bbcf54p-9f,  -0x1.a9c91ap-9f, 0x1.45b396p-10f}
enum { GELU_DEGREE = 12 };

/* 2^f = 1 + f * (P0 + ... + P3 f^3) for |f| <= 1/2, to 3e-6: a softmax weight is rounded to 1 / 4095. */
#define POWER_LOWEST -30.0f
#define POWER_LOG2_E 0x1.715476p+0f
#define POWER_ROUNDER 0x1.8p23f
#define POWER_0 0x1.62e12cp-1f
#define POWER_1 0x1.ec0378p-3f
#define POWER_2 0x1.c9fc4ap-5f
#define POWER_3 0x1.3a02cap-7f

#define DECLARE_WORDS(isa)                                                                         \
    void berth_##isa##_word_product(const berth_word_product *);                                   \
    void berth_##isa##_word_round(const float *x, size_t columns, berth_word_block *out,           \
                                  size_t step);                                                    \
    void berth_##isa##_layer_norm(const float *x, const float *weight, const float *bias,          \
                                  float epsilon, size_t count, float *out);                        \
    void berth_##isa##_gelu(const float *x, size_t count, float *out);                             \
    void berth_##isa##_word_attend(const berth_word_attention *);

DECLARE_WORDS(reference)
DECLARE_WORDS(avx2)
DECLARE_WORDS(avx512)
DECLARE_WORDS(neon)

#define WORD_TABLE(isa, tokens)                                                                    \
    {                                                                                              \
        .tile = tokens, .product = berth_##isa##_word_product, .round = berth_##isa##_word_round,  \
        .layer_norm = berth_##isa##_layer_norm, .gelu = berth_##isa##_gelu,                        \
        .attend = berth_##isa##_word_attend,                                                       \
    }

/* Where an attention call keeps what it makes: all parts start at multiples of 64 bytes. */
typedef struct {
    /* Positions and dimensions, each up to the next 16. */
    size_t positions, dimensions;
    /* [dimension / 2][positions][2] and a scale a position */
    int16_t *keys;
    float *key_scales;
    /* [position / 2][dimensions][2] and scales [block of positions][dimensions] */
    int16_t *values;
    float *value_scales;
    /* [query][dimensions] and a scale a query */
    int16_t *queries;
    float *query_scales;
    /* [query][positions]: scores, then weights */
    float *scores;
    int16_t *weights;
    /* Sum of a query's weights. */
    int32_t *sums;
} word_attention_memory;

static inline size_t word_round_up(size_t count, size_t to) { return (count + to - 1) / to * to; }

/* Lays the parts out from `base` on, where there is one, and returns their bytes. */
static inline size_t word_attention_layout(uint8_t *base, size_t positions, size_t dimension,
                                           word_attention_memory *m) {
    size_t offset = 0;
    m->positions = word_round_up(positions, 16);
    m->dimensions = word_round_up(dimension, 16);
#define PART(field, count)                                                                         \
    m->field = base ? (void *)(base + offset) : NULL;                                              \
    offset += word_round_up((count) * sizeof *m->field, WORD_LINE);
    PART(keys, m->dimensions * m->positions)
    PART(key_scales, m->positions)
    PART(values, m->dimensions * m->positions)
    PART(value_scales, word_round_up(positions, WORD_POSITIONS) / WORD_POSITIONS * m->dimensions)
    PART(queries, WORD_QUERIES * m->dimensions)
    PART(query_scales, WORD_QUERIES)
    PART(scores, WORD_QUERIES * m->positions)
    PART(weights, WORD_QUERIES * m->positions)
    PART(sums, WORD_QUERIES)
#undef PART
    return offset;
}

#endif
