/* Attention over pages of keys and values. */
#include "compare.h"

typedef struct {
    size_t dimension, value_dimension, heads, position, rows, window;
} shape;

static void fill_halves(const berth_kernels *scalar, uint16_t *out, size_t count, bool is_unusual) {
    for (size_t i = 0; i < count; i++) {
        float value = random_float(1);
        if (is_unusual && random_bits() % 512 == 0) value = random_float(0x1p-20f);
        scalar->narrow(&value, 1, out + i, 1);
    }
}

static void compare_shape(const berth_kernels *scalar, const berth_kernels *tested, shape s,
                          float largest_query) {
    enum { MOST_PAGES = 8, GAP = 3 };
    const size_t end = s.position + s.rows, value_stride = (s.value_dimension + 15) / 16 * 16;
    const size_t page_count = (end + BERTH_PAGE_POSITIONS - 1) / BERTH_PAGE_POSITIONS;
    const size_t key_offset = 64, key_bytes = s.dimension * BERTH_PAGE_POSITIONS * 2;
    const size_t value_offset = key_offset + (key_bytes + 63) / 64 * 64;
    const void *pages[MOST_PAGES];
    for (size_t page = 0; page < page_count; page++) {
        uint8_t *memory = room(value_offset + BERTH_PAGE_POSITIONS * value_stride * 2);
        fill_halves(scalar, (uint16_t *)(memory + key_offset), s.dimension * BERTH_PAGE_POSITIONS,
                    page % 2);
        fill_halves(scalar, (uint16_t *)(memory + value_offset),
                    BERTH_PAGE_POSITIONS * value_stride, page % 2);
        pages[page] = memory;
    }
    const size_t query_stride = s.heads * s.dimension + GAP;
    const size_t output_stride = s.heads * s.value_dimension + GAP;
    float *queries = room(s.rows * query_stride * 4), *outputs[2];
    fill_random(queries, s.rows * query_stride, largest_query);
    for (int side = 0; side < 2; side++) {
        outputs[side] = room(s.rows * output_stride * 4);
        const berth_attention attention = {
            .pages = pages,
            .key_offset = key_offset,
            .value_offset = value_offset,
            .dimension = s.dimension,
            .value_dimension = s.value_dimension,
            .value_stride = value_stride,
            .rows = s.rows,
            .position = s.position,
            .heads = s.heads,
            .window = s.window,
            .queries = queries,
            .query_stride = query_stride,
            .scale = 0.11f,
            .output = outputs[side],
            .output_stride = output_stride,
            .scratch =
                room(4 * berth_attention_scratch(s.rows * s.heads, s.dimension, value_stride)),
        };
        (side == 0 ? scalar : tested)->attend(&attention);
    }
    begin("%s, attention, dimensions %zu and %zu, %zu heads, %zu rows from %zu, window %zu",
          tested->name, s.dimension, s.value_dimension, s.heads, s.rows, s.position, s.window);
    same_floats("output", outputs[0], outputs[1], s.rows * output_stride);
    release_all();
}

void compare_attention(const berth_kernels *scalar, const berth_kernels *tested) {
    seed(2);
    static const size_t dimensions[][2] = {{64, 64}, {128, 128}, {5, 3}, {80, 40}, {32, 17}};
    static const size_t positions[] = {0, 1, 62, 63, 64, 127, 128, 200, 300};
    static const size_t windows[] = {1, 2, 40, 64, 65, 100, 1000};
    for (size_t d = 0; d < 5; d++)
        for (size_t p = 0; p < 9; p++)
            for (size_t w = 0; w < 7; w++)
                compare_shape(scalar, tested,
                              (shape){.dimension = dimensions[d][0],
                                      .value_dimension = dimensions[d][1],
                                      .heads = 1 + (d + p + w) % 4,
                                      .position = positions[p],
                                      .rows = 1 + (3 * p + 5 * w + d) % 14,
                                      .window = windows[w]},
                              w % 2 ? 40 : 4);
}
