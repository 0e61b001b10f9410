/* GGML's blocks of codes (ggml-common.h), taken apart in loops over 16 or 32 bytes, which compilers make vectors of. */
#ifndef BERTH_READING_H
#define BERTH_READING_H

#include "../Formats/codes.h"
#include "../Formats/formats.h"

/* 16 bytes: code i in the low nibble of byte i, code i + 16 in the high one. */
static inline void read_nibbles(const uint8_t *bytes, uint8_t *codes) {
    for (int i = 0; i < 16; i++) {
        codes[i] = bytes[i] & 15;
        codes[i + 16] = bytes[i] >> 4;
    }
}

/* 4 bytes: bit i is the fifth bit of code i. */
static inline void add_fifth_bits(const uint8_t *bytes, uint8_t *codes) {
    for (int byte = 0; byte < 4; byte++) {
        for (int i = 0; i < 8; i++)
            codes[byte * 8 + i] |= bytes[byte] & 1 << i ? 16 : 0;
    }
}

/* What is added in the file is subtracted here. */
static inline uint16_t negated(uint16_t half) { return half ^ 0x8000; }

/* Q4_0, IQ4_NL: float16 scale; nibbles. */
static inline void read_q4_0(const uint8_t *block, code_block *out) {
    out->scale = load_u16(block);
    read_nibbles(block + 2, out->codes);
}

/* Q4_1: float16 scale and what is added; nibbles. */
static inline void read_q4_1(const uint8_t *block, code_block *out) {
    out->scale = load_u16(block);
    out->minimum = negated(load_u16(block + 2));
    read_nibbles(block + 4, out->codes);
}

/* Q5_0: float16 scale; fifth bits; nibbles. */
static inline void read_q5_0(const uint8_t *block, code_block *out) {
    out->scale = load_u16(block);
    read_nibbles(block + 6, out->codes);
    add_fifth_bits(block + 2, out->codes);
}

/* Q5_1: float16 scale and what is added; fifth bits; nibbles. */
static inline void read_q5_1(const uint8_t *block, code_block *out) {
    out->scale = load_u16(block);
    out->minimum = negated(load_u16(block + 2));
    read_nibbles(block + 8, out->codes);
    add_fifth_bits(block + 4, out->codes);
}

/* MXFP4: half of an E8M0 power of two, 2^(e - 128); nibbles. */
static inline void read_mxfp4(const uint8_t *block, code_block *out) {
    /* The two smallest are subnormal. */
    out->scale = (uint16_t)(block[0] < 2 ? 0x20 << block[0] : (block[0] - 1) << 7);
    read_nibbles(block + 1, out->codes);
}

/* Pairs of bits: 32 bytes hold code i of four runs of 32 in bits 0-1, 2-3, 4-5, 6-7 of byte i. */
static inline void read_bit_pairs(const uint8_t *bytes, uint8_t *codes) {
    for (int half = 0; half < 2; half++)
        for (int run = 0; run < 4; run++)
            for (int i = 0; i < 32; i++)
                codes[half * 128 + run * 32 + i] = bytes[half * 32 + i] >> run * 2 & 3;
}

/* Adds bit g of byte i, as `value`, to code i of run g of 32. */
static inline void add_bits(const uint8_t *bytes, uint8_t value, uint8_t *codes) {
    for (int run = 0; run < 8; run++)
        for (int i = 0; i < 32; i++)
            codes[run * 32 + i] |= bytes[i] & 1 << run ? value : 0;
}

/* Q2_K: 16 bytes of a scale in the low and a minimum in the high nibble; 64 bytes of bit pairs; float16 d
 * and dmin. */
static inline void read_q2_k(const uint8_t *block, code_block *out) {
    for (int group = 0; group < 16; group++) {
        out->scales[group] = block[group] & 15;
        out->minimums[group] = (int8_t)(block[group] >> 4);
    }
    read_bit_pairs(block + 16, out->codes);
    out->scale = load_u16(block + 80);
    out->minimum = load_u16(block + 82);
}

