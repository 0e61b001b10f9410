/* Types whose values are small codes: value = scale * integer(code) - minimum.
 *
 * What they differ in is said once, as constants that kernels are compiled for: how many bits a code has,
 * which integer it stands for, and how many values share a scale. */
#ifndef BERTH_CODES_H
#define BERTH_CODES_H

#include "CKernels.h"

typedef struct {
    uint32_t type;
    /* Values and bytes of a block in the file. Blocks of 256 have a float16 scale (and minimum) that small
     * integers divide among groups; blocks of 32 have one of their own. */
    int values, bytes;
    /* Bits of a code, 4 or 5. A code of fewer bits is one of 4. */
    int bits;
    /* Scales of 32 values, 1 or 2, and as many minimums if any. */
    int scales;
    bool has_minimum;
    /* Whether the 16-bit scale is a bfloat16. */
    bool has_bfloat_scale;
    /* The code that stands for 0: the integer is code - zero, zero 0 or a power of two below 128; */
    int zero;
    /* or the integer of each code. */
    const int8_t *table;
} code_format;

/* Sixteen levels that are closer to each other near zero (IQ4_NL, IQ4_XS). */
static const int8_t iq4_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                      1,    13,   25,  38,  53,  69,  89,  113};

/* Twice the values of E2M1 (OCP Microscaling Formats 1.0, 2023). */
static const int8_t e2m1_doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

static const code_format format_q4_0 = {
    .type = BERTH_Q4_0, .values = 32, .bytes = 18, .bits = 4, .scales = 1, .zero = 8};
static const code_format format_q4_1 = {
    .type = BERTH_Q4_1, .values = 32, .bytes = 20, .bits = 4, .scales = 1, .has_minimum = true};
static const code_format format_q5_0 = {
    .type = BERTH_Q5_0, .values = 32, .bytes = 22, .bits = 5, .scales = 1, .zero = 16};
static const code_format format_q5_1 = {
    .type = BERTH_Q5_1, .values = 32, .bytes = 24, .bits = 5, .scales = 1, .has_minimum = true};
static const code_format format_q2_k = {
    .type = BERTH_Q2_K, .values = 256, .bytes = 84, .bits = 4, .scales = 2, .has_minimum = true};
static const code_format format_q3_k = {
    .type = BERTH_Q3_K, .values = 256, .bytes = 110, .bits = 4, .scales = 2, .zero = 4};
static const code_format format_q4_k = {
    .type = BERTH_Q4_K, .values = 256, .bytes = 144, .bits = 4, .scales = 1, .has_minimum = true};
static const code_format format_q5_k = {
    .type = BERTH_Q5_K, .values = 256, .bytes = 176, .bits = 5, .scales = 1, .has_minimum = true};
static const code_format format_iq4_nl = {
    .type = BERTH_IQ4_NL, .values = 32, .bytes = 18, .bits = 4, .scales = 1, .table = iq4_levels};
static const code_format format_iq4_xs = {
    .type = BERTH_IQ4_XS, .values = 256, .bytes = 136, .bits = 4, .scales = 1, .table = iq4_levels};
static const code_format format_mxfp4 = {.type = BERTH_MXFP4,
                                         .values = 32,
                                         .bytes = 17,
                                         .bits = 4,
                                         .scales = 1,
                                         .has_bfloat_scale = true,
                                         .table = e2m1_doubled};

/* Calls X(name) for every such type, in the order of their numbers. */
#define FOR_CODE_TYPES(X)                                                                          \
    X(q4_0) X(q4_1) X(q5_0) X(q5_1) X(q2_k) X(q3_k) X(q4_k) X(q5_k) X(iq4_nl) X(iq4_xs) X(mxfp4)

/* The format of a type, or NULL. */
const code_format *berth_code_format(uint32_t type);

static inline int integer_of_code(const code_format *format, int code) {
    return format->table ? format->table[code] : code - format->zero;
}

/* A stored block taken apart. */
typedef struct {
    uint8_t codes[256];
    /* Bits of 16-bit floats; a minimum is what is subtracted. */
    uint16_t scale, minimum;
    /* What scale and minimum are multiplied by, for every group of 16 or 32 values; for blocks of 256. */
    int8_t scales[16], minimums[16];
} code_block;

void berth_read_codes(const code_format *format, const uint8_t *block, code_block *out);

#endif
