/* Sizes in a KV cache's pages, for every instruction set. */
#include "cache.h"

size_t berth_cache_width(uint32_t type, size_t dimension) {
    const size_t unit = type == BERTH_Q8_0 ? BERTH_BLOCK : CACHE_GROUP;
    return (dimension + unit - 1) / unit * unit;
}

/* Bytes, then a float16 scale for each block. */
static size_t block_bytes(size_t dimension) {
    const size_t width = berth_cache_width(BERTH_Q8_0, dimension);
    return BERTH_PAGE_POSITIONS * (width + width / BERTH_BLOCK * 2);
}

size_t berth_cache_key_bytes(uint32_t type, size_t dimension) {
    return type == BERTH_Q8_0 ? block_bytes(dimension) : BERTH_PAGE_POSITIONS * dimension * 2;
}

size_t berth_cache_value_bytes(uint32_t type, size_t dimension) {
    return type == BERTH_Q8_0 ? block_bytes(dimension)
                              : BERTH_PAGE_POSITIONS * berth_cache_width(type, dimension) * 2;
}

size_t berth_attention_scratch(size_t queries, size_t dimension, size_t value_dimension) {
    /* Each query's scaled elements, also as blocks of 8 bits, its values so far and those of a run, and four
     * numbers more; and the weights of a few queries with a run. */
    const size_t width = berth_cache_width(BERTH_Q8_0, dimension);
    const size_t blocks = width / BERTH_BLOCK * sizeof(berth_block) / sizeof(float);
    const size_t values = berth_cache_width(BERTH_Q8_0, value_dimension);
    return queries * (width + blocks + 2 * values) + 4 * (queries + 15) + 8 * RUN_POSITIONS + 64;
}

size_t berth_partial_floats(size_t queries, size_t value_dimension) {
    return queries * (berth_cache_width(BERTH_Q8_0, value_dimension) + 16);
}

void berth_await_place(const berth_cache_place *at) {
    const bool is_bytes = at->type == BERTH_Q8_0;
    const size_t width = berth_cache_width(at->type, at->dimension);
    const size_t element = is_bytes ? 1 : 2;
    const size_t group = CACHE_GROUP * element * (is_bytes ? width : at->dimension);
    const uint8_t *key = at->keys + at->place / CACHE_GROUP * group;
    for (size_t i = 0; i < group; i += 64) __builtin_prefetch(key + i, 1, 3);
    const size_t row = element * berth_cache_width(at->type, at->value_dimension);
    const uint8_t *value = at->values + at->place * row;
    for (size_t i = 0; i < row; i += 64) __builtin_prefetch(value + i, 1, 3);
}
