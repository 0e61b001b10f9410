/* Packed panels: 16 output rows interleaved, streamed once from front to back.
 *
 * A LINE is 64 bytes: for each of 16 rows, the 4 weights that meet one broadcast of 4 activations. A block
 * is 32 columns, 8 such quads. Offsets below are in bytes; every line starts at a multiple of 64.
 *
 *   F32           [column][16 rows] float32
 *   F16, BF16     [column][16 rows] 16-bit
 *   Q8_0          record of 2 blocks: scales [2][16] float16, then 8 lines a block: value + 128
 *   Q6_K          record of 8 blocks: d [16] float32; scales [16][16] i8, one for every 16 columns; then 6
 *                 lines a block, 3 for each half: in lines 0, 1, 2 the upper six bits are the value of quad
 *                 0, 1, 2, and their lowest two bits, line 0's first, make up the value of quad 3
 *
 * All others hold codes of 4 or 5 bits (codes.h), 4 or 5 lines a block: line i holds quad i in the low and
 * quad i + 4 in the high nibble; in a fifth line, bit i of a byte is the fifth bit of quad i.
 *
 *   blocks of 32  record of 2 blocks: scales [2][16] 16-bit; minimums [2][16] float16 if the type has any;
 *                 lines. An odd last block has a record of its own, with room for two scales.
 *   of 256        record of 8 blocks: d [16], dmin [16] float16; scales [8 or 16][16] i8, one for every 32 or
 *                 16 columns; as many minimums if the type has any; lines
 *
 * AVX-512 sees values as unsigned bytes: Q8_0, 4 * Q6_K and codes that a table explains are 128 too large,
 * which `berth_block.offsets` takes out again in integers; the factor is a power of two and goes into the
 * scale.
 */
#ifndef BERTH_PANELS_H
#define BERTH_PANELS_H

#include "codes.h"

enum {
    LINE = 64,
    Q8_0_RECORD = LINE + 2 * 8 * LINE,
    Q6_K_SCALES = LINE,
    Q6_K_LINES = Q6_K_SCALES + 16 * 16,
    Q6_K_RECORD = Q6_K_LINES + 8 * 6 * LINE,
};

static inline bool has_superblocks(const code_format *format) {
    return format->values > BERTH_BLOCK;
}

/* Blocks of 32 columns in a record. */
static inline size_t record_blocks(const code_format *format) {
    return has_superblocks(format) ? 8 : 2;
}

/* Bytes from a record's start to its scales, its minimums and its lines. */
static inline size_t scales_start(const code_format *format) {
    return has_superblocks(format) ? LINE : 0;
}

static inline size_t scales_bytes(const code_format *format) {
    return has_superblocks(format) ? 8 * 16 * (size_t)format->scales : LINE;
}

static inline size_t minimums_start(const code_format *format) {
    return scales_start(format) + scales_bytes(format);
}

static inline size_t lines_start(const code_format *format) {
    return minimums_start(format) + (format->has_minimum ? scales_bytes(format) : 0);
}

static inline size_t record_bytes(const code_format *format) {
    return lines_start(format) + record_blocks(format) * (size_t)format->bits * LINE;
}

#endif
