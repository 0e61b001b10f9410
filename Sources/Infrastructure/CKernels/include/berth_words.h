/* Kernels of encoders: products of 16-bit integers, layer norm, GELU, attention in both directions.
 *
 * Weights and activations are rounded to 13 bits, with a scale for every 128 columns. That is 32 times finer than
 * 8 bits and, unlike float products, exact within a block, so every table gives the same bits here too. */
#ifndef BERTH_WORDS_H
#define BERTH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
    /* Columns that share one scale. */
    BERTH_WORD_BLOCK = 128,
    /* Largest magnitude: 128 * 4095^2 is the most that a sum of 32 bits holds. */
    BERTH_WORD_LARGEST = 4095,
    /* Longest key of a head: one block, whose score is one exact sum. */
    BERTH_WORD_HEAD = BERTH_WORD_BLOCK,
};

/* 128 activations of one row: value = scale * values[i]. */
typedef struct berth_word_block {
    int16_t values[BERTH_WORD_BLOCK];
    float scale;
} berth_word_block;

/* What happens to a sum before it is stored. */
typedef enum berth_word_ending {
    BERTH_STORE,
    /* x * (1 + erf(x / sqrt 2)) / 2 */
    BERTH_GELU,
    /* Added to what the output holds. */
    BERTH_ACCUMULATE,
} berth_word_ending;

/* One part of a product: a run of panels times a run of tokens. */
typedef struct berth_word_product {
    /* First panel of 16 rows (`berth_pack_words`); panels follow each other without a gap. */
    const uint8_t *panels;
    size_t panel_count;
    /* Output rows in these panels; the last panel may be partly padding. */
    size_t rows;
    /* Blocks of 128 columns. */
    size_t blocks;
    size_t tokens;
    /* In tiles of `berth_word_kernels.tile` tokens, of which the last may have fewer. In a tile of w tokens, block
     * b of token t stands at [b * w + t]; tiles follow each other. */
    const berth_word_block *input;
    /* One for every output row, whole panels; added to the sum. */
    const float *bias;
    berth_word_ending ending;
    /* out[token * output_stride + row] */
    float *output;
    size_t output_stride;
} berth_word_product;

/* Attention of some tokens of a text with all of its tokens, for one head. */
typedef struct berth_word_attention {
    /* queries[row * stride], keys[position * stride], values[position * stride] */
    const float *queries;
    const float *keys;
    const float *values;
    size_t stride;
    size_t rows;
    size_t positions;
    /* Length of a query, a key and a value: at most BERTH_WORD_HEAD. */
    size_t dimension;
    /* What scores are multiplied by. */
    float scale;
    /* output[row * output_stride] */
    float *output;
    size_t output_stride;
    /* `berth_word_attention_scratch` bytes, 64-byte aligned. */
    void *scratch;
} berth_word_attention;

typedef struct berth_word_kernels {
    /* Tokens that a product takes in one pass over a panel. */
    size_t tile;
    void (*product)(const berth_word_product *);
    /* Rounds `columns` floats (padded with zeros to whole blocks); block i goes to out[i * step]. */
    void (*round)(const float *x, size_t columns, berth_word_block *out, size_t step);
    /* out = (x - mean) / sqrt(variance + epsilon) * weight + bias; x and out may be the same. */
    void (*layer_norm)(const float *x, const float *weight, const float *bias, float epsilon,
                       size_t count, float *out);
    /* out = x * (1 + erf(x / sqrt 2)) / 2; see Words/words.h for its error. x and out may be the same. */
    void (*gelu)(const float *x, size_t count, float *out);
    void (*attend)(const berth_word_attention *);
} berth_word_kernels;

/* Bytes of a panel of 16 rows, a multiple of 64. */
size_t berth_word_panel_bytes(size_t columns);

/* Rounds and interleaves up to 16 rows of floats, `stride` floats apart; rows beyond are zero. */
void berth_pack_words(const float *source, size_t stride, size_t rows, size_t columns, uint8_t *panel);

/* Bytes of scratch memory that `attend` needs. */
size_t berth_word_attention_scratch(size_t positions, size_t dimension);

#pragma clang assume_nonnull end

#endif
