/* Scalar attention: each run of pages gives a partial result of its own, by a softmax over the run's positions, and
 * these are joined in order, whoever computed them.
 *
 * Joining: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax". */
#include "../Attention/cache.h"
#include "../Formats/formats.h"
#include "reference.h"

enum { POSITIONS = BERTH_PAGE_POSITIONS };

static uint16_t word_from_float(uint32_t type, float x) {
    return type == BERTH_BF16 ? bfloat_from_float(x) : half_from_float(x);
}

static float float_from_word(uint32_t type, uint16_t word) {
    return type == BERTH_BF16 ? float_from_bfloat(word) : float_from_half(word);
}

static void store_blocks(const berth_cache_place *at, const float *key, const float *value) {
    berth_block block;
    size_t width = berth_cache_width(at->type, at->dimension);
    uint16_t *scales = (uint16_t *)(at->keys + POSITIONS * width);
    for (size_t i = 0; i < at->dimension; i += BERTH_BLOCK) {
        size_t count = at->dimension - i < BERTH_BLOCK ? at->dimension - i : BERTH_BLOCK;
        berth_reference_quantize(key + i, count, &block, 1);
        for (size_t j = 0; j < BERTH_BLOCK; j++)
            at->keys[byte_key_index(width, at->place, i + j)] = (uint8_t)block.values[j];
        scales[key_scale_index(width, at->place, i / BERTH_BLOCK)] = half_from_float(block.scale);
    }
    width = berth_cache_width(at->type, at->value_dimension);
    scales = (uint16_t *)(at->values + POSITIONS * width);
    for (size_t i = 0; i < at->value_dimension; i += BERTH_BLOCK) {
        size_t rest = at->value_dimension - i;
        berth_reference_quantize(value + i, rest < BERTH_BLOCK ? rest : BERTH_BLOCK, &block, 1);
        memcpy(at->values + at->place * width + i, block.values, BERTH_BLOCK);
        scales[i / BERTH_BLOCK * POSITIONS + at->place] = half_from_float(block.scale);
    }
}

void berth_reference_store(const berth_cache_place *at, const float *key, const float *value) {
    if (at->type == BERTH_Q8_0) return store_blocks(at, key, value);
    uint16_t *keys = (uint16_t *)at->keys;
    uint16_t *values =
        (uint16_t *)at->values + at->place * berth_cache_width(at->type, at->value_dimension);
    for (size_t i = 0; i < at->dimension; i++)
        keys[word_key_index(at->dimension, at->place, i)] = word_from_float(at->type, key[i]);
    for (size_t i = 0; i < at->value_dimension; i++) values[i] = word_from_float(at->type, value[i]);
}

/* A query, scaled, and the same in blocks of 8 bits where keys are. */
typedef struct {
    const float *values;
    const berth_block *blocks;
} reference_query;

static float score(const berth_attention *a, reference_query query, const uint8_t *keys, size_t place) {
    float sum = 0;
    if (a->type != BERTH_Q8_0) {
        for (size_t i = 0; i < a->dimension; i++) {
            size_t index = word_key_index(a->dimension, place, i);
            float key = float_from_word(a->type, load_u16(keys + 2 * index));
            sum = __builtin_fmaf(query.values[i], key, sum);
        }
        return sum;
    }
    size_t width = berth_cache_width(a->type, a->dimension);
    const uint16_t *scales = byte_scales(keys, width);
    for (size_t block = 0; block < width / BERTH_BLOCK; block++) {
        int32_t whole = 0;
        for (size_t i = 0; i < BERTH_BLOCK; i++) {
            int8_t key = (int8_t)keys[byte_key_index(width, place, block * BERTH_BLOCK + i)];
            whole += query.blocks[block].values[i] * key;
        }
        float scale = float_from_half(scales[key_scale_index(width, place, block)]);
        sum = __builtin_fmaf((float)whole, scale * query.blocks[block].scale, sum);
    }
    return sum;
}

/* sum + weight * (element i of a position's value) */
static float add_value(const berth_attention *a, const uint8_t *values, size_t place, size_t i,
                       float weight, float sum) {
    size_t width = berth_cache_width(a->type, a->value_dimension);
    size_t index = place * width + i;
    if (a->type != BERTH_Q8_0)
        return __builtin_fmaf(weight, float_from_word(a->type, load_u16(values + 2 * index)), sum);
    float scale =
        float_from_half(byte_scales(values, width)[i / BERTH_BLOCK * POSITIONS + place]);
    return __builtin_fmaf(weight * scale, (float)(int8_t)values[index], sum);
}

/* Largest score, sum of weights and weighted values, the weights being exp(score - largest). */
typedef struct {
    float largest;
    float sum;
    float *values;
} partial;

