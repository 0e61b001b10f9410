/* What products of all instruction sets share: the walk over panels and tiles. */
#ifndef BERTH_TILES_H
#define BERTH_TILES_H

#include "../Formats/panels.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

/* One panel times one tile of tokens. */
typedef struct {
    const uint8_t *panel;
    size_t columns;
    /* Quantized input: the tile's first block; or float input. */
    const berth_block *blocks;
    const float *input;
    size_t input_stride;
    float *output;
    size_t output_stride;
    /* Output rows of this panel: 16, or fewer in the last one. */
    size_t rows;
} tile_work;

/* How far ahead weights are asked for, in bytes: some hundred nanoseconds' worth. */
enum { AHEAD = 2048 };

/* Asks for the weights that come AHEAD of `used` bytes of a record, as many as a block takes.
 *
 * For products of several tokens: their weights flow too slowly to keep the processor's own prefetching going, which for one
 * token does better alone. */
INLINE void ask_ahead(const uint8_t *record, size_t used, const int block_bytes) {
    const uint8_t *first = record + used / LINE * LINE + AHEAD;
    UNROLL for (int line = 0; line < (block_bytes + LINE - 1) / LINE; line++)
        __builtin_prefetch(first + LINE * line, 0, 3);
}

/* Calls `kernel(work, width)` with the width as a constant, so that the compiler can keep every sum of the
 * tile in a register. */
#define FOR_WIDTHS_TO_4(kernel, work, width)                                                       \
    switch (width) {                                                                               \
    case 1: kernel(work, 1); break;                                                                \
    case 2: kernel(work, 2); break;                                                                \
    case 3: kernel(work, 3); break;                                                                \
    default: kernel(work, 4); break;                                                               \
    }

#define FOR_WIDTHS_TO_8(kernel, work, width)                                                       \
    switch (width) {                                                                               \
    case 1: kernel(work, 1); break;                                                                \
    case 2: kernel(work, 2); break;                                                                \
    case 3: kernel(work, 3); break;                                                                \
    case 4: kernel(work, 4); break;                                                                \
    case 5: kernel(work, 5); break;                                                                \
    case 6: kernel(work, 6); break;                                                                \
    case 7: kernel(work, 7); break;                                                                \
    default: kernel(work, 8); break;                                                               \
    }

#define FOR_WIDTHS_TO_12(kernel, work, width)                                                      \
    switch (width) {                                                                               \
    case 1: kernel(work, 1); break;                                                                \
    case 2: kernel(work, 2); break;                                                                \
    case 3: kernel(work, 3); break;                                                                \
    case 4: kernel(work, 4); break;                                                                \
    case 5: kernel(work, 5); break;                                                                \
    case 6: kernel(work, 6); break;                                                                \
    case 7: kernel(work, 7); break;                                                                \
    case 8: kernel(work, 8); break;                                                                \
    case 9: kernel(work, 9); break;                                                                \
    case 10: kernel(work, 10); break;                                                              \
    case 11: kernel(work, 11); break;                                                              \
    default: kernel(work, 12); break;                                                              \
    }

/* Defines `name(product)`: every panel meets every tile while it is in cache. */
#define DEFINE_PRODUCT(name, type, tile, for_widths, kernel)                                       \
    void name(const berth_product *p) {                                                            \
        const size_t panel_bytes = berth_panel_bytes(type, p->columns);                            \
        const size_t blocks = p->columns / BERTH_BLOCK;                                            \
        for (size_t panel = 0; panel < p->panel_count; panel++) {                                  \
            const size_t row = panel * BERTH_PANEL_ROWS;                                           \
            for (size_t token = 0; token < p->tokens; token += tile) {                             \
                const size_t width = p->tokens - token < tile ? p->tokens - token : tile;          \
                const tile_work work = {                                                           \
                    .panel = p->panels + panel * panel_bytes,                                      \
                    .columns = p->columns,                                                         \
                    .blocks = p->blocks + token * blocks,                                          \
                    .input = p->input + token * p->input_stride,                                   \
                    .input_stride = p->input_stride,                                               \
                    .output = p->output + token * p->output_stride + row,                          \
                    .output_stride = p->output_stride,                                             \
                    .rows = p->rows - row < BERTH_PANEL_ROWS ? p->rows - row : BERTH_PANEL_ROWS,   \
                };                                                                                 \
                for_widths(kernel, &work, width);                                                  \
            }                                                                                      \
        }                                                                                          \
    }

#endif
