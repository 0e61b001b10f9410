/* Scalar row operations. Sums over a row run in 16 lanes that are folded in halves at the end. */
#include "../Formats/formats.h"
#include "../Formats/exponential.h"
#include "reference.h"

#include <math.h>

enum { LANES = 16 };

float berth_reference_fold(float lanes[16]) {
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

float berth_reference_exp(float x) {
    if (x < EXP_LOWEST) return 0;
    if (x > EXP_HIGHEST) x = EXP_HIGHEST;
    float shifted = __builtin_fmaf(x, EXP_LOG2_E, EXP_ROUNDER);
    float n = shifted - EXP_ROUNDER;
    float r = __builtin_fmaf(n, -EXP_LN2_HIGH, x);
    r = __builtin_fmaf(n, -EXP_LN2_LOW, r);
    float q = __builtin_fmaf(EXP_C4, r, EXP_C3);
    q = __builtin_fmaf(q, r, EXP_C2);
    q = __builtin_fmaf(q, r, EXP_C1);
    q = __builtin_fmaf(q, r, EXP_C0);
    float y = __builtin_fmaf(q, r * r, r) + 1;
    return float_from_bits(bits_from_float(y) + (bits_from_float(shifted) << 23));
}

void berth_reference_normalize(const float *x, const float *weight, float epsilon, size_t count,
                               float *out) {
    float squares[LANES] = {0};
    for (size_t i = 0; i < count; i++)
        squares[i % LANES] = __builtin_fmaf(x[i], x[i], squares[i % LANES]);
    float mean = berth_reference_fold(squares) / (float)count;
    float scale = 1 / sqrtf(mean + epsilon);
    for (size_t i = 0; i < count; i++) out[i] = x[i] * scale * weight[i];
}

void berth_reference_gate(const float *gate, const float *up, size_t count, float *out) {
    for (size_t i = 0; i < count; i++)
        out[i] = gate[i] / (1 + berth_reference_exp(-gate[i])) * up[i];
}

void berth_reference_add(const float *x, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) out[i] += x[i];
}

void berth_reference_add_scaled(const float *x, float factor, size_t count, float *out) {
    for (size_t i = 0; i < count; i++) out[i] = __builtin_fmaf(x[i], factor, out[i]);
}

void berth_reference_rotate(const berth_rotation *rotation, float *head) {
    for (size_t i = 0; i < rotation->pairs; i++) {
        float *first = head + (rotation->adjacent ? 2 * i : i);
        float *second = first + (rotation->adjacent ? 1 : rotation->pairs);
        float a = *first, b = *second, cosine = rotation->cosines[i], sine = rotation->sines[i];
        float turned = -(b * sine), raised = a * sine;
        *first = __builtin_fmaf(a, cosine, turned);
        *second = __builtin_fmaf(b, cosine, raised);
    }
}

void berth_reference_quantize(const float *x, size_t columns, berth_block *out, size_t step) {
    for (size_t start = 0; start < columns; start += BERTH_BLOCK, out += step) {
        size_t count = columns - start < BERTH_BLOCK ? columns - start : BERTH_BLOCK;
        float largest = 0;
        for (size_t i = 0; i < count; i++) {
            float magnitude = fabsf(x[start + i]);
            /* What is no number shall show in the products: it stays the largest. */
            if (!(magnitude <= largest) && !isnan(largest)) largest = magnitude;
        }
        /* Below this the inverse would overflow; such activations are zero for every purpose. */
        bool is_zero = largest < 0x1p-100f;
        bool is_finite = largest < INFINITY;
        float inverse = is_zero || !is_finite ? 0 : 127 / largest;
        int32_t sums[2] = {0, 0};
        for (size_t i = 0; i < BERTH_BLOCK; i++) {
            float scaled = i < count && is_finite ? x[start + i] * inverse : 0;
            /* In this range adding 1.5 * 2^23 rounds to the nearest integer, ties to even. */
            float rounded = (scaled + 0x1.8p23f) - 0x1.8p23f;
            int32_t value = rounded >= -127 && rounded <= 127 ? (int32_t)rounded : 0;
            out->values[i] = (int8_t)value;
            sums[i / 16] += value;
        }
        out->scale = is_zero ? 0 : is_finite ? largest / 127 : NAN;
        out->sum = out->scale * (float)(sums[0] + sums[1]);
        out->offsets[0] = -128 * sums[0];
        out->offsets[1] = -128 * sums[1];
    }
}
