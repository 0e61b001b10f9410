/* Word kernels on 16 lanes. An instruction set's file includes this after its lanes and words, with TILE. The float
 * operations follow Reference/words.c step by step. */
#include "words.h"

#define UNROLL _Pragma("clang loop unroll(full)")

INLINE size_t remaining(size_t count, size_t index) {
    return count - index < 16 ? count - index : 16;
}

/* The factor that makes the largest magnitude 4095, and its inverse as the scale. */
INLINE float inverse_scale(float largest, float *scale) {
    const bool is_zero = largest < 0x1p-100f;
    *scale = is_zero ? 0 : largest / BERTH_WORD_LARGEST;
    return is_zero ? 0 : BERTH_WORD_LARGEST / largest;
}

/* Rounds `count` floats (at most a block) to words, zeros behind up to `room`, a multiple of 16. */
INLINE float round_words(const float *x, size_t count, int16_t *out, size_t room) {
    lanes largest = lanes_of(0);
    for (size_t i = 0; i < count; i += 16)
        largest = lanes_max(largest, lanes_magnitude(lanes_load_first(x + i, remaining(count, i))));
    float scale;
    const lanes inverse = lanes_of(inverse_scale(lanes_largest(largest), &scale));
    size_t i = 0;
    for (; i < count; i += 16) {
        const lanes values = lanes_load_first(x + i, remaining(count, i));
        words_narrow(out + i, words_from_lanes(lanes_multiply(values, inverse)));
    }
    for (; i < room; i += 16) words_narrow(out + i, words_zero());
    return scale;
}

void NAME(word_round)(const float *x, size_t columns, berth_word_block *out, size_t step) {
    for (size_t start = 0; start < columns; start += BERTH_WORD_BLOCK, out += step) {
        const size_t left = columns - start;
        out->scale = round_words(x + start, left < BERTH_WORD_BLOCK ? left : BERTH_WORD_BLOCK,
                                 out->values, BERTH_WORD_BLOCK);
    }
}

INLINE lanes gelu_lanes(lanes x) {
    static const float coefficients[] = GELU_COEFFICIENTS;
    const lanes square = lanes_min(lanes_multiply(x, x), lanes_of(GELU_BOUND * GELU_BOUND));
    const lanes v = lanes_fma(square, lanes_of(GELU_SCALE), lanes_of(-1));
    lanes p = lanes_of(coefficients[GELU_DEGREE]);
    UNROLL for (int i = GELU_DEGREE - 1; i >= 0; i--) p = lanes_fma(p, v, lanes_of(coefficients[i]));
    const lanes bounded = lanes_min(x, lanes_of(GELU_BOUND));
    const lanes half = lanes_multiply(x, lanes_of(0.5f));
    return lanes_zero_below(x, -GELU_BOUND, lanes_fma(half, lanes_multiply(bounded, p), half));
}

void NAME(gelu)(const float *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i += 16) {
        const size_t n = remaining(count, i);
        lanes_store_first(out + i, gelu_lanes(lanes_load_first(x + i, n)), n);
    }
}

void NAME(layer_norm)(const float *x, const float *weight, const float *bias, float epsilon,
                      size_t count, float *out) {
    lanes sums = lanes_of(0), squares = lanes_of(0);
    for (size_t i = 0; i < count; i += 16)
        sums = lanes_add(sums, lanes_load_first(x + i, remaining(count, i)));
    const lanes mean = lanes_of(lanes_sum(sums) / (float)count);
    for (size_t i = 0; i < count; i += 16) {
        const size_t n = remaining(count, i);
        const lanes centred = lanes_first(lanes_subtract(lanes_load_first(x + i, n), mean), n, 0);
        squares = lanes_fma(centred, centred, squares);
    }
    const lanes scale = lanes_of(1 / sqrtf(lanes_sum(squares) / (float)count + epsilon));
    for (size_t i = 0; i < count; i += 16) {
        const size_t n = remaining(count, i);
        const lanes centred = lanes_subtract(lanes_load_first(x + i, n), mean);
        lanes_store_first(out + i,
                          lanes_fma(lanes_multiply(centred, scale), lanes_load_first(weight + i, n),
                                    lanes_load_first(bias + i, n)),
                          n);
    }
}

