/* Attention with AVX-512. */
#if defined(__x86_64__)

#include "attention.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_avx512_##operation

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#include "../Lanes/avx512.h"
/* A block of keys of 16 positions: 8 times 4 bytes of each, with 128 added. */
typedef struct {
    __m512i bytes[8];
} quads;

INLINE quads quads_load(const uint8_t *from) {
    quads result;
    for (int i = 0; i < 8; i++)
        result.bytes[i] = _mm512_xor_si512(_mm512_loadu_si512(from + 64 * i), _mm512_set1_epi8(-128));
    return result;
}

/* Exact sums of their products with a query's block. */
INLINE lanes quads_dot(quads keys, const berth_block *query) {
    __m512i sums = _mm512_set1_epi32(query->offsets[0] + query->offsets[1]);
    for (int i = 0; i < 8; i++) {
        int32_t quad;
        memcpy(&quad, query->values + 4 * i, sizeof quad);
        sums = _mm512_dpbusd_epi32(sums, keys.bytes[i], _mm512_set1_epi32(quad));
    }
    return _mm512_cvtepi32_ps(sums);
}

#include "body.h"
#include "store.h"

#pragma clang attribute pop

#endif
