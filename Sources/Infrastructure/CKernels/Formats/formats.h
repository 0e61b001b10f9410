/* 16-bit floats, and GGML's blocks (ggml-common.h) of larger integers than codes.h is about. */
#ifndef BERTH_FORMATS_H
#define BERTH_FORMATS_H

#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

enum {
    /* Q8_0: float16 scale; 32 signed bytes. */
    Q8_0_VALUES = 32,
    Q8_0_BYTES = 2 + 32,
    /* Q6_K: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales, float16 d. */
    Q6_K_VALUES = 256,
    Q6_K_BYTES = 128 + 64 + 16 + 2,
};

static inline float float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bits_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline uint16_t load_u16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline float float_from_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 0x1f;
    uint32_t fraction = half & 0x3ff;
    if (exponent == 0x1f)
        return float_from_bits(sign | 0x7f800000 | (fraction ? 0x400000 : 0) | fraction << 13);
    if (exponent == 0) {
        float magnitude = (float)fraction * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static inline float float_from_bfloat(uint16_t bits) {
    return float_from_bits((uint32_t)bits << 16);
}

/* To nearest even; magnitudes above 65504 become 65504, NaN stays NaN. */
static inline uint16_t half_from_float(float value) {
    uint32_t bits = bits_from_float(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    if (magnitude >= 0x477fe000) return sign | 0x7bff;
    if (magnitude < 0x38800000) {
        /* Subnormal: adding 1/2 (in float32) leaves the fraction, rounded, in the lowest bits. */
        float shifted = float_from_bits(magnitude) + 0.5f;
        return sign | (uint16_t)(bits_from_float(shifted) - 0x3f000000);
    }
    uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return sign | (uint16_t)((rounded - 0x38000000) >> 13);
}

/* To nearest even; magnitudes beyond the largest finite number become it, NaN stays NaN. */
static inline uint16_t bfloat_from_float(float value) {
    uint32_t bits = bits_from_float(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    uint32_t magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7fc0;
    if (magnitude >= 0x7f7f8000) return sign | 0x7f7f;
    return sign | (uint16_t)((magnitude + 0x7fff + (magnitude >> 16 & 1)) >> 16);
}

/* Value `index` of a Q6_K block, 0 to 63; 32 stands for zero. */
static inline uint8_t q6_k_value(const uint8_t *block, int index) {
    int half = index / 128, within = index % 128;
    uint8_t low = block[half * 64 + within % 64];
    uint8_t high = block[128 + half * 32 + within % 32];
    low = within < 64 ? low & 15 : low >> 4;
    return (uint8_t)(low | (high >> (within / 32 * 2) & 3) << 4);
}

#endif
