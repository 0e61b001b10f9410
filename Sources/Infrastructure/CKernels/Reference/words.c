/* Scalar products and attention of 16-bit integers, layer norm and GELU. */
#include "../Formats/formats.h"
#include "../Words/words.h"
#include "reference.h"

#include <math.h>

enum { TILE = 4, LANES = 16 };

/* The factor that makes the largest magnitude 4095, and its inverse as the scale. */
static float inverse_scale(float largest, float *scale) {
    /* Below this the inverse would overflow; such numbers are zero for every purpose. */
    bool is_zero = largest < 0x1p-100f;
    *scale = is_zero ? 0 : largest / BERTH_WORD_LARGEST;
    return is_zero ? 0 : BERTH_WORD_LARGEST / largest;
}

/* To the nearest integer, ties to even; NaN becomes 0. */
static int16_t word_of(float scaled) {
    float rounded = (scaled + 0x1.8p23f) - 0x1.8p23f;
    return rounded >= -BERTH_WORD_LARGEST && rounded <= BERTH_WORD_LARGEST ? (int16_t)rounded : 0;
}

/* Rounds `count` floats, `from` apart, to words `to` apart; returns their scale. */
static float round_words(const float *x, size_t count, size_t from, int16_t *out, size_t to) {
    float largest = 0, scale;
    for (size_t i = 0; i < count; i++) {
        float magnitude = fabsf(x[i * from]);
        if (magnitude > largest) largest = magnitude;
    }
    float inverse = inverse_scale(largest, &scale);
    for (size_t i = 0; i < count; i++) out[i * to] = word_of(x[i * from] * inverse);
    return scale;
}

size_t berth_word_panel_bytes(size_t columns) {
    return word_round_up(columns, BERTH_WORD_BLOCK) / BERTH_WORD_BLOCK * WORD_RECORD;
}

void berth_pack_words(const float *source, size_t stride, size_t rows, size_t columns, uint8_t *panel) {
    memset(panel, 0, berth_word_panel_bytes(columns));
    for (size_t start = 0; start < columns; start += BERTH_WORD_BLOCK, panel += WORD_RECORD) {
        size_t count = columns - start < BERTH_WORD_BLOCK ? columns - start : BERTH_WORD_BLOCK;
        for (size_t row = 0; row < rows; row++) {
            int16_t words[BERTH_WORD_BLOCK] = {0};
            float scale = round_words(source + row * stride + start, count, 1, words, 1);
            memcpy(panel + row * 4, &scale, 4);
            for (size_t i = 0; i < BERTH_WORD_BLOCK; i++)
                memcpy(panel + WORD_LINE + i / 2 * WORD_LINE + row * 4 + i % 2 * 2, words + i, 2);
        }
    }
}

void berth_reference_word_round(const float *x, size_t columns, berth_word_block *out, size_t step) {
    for (size_t start = 0; start < columns; start += BERTH_WORD_BLOCK, out += step) {
        size_t count = columns - start < BERTH_WORD_BLOCK ? columns - start : BERTH_WORD_BLOCK;
        memset(out->values, 0, sizeof out->values);
        out->scale = round_words(x + start, count, 1, out->values, 1);
    }
}

static float gelu(float x) {
    static const float coefficients[] = GELU_COEFFICIENTS;
    if (x < -GELU_BOUND) return 0;
    float square = x * x;
    if (!(square < GELU_BOUND * GELU_BOUND)) square = GELU_BOUND * GELU_BOUND;
    float v = __builtin_fmaf(square, GELU_SCALE, -1);
    float p = coefficients[GELU_DEGREE];
    for (int i = GELU_DEGREE - 1; i >= 0; i--) p = __builtin_fmaf(p, v, coefficients[i]);
    float bounded = x < GELU_BOUND ? x : GELU_BOUND;
    float half = x * 0.5f;
    return __builtin_fmaf(half, bounded * p, half);
}

void berth_reference_gelu(const float *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = gelu(x[i]);
}

void berth_reference_layer_norm(const float *x, const float *weight, const float *bias,
                                float epsilon, size_t count, float *out) {
    float sums[LANES] = {0}, squares[LANES] = {0};
    for (size_t i = 0; i < count; i++) sums[i % LANES] += x[i];
    float mean = berth_reference_fold(sums) / (float)count;
    for (size_t i = 0; i < count; i++)
        squares[i % LANES] = __builtin_fmaf(x[i] - mean, x[i] - mean, squares[i % LANES]);
    float scale = 1 / sqrtf(berth_reference_fold(squares) / (float)count + epsilon);
    for (size_t i = 0; i < count; i++)
        out[i] = __builtin_fmaf((x[i] - mean) * scale, weight[i], bias[i]);
}

