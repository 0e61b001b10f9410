/* Attention over pages of keys and values of every type, whole and in runs. */
#include "compare.h"

#include <string.h>

static const uint32_t types[] = {BERTH_F16, BERTH_BF16, BERTH_Q8_0};

typedef struct {
    uint32_t type;
    size_t dimension, value_dimension, heads, position, rows, window;
} shape;

enum { MOST_PAGES = 18, GAP = 3, KEY_OFFSET = 64 };

static size_t value_offset(shape s) { return KEY_OFFSET + berth_cache_key_bytes(s.type, s.dimension); }

/* Pages whose positions up to the last row's are stored by a table of kernels. */
static void store_pages(const berth_kernels *kernels, shape s, const float *keys, const float *values,
                        const void *pages[MOST_PAGES]) {
    for (size_t position = 0; position < s.position + s.rows; position++) {
        const size_t page = position / BERTH_PAGE_POSITIONS;
        const size_t bytes = value_offset(s) + berth_cache_value_bytes(s.type, s.value_dimension);
        if (position % BERTH_PAGE_POSITIONS == 0) {
            uint8_t *memory = room(bytes);
            /* What nobody wrote is NaN. */
            memset(memory, 0x7e, bytes);
            pages[page] = memory;
        }
        const berth_cache_place place = {
            .type = s.type,
            .keys = (uint8_t *)pages[page] + KEY_OFFSET,
            .values = (uint8_t *)pages[page] + value_offset(s),
            .dimension = s.dimension,
            .value_dimension = s.value_dimension,
            .place = position % BERTH_PAGE_POSITIONS,
        };
        berth_await_place(&place);
        kernels->attention.store(&place, keys + position * s.dimension,
                                 values + position * s.value_dimension);
    }
}

/* Every run by itself, then joined. */
static void attend_in_runs(const berth_kernels *kernels, berth_attention work) {
    const size_t run = BERTH_RUN_PAGES * BERTH_PAGE_POSITIONS;
    const size_t end = work.position + work.rows, queries = work.rows * work.heads;
    const size_t first = (work.position + 1 > work.window ? work.position + 1 - work.window : 0) / run;
    const size_t floats = berth_partial_floats(queries, work.value_dimension);
    float *partials = room(((end - 1) / run + 1 - first) * floats * sizeof(float));
    for (size_t i = first; i * run < end; i++) {
        work.first_run = i;
        work.end_run = i + 1;
        work.partials = partials + (i - first) * floats;
        kernels->attention.attend(&work);
    }
    work.first_run = first;
    work.partials = partials;
    kernels->attention.join(&work);
}

static void compare_shape(const berth_kernels *scalar, const berth_kernels *tested, shape s,
                          float largest_query) {
    const size_t end = s.position + s.rows;
    float *keys = room(end * s.dimension * 4), *values = room(end * s.value_dimension * 4);
    fill_random(keys, end * s.dimension, 1);
    fill_random(values, end * s.value_dimension, 1);
    const size_t query_stride = s.heads * s.dimension + GAP;
    const size_t output_stride = s.heads * s.value_dimension + GAP;
    float *queries = room(s.rows * query_stride * 4), *outputs[3];
    fill_random(queries, s.rows * query_stride, largest_query);
    /* What is in the last row is no other row's business. */
    if (s.rows % 3 == 0) queries[(s.rows - 1) * query_stride] = unusual[end % unusual_count];
    const void *pages[2][MOST_PAGES];
    for (int side = 0; side < 3; side++) {
        outputs[side] = room(s.rows * output_stride * 4);
        if (side < 2) store_pages(side == 0 ? scalar : tested, s, keys, values, pages[side]);
        const berth_attention attention = {
            .type = s.type,
            .pages = pages[side == 0 ? 0 : 1],
            .key_offset = KEY_OFFSET,
            .value_offset = value_offset(s),
            .dimension = s.dimension,
            .value_dimension = s.value_dimension,
            .rows = s.rows,
            .position = s.position,
            .heads = s.heads,
            .window = s.window,
            .queries = queries,
            .query_stride = query_stride,
            .scale = 0.11f,
            .output = outputs[side],
            .output_stride = output_stride,
            .scratch = room(
                4 * berth_attention_scratch(s.rows * s.heads, s.dimension, s.value_dimension)),
        };
        if (side == 2)
            attend_in_runs(tested, attention);
        else
            (side == 0 ? scalar : tested)->attention.attend(&attention);
    }
    begin("%s, attention, type %u, dimensions %zu and %zu, %zu heads, %zu rows from %zu, window %zu",
          tested->name, s.type, s.dimension, s.value_dimension, s.heads, s.rows, s.position, s.window);
    same_floats("output", outputs[0], outputs[1], s.rows * output_stride);
    same_floats("joined", outputs[0], outputs[2], s.rows * output_stride);
    release_all();
}

/* Every 16-bit float that a float32 can become, from numbers on, between and beside them. */
static void compare_rounding(const berth_kernels *scalar, const berth_kernels *tested, uint32_t type) {
    enum { COUNT = 3 << 16 };
    float *x = room(COUNT * 4);
    for (uint32_t i = 0; i < COUNT; i++) {
        /* The exponents from 2^-27 to 2^17, 11 bits of fraction, and what lies just beside them. */
        const uint32_t bits = (i / 3 & 1) << 31 | (100 << 23) + ((i / 6) << 12) + i % 3 - 1;
        memcpy(x + i, &bits, 4);
    }
    memcpy(x, unusual, unusual_count * 4);
    begin("%s, rounding to type %u", tested->name, type);
    uint8_t *stored[2];
    for (int side = 0; side < 2; side++) {
        stored[side] = room(berth_cache_value_bytes(type, COUNT));
        const berth_cache_place place = {.type = type,
                                         .keys = room(berth_cache_key_bytes(type, 1)),
                                         .values = stored[side],
                                         .dimension = 1,
                                         .value_dimension = COUNT};
        (side == 0 ? scalar : tested)->attention.store(&place, x, x);
    }
    same_bytes("values", stored[0], stored[1], COUNT * 2);
    release_all();
}

void compare_attention(const berth_kernels *scalar, const berth_kernels *tested) {
    seed(2);
    static const size_t dimensions[][2] = {{64, 64}, {128, 128}, {5, 3}, {80, 40}, {32, 17}};
    static const size_t positions[] = {0, 1, 62, 63, 64, 127, 128, 300, 505, 1100};
    static const size_t windows[] = {1, 2, 40, 65, 500, 10000};
    for (size_t d = 0; d < 5; d++)
        for (size_t p = 0; p < 10; p++)
            for (size_t w = 0; w < 6; w++)
                compare_shape(scalar, tested,
                              (shape){.type = types[(d + p + w) % 3],
                                      .dimension = dimensions[d][0],
                                      .value_dimension = dimensions[d][1],
                                      .heads = 1 + (d + p + w) % 4,
                                      .position = positions[p],
                                      .rows = 1 + (3 * p + 5 * w + d) % 14,
                                      .window = windows[w]},
                              w % 2 ? 40 : 4);
    compare_rounding(scalar, tested, BERTH_F16);
    compare_rounding(scalar, tested, BERTH_BF16);
}
