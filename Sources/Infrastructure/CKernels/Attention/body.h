/* Attention on 16 lanes. An instruction set's file includes this after its lanes. The float operations of
 * one query follow Reference/attention.c step by step; which queries share a tile changes nothing. */
#include "../Lanes/exp.h"

#define UNROLL _Pragma("clang loop unroll(full)")

enum { POSITIONS = BERTH_PAGE_POSITIONS, QUERIES = 6 };

/* State of all queries (rows times heads) of one call, in its scratch memory. */
typedef struct {
    const berth_attention *attention;
    size_t count;
    /* The pages that any query sees. */
    size_t first_page, end_page;
    /* [query][dimension], scaled */
    float *queries;
    /* [query][64]: scores, then weights */
    float *weights;
    /* [query][value_stride]: joined over the pages so far, zero before the first */
    float *values;
    float *largest, *sums;
    /* What the values so far and this page's are multiplied by when they are joined. */
    float *keep, *take;
    /* The positions that a query sees: from the first to before the end. */
    uint32_t *firsts, *ends;
} attention_state;

static attention_state prepare(const berth_attention *a) {
    const size_t count = a->rows * a->heads;
    const size_t padded = (count + 15) / 16 * 16;
    attention_state state = {.attention = a, .count = count};
    state.weights = a->scratch;
    state.values = state.weights + count * POSITIONS;
    state.largest = state.values + count * a->value_stride;
    state.sums = state.largest + padded;
    state.keep = state.sums + padded;
    state.take = state.keep + padded;
    state.firsts = (uint32_t *)(state.take + padded);
    state.ends = state.firsts + padded;
    state.queries = (float *)(state.ends + padded);
    for (size_t query = 0; query < count; query++) {
        const float *source = a->queries + query / a->heads * a->query_stride +
                              query % a->heads * a->dimension;
        float *target = state.queries + query * a->dimension;
        for (size_t i = 0; i < a->dimension; i++) target[i] = source[i] * a->scale;
        const size_t end = a->position + query / a->heads + 1;
        state.firsts[query] = (uint32_t)(end > a->window ? end - a->window : 0);
        state.ends[query] = (uint32_t)end;
    }
    for (size_t i = 0; i < count * a->value_stride; i++) state.values[i] = 0;
    state.first_page = state.firsts[0] / POSITIONS;
    state.end_page = (state.ends[count - 1] - 1) / POSITIONS + 1;
    return state;
}

/* Positions of the page starting at `start` that a query sees: from `from` to before `to`. */
typedef struct {
    size_t from, to;
} seen_range;

INLINE size_t within_page(size_t position, size_t start) {
    return position <= start ? 0 : position - start < POSITIONS ? position - start : POSITIONS;
}

INLINE seen_range seen(const attention_state *s, size_t query, size_t start) {
    return (seen_range){within_page(s->firsts[query], start), within_page(s->ends[query], start)};
}

/* Asks for two lines: a page's keys, its values and the next page's keys are runs of memory of their own,
 * each too short for the processor to run ahead in. Nothing happens without an address. */
INLINE void ask_for(const uint8_t *ahead, size_t offset) {
    if (!ahead) return;
    /* Into the second level (locality 2): a page is half of the first. */
    __builtin_prefetch(ahead + offset, 0, 2);
    __builtin_prefetch(ahead + offset + 64, 0, 2);
}

