/* Where elements stand in a page's keys and values; include/berth_attention.h draws it. */
#ifndef BERTH_CACHE_H
#define BERTH_CACHE_H

#include "CKernels.h"

enum {
    /* Positions of a group of keys. */
    CACHE_GROUP = 16,
    /* Positions of a run. */
    RUN_POSITIONS = BERTH_RUN_PAGES * BERTH_PAGE_POSITIONS,
    /* Blocks of 4 bytes, whose products an instruction sums up. */
    CACHE_QUAD = 4,
};

/* Index of element i of a key of 16-bit floats, in a group of 16 positions. */
static inline size_t word_key_index(size_t dimension, size_t place, size_t i) {
    return (place / CACHE_GROUP * dimension + i) * CACHE_GROUP + place % CACHE_GROUP;
}

/* Index of byte i of a key of Q8_0. */
static inline size_t byte_key_index(size_t width, size_t place, size_t i) {
    const size_t quad = place / CACHE_GROUP * (width / CACHE_QUAD) + i / CACHE_QUAD;
    return (quad * CACHE_GROUP + place % CACHE_GROUP) * CACHE_QUAD + i % CACHE_QUAD;
}

/* Index of the scale of block `block`, among the scales of the keys. */
static inline size_t key_scale_index(size_t width, size_t place, size_t block) {
    return (place / CACHE_GROUP * (width / BERTH_BLOCK) + block) * CACHE_GROUP + place % CACHE_GROUP;
}

/* The scales behind a page's bytes of a width. */
static inline const uint16_t *byte_scales(const uint8_t *bytes, size_t width) {
    return (const uint16_t *)(bytes + BERTH_PAGE_POSITIONS * width);
}

#endif
