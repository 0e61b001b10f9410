/* The quantizers, compiled once for each instruction set. */
#include "../Formats/codes.h"
#include "../Formats/formats.h"
#include "lanes.h"
#include "search.h"

/* What an error counts: large weights more, but none for nothing. */
INLINE void weigh(const floats *x, int length, floats *weights) {
    floats squares = all(0);
    for (int i = 0; i < length; i++) squares += x[i] * x[i];
    const floats average = __builtin_elementwise_sqrt(squares * (1 / (float)length));
    for (int i = 0; i < length; i++) weights[i] = average + magnitude(x[i]);
}

/* The numbers that float16 holds instead. */
INLINE floats as_halves(floats x, uint16_t *bits) {
    for (int lane = 0; lane < LANES; lane++) {
        bits[lane] = half_from_float(x[lane]);
        x[lane] = float_from_half(bits[lane]);
    }
    return x;
}

/* Codes i and i + 16 to a byte. */
INLINE void put_nibbles(const uint8_t codes[][LANES], size_t lane, uint8_t *out) {
    for (int i = 0; i < 16; i++)
        out[i] = (uint8_t)((codes[i][lane] & 15) | codes[i + 16][lane] << 4);
}

INLINE void put_fifth_bits(const uint8_t codes[][LANES], size_t lane, uint8_t *out) {
    for (int byte = 0; byte < 4; byte++) {
        out[byte] = 0;
        for (int i = 0; i < 8; i++)
            out[byte] |= (uint8_t)(codes[byte * 8 + i][lane] >> 4 << i);
    }
}

/* Q8_0: the largest becomes 127; ties away from zero, as ggml rounds them. */
INLINE void encode_q8_0(const float *values, size_t blocks, uint8_t *out) {
    for (size_t start = 0; start < blocks; start += LANES) {
        floats x[32], largest = all(0);
        uint16_t scales[LANES];
        load_groups(values + start * 32, 32, blocks - start, x);
        for (int i = 0; i < 32; i++) largest = larger(largest, magnitude(x[i]));
        as_halves(largest / 127, scales);
        const floats factor = inverse(largest / 127);
        for (int i = 0; i < 32; i++) {
            const floats scaled = magnitude(x[i] * factor);
            const floats below = __builtin_convertvector(
                __builtin_convertvector(scaled, integers), floats);
            const floats code = pick(scaled - below >= all(0.5f), below + 1, below);
            x[i] = pick(x[i] < all(0), -code, code);
        }
        for (size_t lane = 0; lane < LANES && start + lane < blocks; lane++) {
            uint8_t *block = out + (start + lane) * Q8_0_BYTES;
            memcpy(block, scales + lane, 2);
            for (int i = 0; i < 32; i++) block[2 + i] = (uint8_t)(int8_t)x[i][lane];
        }
    }
}

/* Q4_0, Q5_0: codes around `levels`. */
INLINE void encode_symmetric(const code_format *format, const float *values, size_t blocks,
                             uint8_t *out) {
    const int levels = format->zero;
    for (size_t start = 0; start < blocks; start += LANES) {
        floats x[32], weights[32];
        uint16_t scales[LANES];
        uint8_t codes[32][LANES];
        load_groups(values + start * 32, 32, blocks - start, x);
        weigh(x, 32, weights);
        const floats scale = as_halves(fit_symmetric(x, weights, 32, levels), scales);
        put_codes((fit){scale, all(0)}, x, 32, (float)-levels, (float)(levels - 1), codes);
        for (size_t lane = 0; lane < LANES && start + lane < blocks; lane++) {
            uint8_t *block = out + (start + lane) * (size_t)format->bytes;
            memcpy(block, scales + lane, 2);
            if (format->bits == 5) put_fifth_bits(codes, lane, block + 2);
            put_nibbles(codes, lane, block + format->bytes - 16);
        }
    }
}

