/* Attention with NEON and its dot products, which both tables need. */
#if defined(__aarch64__)

#include "attention.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_neon_##operation

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "../Lanes/neon.h"

/* A block of keys of 16 positions: 8 times 4 bytes of each. */
typedef struct {
    const int8_t *bytes;
} quads;

INLINE quads quads_load(const uint8_t *from) { return (quads){(const int8_t *)from}; }

/* Exact sums of their products with a query's block. */
INLINE lanes quads_dot(quads keys, const berth_block *query) {
    int32x4_t sums[4];
    UNROLL_FOUR for (int n = 0; n < 4; n++) sums[n] = vdupq_n_s32(0);
    for (int i = 0; i < 8; i++) {
        int32_t quad;
        memcpy(&quad, query->values + 4 * i, sizeof quad);
        const int8x16_t values = vreinterpretq_s8_s32(vdupq_n_s32(quad));
        UNROLL_FOUR for (int n = 0; n < 4; n++)
            sums[n] = vdotq_s32(sums[n], vld1q_s8(keys.bytes + 64 * i + 16 * n), values);
    }
    return FOUR(lanes, vcvtq_f32_s32(sums[i]));
}

#include "body.h"
#include "store.h"

#pragma clang attribute pop

#endif
