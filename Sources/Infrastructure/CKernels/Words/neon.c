/* Word kernels with NEON. */
#if defined(__aarch64__)

#include "words.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_neon_##operation

enum { TILE = 4 };

#include "../Lanes/neon.h"

/* 32 integers of 16 bits, or 16 of 32 bits. Every function gives the bits of its namesake in avx512.c. */
typedef struct {
    int32x4_t v[4];
} words;

INLINE words words_zero(void) { return FOUR(words, vdupq_n_s32(0)); }

INLINE words words_load(const void *from) {
    return FOUR(words, vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)from + 16 * i)));
}

INLINE void words_store(void *to, words x) {
    UNROLL_FOUR for (int i = 0; i < 4; i++)
        vst1q_u8((uint8_t *)to + 16 * i, vreinterpretq_u8_s32(x.v[i]));
}

INLINE words words_add(words a, words b) { return FOUR(words, vaddq_s32(a.v[i], b.v[i])); }

INLINE int32_t words_sum(words x) {
    return vaddvq_s32(vaddq_s32(vaddq_s32(x.v[0], x.v[1]), vaddq_s32(x.v[2], x.v[3])));
}

INLINE words words_pair(const int16_t *from) {
    int32_t pair;
    memcpy(&pair, from, 4);
    return FOUR(words, vdupq_n_s32(pair));
}

/* All registers of `b` are one pair. What belongs to its first and to its second number is sorted once for
 * all that meet `a`; then each instruction multiplies and adds four. */
INLINE words words_dot(words sum, words a, words b) {
    const int16x4_t pair = vget_low_s16(vreinterpretq_s16_s32(b.v[0]));
    UNROLL_FOUR for (int i = 0; i < 4; i += 2) {
        const int16x8_t low = vreinterpretq_s16_s32(a.v[i]);
        const int16x8_t high = vreinterpretq_s16_s32(a.v[i + 1]);
        const int16x8_t even = vuzp1q_s16(low, high), odd = vuzp2q_s16(low, high);
        sum.v[i] = vmlal_lane_s16(sum.v[i], vget_low_s16(even), pair, 0);
        sum.v[i + 1] = vmlal_high_lane_s16(sum.v[i + 1], even, pair, 0);
        sum.v[i] = vmlal_lane_s16(sum.v[i], vget_low_s16(odd), pair, 1);
        sum.v[i + 1] = vmlal_high_lane_s16(sum.v[i + 1], odd, pair, 1);
    }
    return sum;
}

INLINE lanes words_to_lanes(words x) { return FOUR(lanes, vcvtq_f32_s32(x.v[i])); }
INLINE words words_from_lanes(lanes x) { return FOUR(words, vcvtnq_s32_f32(x.v[i])); }

INLINE void words_narrow(int16_t *to, words x) {
    vst1q_s16(to, vqmovn_high_s32(vqmovn_s32(x.v[0]), x.v[1]));
    vst1q_s16(to + 8, vqmovn_high_s32(vqmovn_s32(x.v[2]), x.v[3]));
}

INLINE words words_interleave(words low, words high) {
    return FOUR(words, vsliq_n_s32(low.v[i], high.v[i], 16));
}

#include "body.h"

#endif
