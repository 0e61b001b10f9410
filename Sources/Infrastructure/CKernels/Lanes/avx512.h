/* 16 float32 lanes in one register. Included inside a region that targets AVX-512; see Lanes/exp.h for what
 * is made of them. */
#include <immintrin.h>

typedef __m512 lanes;

/* Lanes of sums that a tile may have, which leaves registers for 8 shared operands; with 6 queries, so many at once. */
enum { LANE_REGISTERS = 24, LANES_AT_ONCE = 4 };

INLINE __mmask16 first_mask(size_t count) {
    return count >= 16 ? 0xffff : (__mmask16)((1u << count) - 1);
}

INLINE lanes lanes_of(float value) { return _mm512_set1_ps(value); }
INLINE lanes lanes_load(const float *from) { return _mm512_loadu_ps(from); }
INLINE void lanes_store(float *to, lanes x) { _mm512_storeu_ps(to, x); }

/* The first `count` lanes, zero in the others. */
INLINE lanes lanes_load_first(const float *from, size_t count) {
    return _mm512_maskz_loadu_ps(first_mask(count), from);
}

INLINE void lanes_store_first(float *to, lanes x, size_t count) {
    _mm512_mask_storeu_ps(to, first_mask(count), x);
}

/* x in the first `count` lanes, `other` behind. */
INLINE lanes lanes_first(lanes x, size_t count, float other) {
    return _mm512_mask_blend_ps(first_mask(count), _mm512_set1_ps(other), x);
}

/* `other` in the first `count` lanes, x behind. */
INLINE lanes lanes_behind(lanes x, size_t count, float other) {
    return _mm512_mask_blend_ps(first_mask(count), x, _mm512_set1_ps(other));
}

INLINE lanes lanes_add(lanes a, lanes b) { return _mm512_add_ps(a, b); }
INLINE lanes lanes_subtract(lanes a, lanes b) { return _mm512_sub_ps(a, b); }
INLINE lanes lanes_multiply(lanes a, lanes b) { return _mm512_mul_ps(a, b); }
INLINE lanes lanes_divide(lanes a, lanes b) { return _mm512_div_ps(a, b); }
/* a * b + c, rounded once. */
INLINE lanes lanes_fma(lanes a, lanes b, lanes c) { return _mm512_fmadd_ps(a, b, c); }
/* The second operand where either is NaN. */
INLINE lanes lanes_min(lanes a, lanes b) { return _mm512_min_ps(a, b); }
INLINE lanes lanes_max(lanes a, lanes b) { return _mm512_max_ps(a, b); }
INLINE lanes lanes_magnitude(lanes x) { return _mm512_abs_ps(x); }

/* Whether all are below the bound; NaN is not. */
INLINE bool lanes_are_below(lanes x, float bound) {
    return _mm512_cmp_ps_mask(x, _mm512_set1_ps(bound), _CMP_LT_OQ) == 0xffff;
}

/* x < bound ? 0 : y */
INLINE lanes lanes_zero_below(lanes x, float bound, lanes y) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_set1_ps(bound), _CMP_NLT_UQ), y);
}

/* y * 2^n, where n are the lowest bits of `shifted`. */
INLINE lanes lanes_scale(lanes y, lanes shifted) {
    const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(y), exponent));
}

/* Sum and maximum of all lanes, folded in halves. */
INLINE float lanes_sum(lanes x) {
    __m256 a = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

INLINE float lanes_largest(lanes x) { return _mm512_reduce_max_ps(x); }

INLINE lanes lanes_from_halves(const uint16_t *from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
}

INLINE lanes lanes_from_bfloats(const uint16_t *from) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

INLINE lanes lanes_from_bytes(const int8_t *from) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)from)));
}

INLINE void lanes_to_halves(uint16_t *to, lanes x) {
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}

/* Rounds to nearest even, stores 16 bytes and returns their sum. */
INLINE int32_t lanes_to_bytes(int8_t *to, lanes x) {
    const __m512i rounded = _mm512_cvtps_epi32(x);
    _mm_storeu_si128((__m128i *)to, _mm512_cvtsepi32_epi8(rounded));
    return _mm512_reduce_add_epi32(rounded);
}

/* b a d c ... from a b c d ... */
INLINE lanes lanes_swap_pairs(lanes x) { return _mm512_permute_ps(x, 0xb1); }

/* a a b b ... from the first `count` (at most 8) floats. */
INLINE lanes lanes_load_doubled(const float *from, size_t count) {
    const __m512i twice =
        _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
    const __mmask8 mask = count >= 8 ? 0xff : (__mmask8)((1u << count) - 1);
    const __m256 loaded = _mm256_maskz_loadu_ps(mask, from);
    return _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(loaded));
}

/* -a b -c d ... */
INLINE lanes lanes_negate_even(lanes x) {
    return _mm512_xor_ps(x, _mm512_castsi512_ps(_mm512_set1_epi64(0x80000000)));
}
