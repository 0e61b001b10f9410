/* Word kernels with AVX-512 VNNI. */
#if defined(__x86_64__)

#include "words.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_avx512_##operation

enum { TILE = 12 };

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#include "../Lanes/avx512.h"

/* 32 integers of 16 bits, or 16 of 32 bits. */
typedef __m512i words;

INLINE words words_zero(void) { return _mm512_setzero_si512(); }
INLINE words words_load(const void *from) { return _mm512_loadu_si512(from); }
INLINE void words_store(void *to, words x) { _mm512_storeu_si512(to, x); }
INLINE words words_add(words a, words b) { return _mm512_add_epi32(a, b); }
INLINE int32_t words_sum(words x) { return _mm512_reduce_add_epi32(x); }

/* Two numbers, for every lane. */
INLINE words words_pair(const int16_t *from) {
    int32_t pair;
    memcpy(&pair, from, 4);
    return _mm512_set1_epi32(pair);
}

/* sum + a[2 i] * b[2 i] + a[2 i + 1] * b[2 i + 1] in lane i */
INLINE words words_dot(words sum, words a, words b) { return _mm512_dpwssd_epi32(sum, a, b); }
INLINE lanes words_to_lanes(words x) { return _mm512_cvtepi32_ps(x); }
/* To nearest even. */
INLINE words words_from_lanes(lanes x) { return _mm512_cvtps_epi32(x); }
/* Stores 16 integers with 16 bits each. */
INLINE void words_narrow(int16_t *to, words x) {
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtsepi32_epi16(x));
}
/* low, high, low, high ... as 16 bits each */
INLINE words words_interleave(words low, words high) {
    return _mm512_mask_blend_epi16(0xaaaaaaaa, low, _mm512_slli_epi32(high, 16));
}

#include "body.h"

#pragma clang attribute pop

#endif
