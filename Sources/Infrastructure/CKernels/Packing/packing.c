/* GGML blocks to panels; see Formats/panels.h. Runs once at load. */
#include "../Formats/formats.h"
#include "../Formats/panels.h"
#include "CKernels.h"

static void put_u16(uint8_t *target, size_t index, uint16_t value) {
    memcpy(target + 2 * index, &value, 2);
}

/* Interleaves plain elements of `size` bytes. */
static void pack_plain(const uint8_t *source, size_t row_bytes, size_t rows, size_t columns,
                       size_t size, uint8_t *panel) {
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            memcpy(panel + (column * BERTH_PANEL_ROWS + row) * size,
                   source + row * row_bytes + column * size, size);
}

static void pack_q8_0(const uint8_t *source, size_t row_bytes, size_t rows, size_t blocks,
                      uint8_t *panel) {
    for (size_t block = 0; block < blocks; block++) {
        uint8_t *record = panel + block / 2 * Q8_0_RECORD;
        uint8_t *lines = record + LINE + block % 2 * 8 * LINE;
        memset(lines, 128, 8 * LINE);
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *from = source + row * row_bytes + block * Q8_0_BYTES;
            put_u16(record, block % 2 * BERTH_PANEL_ROWS + row, load_u16(from));
            for (size_t i = 0; i < 32; i++)
                lines[i / 4 * LINE + row * 4 + i % 4] = from[2 + i] ^ 0x80;
        }
    }
}

static void pack_q4_0(const uint8_t *source, size_t row_bytes, size_t rows, size_t blocks,
                      uint8_t *panel) {
    for (size_t block = 0; block < blocks; block++) {
        uint8_t *record = panel + block / 2 * Q4_0_RECORD;
        uint8_t *lines = record + LINE + block % 2 * 4 * LINE;
        memset(lines, 0x88, 4 * LINE);
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *from = source + row * row_bytes + block * Q4_0_BYTES;
            put_u16(record, block % 2 * BERTH_PANEL_ROWS + row, load_u16(from));
            /* GGML's byte i holds values i and i + 16, which are quads q and q + 4 of a line. */
            for (size_t i = 0; i < 16; i++)
                lines[i / 4 * LINE + row * 4 + i % 4] = from[2 + i];
        }
    }
}

static void pack_q4_k(const uint8_t *source, size_t row_bytes, size_t rows, size_t blocks,
                      uint8_t *panel) {
    for (size_t block = 0; block < blocks; block++) {
        uint8_t *record = panel + block * Q4_K_RECORD;
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *from = source + row * row_bytes + block * Q4_K_BYTES;
            put_u16(record, row, load_u16(from));
            put_u16(record, BERTH_PANEL_ROWS + row, load_u16(from + 2));
            for (int group = 0; group < 8; group++) {
                q4_k_scale(from + 4, group, record + Q4_K_SCALES + group * 16 + row,
                           record + Q4_K_MINIMUMS + group * 16 + row);
                uint8_t *lines = record + Q4_K_LINES + group * 4 * LINE + row * 4;
                for (int i = 0; i < 16; i++) {
                    uint8_t low = q4_k_value(from, group * 32 + i);
                    uint8_t high = q4_k_value(from, group * 32 + 16 + i);
                    lines[i / 4 * LINE + i % 4] = (uint8_t)(low | high << 4);
                }
            }
        }
    }
}

static void pack_q6_k(const uint8_t *source, size_t row_bytes, size_t rows, size_t blocks,
                      uint8_t *panel) {
    for (size_t block = 0; block < blocks; block++) {
        uint8_t *record = panel + block * Q6_K_RECORD;
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *from = source + row * row_bytes + block * Q6_K_BYTES;
            float scale = float_from_half(load_u16(from + 208));
            memcpy(record + row * 4, &scale, 4);
            for (int group = 0; group < 16; group++) {
                record[Q6_K_SCALES + group * 16 + row] = from[192 + group];
                uint8_t *lines = record + Q6_K_LINES + group * 3 * LINE + row * 4;
                for (int i = 0; i < 4; i++) {
                    uint8_t last = q6_k_value(from, group * 16 + 12 + i);
                    for (int line = 0; line < 3; line++) {
                        uint8_t value = q6_k_value(from, group * 16 + line * 4 + i);
                        lines[line * LINE + i] =
                            (uint8_t)(value << 2 | (last >> (4 - 2 * line) & 3));
                    }
                }
            }
        }
    }
}

size_t berth_panel_bytes(uint32_t type, size_t columns) {
    switch (type) {
    case BERTH_F32: return columns * LINE;
    case BERTH_F16:
    case BERTH_BF16: return (columns + 1) / 2 * LINE;
    case BERTH_Q4_0: return paired_panel_bytes(columns / Q4_0_VALUES, Q4_0_RECORD);
    case BERTH_Q8_0: return paired_panel_bytes(columns / Q8_0_VALUES, Q8_0_RECORD);
    case BERTH_Q4_K: return columns / Q4_K_VALUES * Q4_K_RECORD;
    case BERTH_Q6_K: return columns / Q6_K_VALUES * Q6_K_RECORD;
    default: return 0;
    }
}

void berth_pack_panel(uint32_t type, const uint8_t *source, size_t row_bytes, size_t rows,
                      size_t columns, uint8_t *panel) {
    memset(panel, 0, berth_panel_bytes(type, columns));
    switch (type) {
    case BERTH_F32: pack_plain(source, row_bytes, rows, columns, 4, panel); break;
    case BERTH_F16:
    case BERTH_BF16: pack_plain(source, row_bytes, rows, columns, 2, panel); break;
    case BERTH_Q4_0: pack_q4_0(source, row_bytes, rows, columns / Q4_0_VALUES, panel); break;
    case BERTH_Q8_0: pack_q8_0(source, row_bytes, rows, columns / Q8_0_VALUES, panel); break;
    case BERTH_Q4_K: pack_q4_k(source, row_bytes, rows, columns / Q4_K_VALUES, panel); break;
    case BERTH_Q6_K: pack_q6_k(source, row_bytes, rows, columns / Q6_K_VALUES, panel); break;
    }
}