/* Q3_K: 32 bytes of third bits, byte i those of codes i, i + 32, ...; 64 bytes of bit pairs; 16 scales of six
 * bits, their low nibbles in 8 bytes and their high pairs in 4; float16 d. */
static inline void read_q3_k(const uint8_t *block, code_block *out) {
    read_bit_pairs(block + 32, out->codes);
    add_bits(block, 4, out->codes);
    const uint8_t *low = block + 96, *high = block + 104;
    for (int group = 0; group < 16; group++) {
        const int nibble = low[group % 8] >> group / 8 * 4 & 15;
        const int pair = high[group % 4] >> group / 4 * 2 & 3;
        out->scales[group] = (int8_t)((nibble | pair << 4) - 32);
    }
    out->scale = load_u16(block + 108);
}

/* Scale and minimum number `group` (0 to 7) of 12 packed bytes, six bits each (Q4_K, Q5_K). */
static inline void read_packed_scale(const uint8_t *packed, int group, code_block *out) {
    if (group < 4) {
        out->scales[group] = packed[group] & 63;
        out->minimums[group] = packed[group + 4] & 63;
    } else {
        const uint8_t low = packed[group + 4];
        out->scales[group] = (int8_t)((low & 15) | packed[group - 4] >> 6 << 4);
        out->minimums[group] = (int8_t)(low >> 4 | packed[group] >> 6 << 4);
    }
}

/* Q4_K: float16 d and dmin; 12 bytes of scales and minimums; 128 bytes: each 32 hold the low nibbles of one
 * group of 32 and the high nibbles of the next. Q5_K: the same, with 32 bytes of fifth bits before the nibbles:
 * bit g of byte i is that of code i of group g. */
static inline void read_q4_or_q5_k(const uint8_t *block, bool has_fifth_bits, code_block *out) {
    out->scale = load_u16(block);
    out->minimum = load_u16(block + 2);
    for (int group = 0; group < 8; group++) read_packed_scale(block + 4, group, out);
    const uint8_t *fifth = block + 16, *nibbles = has_fifth_bits ? fifth + 32 : fifth;
    for (int pair = 0; pair < 4; pair++) {
        for (int i = 0; i < 32; i++) {
            out->codes[pair * 64 + i] = nibbles[pair * 32 + i] & 15;
            out->codes[pair * 64 + 32 + i] = nibbles[pair * 32 + i] >> 4;
        }
    }
    if (has_fifth_bits) add_bits(fifth, 16, out->codes);
}

/* IQ4_XS: float16 d; eight scales of six bits: 2 bytes of high pairs, 4 bytes of low nibbles; nibbles. */
static inline void read_iq4_xs(const uint8_t *block, code_block *out) {
    out->scale = load_u16(block);
    const int high = load_u16(block + 2);
    for (int group = 0; group < 8; group++) {
        const int nibble = block[4 + group / 2] >> group % 2 * 4 & 15;
        out->scales[group] = (int8_t)((nibble | (high >> 2 * group & 3) << 4) - 32);
        read_nibbles(block + 8 + group * 16, out->codes + group * 32);
    }
}

/* Takes a block apart; meant for a format that the compiler knows. */
static inline void read_codes(const code_format *format, const uint8_t *block, code_block *out) {
    switch (format->type) {
    case BERTH_Q4_0:
    case BERTH_IQ4_NL: read_q4_0(block, out); break;
    case BERTH_Q4_1: read_q4_1(block, out); break;
    case BERTH_Q5_0: read_q5_0(block, out); break;
    case BERTH_Q5_1: read_q5_1(block, out); break;
    case BERTH_MXFP4: read_mxfp4(block, out); break;
    case BERTH_Q2_K: read_q2_k(block, out); break;
    case BERTH_Q3_K: read_q3_k(block, out); break;
    case BERTH_Q4_K: read_q4_or_q5_k(block, false, out); break;
    case BERTH_Q5_K: read_q4_or_q5_k(block, true, out); break;
    case BERTH_IQ4_XS: read_iq4_xs(block, out); break;
    }
}

#endif
