/* Kernels of encoders. */
#include "compare.h"

#include <string.h>

static void compare_product(const berth_kernels *scalar, const berth_kernels *tested, size_t rows,
                            size_t columns, size_t tokens, berth_word_ending ending) {
    enum { GAP = 3 };
    const size_t panel_count = (rows + BERTH_PANEL_ROWS - 1) / BERTH_PANEL_ROWS;
    const size_t panel_bytes = berth_word_panel_bytes(columns), stride = rows + GAP;
    const size_t blocks = (columns + BERTH_WORD_BLOCK - 1) / BERTH_WORD_BLOCK;
    float *weights = room(rows * columns * 4), *input = room(tokens * columns * 4);
    float *bias = room(panel_count * BERTH_PANEL_ROWS * 4);
    fill_random(weights, rows * columns, 0.2f);
    fill_random(input, tokens * columns, 2);
    fill_random(bias, rows, 1);
    uint8_t *panels = room(panel_count * panel_bytes);
    for (size_t panel = 0; panel < panel_count; panel++) {
        const size_t row = panel * BERTH_PANEL_ROWS, left = rows - row;
        berth_pack_words(weights + row * columns, columns,
                         left < BERTH_PANEL_ROWS ? left : BERTH_PANEL_ROWS, columns,
                         panels + panel * panel_bytes);
    }
    float *outputs[2];
    for (int side = 0; side < 2; side++) {
        const berth_word_kernels *words = side == 0 ? &scalar->words : &tested->words;
        berth_word_block *rounded =
            room_at_the_edge(tokens * blocks * sizeof(berth_word_block));
        for (size_t token = 0; token < tokens; token++) {
            const size_t start = token / words->tile * words->tile, left = tokens - start;
            words->round(input + token * columns, columns,
                         rounded + start * blocks + (token - start),
                         left < words->tile ? left : words->tile);
        }
        outputs[side] = room((tokens + 1) * stride * 4);
        for (size_t i = 0; i < (tokens + 1) * stride; i++) outputs[side][i] = 1.5f;
        const berth_word_product product = {.panels = panels,
                                            .panel_count = panel_count,
                                            .rows = rows,
                                            .blocks = blocks,
                                            .tokens = tokens,
                                            .input = rounded,
                                            .bias = bias,
                                            .ending = ending,
                                            .output = outputs[side],
                                            .output_stride = stride};
        words->product(&product);
    }
    begin("%s, words, %zu rows, %zu columns, %zu tokens, ending %d", tested->name, rows, columns,
          tokens, (int)ending);
    same_floats("output", outputs[0], outputs[1], (tokens + 1) * stride);
    release_all();
}

static void compare_row(const berth_kernels *scalar, const berth_kernels *tested, size_t count,
                        bool is_unusual) {
    enum { LONGEST = 300 };
    float values[LONGEST], weights[LONGEST], biases[LONGEST];
    fill_random(values, count, 6);
    fill_random(weights, count, 1);
    fill_random(biases, count, 1);
    if (is_unusual)
        for (size_t i = 0; i < count; i += 3) values[i] = unusual[i % unusual_count];
    begin("%s, word rows of %zu%s", tested->name, count, is_unusual ? ", unusual" : "");
    float *x = at_the_edge(values, count);
    const float *w = at_the_edge(weights, count);
    const float *b = at_the_edge(biases, count);
    float *expected = at_the_edge(values, count), *found = at_the_edge(values, count);
    scalar->words.layer_norm(x, w, b, 1e-12f, count, expected);
    tested->words.layer_norm(x, w, b, 1e-12f, count, found);
    same_floats("layer norm", expected, found, count);
    scalar->words.gelu(x, count, expected);
    tested->words.gelu(x, count, found);
    same_floats("GELU", expected, found, count);
    for (int ties = 0; ties < 2 && !is_unusual; ties++) {
        if (ties) fill_ties(x, count, BERTH_WORD_LARGEST);
        berth_word_block blocks[2][6];
        memset(blocks, 0x55, sizeof blocks);
        scalar->words.round(x, count, blocks[0], 2);
        tested->words.round(x, count, blocks[1], 2);
        same_bytes("rounded", blocks[0], blocks[1], sizeof blocks[0]);
    }
    release_all();
}

static void compare_attend(const berth_kernels *scalar, const berth_kernels *tested,
                           size_t positions, size_t dimension, size_t rows) {
    const size_t stride = dimension + 5;
    float *x[3], *outputs[2];
    for (int i = 0; i < 3; i++) {
        x[i] = room(positions * stride * 4);
        fill_random(x[i], positions * stride, 2);
    }
    for (int side = 0; side < 2; side++) {
        outputs[side] = room(rows * stride * 4);
        const berth_word_attention attention = {
            .queries = x[0],
            .keys = x[1],
            .values = x[2],
            .stride = stride,
            .rows = rows,
            .positions = positions,
            .dimension = dimension,
            .scale = 0.125f,
            .output = outputs[side],
            .output_stride = stride,
            .scratch = room(berth_word_attention_scratch(positions, dimension))};
        (side == 0 ? scalar : tested)->words.attend(&attention);
    }
    begin("%s, words, %zu positions, dimension %zu, %zu rows", tested->name, positions, dimension,
          rows);
    same_floats("attention", outputs[0], outputs[1], rows * stride);
    release_all();
}

void compare_words(const berth_kernels *scalar, const berth_kernels *tested) {
    seed(3);
    static const size_t rows[] = {1, 5, 16, 17, 33}, columns[] = {1, 31, 128, 300};
    for (size_t r = 0; r < 5; r++)
        for (size_t c = 0; c < 4; c++)
            for (size_t tokens = 1; tokens <= 13; tokens++)
                compare_product(scalar, tested, rows[r], columns[c], tokens,
                                (berth_word_ending)(tokens % 3));
    for (size_t count = 1; count <= 300; count += count < 40 ? 1 : 13) {
        compare_row(scalar, tested, count, false);
        compare_row(scalar, tested, count, true);
    }
    static const size_t positions[] = {1, 2, 15, 17, 64, 127, 128, 129, 200};
    static const size_t dimensions[] = {1, 16, 24, 32, 64, 128};
    for (size_t p = 0; p < 9; p++)
        for (size_t d = 0; d < 6; d++)
            compare_attend(scalar, tested, positions[p], dimensions[d],
                           positions[p] < 13 ? positions[p] : 5 + d);
}
