#ifndef BERTH_ATTENTION_KERNELS_H
#define BERTH_ATTENTION_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Attention over the pages of a KV cache, whose elements are BERTH_F16, BERTH_BF16 or BERTH_Q8_0.
 *
 * Of one layer and key/value head, a page holds 64 positions. Keys stand in four groups of 16 positions, so that
 * scores of 16 positions are 16 sums that run side by side, and a position's key is written to one short run of
 * memory; `width` is `berth_cache_width`:
 *
 *     16-bit floats   keys    [4][dimension][16]
 *                     values  [64][width]
 *     Q8_0            keys    [4][width / 4][16][4] bytes, then their scales [4][width / 32][16] float16
 *                     values  [64][width] bytes, then their scales [width / 32][64] float16
 */

#pragma clang assume_nonnull begin

enum {
    /* Positions that a KV page holds. */
    BERTH_PAGE_POSITIONS = 64,
    /* Pages whose positions share one softmax; the results of such runs are joined in order. Runs begin at
     * multiples of this, so that whoever computes which run changes nothing. */
    BERTH_RUN_PAGES = 8,
};

/* Causal attention of consecutive tokens of one sequence with one key/value head. */
typedef struct berth_attention {
    /* Type of the elements. */
    uint32_t type;
    /* Base address of every page of the sequence, in order. */
    const void *const _Nonnull *_Nonnull pages;
    /* Bytes from a page's base to this layer's and head's keys and values. */
    size_t key_offset;
    size_t value_offset;
    size_t dimension;
    size_t value_dimension;
    /* Tokens, the first one's position, and the query heads that share this key/value head. */
    size_t rows;
    size_t position;
    size_t heads;
    /* Positions that a token sees, its own included, at least 1; no limit when larger than its position. */
    size_t window;
    /* queries[row * query_stride + head * dimension] */
    const float *queries;
    size_t query_stride;
    float scale;
    /* output[row * output_stride + head * value_dimension] */
    float *output;
    size_t output_stride;
    /* `berth_attention_scratch` floats, 64-byte aligned. */
    float *scratch;
    /* Where this is not NULL, only the runs from `first_run` to before `end_run` are computed, and each leaves
     * `berth_partial_floats` floats, run after run from `first_run` on, for `join`. */
    float *_Nullable partials;
    size_t first_run;
    size_t end_run;
} berth_attention;

/* Where one position's key and value of one layer and head are written. */
typedef struct berth_cache_place {
    uint32_t type;
    uint8_t *keys;
    uint8_t *values;
    size_t dimension;
    size_t value_dimension;
    /* Position in the page. */
    size_t place;
} berth_cache_place;

/* Attention of one instruction set. */
typedef struct berth_attention_kernels {
    /* Rounds a key and a value to the cache's type, to nearest even; what is too large becomes the largest finite
     * number. */
    void (*store)(const berth_cache_place *, const float *key, const float *value);
    void (*attend)(const berth_attention *);
    /* Joins the partial results of all runs that the tokens see, and writes the output; `first_run` says with
     * which run `partials` begin. */
    void (*join)(const berth_attention *);
} berth_attention_kernels;

/* Elements of a key or value with their padding. */
size_t berth_cache_width(uint32_t type, size_t dimension);

/* Bytes of a page's keys and values of one layer and head; multiples of 64. */
size_t berth_cache_key_bytes(uint32_t type, size_t dimension);
size_t berth_cache_value_bytes(uint32_t type, size_t dimension);

/* Floats of scratch memory that `attend` needs for so many rows times heads. */
size_t berth_attention_scratch(size_t queries, size_t dimension, size_t value_dimension);

/* Floats of the partial results of one run. */
size_t berth_partial_floats(size_t queries, size_t value_dimension);

/* Asks for the memory that a position's key and value will be written to: it was last touched a step ago. */
void berth_await_place(const berth_cache_place *);

#pragma clang assume_nonnull end

#endif
