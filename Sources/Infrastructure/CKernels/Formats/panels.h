/* Packed panels: 16 output rows interleaved, streamed once from front to back.
 *
 * A LINE is 64 bytes: for each of 16 rows, the 4 weights that meet one broadcast of 4 activations. A block
 * is 32 columns, 8 such quads. Offsets below are in bytes; every line starts at a multiple of 64.
 *
 *   F32           [column][16 rows] float32
 *   F16, BF16     [column][16 rows] 16-bit
 *   Q8_0          record of 2 blocks: scales [2][16] float16, then 8 lines a block: value + 128
 *   Q4_0          record of 2 blocks: scales [2][16] float16, then 4 lines a block: nibbles, where line i
 *                 holds quad i in the low and quad i + 4 in the high half. An odd last block has a record
 *                 of its own, with room for two scales.
 *   Q4_K          record of 8 blocks: d [16], dmin [16] float16; scales [8][16], minimums [8][16] u8; then
 *                 4 lines a block, as Q4_0
 *   Q6_K          record of 8 blocks: d [16] float32; scales [16][16] i8, one for every 16 columns; then 6
 *                 lines a block, 3 for each half: in lines 0, 1, 2 the upper six bits are the value of quad
 *                 0, 1, 2, and their lowest two bits, line 0's first, make up the value of quad 3
 *
 * Kernels see values as unsigned bytes: Q8_0 and 16 * Q4_0 and 4 * Q6_K are 128 too large, which
 * `berth_block.offsets` takes out again in integers; the factors are powers of two and go into the scale.
 */
#ifndef BERTH_PANELS_H
#define BERTH_PANELS_H

#include <stddef.h>

enum {
    LINE = 64,
    Q4_0_RECORD = LINE + 2 * 4 * LINE,
    Q8_0_RECORD = LINE + 2 * 8 * LINE,
    Q4_K_SCALES = LINE,
    Q4_K_MINIMUMS = Q4_K_SCALES + 8 * 16,
    Q4_K_LINES = Q4_K_MINIMUMS + 8 * 16,
    Q4_K_RECORD = Q4_K_LINES + 8 * 4 * LINE,
    Q6_K_SCALES = LINE,
    Q6_K_LINES = Q6_K_SCALES + 16 * 16,
    Q6_K_RECORD = Q6_K_LINES + 8 * 6 * LINE,
};

/* Bytes of a panel of records of two blocks, the last of which may hold one. */
static inline size_t paired_panel_bytes(size_t blocks, size_t record) {
    return blocks / 2 * record + blocks % 2 * (LINE + (record - LINE) / 2);
}

#endif
