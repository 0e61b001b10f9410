/* Attention on 16 lanes. An instruction set's file includes this after its lanes. The float operations of
 * one query follow Reference/attention.c step by step; which queries share a tile changes nothing. */
#include "../Elementwise/elementwise.h"
#include "../Formats/formats.h"
#include "../Lanes/exp.h"
#include "cache.h"

#define UNROLL _Pragma("clang loop unroll(full)")

enum { POSITIONS = BERTH_PAGE_POSITIONS, QUERIES = 6, MOST_LANES = 8 };

/* State of all queries (rows times heads) of one call, in its scratch memory. */
typedef struct {
    const berth_attention *attention;
    size_t count;
    /* Elements of a key and a value with their padding, and of a query's result. */
    size_t key_width, value_width, stride;
    size_t key_bytes, value_bytes;
    /* [query][dimension], scaled */
    float *queries;
    /* [query][key_width / 32]: the same in 8 bits, where keys are */
    berth_block *blocks;
    /* [QUERIES][RUN_POSITIONS]: scores, then weights, of the queries at hand */
    float *weights;
    /* [query][stride]: joined over the runs so far, zero before the first */
    float *values;
    float *largest, *sums;
    /* The positions that a query sees: from the first to before the end. */
    uint32_t *firsts, *ends;
} attention_state;

static attention_state prepare(const berth_attention *a) {
    const size_t count = a->rows * a->heads;
    const size_t padded = (count + 15) / 16 * 16;
    attention_state state = {
        .attention = a,
        .count = count,
        .key_width = berth_cache_width(a->type, a->dimension),
        .value_width = berth_cache_width(a->type, a->value_dimension),
        .stride = berth_cache_width(BERTH_Q8_0, a->value_dimension),
        .key_bytes = berth_cache_key_bytes(a->type, a->dimension),
        .value_bytes = berth_cache_value_bytes(a->type, a->value_dimension),
    };
    state.weights = a->scratch;
    state.values = state.weights + QUERIES * RUN_POSITIONS;
    state.largest = state.values + count * state.stride;
    state.sums = state.largest + padded;
    state.firsts = (uint32_t *)(state.sums + padded);
    state.ends = state.firsts + padded;
    state.queries = (float *)(state.ends + padded);
    state.blocks = (berth_block *)(state.queries + count * state.key_width);
    for (size_t query = 0; query < count; query++) {
        const float *source = a->queries + query / a->heads * a->query_stride +
                              query % a->heads * a->dimension;
        float *target = state.queries + query * a->dimension;
        for (size_t i = 0; i < a->dimension; i++) target[i] = source[i] * a->scale;
        if (a->type == BERTH_Q8_0) {
            berth_block *blocks = state.blocks + query * (state.key_width / BERTH_BLOCK);
            NAME(quantize)(target, a->dimension, blocks, 1);
        }
        const size_t end = a->position + query / a->heads + 1;
        state.firsts[query] = (uint32_t)(end > a->window ? end - a->window : 0);
        state.ends[query] = (uint32_t)end;
    }
    if (!a->partials)
        for (size_t i = 0; i < count * state.stride; i++) state.values[i] = 0;
    return state;
}

/* Positions of a run: from `from` to before `to`. */
typedef struct {
    size_t from, to;
} seen_range;

INLINE size_t within_run(size_t position, size_t start) {
    return position <= start ? 0 : position - start < RUN_POSITIONS ? position - start : RUN_POSITIONS;
}

/* Those that a query sees of the run starting at `start`. */
INLINE seen_range seen(const attention_state *s, size_t query, size_t start) {
    return (seen_range){within_run(s->firsts[query], start), within_run(s->ends[query], start)};
}

/* Some queries and what is joined of one run for all of them. */
typedef struct {
    const attention_state *state;
    size_t query;
    /* The run's first position, and the positions that any of the queries sees. */
    size_t start;
    seen_range any;
    /* What the values so far and the run's are multiplied by when they are joined. */
    float keep[QUERIES], take[QUERIES];
    /* The first queries fetch pages for all: a page's keys, its values and the next page's keys are runs of
     * memory of their own, each too short for the processor to run ahead in. */
    bool fetches;
} run_of_queries;

INLINE const uint8_t *page_base(const run_of_queries *r, size_t place) {
    return r->state->attention->pages[(r->start + place) / POSITIONS];
}

/* Memory that is read next, in as many parts as a loop has steps. */
typedef struct {
    const uint8_t *base;
    size_t part;
} next_memory;