/* One panel times one tile of tokens; `rows` of the panel's 16 are stored. */
INLINE void tile_words(const berth_word_product *p, size_t panel, size_t token, size_t rows,
                       const int width) {
    const uint8_t *record = p->panels + panel * p->blocks * WORD_RECORD;
    const berth_word_block *x = p->input + token * p->blocks;
    lanes sums[TILE];
    UNROLL for (int m = 0; m < width; m++) sums[m] = lanes_of(0);
    for (size_t block = p->blocks; block > 0; block--, record += WORD_RECORD, x += width) {
        words dots[TILE];
        UNROLL for (int m = 0; m < width; m++) dots[m] = words_zero();
        const uint8_t *line = record + WORD_LINE;
        for (int i = 0; i < BERTH_WORD_BLOCK; i += 4, line += 2 * WORD_LINE) {
            const words first = words_load(line), second = words_load(line + WORD_LINE);
            UNROLL for (int m = 0; m < width; m++)
                dots[m] = words_dot(dots[m], first, words_pair(x[m].values + i));
            UNROLL for (int m = 0; m < width; m++)
                dots[m] = words_dot(dots[m], second, words_pair(x[m].values + i + 2));
        }
        const lanes scale = lanes_load((const float *)record);
        UNROLL for (int m = 0; m < width; m++)
            sums[m] = lanes_fma(lanes_multiply(words_to_lanes(dots[m]), scale), lanes_of(x[m].scale),
                                sums[m]);
    }
    const lanes bias = lanes_load(p->bias + panel * BERTH_PANEL_ROWS);
    float *output = p->output + token * p->output_stride + panel * BERTH_PANEL_ROWS;
    UNROLL for (int m = 0; m < width; m++) sums[m] = lanes_add(sums[m], bias);
    if (p->ending == BERTH_GELU) {
        UNROLL for (int m = 0; m < width; m++) sums[m] = gelu_lanes(sums[m]);
    }
    UNROLL for (int m = 0; m < width; m++) {
        float *target = output + (size_t)m * p->output_stride;
        if (p->ending == BERTH_ACCUMULATE)
            sums[m] = lanes_add(lanes_load_first(target, rows), sums[m]);
        if (rows == BERTH_PANEL_ROWS)
            lanes_store(target, sums[m]);
        else
            lanes_store_first(target, sums[m], rows);
    }
}

void NAME(word_product)(const berth_word_product *p) {
    for (size_t panel = 0; panel < p->panel_count; panel++) {
        const size_t row = panel * BERTH_PANEL_ROWS;
        const size_t rows = remaining(p->rows, row);
        for (size_t token = 0; token < p->tokens; token += TILE) {
            const size_t width = p->tokens - token < TILE ? p->tokens - token : TILE;
            switch (width) {
#define WIDTH(n)                                                                                   \
    case n:                                                                                        \
        if (n <= TILE) tile_words(p, panel, token, rows, n <= TILE ? n : TILE);                    \
        break;
                WIDTH(1) WIDTH(2) WIDTH(3) WIDTH(4) WIDTH(5) WIDTH(6)
                WIDTH(7) WIDTH(8) WIDTH(9) WIDTH(10) WIDTH(11) WIDTH(12)
#undef WIDTH
            }
        }
    }
}

/* Rounds keys, each with its own scale, and lays them out by pairs of dimensions. */
static void prepare_keys(const berth_word_attention *a, const word_attention_memory *m) {
    int16_t key[BERTH_WORD_HEAD];
    for (size_t j = 0; j < a->positions; j++) {
        m->key_scales[j] = round_words(a->keys + j * a->stride, a->dimension, key, m->dimensions);
        for (size_t i = 0; i < m->dimensions; i += 2)
            memcpy(m->keys + (i / 2 * m->positions + j) * 2, key + i, 4);
    }
    const size_t behind = m->positions - a->positions;
    for (size_t i = 0; i < m->dimensions; i += 2)
        memset(m->keys + (i / 2 * m->positions + a->positions) * 2, 0, 4 * behind);
    memset(m->key_scales + a->positions, 0, behind * sizeof(float));
}