static float block_dot(const uint8_t *record, size_t row, const berth_word_block *x) {
    int32_t dot = 0;
    for (size_t i = 0; i < BERTH_WORD_BLOCK; i++) {
        int16_t weight;
        memcpy(&weight, record + WORD_LINE + i / 2 * WORD_LINE + row * 4 + i % 2 * 2, 2);
        dot += weight * x->values[i];
    }
    float scale;
    memcpy(&scale, record + row * 4, 4);
    return (float)dot * scale;
}

void berth_reference_word_product(const berth_word_product *p) {
    for (size_t row = 0; row < p->rows; row++) {
        const uint8_t *panel = p->panels + row / BERTH_PANEL_ROWS * p->blocks * WORD_RECORD;
        for (size_t token = 0; token < p->tokens; token++) {
            size_t start = token / TILE * TILE;
            size_t width = p->tokens - start < TILE ? p->tokens - start : TILE;
            const berth_word_block *x = p->input + start * p->blocks + token % TILE;
            float sum = 0;
            for (size_t block = 0; block < p->blocks; block++, x += width)
                sum = __builtin_fmaf(
                    block_dot(panel + block * WORD_RECORD, row % BERTH_PANEL_ROWS, x), x->scale, sum);
            sum += p->bias[row];
            float *output = p->output + token * p->output_stride + row;
            switch (p->ending) {
            case BERTH_STORE: *output = sum; break;
            case BERTH_GELU: *output = gelu(sum); break;
            case BERTH_ACCUMULATE: *output += sum; break;
            }
        }
    }
}

size_t berth_word_attention_scratch(size_t positions, size_t dimension) {
    word_attention_memory memory;
    return word_attention_layout(NULL, positions, dimension, &memory);
}

/* 2^x for x <= 0 with the precision that a weight of 12 bits needs. */
static float power(float x) {
    if (x < POWER_LOWEST) x = POWER_LOWEST;
    float shifted = x + POWER_ROUNDER;
    float f = x - (shifted - POWER_ROUNDER);
    float p = __builtin_fmaf(POWER_3, f, POWER_2);
    p = __builtin_fmaf(p, f, POWER_1);
    p = __builtin_fmaf(p, f, POWER_0);
    p = __builtin_fmaf(p, f, 1);
    return float_from_bits(bits_from_float(p) + (bits_from_float(shifted) << 23));
}

void berth_reference_word_attend(const berth_word_attention *a) {
    word_attention_memory m;
    word_attention_layout(a->scratch, a->positions, a->dimension, &m);
    size_t n = a->positions, d = a->dimension;
    for (size_t j = 0; j < n; j++)
        m.key_scales[j] = round_words(a->keys + j * a->stride, d, 1, m.keys + j * d, 1);
    for (size_t start = 0; start < n; start += WORD_POSITIONS) {
        size_t count = n - start < WORD_POSITIONS ? n - start : WORD_POSITIONS;
        for (size_t i = 0; i < d; i++)
            m.value_scales[start / WORD_POSITIONS * d + i] = round_words(
                a->values + start * a->stride + i, count, a->stride, m.values + start * d + i, d);
    }
    for (size_t row = 0; row < a->rows; row++) {
        float scale = round_words(a->queries + row * a->stride, d, 1, m.queries, 1) *
                      (a->scale * POWER_LOG2_E);
        float largest = -INFINITY;
        for (size_t j = 0; j < n; j++) {
            int32_t dot = 0;
            for (size_t i = 0; i < d; i++) dot += m.queries[i] * m.keys[j * d + i];
            m.scores[j] = (float)dot * m.key_scales[j] * scale;
            if (m.scores[j] > largest) largest = m.scores[j];
        }
        int32_t sum = 0;
        for (size_t j = 0; j < n; j++) {
            m.weights[j] = word_of(power(m.scores[j] - largest) * BERTH_WORD_LARGEST);
            sum += m.weights[j];
        }
        float inverse = 1 / (float)sum;
        for (size_t i = 0; i < d; i++) {
            float value = 0;
            for (size_t start = 0; start < n; start += WORD_POSITIONS) {
                int32_t dot = 0;
                for (size_t j = start; j < n && j < start + WORD_POSITIONS; j++)
                    dot += m.weights[j] * m.values[j * d + i];
                value = __builtin_fmaf((float)dot, m.value_scales[start / WORD_POSITIONS * d + i], value);
            }
            a->output[row * a->output_stride + i] = value * inverse;
        }
    }
}
