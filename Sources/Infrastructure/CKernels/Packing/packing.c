/* GGML blocks to panels; see Formats/panels.h. Runs once at load. */
#include "../Formats/formats.h"
#include "../Formats/panels.h"
#include "CKernels.h"
#include "reading.h"

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

/* Four bytes as one number: what is done to them does not cross from one to the next. */
static uint32_t load_quad(const uint8_t *bytes) {
    uint32_t quad;
    memcpy(&quad, bytes, 4);
    return quad;
}

static void put_quad(uint8_t *target, uint32_t quad) { memcpy(target, &quad, 4); }

enum { EACH_BYTE = 0x01010101 };

/* 32 codes of a row to block number `block` of a record. */
static inline void put_codes(const code_format *format, const uint8_t *codes, size_t block, size_t row,
                      uint8_t *record) {
    uint8_t *lines = record + lines_start(format) + block * (size_t)format->bits * LINE + row * 4;
    for (int i = 0; i < 4; i++) {
        const uint32_t low = load_quad(codes + i * 4), high = load_quad(codes + 16 + i * 4);
        put_quad(lines + i * LINE, (low & 15 * EACH_BYTE) | (high & 15 * EACH_BYTE) << 4);
    }
    if (format->bits < 5) return;
    uint32_t fifth = 0;
    for (int i = 0; i < 8; i++) fifth |= (load_quad(codes + i * 4) >> 4 & EACH_BYTE) << i;
    put_quad(lines + 4 * LINE, fifth);
}

/* Compiled for each format, so that what a block holds costs no question. */
__attribute__((always_inline)) static inline void
pack_codes(const code_format *format, const uint8_t *source, size_t row_bytes,
                       size_t rows, size_t columns, uint8_t *panel) {
    const size_t groups = (size_t)(format->values / BERTH_BLOCK * format->scales);
    code_block read;
    for (size_t index = 0; index < columns / (size_t)format->values; index++) {
        for (size_t row = 0; row < rows; row++) {
            read_codes(format, source + row * row_bytes + index * (size_t)format->bytes, &read);
            if (has_superblocks(format)) {
                uint8_t *record = panel + index * record_bytes(format);
                put_u16(record, row, read.scale);
                put_u16(record, BERTH_PANEL_ROWS + row, format->has_minimum ? read.minimum : 0);
                for (size_t group = 0; group < groups; group++) {
                    record[LINE + group * 16 + row] = (uint8_t)read.scales[group];
                    if (format->has_minimum)
                        record[minimums_start(format) + group * 16 + row] =
                            (uint8_t)read.minimums[group];
                }
                for (size_t block = 0; block < 8; block++)
                    put_codes(format, read.codes + block * BERTH_BLOCK, block, row, record);
            } else {
                uint8_t *record = panel + index / 2 * record_bytes(format);
                const size_t place = index % 2 * BERTH_PANEL_ROWS + row;
                put_u16(record, place, read.scale);
                if (format->has_minimum)
                    put_u16(record + minimums_start(format), place, read.minimum);
                put_codes(format, read.codes, index % 2, row, record);
            }
        }
    }
}

static size_t code_panel_bytes(const code_format *format, size_t columns) {
    const size_t blocks = columns / BERTH_BLOCK, whole = record_blocks(format);
    const size_t rest = blocks % whole * (size_t)format->bits * LINE;
    return blocks / whole * record_bytes(format) + (rest ? lines_start(format) + rest : 0);
}

/* The values of a Q6_K block, 0 to 63, in order. */
static void read_q6_k(const uint8_t *block, uint8_t *values) {
    for (int half = 0; half < 2; half++) {
        const uint8_t *low = block + half * 64, *high = block + 128 + half * 32;
        uint8_t *out = values + half * 128;
        for (int i = 0; i < 32; i++) {
            out[i] = (low[i] & 15) | (high[i] & 3) << 4;
            out[32 + i] = (low[32 + i] & 15) | (high[i] >> 2 & 3) << 4;
            out[64 + i] = low[i] >> 4 | (high[i] >> 4 & 3) << 4;
            out[96 + i] = low[32 + i] >> 4 | (high[i] >> 6) << 4;
        }
    }
}

static void pack_q6_k(const uint8_t *source, size_t row_bytes, size_t rows, size_t blocks,
                      uint8_t *panel) {
    uint8_t values[Q6_K_VALUES];
    for (size_t block = 0; block < blocks; block++) {
        uint8_t *record = panel + block * Q6_K_RECORD;
        for (size_t row = 0; row < rows; row++) {
            const uint8_t *from = source + row * row_bytes + block * Q6_K_BYTES;
            float scale = float_from_half(load_u16(from + 208));
            memcpy(record + row * 4, &scale, 4);
            read_q6_k(from, values);
            for (int group = 0; group < 16; group++) {
                record[Q6_K_SCALES + group * 16 + row] = from[192 + group];
                uint8_t *lines = record + Q6_K_LINES + group * 3 * LINE + row * 4;
                const uint32_t last = load_quad(values + group * 16 + 12);
                for (int line = 0; line < 3; line++) {
                    const uint32_t quad = load_quad(values + group * 16 + line * 4);
                    put_quad(lines + line * LINE,
                             quad << 2 | (last >> (4 - 2 * line) & 3 * EACH_BYTE));
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
    case BERTH_Q8_0:
        return columns / Q8_0_VALUES / 2 * Q8_0_RECORD +
               columns / Q8_0_VALUES % 2 * (LINE + 8 * LINE);
    case BERTH_Q6_K: return columns / Q6_K_VALUES * Q6_K_RECORD;
    }
    const code_format *format = berth_code_format(type);
    return format ? code_panel_bytes(format, columns) : 0;
}

void berth_pack_panel(uint32_t type, const uint8_t *source, size_t row_bytes, size_t rows,
                      size_t columns, uint8_t *panel) {
    memset(panel, 0, berth_panel_bytes(type, columns));
    switch (type) {
    case BERTH_F32: pack_plain(source, row_bytes, rows, columns, 4, panel); break;
    case BERTH_F16:
    case BERTH_BF16: pack_plain(source, row_bytes, rows, columns, 2, panel); break;
    case BERTH_Q8_0: pack_q8_0(source, row_bytes, rows, columns / Q8_0_VALUES, panel); break;
    case BERTH_Q6_K: pack_q6_k(source, row_bytes, rows, columns / Q6_K_VALUES, panel); break;
    }
#define PACK(name)                                                                                 \
    if (type == format_##name.type)                                                                \
        pack_codes(&format_##name, source, row_bytes, rows, columns, panel);
    FOR_CODE_TYPES(PACK)
#undef PACK
}
