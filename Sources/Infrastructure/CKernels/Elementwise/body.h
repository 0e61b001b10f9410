/* Row operations on 16 lanes. An instruction set's file includes this after its lanes, with NAME(x) giving
 * its function names. The float operations follow Reference/elementwise.c step by step. */
#include "../Lanes/exp.h"

#include <math.h>

/* Lanes that remain of a row from `index` on. */
INLINE size_t remaining(size_t count, size_t index) {
    return count - index < 16 ? count - index : 16;
}

void NAME(quantize)(const float *x, size_t columns, berth_block *out, size_t step) {
    for (size_t start = 0; start < columns; start += BERTH_BLOCK, out += step) {
        lanes values[2];
        for (int half = 0; half < 2; half++) {
            const size_t index = start + 16 * (size_t)half;
            values[half] = index < columns
                               ? lanes_load_first(x + index, remaining(columns, index))
                               : lanes_of(0);
        }
        const lanes magnitudes[2] = {lanes_magnitude(values[0]), lanes_magnitude(values[1])};
        const float largest = lanes_largest(lanes_max(magnitudes[0], magnitudes[1]));
        const bool is_zero = largest < 0x1p-100f;
        /* What is no number shall show in the products. */
        const bool is_finite =
            lanes_are_below(magnitudes[0], INFINITY) && lanes_are_below(magnitudes[1], INFINITY);
        if (!is_finite) values[0] = values[1] = lanes_of(0);
        const lanes inverse = lanes_of(is_zero || !is_finite ? 0 : 127 / largest);
        int32_t sums[2];
        for (int half = 0; half < 2; half++)
            sums[half] =
                lanes_to_bytes(out->values + 16 * half, lanes_multiply(values[half], inverse));
        out->scale = !is_finite ? NAN : is_zero ? 0 : largest / 127;
        out->sum = out->scale * (float)(sums[0] + sums[1]);
        out->offsets[0] = -128 * sums[0];
        out->offsets[1] = -128 * sums[1];
    }
}

void NAME(normalize)(const float *x, const float *weight, float epsilon, size_t count, float *out) {
    lanes squares = lanes_of(0);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const lanes values = lanes_load(x + i);
        squares = lanes_fma(values, values, squares);
    }
    if (i < count) {
        const lanes values = lanes_load_first(x + i, count - i);
        squares = lanes_fma(values, values, squares);
    }
    const float mean = lanes_sum(squares) / (float)count;
    const lanes scale = lanes_of(1 / sqrtf(mean + epsilon));
    for (i = 0; i + 16 <= count; i += 16) {
        const lanes scaled = lanes_multiply(lanes_load(x + i), scale);
        lanes_store(out + i, lanes_multiply(scaled, lanes_load(weight + i)));
    }
    if (i < count) {
        const lanes scaled = lanes_multiply(lanes_load_first(x + i, count - i), scale);
        const lanes weights = lanes_load_first(weight + i, count - i);
        lanes_store_first(out + i, lanes_multiply(scaled, weights), count - i);
    }
}

void NAME(gate)(const float *gate, const float *up, size_t count, float *out) {
    for (size_t i = 0; i < count; i += 16) {
        const size_t n = remaining(count, i);
        const lanes x = lanes_load_first(gate + i, n);
        const lanes power = lanes_exp(lanes_multiply(x, lanes_of(-1)));
        const lanes opened = lanes_divide(x, lanes_add(lanes_of(1), power));
        lanes_store_first(out + i, lanes_multiply(opened, lanes_load_first(up + i, n)), n);
    }
}

void NAME(add)(const float *x, size_t count, float *out) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        lanes_store(out + i, lanes_add(lanes_load(out + i), lanes_load(x + i)));
    if (i < count) {
        const lanes sum =
            lanes_add(lanes_load_first(out + i, count - i), lanes_load_first(x + i, count - i));
        lanes_store_first(out + i, sum, count - i);
    }
}

void NAME(add_scaled)(const float *x, float factor, size_t count, float *out) {
    const lanes factors = lanes_of(factor);
    size_t i = 0;
    for (; i + 16 <= count; i += 16)
        lanes_store(out + i, lanes_fma(lanes_load(x + i), factors, lanes_load(out + i)));
    if (i < count) {
        const lanes before = lanes_load_first(out + i, count - i);
        const lanes sum = lanes_fma(lanes_load_first(x + i, count - i), factors, before);
        lanes_store_first(out + i, sum, count - i);
    }
}

static void rotate_halves(const berth_rotation *rotation, float *head) {
    float *upper = head + rotation->pairs;
    for (size_t i = 0; i < rotation->pairs; i += 16) {
        const size_t n = remaining(rotation->pairs, i);
        const lanes a = lanes_load_first(head + i, n), b = lanes_load_first(upper + i, n);
        const lanes cosine = lanes_load_first(rotation->cosines + i, n);
        const lanes sine = lanes_load_first(rotation->sines + i, n);
        const lanes negative = lanes_multiply(sine, lanes_of(-1));
        lanes_store_first(head + i, lanes_fma(a, cosine, lanes_multiply(b, negative)), n);
        lanes_store_first(upper + i, lanes_fma(b, cosine, lanes_multiply(a, sine)), n);
    }
}

static void rotate_adjacent(const berth_rotation *rotation, float *head) {
    for (size_t i = 0; i < rotation->pairs; i += 8) {
        const size_t n = rotation->pairs - i;
        const lanes values = lanes_load_first(head + 2 * i, 2 * n);
        const lanes cosine = lanes_load_doubled(rotation->cosines + i, n);
        const lanes sine = lanes_negate_even(lanes_load_doubled(rotation->sines + i, n));
        const lanes crossed = lanes_multiply(lanes_swap_pairs(values), sine);
        lanes_store_first(head + 2 * i, lanes_fma(values, cosine, crossed), 2 * n);
    }
}

void NAME(rotate)(const berth_rotation *rotation, float *head) {
    if (rotation->adjacent)
        rotate_adjacent(rotation, head);
    else
        rotate_halves(rotation, head);
}
