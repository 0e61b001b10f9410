/* Scalar attention: each page gives a partial result of its own, and these are joined in page order, so
 * that later the pages of one token may be shared out without changing a bit.
 *
 * Online softmax: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax". */
#include "../Formats/formats.h"
#include "reference.h"

enum { POSITIONS = BERTH_PAGE_POSITIONS };

size_t berth_attention_scratch(size_t queries, size_t dimension, size_t value_stride) {
    /* Scaled queries, scores, the outputs so far and of this page; each query's maximum, its sum, the factors
     * of both, and the first and last position it sees. */
    return queries * (dimension + 15 + POSITIONS + 2 * value_stride) + 6 * (queries + 15);
}

/* Largest score, sum of weights and weighted values, the weights being exp(score - largest). */
typedef struct {
    float largest;
    float sum;
    float *values;
} partial;

/* The positions `from` to `to` of a page. */
static partial attend_page(const berth_attention *a, const float *query, const uint8_t *page,
                           size_t from, size_t to, float *values) {
    const uint8_t *keys = page + a->key_offset, *stored = page + a->value_offset;
    float weights[POSITIONS] = {0};
    partial result = {.values = values};
    for (size_t j = from; j < to; j++) {
        float score = 0;
        for (size_t i = 0; i < a->dimension; i++) {
            float key = float_from_half(load_u16(keys + 2 * (i * POSITIONS + j)));
            score = __builtin_fmaf(query[i], key, score);
        }
        weights[j] = score;
        if (j == from || score > result.largest) result.largest = score;
    }
    float lanes[16];
    for (size_t j = from; j < to; j++)
        weights[j] = berth_reference_exp(weights[j] - result.largest);
    for (size_t j = 0; j < 16; j++)
        lanes[j] = (weights[j] + weights[j + 16]) + (weights[j + 32] + weights[j + 48]);
    result.sum = berth_reference_fold(lanes);
    for (size_t i = 0; i < a->value_dimension; i++) {
        float sum = 0;
        for (size_t j = from; j < to; j++) {
            float value = float_from_half(load_u16(stored + 2 * (j * a->value_stride + i)));
            sum = __builtin_fmaf(weights[j], value, sum);
        }
        values[i] = sum;
    }
    return result;
}

static void join(partial *sofar, partial page, size_t count) {
    float largest = page.largest > sofar->largest ? page.largest : sofar->largest;
    float keep = berth_reference_exp(sofar->largest - largest);
    float take = berth_reference_exp(page.largest - largest);
    sofar->largest = largest;
    sofar->sum = __builtin_fmaf(sofar->sum, keep, page.sum * take);
    for (size_t i = 0; i < count; i++)
        sofar->values[i] = __builtin_fmaf(sofar->values[i], keep, page.values[i] * take);
}

void berth_reference_attend(const berth_attention *a) {
    float *query = a->scratch;
    float *page_values = query + a->dimension;
    for (size_t row = 0; row < a->rows; row++) {
        for (size_t head = 0; head < a->heads; head++) {
            const float *source = a->queries + row * a->query_stride + head * a->dimension;
            for (size_t i = 0; i < a->dimension; i++) query[i] = source[i] * a->scale;
            float *output = a->output + row * a->output_stride + head * a->value_dimension;
            partial sofar = {.values = output};
            const size_t end = a->position + row + 1;
            const size_t begin = end > a->window ? end - a->window : 0;
            const size_t first = begin / POSITIONS;
            for (size_t index = first; index * POSITIONS < end; index++) {
                const size_t start = index * POSITIONS;
                const size_t from = index == first ? begin - start : 0;
                const size_t to = end - start < POSITIONS ? end - start : POSITIONS;
                const uint8_t *page = a->pages[index];
                if (index == first)
                    sofar = attend_page(a, query, page, from, to, output);
                else
                    join(&sofar, attend_page(a, query, page, from, to, page_values),
                         a->value_dimension);
            }
            float inverse = 1 / sofar.sum;
            /* Adding zero turns -0 into 0: a weight of zero is added by some tiles and skipped by others. */
            for (size_t i = 0; i < a->value_dimension; i++) output[i] = output[i] * inverse + 0.0f;
        }
    }
}
