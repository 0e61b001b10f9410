/* Attention with AVX2. */
#if defined(__x86_64__)

#include "attention.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_avx2_##operation

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../Lanes/avx2.h"
/* A block of keys of 16 positions: 8 times 4 bytes of each. */
typedef struct {
    const uint8_t *bytes;
} quads;

INLINE quads quads_load(const uint8_t *from) { return (quads){from}; }

/* sums + (products of 4 bytes of 8 positions with 4 of a query). */
INLINE __m256i add_quad(__m256i sums, const uint8_t *keys, __m256i query) {
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)keys);
    /* No pair of products is beyond 16 bits: neither side holds -128. */
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(query), _mm256_sign_epi8(bytes, query));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* Exact sums of their products with a query's block. */
INLINE lanes quads_dot(quads keys, const berth_block *query) {
    __m256i low = _mm256_setzero_si256(), high = low;
    for (int i = 0; i < 8; i++) {
        int32_t quad;
        memcpy(&quad, query->values + 4 * i, sizeof quad);
        const __m256i values = _mm256_set1_epi32(quad);
        low = add_quad(low, keys.bytes + 64 * i, values);
        high = add_quad(high, keys.bytes + 64 * i + 32, values);
    }
    return (lanes){_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high)};
}

#include "body.h"
#include "store.h"

#pragma clang attribute pop

#endif