INLINE const uint8_t *keys_at(const run_of_queries *r, size_t place) {
    return page_base(r, place) + r->state->attention->key_offset;
}

INLINE const uint8_t *values_at(const run_of_queries *r, size_t place) {
    return page_base(r, place) + r->state->attention->value_offset;
}

/* Asks for one part. */
INLINE void ask_for(next_memory next, size_t index) {
    if (!next.base) return;
    /* Into the second level (locality 2): a page is half of the first. */
    for (size_t i = (index * next.part + 63) / 64 * 64; i < (index + 1) * next.part; i += 64)
        __builtin_prefetch(next.base + i, 0, 2);
}

INLINE lanes lanes_from_words(const uint16_t *from, const uint32_t type) {
    return type == BERTH_BF16 ? lanes_from_bfloats(from) : lanes_from_halves(from);
}

/* Scores of `width` queries with `n` groups of 16 keys, of 16-bit floats. */
INLINE void score_words(const run_of_queries *r, const uint16_t *keys, float *scores, next_memory next,
                        const int width, const int n, const uint32_t type) {
    const size_t dimension = r->state->attention->dimension;
    const float *queries = r->state->queries + r->query * dimension;
    lanes sums[QUERIES][MOST_LANES];
    UNROLL for (int q = 0; q < width; q++) {
        UNROLL for (int m = 0; m < n; m++) sums[q][m] = lanes_of(0);
    }
    for (size_t i = 0; i < dimension; i++) {
        ask_for(next, i);
        lanes key[MOST_LANES];
        UNROLL for (int m = 0; m < n; m++)
            key[m] = lanes_from_words(keys + ((size_t)m * dimension + i) * CACHE_GROUP, type);
        UNROLL for (int q = 0; q < width; q++) {
            const lanes value = lanes_of(queries[(size_t)q * dimension + i]);
            UNROLL for (int m = 0; m < n; m++) sums[q][m] = lanes_fma(value, key[m], sums[q][m]);
        }
    }
    UNROLL for (int q = 0; q < width; q++) {
        UNROLL for (int m = 0; m < n; m++)
            lanes_store(scores + q * RUN_POSITIONS + 16 * m, sums[q][m]);
    }
}

/* Scores of `width` queries with group `group` of a page's keys of Q8_0. */
INLINE void score_bytes(const run_of_queries *r, const uint8_t *keys, size_t group, float *scores,
                        next_memory next, const int width) {
    const size_t key_width = r->state->key_width, count = key_width / BERTH_BLOCK;
    const berth_block *queries = r->state->blocks + r->query * count;
    const uint16_t *scales = byte_scales(keys, key_width) + group * count * CACHE_GROUP;
    keys += group * key_width * CACHE_GROUP;
    lanes sums[QUERIES];
    UNROLL for (int q = 0; q < width; q++) sums[q] = lanes_of(0);
    for (size_t block = 0; block < count; block++) {
        ask_for(next, group * count + block);
        const quads key = quads_load(keys + block * BERTH_BLOCK * CACHE_GROUP);
        const lanes scale = lanes_from_halves(scales + block * CACHE_GROUP);
        UNROLL for (int q = 0; q < width; q++) {
            const berth_block *query = queries + (size_t)q * count + block;
            sums[q] = lanes_fma(quads_dot(key, query), lanes_multiply(scale, lanes_of(query->scale)),
                                sums[q]);
        }
    }
    UNROLL for (int q = 0; q < width; q++) lanes_store(scores + q * RUN_POSITIONS, sums[q]);
}

/* As many lanes (of 1, 2, 4, 8) as a tile has registers for. */
#define LANES_FOR(width)                                                                           \
    (LANE_REGISTERS >= 8 * (width)   ? 8                                                           \
     : LANE_REGISTERS >= 4 * (width) ? 4                                                           \
     : LANE_REGISTERS >= 2 * (width) ? 2                                                           \
                                     : 1)