/* Rounds values, with a scale a dimension and 128 positions, and lays them out by pairs of positions. */
static void prepare_values(const berth_word_attention *a, const word_attention_memory *m) {
    for (size_t start = 0; start < a->positions; start += WORD_POSITIONS) {
        const size_t left = a->positions - start;
        const size_t count = left < WORD_POSITIONS ? left : WORD_POSITIONS;
        for (size_t i = 0; i < a->dimension; i += 16) {
            const size_t n = remaining(a->dimension, i);
            const float *from = a->values + start * a->stride + i;
            lanes largest = lanes_of(0);
            for (size_t j = 0; j < count; j++)
                largest =
                    lanes_max(largest, lanes_magnitude(lanes_load_first(from + j * a->stride, n)));
            float scales[16], inverses[16];
            lanes_store(scales, largest);
            for (int lane = 0; lane < 16; lane++)
                inverses[lane] = inverse_scale(scales[lane], scales + lane);
            lanes_store(m->value_scales + start / WORD_POSITIONS * m->dimensions + i,
                        lanes_load(scales));
            const lanes inverse = lanes_load(inverses);
            int16_t *to = m->values + (start / 2 * m->dimensions + i) * 2;
            for (size_t j = 0; j < count; j += 2, to += 2 * m->dimensions) {
                words pair[2];
                for (size_t half = 0; half < 2; half++) {
                    const float *value = from + (j + half) * a->stride;
                    pair[half] = j + half < count
                                     ? words_from_lanes(
                                           lanes_multiply(lanes_load_first(value, n), inverse))
                                     : words_zero();
                }
                words_store(to, words_interleave(pair[0], pair[1]));
            }
        }
    }
}

/* Scores of `width` queries with `vectors` times 16 keys from number `j` on. */
INLINE void score(const word_attention_memory *m, size_t j, const int width, const int vectors) {
    words dots[WORD_QUERIES][LANES_AT_ONCE];
    UNROLL for (int q = 0; q < width; q++) {
        UNROLL for (int n = 0; n < vectors; n++) dots[q][n] = words_zero();
    }
    const int16_t *keys = m->keys + j * 2;
    for (size_t i = 0; i < m->dimensions; i += 2, keys += m->positions * 2) {
        words key[LANES_AT_ONCE];
        UNROLL for (int n = 0; n < vectors; n++) key[n] = words_load(keys + 32 * n);
        UNROLL for (int q = 0; q < width; q++) {
            const words pair = words_pair(m->queries + (size_t)q * m->dimensions + i);
            UNROLL for (int n = 0; n < vectors; n++)
                dots[q][n] = words_dot(dots[q][n], key[n], pair);
        }
    }
    UNROLL for (int n = 0; n < vectors; n++) {
        const lanes scale = lanes_load(m->key_scales + j + 16 * n);
        UNROLL for (int q = 0; q < width; q++)
            lanes_store(m->scores + (size_t)q * m->positions + j + 16 * n,
                        lanes_multiply(lanes_multiply(words_to_lanes(dots[q][n]), scale),
                                       lanes_of(m->query_scales[q])));
    }
}

INLINE lanes power(lanes x) {
    x = lanes_max(lanes_of(POWER_LOWEST), x);
    const lanes shifted = lanes_add(x, lanes_of(POWER_ROUNDER));
    const lanes f = lanes_subtract(x, lanes_subtract(shifted, lanes_of(POWER_ROUNDER)));
    lanes p = lanes_fma(lanes_of(POWER_3), f, lanes_of(POWER_2));
    p = lanes_fma(p, f, lanes_of(POWER_1));
    p = lanes_fma(p, f, lanes_of(POWER_0));
    p = lanes_fma(p, f, lanes_of(1));
    return lanes_scale(p, shifted);
}

/* Turns a query's scores with `count` keys into weights. */
INLINE void weigh(const word_attention_memory *m, int query, size_t count) {
    const float *scores = m->scores + (size_t)query * m->positions;
    int16_t *weights = m->weights + (size_t)query * m->positions;
    lanes most = lanes_of(-INFINITY);
    for (size_t j = 0; j < count; j += 16)
        most = lanes_max(most, lanes_first(lanes_load(scores + j), remaining(count, j), -INFINITY));
    const lanes largest = lanes_of(lanes_largest(most));
    words sum = words_zero();
    for (size_t j = 0; j < count; j += 16) {
        const lanes weight =
            lanes_multiply(power(lanes_subtract(lanes_load(scores + j), largest)),
                           lanes_of(BERTH_WORD_LARGEST));
        const words rounded =
            words_from_lanes(lanes_first(weight, remaining(count, j), 0));
        sum = words_add(sum, rounded);
        words_narrow(weights + j, rounded);
    }
    m->sums[query] = words_sum(sum);
}