/* The positions `from` to `to`, all of one run. */
static partial attend_run(const berth_attention *a, reference_query query, size_t from, size_t to,
                          float *values) {
    float weights[RUN_POSITIONS];
    partial result = {.values = values};
    for (size_t j = from; j < to; j++) {
        const uint8_t *page = a->pages[j / POSITIONS];
        weights[j - from] = score(a, query, page + a->key_offset, j % POSITIONS);
        if (j == from || weights[j - from] > result.largest) result.largest = weights[j - from];
    }
    float lanes[16] = {0};
    for (size_t j = from; j < to; j++) {
        weights[j - from] = berth_reference_exp(weights[j - from] - result.largest);
        lanes[j % 16] += weights[j - from];
    }
    result.sum = berth_reference_fold(lanes);
    for (size_t i = 0; i < a->value_dimension; i++) {
        float sum = 0;
        for (size_t j = from; j < to; j++) {
            const uint8_t *page = a->pages[j / POSITIONS];
            sum = add_value(a, page + a->value_offset, j % POSITIONS, i, weights[j - from], sum);
        }
        values[i] = sum;
    }
    return result;
}

static void join(partial *sofar, partial run, size_t count) {
    bool rises = run.largest > sofar->largest;
    float power = berth_reference_exp(rises ? sofar->largest - run.largest
                                            : run.largest - sofar->largest);
    float keep = rises ? power : 1, take = rises ? 1 : power;
    if (rises) sofar->largest = run.largest;
    sofar->sum = __builtin_fmaf(sofar->sum, keep, run.sum * take);
    for (size_t i = 0; i < count; i++)
        sofar->values[i] = __builtin_fmaf(sofar->values[i], keep, run.values[i] * take);
}

static void finish(const berth_attention *a, partial result) {
    float inverse = 1 / result.sum;
    /* Adding zero turns -0 into 0: a weight of zero is added by some tiles and skipped by others. */
    for (size_t i = 0; i < a->value_dimension; i++)
        result.values[i] = result.values[i] * inverse + 0.0f;
}

/* Positions that a row sees. */
static size_t seen_end(const berth_attention *a, size_t row) { return a->position + row + 1; }

static size_t seen_first(const berth_attention *a, size_t row) {
    return seen_end(a, row) > a->window ? seen_end(a, row) - a->window : 0;
}

/* Where a run's partial result of a query stands; its values, then its largest score and its sum. */
static float *partial_at(const berth_attention *a, size_t run, size_t query) {
    size_t width = berth_cache_width(BERTH_Q8_0, a->value_dimension);
    return a->partials + ((run - a->first_run) * a->rows * a->heads + query) * (width + 16);
}

void berth_reference_attend(const berth_attention *a) {
    size_t width = berth_cache_width(BERTH_Q8_0, a->dimension);
    size_t value_width = berth_cache_width(BERTH_Q8_0, a->value_dimension);
    float *scaled = a->scratch;
    float *run_values = scaled + width;
    berth_block *blocks = (berth_block *)(run_values + value_width);
    reference_query query = {.values = scaled, .blocks = blocks};
    for (size_t row = 0; row < a->rows; row++) {
        for (size_t head = 0; head < a->heads; head++) {
            const float *source = a->queries + row * a->query_stride + head * a->dimension;
            for (size_t i = 0; i < a->dimension; i++) scaled[i] = source[i] * a->scale;
            if (a->type == BERTH_Q8_0) berth_reference_quantize(scaled, a->dimension, blocks, 1);
            float *output = a->output + row * a->output_stride + head * a->value_dimension;
            partial sofar = {.values = output};
            size_t first = seen_first(a, row), end = seen_end(a, row);
            for (size_t run = first / RUN_POSITIONS; run * RUN_POSITIONS < end; run++) {
                size_t start = run * RUN_POSITIONS;
                size_t from = first > start ? first : start;
                size_t to = end < start + RUN_POSITIONS ? end : start + RUN_POSITIONS;
                if (a->partials) {
                    if (run < a->first_run || run >= a->end_run) continue;
                    float *target = partial_at(a, run, row * a->heads + head);
                    partial result = attend_run(a, query, from, to, target);
                    target[value_width] = result.largest;
                    target[value_width + 1] = result.sum;
                } else if (run == first / RUN_POSITIONS) {
                    sofar = attend_run(a, query, from, to, output);
                } else {
                    join(&sofar, attend_run(a, query, from, to, run_values), a->value_dimension);
                }
            }
            if (!a->partials) finish(a, sofar);
        }
    }
}

void berth_reference_join(const berth_attention *a) {
    size_t value_width = berth_cache_width(BERTH_Q8_0, a->value_dimension);
    for (size_t query = 0; query < a->rows * a->heads; query++) {
        size_t row = query / a->heads;
        size_t first = seen_first(a, row) / RUN_POSITIONS;
        float *output =
            a->output + row * a->output_stride + query % a->heads * a->value_dimension;
        partial sofar = {.values = output};
        for (size_t run = first; run * RUN_POSITIONS < seen_end(a, row); run++) {
            float *source = partial_at(a, run, query);
            partial part = {source[value_width], source[value_width + 1], source};
            if (run == first) {
                sofar.largest = part.largest;
                sofar.sum = part.sum;
                memcpy(output, source, a->value_dimension * sizeof(float));
            } else {
                join(&sofar, part, a->value_dimension);
            }
        }
        finish(a, sofar);
    }
}
