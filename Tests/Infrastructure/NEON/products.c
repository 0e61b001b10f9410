/* Products of every type. */
#include "compare.h"

#include <string.h>

/* What a type's blocks look like, as far as tests need it. */
typedef struct {
    uint32_t type;
    const char *name;
    size_t values, bytes;
    /* Bytes from a block's start to its 16-bit scales; -1: none. */
    int scales[2];
} block_format;

static const block_format formats[] = {
    {BERTH_F32, "F32", 1, 4, {-1, -1}},        {BERTH_F16, "F16", 1, 2, {0, -1}},
    {BERTH_BF16, "BF16", 1, 2, {-1, -1}},      {BERTH_Q4_0, "Q4_0", 32, 18, {0, -1}},
    {BERTH_Q4_1, "Q4_1", 32, 20, {0, 2}},      {BERTH_Q5_0, "Q5_0", 32, 22, {0, -1}},
    {BERTH_Q5_1, "Q5_1", 32, 24, {0, 2}},      {BERTH_Q8_0, "Q8_0", 32, 34, {0, -1}},
    {BERTH_Q2_K, "Q2_K", 256, 84, {80, 82}},   {BERTH_Q3_K, "Q3_K", 256, 110, {108, -1}},
    {BERTH_Q4_K, "Q4_K", 256, 144, {0, 2}},    {BERTH_Q5_K, "Q5_K", 256, 176, {0, 2}},
    {BERTH_Q6_K, "Q6_K", 256, 210, {208, -1}}, {BERTH_IQ4_NL, "IQ4_NL", 32, 18, {0, -1}},
    {BERTH_IQ4_XS, "IQ4_XS", 256, 136, {0, -1}}, {BERTH_MXFP4, "MXFP4", 32, 17, {-1, -1}},
};

/* What the blocks of weights and the rows of input hold. */
typedef enum {
    /* Scales and inputs of moderate size. */
    ORDINARY,
    /* All codes, integers of scales and inputs as large as they get. */
    LARGEST,
    /* Any bits: scales may be infinite, denormal or no number. */
    ANY_BITS,
    /* Ordinary weights; a row of input in three holds an unusual number. */
    UNUSUAL_INPUT,
} content;

static const char *const content_names[] = {"ordinary", "largest", "any bits", "unusual input"};

static void make_block(const block_format *format, content content, uint8_t *block) {
    for (size_t i = 0; i < format->bytes; i++)
        block[i] = content == LARGEST ? 0xff : (uint8_t)random_bits();
    if (content == ANY_BITS) return;
    for (int i = 0; i < 2 && format->scales[i] >= 0; i++) {
        const uint16_t half = (uint16_t)((random_bits() & 0x83ff) | (5 + random_bits() % 16) << 10);
        memcpy(block + format->scales[i], &half, 2);
    }
    if (format->type == BERTH_MXFP4) block[0] = (uint8_t)(110 + random_bits() % 20);
    if (format->type == BERTH_F32) {
        const float value = random_float(content == LARGEST ? 1e30f : 2);
        memcpy(block, &value, 4);
    }
    if (format->type == BERTH_BF16) {
        const float value = random_float(2);
        memcpy(block, (const uint8_t *)&value + 2, 2);
    }
}

/* A product's weights in panels, and its input. */
typedef struct {
    const block_format *format;
    size_t rows, columns, panel_count;
    uint8_t *panels;
    float *input;
} setting;

enum { MOST_TOKENS = 513, GAP = 5, UNTOUCHED = 12345 };

static setting make_setting(const block_format *format, size_t rows, size_t columns,
                            content content) {
    const size_t row_bytes = columns / format->values * format->bytes;
    uint8_t *blocks = room(rows * row_bytes);
    for (size_t at = 0; at < rows * row_bytes; at += format->bytes)
        make_block(format, content, blocks + at);
    setting s = {.format = format, .rows = rows, .columns = columns};
    s.panel_count = (rows + BERTH_PANEL_ROWS - 1) / BERTH_PANEL_ROWS;
    const size_t panel_bytes = berth_panel_bytes(format->type, columns);
    s.panels = room_at_the_edge(s.panel_count * panel_bytes);
    for (size_t panel = 0; panel < s.panel_count; panel++) {
        const size_t row = panel * BERTH_PANEL_ROWS, left = rows - row;
        berth_pack_panel(format->type, blocks + row * row_bytes, row_bytes,
                         left < BERTH_PANEL_ROWS ? left : BERTH_PANEL_ROWS, columns,
                         s.panels + panel * panel_bytes);
    }
    s.input = room(MOST_TOKENS * columns * 4);
    if (content == LARGEST) {
        for (size_t i = 0; i < MOST_TOKENS * columns; i++)
            s.input[i] = i / columns % 2 ? 100 : random_bits() % 2 ? 100 : -100;
    } else {
        fill_random(s.input, MOST_TOKENS * columns, 3);
    }
    if (content == UNUSUAL_INPUT)
        for (size_t token = 0; token < MOST_TOKENS; token += 3)
            s.input[token * columns + random_bits() % columns] = unusual[token % unusual_count];
    return s;
}