/* Weighted sums of `count` values: `vectors` times 16 dimensions from `column` on, of `width` queries. An odd last
 * position has a partner of weight zero. */
INLINE void gather(const word_attention_memory *m, size_t count, size_t column, lanes *sums,
                   const int width, const int vectors) {
    UNROLL for (int k = 0; k < width * vectors; k++) sums[k] = lanes_of(0);
    const int16_t *values = m->values + column * 2;
    for (size_t start = 0; start < count; start += WORD_POSITIONS) {
        words dots[WORD_QUERIES * 2];
        UNROLL for (int k = 0; k < width * vectors; k++) dots[k] = words_zero();
        const size_t end = count - start < WORD_POSITIONS ? count : start + WORD_POSITIONS;
        for (size_t j = start; j < end; j += 2, values += 2 * m->dimensions) {
            words value[2];
            UNROLL for (int n = 0; n < vectors; n++) value[n] = words_load(values + 32 * n);
            UNROLL for (int q = 0; q < width; q++) {
                const words pair = words_pair(m->weights + (size_t)q * m->positions + j);
                UNROLL for (int n = 0; n < vectors; n++)
                    dots[q * vectors + n] = words_dot(dots[q * vectors + n], value[n], pair);
            }
        }
        const float *scales = m->value_scales + start / WORD_POSITIONS * m->dimensions + column;
        UNROLL for (int n = 0; n < vectors; n++) {
            UNROLL for (int q = 0; q < width; q++)
                sums[q * vectors + n] = lanes_fma(words_to_lanes(dots[q * vectors + n]),
                                                  lanes_load(scales + 16 * n), sums[q * vectors + n]);
        }
    }
}

INLINE void attend_tile(const berth_word_attention *a, const word_attention_memory *m, size_t row,
                        const int width) {
    for (int q = 0; q < width; q++)
        m->query_scales[q] =
            round_words(a->queries + (row + (size_t)q) * a->stride, a->dimension,
                        m->queries + (size_t)q * m->dimensions, m->dimensions) *
            (a->scale * POWER_LOG2_E);
    size_t j = 0;
    for (; j + 16 * LANES_AT_ONCE <= m->positions; j += 16 * LANES_AT_ONCE)
        score(m, j, width, LANES_AT_ONCE);
    for (; j < m->positions; j += 16) score(m, j, width, 1);
    for (int q = 0; q < width; q++) weigh(m, q, a->positions);
    for (size_t column = 0; column < a->dimension;) {
        const int vectors = LANES_AT_ONCE > 1 && column + 32 <= m->dimensions ? 2 : 1;
        lanes sums[WORD_QUERIES * 2];
        if (vectors == 2)
            gather(m, a->positions, column, sums, width, 2);
        else
            gather(m, a->positions, column, sums, width, 1);
        for (int n = 0; n < vectors; n++, column += 16) {
            for (int q = 0; q < width; q++) {
                const lanes inverse = lanes_of(1 / (float)m->sums[q]);
                lanes_store_first(a->output + (row + (size_t)q) * a->output_stride + column,
                                  lanes_multiply(sums[q * vectors + n], inverse),
                                  remaining(a->dimension, column));
            }
        }
    }
}

void NAME(word_attend)(const berth_word_attention *a) {
    word_attention_memory memory;
    word_attention_layout(a->scratch, a->positions, a->dimension, &memory);
    prepare_keys(a, &memory);
    prepare_values(a, &memory);
    for (size_t row = 0; row < a->rows; row += WORD_QUERIES) {
        switch (a->rows - row) {
        case 1: attend_tile(a, &memory, row, 1); break;
        case 2: attend_tile(a, &memory, row, 2); break;
        case 3: attend_tile(a, &memory, row, 3); break;
        case 4: attend_tile(a, &memory, row, 4); break;
        case 5: attend_tile(a, &memory, row, 5); break;
        default: attend_tile(a, &memory, row, WORD_QUERIES); break;
        }
    }
}