INLINE void score(const run_of_queries *r, const int width, const uint32_t type) {
    const attention_state *s = r->state;
    const int n = LANES_FOR(width) < 4 ? LANES_FOR(width) : 4;
    const size_t end = (r->any.to + CACHE_GROUP - 1) / CACHE_GROUP;
    const size_t steps = type == BERTH_Q8_0 ? s->key_width / BERTH_BLOCK * 4 : s->attention->dimension;
    const size_t key_part = s->key_bytes / steps, value_part = s->value_bytes / steps;
    const next_memory nothing = {0};
    for (size_t group = r->any.from / CACHE_GROUP; group < end;) {
        const size_t place = group * CACHE_GROUP, within = group % (POSITIONS / CACHE_GROUP);
        const size_t behind = place - within * CACHE_GROUP + POSITIONS;
        const next_memory next = !r->fetches ? nothing
                                 : behind < r->any.to
                                     ? (next_memory){keys_at(r, behind), key_part}
                                     : (next_memory){values_at(r, r->any.from), value_part};
        float *scores = s->weights + place;
        const uint8_t *keys = keys_at(r, place);
        const uint16_t *words =
            (const uint16_t *)keys + within * s->attention->dimension * CACHE_GROUP;
        if (type == BERTH_Q8_0) {
            score_bytes(r, keys, within, scores, next, width);
            group++;
        } else if (n > 1 && within % (size_t)n == 0 && group + (size_t)n <= end) {
            score_words(r, words, scores, within ? nothing : next, width, n, type);
            group += (size_t)n;
        } else {
            score_words(r, words, scores, within ? nothing : next, width, 1, type);
            group++;
        }
    }
}

INLINE float exp_of(float x) { return lanes_sum(lanes_first(lanes_exp(lanes_of(x)), 1, 0)); }

/* x in the lanes of group `group` that a query sees, minus infinity in the rest. */
INLINE lanes seen_lanes(lanes x, seen_range range, size_t group) {
    const size_t start = group * CACHE_GROUP;
    if (range.to < start + CACHE_GROUP) x = lanes_first(x, range.to - start, -INFINITY);
    return range.from > start ? lanes_behind(x, range.from - start, -INFINITY) : x;
}

/* What a run's result and the one so far are multiplied by when they are joined; joins all but the values. */
INLINE void join_sums(float *largest, float *sum, float run_largest, float run_sum, float *keep,
                      float *take) {
    const bool rises = run_largest > *largest;
    const float power = exp_of(rises ? *largest - run_largest : run_largest - *largest);
    *keep = rises ? power : 1;
    *take = rises ? 1 : power;
    if (rises) *largest = run_largest;
    *sum = __builtin_fmaf(*sum, *keep, run_sum * *take);
}

/* Floats from one query's partial result to the next one's: values, largest score, sum. */
INLINE size_t partial_stride(const attention_state *s) { return s->stride + 16; }

INLINE float *partial_at(const attention_state *s, size_t run, size_t query) {
    const size_t index = (run - s->attention->first_run) * s->count + query;
    return s->attention->partials + index * partial_stride(s);
}

/* Turns scores of query q of these with the keys it sees into weights, and joins their sum. */
INLINE void weigh(run_of_queries *r, size_t q) {
    const attention_state *s = r->state;
    const size_t query = r->query + q;
    const seen_range range = seen(s, query, r->start);
    float *weights = s->weights + q * RUN_POSITIONS;
    const bool is_blind = range.from >= range.to;
    const size_t any_end = (r->any.to + CACHE_GROUP - 1) / CACHE_GROUP;
    const size_t begin = is_blind ? any_end : range.from / CACHE_GROUP;
    const size_t end = is_blind ? any_end : (range.to + CACHE_GROUP - 1) / CACHE_GROUP;
    for (size_t n = r->any.from / CACHE_GROUP; n < begin; n++)
        lanes_store(weights + n * CACHE_GROUP, lanes_of(0));
    for (size_t n = end; n < any_end; n++) lanes_store(weights + n * CACHE_GROUP, lanes_of(0));
    if (is_blind) {
        r->keep[q] = 1;
        r->take[q] = 0;
        return;
    }
    lanes largest = lanes_of(-INFINITY);
    for (size_t n = begin; n < end; n++) {
        float *group = weights + n * CACHE_GROUP;
        lanes scores = lanes_load(group);
        if (n == begin || n + 1 == end) {
            scores = seen_lanes(scores, range, n);
            lanes_store(group, scores);
        }
        largest = lanes_max(largest, scores);
    }
    const float run_largest = lanes_largest(largest);
    lanes sums = lanes_of(0);
    for (size_t n = begin; n < end; n++) {
        float *group = weights + n * CACHE_GROUP;
        /* The weight of what is not seen, exp(-infinity), is 0. */
        const lanes power = lanes_exp(lanes_subtract(lanes_load(group), lanes_of(run_largest)));
        lanes_store(group, power);
        sums = lanes_add(sums, power);
    }
    const float run_sum = lanes_sum(sums);
    if (s->attention->partials) {
        float *target = partial_at(s, r->start / RUN_POSITIONS, query) + s->stride;
        target[0] = run_largest;
        target[1] = run_sum;
    } else if (s->firsts[query] >= r->start || r->start == 0) {
        s->largest[query] = run_largest;
        s->sums[query] = run_sum;
        r->keep[q] = 0;
        r->take[q] = 1;
    } else {
        join_sums(s->largest + query, s->sums + query, run_largest, run_sum, r->keep + q, r->take + q);
    }
}

