/* Operations on rows of every length, and the quantizers. */
#include "compare.h"

#include <string.h>

enum { LONGEST = 70, STEP = 3 };

/* Rows of a length: one random, one small, one of ties when it is rounded, others with an unusual number somewhere. */
static void make_row(float *x, size_t count, size_t number) {
    fill_random(x, count, number == 1 ? 1e-3f : 20);
    if (number == 2) fill_ties(x, count, 127);
    if (number >= 3) x[random_bits() % count] = unusual[(number - 3) % unusual_count];
}

static void compare_quantize(const berth_kernels *scalar, const berth_kernels *tested,
                             const float *x, size_t count) {
    berth_block expected[STEP * 4], found[STEP * 4];
    memset(expected, 0x55, sizeof expected);
    memset(found, 0x55, sizeof found);
    scalar->quantize(x, count, expected, STEP);
    tested->quantize(x, count, found, STEP);
    for (size_t i = 0; i < STEP * 4; i++) {
        same_bytes("quantized", expected[i].values, found[i].values, BERTH_BLOCK);
        same_floats("scale", &expected[i].scale, &found[i].scale, 1);
        same_floats("sum", &expected[i].sum, &found[i].sum, 1);
        same_bytes("offsets", expected[i].offsets, found[i].offsets, sizeof found[i].offsets);
    }
}

static void compare_row(const berth_kernels *scalar, const berth_kernels *tested, size_t count,
                        size_t number) {
    float values[LONGEST], others[LONGEST];
    make_row(values, count, number);
    fill_random(others, count, 2);
    const float *x = at_the_edge(values, count), *y = at_the_edge(others, count);
    float *expected = at_the_edge(others, count), *found = at_the_edge(others, count);
    begin("%s, rows of %zu, number %zu", tested->name, count, number);
    scalar->normalize(x, y, 1e-6f, count, expected);
    tested->normalize(x, y, 1e-6f, count, found);
    same_floats("normalize", expected, found, count);
    scalar->gate(x, y, count, expected);
    tested->gate(x, y, count, found);
    same_floats("gate", expected, found, count);
    memcpy(expected, others, count * 4);
    memcpy(found, others, count * 4);
    scalar->add(x, count, expected);
    tested->add(x, count, found);
    same_floats("add", expected, found, count);
    scalar->add_scaled(x, 0.3f, count, expected);
    tested->add_scaled(x, 0.3f, count, found);
    same_floats("add scaled", expected, found, count);
    compare_quantize(scalar, tested, x, count);
    release_all();
}

static void compare_rotate(const berth_kernels *scalar, const berth_kernels *tested, size_t pairs,
                           bool adjacent) {
    float angles[2 * LONGEST], head[2 * LONGEST];
    fill_random(angles, 2 * pairs, 1);
    fill_random(head, 2 * pairs, 4);
    begin("%s, rotation of %zu %s pairs", tested->name, pairs, adjacent ? "adjacent" : "split");
    const berth_rotation rotation = {.cosines = at_the_edge(angles, pairs),
                                     .sines = at_the_edge(angles + pairs, pairs),
                                     .pairs = pairs,
                                     .adjacent = adjacent};
    float *expected = at_the_edge(head, 2 * pairs), *found = at_the_edge(head, 2 * pairs);
    scalar->rotate(&rotation, expected);
    tested->rotate(&rotation, found);
    same_floats("head", expected, found, 2 * pairs);
    release_all();
}

static void compare_encode(const berth_kernels *scalar, const berth_kernels *tested,
                           uint32_t type) {
    enum { COUNT = 5 * 256 };
    float *x = room(COUNT * 4);
    uint8_t *expected = room(COUNT * 4), *found = room(COUNT * 4);
    fill_random(x, COUNT, 1);
    begin("%s, encoding as type %u", tested->name, type);
    scalar->encode(type, x, COUNT, expected);
    tested->encode(type, x, COUNT, found);
    same_bytes("encoded", expected, found, COUNT * 4);
    release_all();
}

void compare_rows(const berth_kernels *scalar, const berth_kernels *tested) {
    seed(1);
    for (size_t count = 1; count <= LONGEST; count++) {
        for (size_t number = 0; number < 6; number++)
            compare_row(scalar, tested, count, number < 3 ? number : count * 3 + number);
        compare_rotate(scalar, tested, count, false);
        compare_rotate(scalar, tested, count, true);
    }
    for (uint32_t type = 0; type < BERTH_TYPE_LIMIT; type++)
        if (berth_can_encode(type)) compare_encode(scalar, tested, type);
}