INLINE void encode_q5_1(const float *values, size_t blocks, uint8_t *out) {
    for (size_t start = 0; start < blocks; start += LANES) {
        floats x[32], weights[32];
        uint16_t scales[LANES], minimums[LANES];
        uint8_t codes[32][LANES];
        load_groups(values + start * 32, 32, blocks - start, x);
        weigh(x, 32, weights);
        fit best = fit_affine(x, weights, 32, 32, false, 15, -0.5f, 0.1f);
        best.scale = as_halves(best.scale, scales);
        best.minimum = -as_halves(-best.minimum, minimums);
        put_codes(best, x, 32, 0, 31, codes);
        for (size_t lane = 0; lane < LANES && start + lane < blocks; lane++) {
            uint8_t *block = out + (start + lane) * (size_t)format_q5_1.bytes;
            memcpy(block, scales + lane, 2);
            memcpy(block + 2, minimums + lane, 2);
            put_fifth_bits(codes, lane, block + 4);
            put_nibbles(codes, lane, block + 8);
        }
    }
}

/* A 16-bit scale for the lanes of a block, such that the largest of them becomes `top`. */
INLINE floats shared_scale(floats scales, int lanes, float top, uint16_t *bits) {
    floats shared = all(0);
    for (int first = 0; first < LANES; first += lanes) {
        float extreme = 0;
        for (int lane = first; lane < first + lanes; lane++)
            if (__builtin_fabsf(scales[lane]) > __builtin_fabsf(extreme)) extreme = scales[lane];
        bits[first / lanes] = half_from_float(extreme / top);
        const float value = float_from_half(bits[first / lanes]);
        for (int lane = first; lane < first + lanes; lane++) shared[lane] = value;
    }
    return shared;
}

/* Tries the neighbours of small integers that scale and minimum were rounded to. */
INLINE void refine(fit shared, fit *integer, const floats *x, const floats *weights, int length,
                   float low, float high, float scale_low, float top, bool has_minimum) {
    const fit start = *integer;
    floats least = all(__builtin_inff());
    for (int a = -1; a <= 1; a++) {
        for (int b = has_minimum ? -1 : 0; b <= (has_minimum ? 1 : 0); b++) {
            const fit now = {rounded(start.scale + (float)a, scale_low, top),
                             rounded(start.minimum + (float)b, 0, top)};
            const fit value = {shared.scale * now.scale, shared.minimum * now.minimum};
            const floats error = error_of(value, x, weights, length, low, high);
            const integers better = error < least;
            integer->scale = pick(better, now.scale, integer->scale);
            integer->minimum = pick(better, now.minimum, integer->minimum);
            least = pick(better, error, least);
        }
    }
}