/* The weights of a page times its values' scales, for the `count` blocks from `block` on. */
INLINE void scale_weights(const run_of_queries *r, const uint8_t *values, size_t page, size_t block,
                          float scaled[][MOST_LANES / 2][POSITIONS], const int width,
                          const int count) {
    const uint16_t *scales = byte_scales(values, r->state->value_width);
    for (size_t place = 0; place < POSITIONS; place += 16) {
        UNROLL for (int b = 0; b < count; b++) {
            const lanes scale =
                lanes_from_halves(scales + (block + (size_t)b) * POSITIONS + place);
            UNROLL for (int q = 0; q < width; q++) {
                const float *weights = r->state->weights + q * RUN_POSITIONS + page + place;
                lanes_store(scaled[q][b] + place, lanes_multiply(lanes_load(weights), scale));
            }
        }
    }
}

/* Joins `n` lanes, from column `column` on, of the weighted values of a run. */
INLINE void gather(const run_of_queries *r, size_t column, const int width, const int n,
                   const uint32_t type) {
    const attention_state *s = r->state;
    float scaled[QUERIES][MOST_LANES / 2][POSITIONS];
    lanes sums[QUERIES][MOST_LANES];
    UNROLL for (int q = 0; q < width; q++) {
        UNROLL for (int m = 0; m < n; m++) sums[q][m] = lanes_of(0);
    }
    const uint8_t *values = NULL;
    next_memory next = {0};
    /* One loop over all pages: sums that live through two loops end up on the stack. */
    for (size_t j = r->any.from; j < r->any.to; j++) {
        if (__builtin_expect(!values || j % POSITIONS == 0, 0)) {
            const size_t page = j / POSITIONS * POSITIONS, behind = page + POSITIONS;
            values = values_at(r, page);
            next = (next_memory){0};
            if (r->fetches && column == 0 && behind < r->any.to)
                next = (next_memory){values_at(r, behind), s->value_bytes / POSITIONS};
            else if (r->fetches && column == 0 && r->start + behind < s->ends[s->count - 1])
                next = (next_memory){keys_at(r, behind), s->key_bytes / POSITIONS};
            if (type == BERTH_Q8_0)
                scale_weights(r, values, page, column / BERTH_BLOCK, scaled, width,
                              n == 1 ? 1 : n / 2);
        }
        ask_for(next, j % POSITIONS);
        lanes value[MOST_LANES];
        const size_t place = j % POSITIONS * s->value_width + column;
        UNROLL for (int m = 0; m < n; m++)
            value[m] = type == BERTH_Q8_0
                           ? lanes_from_bytes((const int8_t *)values + place + 16 * m)
                           : lanes_from_words((const uint16_t *)values + place + 16 * m, type);
        UNROLL for (int q = 0; q < width; q++) {
            UNROLL for (int m = 0; m < n; m++) {
                const lanes weight = lanes_of(type == BERTH_Q8_0
                                                  ? scaled[q][m / 2][j % POSITIONS]
                                                  : s->weights[q * RUN_POSITIONS + j]);
                sums[q][m] = lanes_fma(weight, value[m], sums[q][m]);
            }
        }
    }
    UNROLL for (int q = 0; q < width; q++) {
        const size_t query = r->query + (size_t)q;
        float *target = s->attention->partials
                            ? partial_at(s, r->start / RUN_POSITIONS, query) + column
                            : s->values + query * s->stride + column;
        UNROLL for (int m = 0; m < n; m++) {
            if (s->attention->partials) {
                lanes_store(target + 16 * m, sums[q][m]);
            } else {
                const lanes taken = lanes_multiply(sums[q][m], lanes_of(r->take[q]));
                const lanes kept = lanes_of(r->keep[q]);
                lanes_store(target + 16 * m, lanes_fma(lanes_load(target + 16 * m), kept, taken));
            }
        }
    }
}