/* Floats and a gap behind each row, which must not be written, nor may a row behind the last. */
static float *multiply(const setting *s, const berth_kernels *scalar, const berth_kernels *kernels,
                       size_t tokens) {
    const size_t blocks = s->columns / BERTH_BLOCK, stride = s->rows + GAP;
    berth_product product = {
        .panels = s->panels,
        .panel_count = s->panel_count,
        .rows = s->rows,
        .columns = s->columns,
        .tokens = tokens,
        .output_stride = stride,
    };
    if (s->format->values == 1) {
        product.input = s->input;
        product.input_stride = s->columns;
    } else {
        berth_block *rounded = room_at_the_edge(tokens * blocks * sizeof(berth_block));
        for (size_t token = 0; token < tokens; token++) {
            const size_t start = token / kernels->tile * kernels->tile, left = tokens - start;
            scalar->quantize(s->input + token * s->columns, s->columns,
                             rounded + start * blocks + (token - start),
                             left < kernels->tile ? left : kernels->tile);
        }
        product.blocks = rounded;
    }
    product.output = room((tokens + 1) * stride * 4);
    for (size_t i = 0; i < (tokens + 1) * stride; i++) product.output[i] = UNTOUCHED;
    berth_multiply(kernels, s->format->type, &product);
    if (s->format->type == BERTH_F16) kernels->add_product(&product);
    return product.output;
}

static const size_t token_counts[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,   10, 11,
                                      12, 13, 15, 16, 17, 31, 32, 33, 37, 65, 0};

static void compare_setting(const berth_kernels *scalar, const berth_kernels *tested,
                            const block_format *format, size_t rows, size_t columns,
                            content content, size_t most) {
    seed(rows * 1000 + columns + format->type + 7 * (size_t)content);
    const setting s = make_setting(format, rows, columns, content);
    const float *expected = multiply(&s, scalar, scalar, most);
    float *untouched = room((rows + GAP) * 4);
    for (size_t i = 0; i < rows + GAP; i++) untouched[i] = UNTOUCHED;
    for (size_t i = 0; token_counts[i]; i++) {
        const size_t tokens = token_counts[i + 1] && most < MOST_TOKENS ? token_counts[i] : most;
        if (tokens > most) break;
        begin("%s %s, %zu rows, %zu columns, %zu tokens, %s", tested->name, format->name, rows,
              columns, tokens, content_names[content]);
        const float *found = multiply(&s, scalar, tested, tokens);
        same_floats("output", expected, found, tokens * (rows + GAP));
        same_floats("behind", untouched, found + tokens * (rows + GAP), rows + GAP);
        if (tokens == most) break;
    }
    release_all();
}

void compare_products(const berth_kernels *scalar, const berth_kernels *tested) {
    static const size_t rows[] = {1, 3, 4, 5, 7, 9, 12, 15, 16, 17, 33};
    static const size_t columns[][3] = {{1, 7, 48}, {32, 96, 288}, {256, 768, 0}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const block_format *format = formats + i;
        const size_t *counts = columns[format->values == 1 ? 0 : format->values == 32 ? 1 : 2];
        for (size_t c = 0; c < 3 && counts[c]; c++)
            for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
                compare_setting(scalar, tested, format, rows[r], counts[c], ORDINARY, 13);
        const size_t longest = counts[2] ? counts[2] : counts[1];
        compare_setting(scalar, tested, format, 17, longest, ORDINARY, 65);
        compare_setting(scalar, tested, format, 17, longest, LARGEST, 37);
        compare_setting(scalar, tested, format, 17, longest, ANY_BITS, 37);
        compare_setting(scalar, tested, format, 17, longest, UNUSUAL_INPUT, 65);
        compare_setting(scalar, tested, format, 3, counts[0], ORDINARY, MOST_TOKENS);
    }
}