/* Q4_K, Q5_K: two blocks of eight groups at once. */
INLINE void encode_affine_k(const code_format *format, const float *values, size_t blocks,
                            uint8_t *out) {
    const int bits = format->bits, levels = 1 << bits;
    for (size_t start = 0; start < blocks; start += 2) {
        floats x[32], weights[32];
        uint16_t d[2], dmin[2];
        uint8_t codes[32][LANES];
        load_groups(values + start * 256, 32, (blocks - start) * 8, x);
        weigh(x, 32, weights);
        const fit best = bits == 4 ? fit_affine(x, weights, 32, levels, true, 20, -1, 0.1f)
                                   : fit_affine(x, weights, 32, levels, true, 15, -0.5f, 0.1f);
        const fit shared = {shared_scale(best.scale, 8, 63, d),
                            shared_scale(best.minimum, 8, 63, dmin)};
        fit integer = {rounded(best.scale * inverse(shared.scale), 0, 63),
                       rounded(best.minimum * inverse(shared.minimum), 0, 63)};
        refine(shared, &integer, x, weights, 32, 0, (float)(levels - 1), 0, 63, true);
        put_codes((fit){shared.scale * integer.scale, shared.minimum * integer.minimum}, x, 32, 0,
                  (float)(levels - 1), codes);
        for (size_t block = 0; block < 2 && start + block < blocks; block++) {
            uint8_t *to = out + (start + block) * (size_t)format->bytes;
            memcpy(to, d + block, 2);
            memcpy(to + 2, dmin + block, 2);
            memset(to + 4, 0, (size_t)format->bytes - 4);
            uint8_t *packed = to + 4, *fifth = to + 16, *nibbles = bits == 5 ? fifth + 32 : fifth;
            for (size_t group = 0; group < 8; group++) {
                const size_t lane = block * 8 + group;
                const uint8_t scale = (uint8_t)integer.scale[lane];
                const uint8_t minimum = (uint8_t)integer.minimum[lane];
                if (group < 4) {
                    packed[group] |= scale;
                    packed[group + 4] |= minimum;
                } else {
                    packed[group + 4] = (uint8_t)((scale & 15) | minimum << 4);
                    packed[group - 4] |= (uint8_t)(scale >> 4 << 6);
                    packed[group] |= (uint8_t)(minimum >> 4 << 6);
                }
                for (size_t i = 0; i < 32; i++) {
                    nibbles[group / 2 * 32 + i] |=
                        (uint8_t)((codes[i][lane] & 15) << group % 2 * 4);
                    if (bits == 5) fifth[i] |= (uint8_t)(codes[i][lane] >> 4 << group);
                }
            }
        }
    }
}

/* Q6_K: a block of sixteen groups at a time. */
INLINE void encode_q6_k(const float *values, size_t blocks, uint8_t *out) {
    for (size_t block = 0; block < blocks; block++, out += Q6_K_BYTES) {
        floats x[16], weights[16];
        uint16_t d[1];
        uint8_t codes[16][LANES];
        load_groups(values + block * 256, 16, 16, x);
        weigh(x, 16, weights);
        const floats best = fit_symmetric(x, weights, 16, 32);
        const fit shared = {shared_scale(best, 16, -128, d), all(0)};
        fit integer = {rounded(best * inverse(shared.scale), -128, 127), all(0)};
        refine(shared, &integer, x, weights, 16, -32, 31, -128, 127, false);
        put_codes((fit){shared.scale * integer.scale, all(0)}, x, 16, -32, 31, codes);
        memset(out, 0, 192);
        for (int i = 0; i < 256; i++) {
            const int half = i / 128, within = i % 128;
            const uint8_t code = codes[i % 16][i / 16];
            out[half * 64 + within % 64] |= (uint8_t)((code & 15) << (within < 64 ? 0 : 4));
            out[128 + half * 32 + within % 32] |= (uint8_t)(code >> 4 << within / 32 * 2);
        }
        for (int group = 0; group < 16; group++)
            out[192 + group] = (uint8_t)(int8_t)integer.scale[group];
        memcpy(out + 208, d, 2);
    }
}

void NAME(encode)(uint32_t type, const float *x, size_t count, uint8_t *out) {
    switch (type) {
    case BERTH_F32: memcpy(out, x, count * 4); break;
    case BERTH_F16:
        for (size_t i = 0; i < count; i++) {
            const uint16_t bits = half_from_float(x[i]);
            memcpy(out + 2 * i, &bits, 2);
        }
        break;
    case BERTH_Q8_0: encode_q8_0(x, count / 32, out); break;
    case BERTH_Q4_0: encode_symmetric(&format_q4_0, x, count / 32, out); break;
    case BERTH_Q5_0: encode_symmetric(&format_q5_0, x, count / 32, out); break;
    case BERTH_Q5_1: encode_q5_1(x, count / 32, out); break;
    case BERTH_Q4_K: encode_affine_k(&format_q4_k, x, count / 256, out); break;
    case BERTH_Q5_K: encode_affine_k(&format_q5_k, x, count / 256, out); break;
    case BERTH_Q6_K: encode_q6_k(x, count / 256, out); break;
    }
}
