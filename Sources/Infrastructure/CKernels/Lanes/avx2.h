/* 16 float32 lanes in two registers. Included inside a region that targets AVX2, FMA and F16C; every
 * function gives the bits of its namesake in avx512.h. */
#include <immintrin.h>

typedef struct {
    __m256 low, high;
} lanes;

/* Lanes of sums that a tile may have, which leaves registers for the shared operands; with 6 queries, so many at once. */
enum { LANE_REGISTERS = 6, LANES_AT_ONCE = 1 };

INLINE lanes lanes_of(float value) {
    return (lanes){_mm256_set1_ps(value), _mm256_set1_ps(value)};
}

INLINE lanes lanes_load(const float *from) {
    return (lanes){_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
}

INLINE void lanes_store(float *to, lanes x) {
    _mm256_storeu_ps(to, x.low);
    _mm256_storeu_ps(to + 8, x.high);
}

/* All bits set in lanes `start` + i below `count`. */
INLINE __m256i first_mask(size_t count, int start) {
    const __m256i index = _mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                                           _mm256_set1_epi32(start));
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count > 16 ? 16 : (int)count), index);
}

INLINE lanes lanes_load_first(const float *from, size_t count) {
    return (lanes){_mm256_maskload_ps(from, first_mask(count, 0)),
                   _mm256_maskload_ps(from + 8, first_mask(count, 8))};
}

INLINE void lanes_store_first(float *to, lanes x, size_t count) {
    _mm256_maskstore_ps(to, first_mask(count, 0), x.low);
    _mm256_maskstore_ps(to + 8, first_mask(count, 8), x.high);
}

INLINE lanes lanes_first(lanes x, size_t count, float other) {
    const __m256 fill = _mm256_set1_ps(other);
    return (lanes){
        _mm256_blendv_ps(fill, x.low, _mm256_castsi256_ps(first_mask(count, 0))),
        _mm256_blendv_ps(fill, x.high, _mm256_castsi256_ps(first_mask(count, 8)))};
}

INLINE lanes lanes_behind(lanes x, size_t count, float other) {
    const __m256 fill = _mm256_set1_ps(other);
    return (lanes){
        _mm256_blendv_ps(x.low, fill, _mm256_castsi256_ps(first_mask(count, 0))),
        _mm256_blendv_ps(x.high, fill, _mm256_castsi256_ps(first_mask(count, 8)))};
}

#define DEFINE_PAIRWISE(name, instruction)                                                         \
    INLINE lanes name(lanes a, lanes b) {                                                          \
        return (lanes){instruction(a.low, b.low), instruction(a.high, b.high)};                    \
    }

DEFINE_PAIRWISE(lanes_add, _mm256_add_ps)
DEFINE_PAIRWISE(lanes_subtract, _mm256_sub_ps)
DEFINE_PAIRWISE(lanes_multiply, _mm256_mul_ps)
DEFINE_PAIRWISE(lanes_divide, _mm256_div_ps)
DEFINE_PAIRWISE(lanes_min, _mm256_min_ps)
DEFINE_PAIRWISE(lanes_max, _mm256_max_ps)

INLINE lanes lanes_fma(lanes a, lanes b, lanes c) {
    return (lanes){_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}

INLINE lanes lanes_magnitude(lanes x) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return (lanes){_mm256_andnot_ps(sign, x.low), _mm256_andnot_ps(sign, x.high)};
}

INLINE bool lanes_are_below(lanes x, float bound) {
    const __m256 limit = _mm256_set1_ps(bound);
    const __m256 below = _mm256_and_ps(_mm256_cmp_ps(x.low, limit, _CMP_LT_OQ),
                                       _mm256_cmp_ps(x.high, limit, _CMP_LT_OQ));
    return _mm256_movemask_ps(below) == 0xff;
}

INLINE lanes lanes_zero_below(lanes x, float bound, lanes y) {
    const __m256 limit = _mm256_set1_ps(bound);
    return (lanes){_mm256_and_ps(_mm256_cmp_ps(x.low, limit, _CMP_NLT_UQ), y.low),
                   _mm256_and_ps(_mm256_cmp_ps(x.high, limit, _CMP_NLT_UQ), y.high)};
}

INLINE __m256 scaled_half(__m256 y, __m256 shifted) {
    const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(y), exponent));
}

INLINE lanes lanes_scale(lanes y, lanes shifted) {
    return (lanes){scaled_half(y.low, shifted.low), scaled_half(y.high, shifted.high)};
}

INLINE float lanes_sum(lanes x) {
    __m256 a = _mm256_add_ps(x.low, x.high);
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

INLINE float lanes_largest(lanes x) {
    __m256 a = _mm256_max_ps(x.low, x.high);
    __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}

INLINE lanes lanes_from_halves(const uint16_t *from) {
    return (lanes){_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from)),
                   _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + 8)))};
}

INLINE lanes lanes_from_bfloats(const uint16_t *from) {
    const __m256i low = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)from));
    const __m256i high = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(from + 8)));
    return (lanes){_mm256_castsi256_ps(_mm256_slli_epi32(low, 16)),
                   _mm256_castsi256_ps(_mm256_slli_epi32(high, 16))};
}

INLINE lanes lanes_from_bytes(const int8_t *from) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)from);
    return (lanes){_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)),
                   _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8)))};
}

INLINE void lanes_to_halves(uint16_t *to, lanes x) {
    _mm_storeu_si128((__m128i *)to, _mm256_cvtps_ph(x.low, _MM_FROUND_TO_NEAREST_INT));
    _mm_storeu_si128((__m128i *)(to + 8), _mm256_cvtps_ph(x.high, _MM_FROUND_TO_NEAREST_INT));
}

INLINE int32_t lanes_to_bytes(int8_t *to, lanes x) {
    const __m256i low = _mm256_cvtps_epi32(x.low), high = _mm256_cvtps_epi32(x.high);
    /* Packing works within halves of a register: the permutation puts the order right. */
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
    _mm_storeu_si128((__m128i *)to, _mm_packs_epi16(_mm256_castsi256_si128(words),
                                                    _mm256_extracti128_si256(words, 1)));
    const __m256i sums = _mm256_add_epi32(low, high);
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1)));
}

INLINE lanes lanes_swap_pairs(lanes x) {
    return (lanes){_mm256_permute_ps(x.low, 0xb1), _mm256_permute_ps(x.high, 0xb1)};
}

INLINE lanes lanes_load_doubled(const float *from, size_t count) {
    const __m256 loaded = _mm256_maskload_ps(from, first_mask(count, 0));
    return (lanes){
        _mm256_permutevar8x32_ps(loaded, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3)),
        _mm256_permutevar8x32_ps(loaded, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7))};
}

INLINE lanes lanes_negate_even(lanes x) {
    const __m256 signs = _mm256_castsi256_ps(_mm256_set1_epi64x(0x80000000));
    return (lanes){_mm256_xor_ps(x.low, signs), _mm256_xor_ps(x.high, signs)};
}
