/* Word kernels with AVX2. */
#if defined(__x86_64__)

#include "words.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_avx2_##operation

enum { TILE = 4 };

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../Lanes/avx2.h"

/* 32 integers of 16 bits, or 16 of 32 bits. Every function gives the bits of its namesake in avx512.c. */
typedef struct {
    __m256i low, high;
} words;

INLINE words words_zero(void) { return (words){_mm256_setzero_si256(), _mm256_setzero_si256()}; }

INLINE words words_load(const void *from) {
    return (words){_mm256_loadu_si256((const __m256i *)from),
                   _mm256_loadu_si256((const __m256i *)from + 1)};
}

INLINE void words_store(void *to, words x) {
    _mm256_storeu_si256((__m256i *)to, x.low);
    _mm256_storeu_si256((__m256i *)to + 1, x.high);
}

INLINE words words_add(words a, words b) {
    return (words){_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}

INLINE int32_t words_sum(words x) {
    const __m256i sums = _mm256_add_epi32(x.low, x.high);
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
}

INLINE words words_pair(const int16_t *from) {
    int32_t pair;
    memcpy(&pair, from, 4);
    return (words){_mm256_set1_epi32(pair), _mm256_set1_epi32(pair)};
}

INLINE words words_dot(words sum, words a, words b) {
    return (words){_mm256_add_epi32(sum.low, _mm256_madd_epi16(a.low, b.low)),
                   _mm256_add_epi32(sum.high, _mm256_madd_epi16(a.high, b.high))};
}

INLINE lanes words_to_lanes(words x) {
    return (lanes){_mm256_cvtepi32_ps(x.low), _mm256_cvtepi32_ps(x.high)};
}

INLINE words words_from_lanes(lanes x) {
    return (words){_mm256_cvtps_epi32(x.low), _mm256_cvtps_epi32(x.high)};
}

INLINE void words_narrow(int16_t *to, words x) {
    /* Packing works within halves of a register: the permutation puts the order right. */
    _mm256_storeu_si256((__m256i *)to,
                        _mm256_permute4x64_epi64(_mm256_packs_epi32(x.low, x.high), 0xd8));
}

INLINE words words_interleave(words low, words high) {
    return (words){_mm256_blend_epi16(low.low, _mm256_slli_epi32(high.low, 16), 0xaa),
                   _mm256_blend_epi16(low.high, _mm256_slli_epi32(high.high, 16), 0xaa)};
}

#include "body.h"

#pragma clang attribute pop

#endif