/* Scores of `width` queries with the 64 keys of a page; `ahead` is read next, and has as many bytes. */
INLINE void score(const attention_state *s, size_t query, const uint16_t *keys,
                  const uint8_t *ahead, const int width) {
    const size_t dimension = s->attention->dimension;
    const float *queries = s->queries + query * dimension;
    for (size_t position = 0; position < POSITIONS; position += 16 * LANES_AT_ONCE) {
        lanes sums[QUERIES][LANES_AT_ONCE];
        UNROLL for (int q = 0; q < width; q++) {
            UNROLL for (int n = 0; n < LANES_AT_ONCE; n++) sums[q][n] = lanes_of(0);
        }
        for (size_t i = 0; i < dimension; i++) {
            if (position == 0) ask_for(ahead, i * POSITIONS * 2);
            lanes key[LANES_AT_ONCE];
            UNROLL for (int n = 0; n < LANES_AT_ONCE; n++)
                key[n] = lanes_from_halves(keys + i * POSITIONS + position + 16 * (size_t)n);
            UNROLL for (int q = 0; q < width; q++) {
                const lanes value = lanes_of(queries[(size_t)q * dimension + i]);
                UNROLL for (int n = 0; n < LANES_AT_ONCE; n++)
                    sums[q][n] = lanes_fma(value, key[n], sums[q][n]);
            }
        }
        UNROLL for (int q = 0; q < width; q++) {
            float *target = s->weights + (query + (size_t)q) * POSITIONS + position;
            UNROLL for (int n = 0; n < LANES_AT_ONCE; n++)
                lanes_store(target + 16 * n, sums[q][n]);
        }
    }
}

INLINE float exp_of(float x) { return lanes_sum(lanes_first(lanes_exp(lanes_of(x)), 1, 0)); }

/* x in the lanes from 16 n on that a query sees, `other` in the rest. */
INLINE lanes seen_lanes(lanes x, seen_range range, size_t n, float other) {
    x = lanes_first(x, range.to > 16 * n ? range.to - 16 * n : 0, other);
    return range.from > 16 * n ? lanes_behind(x, range.from - 16 * n, other) : x;
}

/* Turns a query's scores with the keys it sees into weights, and joins their sum. */
INLINE void weigh(const attention_state *s, size_t query, seen_range range, bool is_first) {
    float *weights = s->weights + query * POSITIONS;
    if (range.from >= range.to) {
        for (size_t n = 0; n < 4; n++) lanes_store(weights + 16 * n, lanes_of(0));
        s->keep[query] = 1;
        s->take[query] = 0;
        return;
    }
    lanes scores[4], largest = lanes_of(-INFINITY);
    for (size_t n = 0; n < 4; n++) {
        scores[n] = seen_lanes(lanes_load(weights + 16 * n), range, n, -INFINITY);
        largest = lanes_max(largest, scores[n]);
    }
    const float page_largest = lanes_largest(largest);
    for (size_t n = 0; n < 4; n++) {
        const lanes power = lanes_exp(lanes_subtract(scores[n], lanes_of(page_largest)));
        scores[n] = seen_lanes(power, range, n, 0);
        lanes_store(weights + 16 * n, scores[n]);
    }
    const float page_sum =
        lanes_sum(lanes_add(lanes_add(scores[0], scores[1]), lanes_add(scores[2], scores[3])));
    if (is_first) {
        s->largest[query] = page_largest;
        s->sums[query] = page_sum;
        s->keep[query] = 0;
        s->take[query] = 1;
        return;
    }
    const float before = s->largest[query];
    const float now = page_largest > before ? page_largest : before;
    s->keep[query] = exp_of(before - now);
    s->take[query] = exp_of(page_largest - now);
    s->largest[query] = now;
    s->sums[query] = __builtin_fmaf(s->sums[query], s->keep[query], page_sum * s->take[query]);
}

