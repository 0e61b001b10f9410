/* Storing a position's key and value in its page. An instruction set's file includes this behind body.h, whose lanes it
 * uses. */
static void store_blocks(const berth_cache_place *at, const float *key, const float *value) {
    berth_block block;
    size_t width = berth_cache_width(at->type, at->dimension);
    uint16_t *scales = (uint16_t *)(at->keys + POSITIONS * width);
    for (size_t i = 0; i < at->dimension; i += BERTH_BLOCK) {
        const size_t rest = at->dimension - i;
        NAME(quantize)(key + i, rest < BERTH_BLOCK ? rest : BERTH_BLOCK, &block, 1);
        for (size_t j = 0; j < BERTH_BLOCK; j += CACHE_QUAD)
            memcpy(at->keys + byte_key_index(width, at->place, i + j), block.values + j, CACHE_QUAD);
        scales[key_scale_index(width, at->place, i / BERTH_BLOCK)] = half_from_float(block.scale);
    }
    width = berth_cache_width(at->type, at->value_dimension);
    scales = (uint16_t *)(at->values + POSITIONS * width);
    for (size_t i = 0; i < at->value_dimension; i += BERTH_BLOCK) {
        const size_t rest = at->value_dimension - i;
        NAME(quantize)(value + i, rest < BERTH_BLOCK ? rest : BERTH_BLOCK, &block, 1);
        memcpy(at->values + at->place * width + i, block.values, BERTH_BLOCK);
        scales[i / BERTH_BLOCK * POSITIONS + at->place] = half_from_float(block.scale);
    }
}

/* Up to 16 floats as 16-bit floats. */
INLINE void round_words(uint32_t type, const float *x, size_t count, uint16_t *words) {
    const lanes values = lanes_load_first(x, count);
    if (type == BERTH_BF16) {
        float floats[16];
        lanes_store(floats, values);
        for (size_t i = 0; i < 16; i++) words[i] = bfloat_from_float(floats[i]);
    } else {
        lanes_to_halves(words, lanes_max(lanes_of(-65504), lanes_min(lanes_of(65504), values)));
    }
}

void NAME(store)(const berth_cache_place *at, const float *key, const float *value) {
    if (at->type == BERTH_Q8_0) {
        store_blocks(at, key, value);
        return;
    }
    uint16_t words[16];
    uint16_t *keys = (uint16_t *)at->keys + word_key_index(at->dimension, at->place, 0);
    for (size_t i = 0; i < at->dimension; i += 16) {
        const size_t count = at->dimension - i < 16 ? at->dimension - i : 16;
        round_words(at->type, key + i, count, words);
        for (size_t j = 0; j < count; j++) keys[(i + j) * CACHE_GROUP] = words[j];
    }
    uint16_t *values =
        (uint16_t *)at->values + at->place * berth_cache_width(at->type, at->value_dimension);
    for (size_t i = 0; i < at->value_dimension; i += 16) {
        const size_t count = at->value_dimension - i < 16 ? at->value_dimension - i : 16;
        round_words(at->type, value + i, count, words);
        memcpy(values + i, words, sizeof words);
    }
}