/* One run for `width` queries from `query` on. */
INLINE void attend_run(const attention_state *s, size_t query, size_t run, const int width,
                       const uint32_t type) {
    const size_t start = run * RUN_POSITIONS;
    /* Queries stand in the order of their positions: the first one sees the earliest keys, the last one the
     * latest. What is between has a weight of 0 for the others. */
    const seen_range any = {seen(s, query, start).from,
                            seen(s, query + (size_t)width - 1, start).to};
    if (any.from >= any.to) return;
    run_of_queries r = {
        .state = s, .query = query, .start = start, .any = any, .fetches = query == 0};
    score(&r, width, type);
    for (size_t q = 0; q < (size_t)width; q++) weigh(&r, q);
    size_t column = 0;
    for (; column + 16 * LANES_FOR(width) <= s->value_width; column += 16 * LANES_FOR(width))
        gather(&r, column, width, LANES_FOR(width), type);
    for (; column < s->value_width; column += 16) gather(&r, column, width, 1, type);
}

static void finish(const berth_attention *a, size_t query, const float *values, float sum) {
    float *output =
        a->output + query / a->heads * a->output_stride + query % a->heads * a->value_dimension;
    const lanes inverse = lanes_of(1 / sum);
    for (size_t i = 0; i < a->value_dimension; i += 16) {
        const lanes scaled = lanes_multiply(lanes_load(values + i), inverse);
        /* Adding zero turns -0 into 0: a weight of zero is added by some tiles and skipped by others. */
        lanes_store_first(output + i, lanes_add(scaled, lanes_of(0)), a->value_dimension - i);
    }
}

#define ATTEND_REST(count)                                                                         \
    case count: attend_run(s, query, run, count, type); break;

INLINE void attend_runs(const attention_state *s, size_t run, size_t end, const uint32_t type) {
    for (; run < end; run++) {
        size_t query = 0;
        for (; query + QUERIES <= s->count; query += QUERIES)
            attend_run(s, query, run, QUERIES, type);
        switch (s->count - query) {
            ATTEND_REST(1) ATTEND_REST(2) ATTEND_REST(3) ATTEND_REST(4) ATTEND_REST(5)
        }
    }
}

static void attend_halves(const attention_state *s, size_t run, size_t end) {
    attend_runs(s, run, end, BERTH_F16);
}

static void attend_bfloats(const attention_state *s, size_t run, size_t end) {
    attend_runs(s, run, end, BERTH_BF16);
}

static void attend_bytes(const attention_state *s, size_t run, size_t end) {
    attend_runs(s, run, end, BERTH_Q8_0);
}

void NAME(attend)(const berth_attention *a) {
    const attention_state state = prepare(a);
    size_t run = state.firsts[0] / RUN_POSITIONS;
    size_t end = (state.ends[state.count - 1] - 1) / RUN_POSITIONS + 1;
    if (a->partials) {
        if (run < a->first_run) run = a->first_run;
        if (end > a->end_run) end = a->end_run;
    }
    if (a->type == BERTH_BF16)
        attend_bfloats(&state, run, end);
    else if (a->type == BERTH_Q8_0)
        attend_bytes(&state, run, end);
    else
        attend_halves(&state, run, end);
    if (a->partials) return;
    for (size_t query = 0; query < state.count; query++)
        finish(a, query, state.values + query * state.stride, state.sums[query]);
}

void NAME(join)(const berth_attention *a) {
    const attention_state state = {
        .attention = a,
        .count = a->rows * a->heads,
        .stride = berth_cache_width(BERTH_Q8_0, a->value_dimension),
    };
    for (size_t query = 0; query < state.count; query++) {
        const size_t end = a->position + query / a->heads + 1;
        size_t run = (end > a->window ? end - a->window : 0) / RUN_POSITIONS;
        /* The first run's result becomes that of all. */
        float *values = partial_at(&state, run, query);
        float *largest = values + state.stride, *sum = largest + 1;
        for (run++; run * RUN_POSITIONS < end; run++) {
            const float *next = partial_at(&state, run, query);
            float keep, take;
            join_sums(largest, sum, next[state.stride], next[state.stride + 1], &keep, &take);
            for (size_t i = 0; i < a->value_dimension; i += 16) {
                const lanes taken = lanes_multiply(lanes_load(next + i), lanes_of(take));
                lanes_store(values + i, lanes_fma(lanes_load(values + i), lanes_of(keep), taken));
            }
        }
        finish(a, query, values, *sum);
    }
}