/* Joins `lanes_count` lanes, from column `column` on, of the weighted values of a range. */
INLINE void gather(const attention_state *s, size_t query, const uint16_t *values,
                   seen_range range, size_t column, const uint8_t *ahead, const int width,
                   const int lanes_count) {
    const size_t stride = s->attention->value_stride;
    const float *weights = s->weights + query * POSITIONS;
    lanes sums[QUERIES][LANES_AT_ONCE];
    UNROLL for (int q = 0; q < width; q++) {
        UNROLL for (int n = 0; n < lanes_count; n++) sums[q][n] = lanes_of(0);
    }
    for (size_t j = range.from; j < range.to; j++) {
        if (column % 64 == 0) ask_for(ahead, (column + j) * POSITIONS * 2);
        lanes value[LANES_AT_ONCE];
        UNROLL for (int n = 0; n < lanes_count; n++)
            value[n] = lanes_from_halves(values + j * stride + column + 16 * (size_t)n);
        UNROLL for (int q = 0; q < width; q++) {
            const lanes weight = lanes_of(weights[(size_t)q * POSITIONS + j]);
            UNROLL for (int n = 0; n < lanes_count; n++)
                sums[q][n] = lanes_fma(weight, value[n], sums[q][n]);
        }
    }
    UNROLL for (int q = 0; q < width; q++) {
        float *target = s->values + (query + (size_t)q) * stride + column;
        UNROLL for (int n = 0; n < lanes_count; n++) {
            const lanes taken = lanes_multiply(sums[q][n], lanes_of(s->take[query + (size_t)q]));
            const lanes kept = lanes_of(s->keep[query + (size_t)q]);
            lanes_store(target + 16 * n, lanes_fma(lanes_load(target + 16 * n), kept, taken));
        }
    }
}

/* One page for `width` queries; the first ones fetch it for all. */
INLINE void attend_page(const attention_state *s, size_t query, size_t page, const int width) {
    const berth_attention *a = s->attention;
    const size_t start = page * POSITIONS;
    /* Queries stand in the order of their positions: the first one sees the earliest keys, the last one the
     * latest. What is between has a weight of 0 for the others. */
    const seen_range any = {seen(s, query, start).from,
                            seen(s, query + (size_t)width - 1, start).to};
    if (any.from >= any.to) return;
    const uint8_t *base = a->pages[page];
    const uint16_t *values = (const uint16_t *)(base + a->value_offset);
    const uint8_t *next = query == 0 && any.to == POSITIONS && page + 1 < s->end_page
                              ? (const uint8_t *)a->pages[page + 1] + a->key_offset
                              : NULL;
    score(s, query, (const uint16_t *)(base + a->key_offset),
          query == 0 ? base + a->value_offset : NULL, width);
    for (size_t q = query; q < query + (size_t)width; q++)
        weigh(s, q, seen(s, q, start), page == s->firsts[q] / POSITIONS);
    size_t column = 0;
    for (; column + 16 * LANES_AT_ONCE <= a->value_stride; column += 16 * LANES_AT_ONCE)
        gather(s, query, values, any, column, next, width, LANES_AT_ONCE);
    for (; column < a->value_stride; column += 16)
        gather(s, query, values, any, column, next, width, 1);
}

static void attend_page_wide(const attention_state *s, size_t query, size_t page) {
    attend_page(s, query, page, QUERIES);
}

static void attend_page_rest(const attention_state *s, size_t query, size_t page, size_t width) {
    switch (width) {
    case 1: attend_page(s, query, page, 1); break;
    case 2: attend_page(s, query, page, 2); break;
    case 3: attend_page(s, query, page, 3); break;
    case 4: attend_page(s, query, page, 4); break;
    case 5: attend_page(s, query, page, 5); break;
    }
}

void NAME(attend)(const berth_attention *a) {
    const attention_state state = prepare(a);
    for (size_t page = state.first_page; page < state.end_page; page++) {
        size_t query = 0;
        for (; query + QUERIES <= state.count; query += QUERIES)
            attend_page_wide(&state, query, page);
        attend_page_rest(&state, query, page, state.count - query);
    }
    for (size_t query = 0; query < state.count; query++) {
        float *output = a->output + query / a->heads * a->output_stride +
                        query % a->heads * a->value_dimension;
        const float *values = state.values + query * a->value_stride;
        const lanes inverse = lanes_of(1 / state.sums[query]);
        for (size_t i = 0; i < a->value_dimension; i += 16) {
            const lanes scaled = lanes_multiply(lanes_load(values + i), inverse);
            lanes_store_first(output + i, lanes_add(scaled, lanes_of(0)), a->value_dimension - i);
        }
    }
}
