/* Products with AVX-512 VNNI. A register holds 16 output rows; a tile is up to 12 tokens, whose sums stay
 * in registers. Panels are streamed without software prefetch: the processor's own reaches 95 % of what it
 * can read, and every distance and hint that was tried made it slower. The float operations follow
 * Reference/products.c step by step. */
#if defined(__x86_64__)

#include "../Formats/panels.h"
#include "products.h"
#include "tiles.h"

#include <immintrin.h>
#include <string.h>

enum { TILE = 12 };

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))),        \
    apply_to = function)

/* Four activations of a token, for every lane. */
INLINE __m512i quad(const berth_block *x, int index) {
    int32_t bytes;
    memcpy(&bytes, x->values + 4 * index, 4);
    return _mm512_set1_epi32(bytes);
}

INLINE __m512 halves(const uint8_t *bytes) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)bytes));
}

INLINE __m512 unsigned_bytes(const uint8_t *bytes) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)bytes)));
}

INLINE __m512 signed_bytes(const uint8_t *bytes) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)bytes)));
}

/* Stores the sums of `width` tokens from number `first` of the tile on. */
INLINE void write_sums(const tile_work *work, const __m512 *sums, int first, int width) {
    float *output = work->output + (size_t)first * work->output_stride;
    if (work->rows == BERTH_PANEL_ROWS) {
        UNROLL for (int m = 0; m < width; m++)
            _mm512_storeu_ps(output + m * work->output_stride, sums[m]);
    } else {
        const __mmask16 mask = (__mmask16)((1u << work->rows) - 1);
        UNROLL for (int m = 0; m < width; m++)
            _mm512_mask_storeu_ps(output + m * work->output_stride, mask, sums[m]);
    }
}

/* Adds four lines of nibbles times a block of each token; `shift` moves them to the high half of a byte. */
INLINE void add_nibbles(const uint8_t *lines, const berth_block *x, __m512i *dots, int width,
                        bool shift) {
    const __m512i low_mask = _mm512_set1_epi8(0x0f), high_mask = _mm512_set1_epi8((char)0xf0);
    UNROLL for (int i = 0; i < 4; i++) {
        const __m512i line = _mm512_loadu_si512(lines + i * LINE);
        const __m512i low = shift ? _mm512_and_si512(_mm512_slli_epi16(line, 4), high_mask)
                                  : _mm512_and_si512(line, low_mask);
        const __m512i high = shift ? _mm512_and_si512(line, high_mask)
                                   : _mm512_and_si512(_mm512_srli_epi16(line, 4), low_mask);
        UNROLL for (int m = 0; m < width; m++)
            dots[m] = _mm512_dpbusd_epi32(dots[m], low, quad(x + m, i));
        UNROLL for (int m = 0; m < width; m++)
            dots[m] = _mm512_dpbusd_epi32(dots[m], high, quad(x + m, i + 4));
    }
}

INLINE void tile_q4_k(const tile_work *work, const int width) {
    const uint8_t *record = work->panel;
    const berth_block *x = work->blocks;
    __m512 sums[TILE];
    UNROLL for (int m = 0; m < width; m++) sums[m] = _mm512_setzero_ps();
    for (size_t n = work->columns / 256; n > 0; n--, record += Q4_K_RECORD) {
        const __m512 d = halves(record), dmin = halves(record + 32);
        for (int group = 0; group < 8; group++, x += width) {
            __m512i dots[TILE];
            UNROLL for (int m = 0; m < width; m++) dots[m] = _mm512_setzero_si512();
            add_nibbles(record + Q4_K_LINES + group * 4 * LINE, x, dots, width, false);
            const __m512 scale =
                _mm512_mul_ps(d, unsigned_bytes(record + Q4_K_SCALES + group * 16));
            const __m512 minimum =
                _mm512_mul_ps(dmin, unsigned_bytes(record + Q4_K_MINIMUMS + group * 16));
            UNROLL for (int m = 0; m < width; m++) {
                const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(dots[m]), scale);
                sums[m] = _mm512_fmadd_ps(scaled, _mm512_set1_ps(x[m].scale), sums[m]);
                sums[m] = _mm512_fnmadd_ps(minimum, _mm512_set1_ps(x[m].sum), sums[m]);
            }
        }
    }
    write_sums(work, sums, 0, width);
}

INLINE void start_with_offsets(const berth_block *x, __m512i *dots, int width) {
    UNROLL for (int m = 0; m < width; m++)
        dots[m] = _mm512_add_epi32(_mm512_set1_epi32(x[m].offsets[0]),
                                   _mm512_set1_epi32(x[m].offsets[1]));
}

INLINE void add_scaled(const berth_block *x, const __m512i *dots, __m512 scale, __m512 *sums,
                       int width) {
    UNROLL for (int m = 0; m < width; m++) {
        const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(dots[m]), scale);
        sums[m] = _mm512_fmadd_ps(scaled, _mm512_set1_ps(x[m].scale), sums[m]);
    }
}

INLINE void tile_q4_0(const tile_work *work, const int width) {
    const berth_block *x = work->blocks;
    __m512 sums[TILE];
    UNROLL for (int m = 0; m < width; m++) sums[m] = _mm512_setzero_ps();
    const size_t blocks = work->columns / BERTH_BLOCK;
    for (size_t block = 0; block < blocks; block++, x += width) {
        const uint8_t *record = work->panel + block / 2 * Q4_0_RECORD;
        __m512i dots[TILE];
        start_with_offsets(x, dots, width);
        add_nibbles(record + LINE + block % 2 * 4 * LINE, x, dots, width, true);
        const __m512 scale =
            _mm512_mul_ps(halves(record + block % 2 * 32), _mm512_set1_ps(0.0625f));
        add_scaled(x, dots, scale, sums, width);
    }
    write_sums(work, sums, 0, width);
}

INLINE void tile_q8_0(const tile_work *work, const int width) {
    const berth_block *x = work->blocks;
    __m512 sums[TILE];
    UNROLL for (int m = 0; m < width; m++) sums[m] = _mm512_setzero_ps();
    const size_t blocks = work->columns / BERTH_BLOCK;
    for (size_t block = 0; block < blocks; block++, x += width) {
        const uint8_t *record = work->panel + block / 2 * Q8_0_RECORD;
        const uint8_t *lines = record + LINE + block % 2 * 8 * LINE;
        __m512i dots[TILE];
        start_with_offsets(x, dots, width);
        UNROLL for (int i = 0; i < 8; i++) {
            const __m512i line = _mm512_loadu_si512(lines + i * LINE);
            UNROLL for (int m = 0; m < width; m++)
                dots[m] = _mm512_dpbusd_epi32(dots[m], line, quad(x + m, i));
        }
        add_scaled(x, dots, halves(record + block % 2 * 32), sums, width);
    }
    write_sums(work, sums, 0, width);
}

/* Adds three lines of six-bit values times half a block of each token. */
INLINE void add_six_bits(const uint8_t *lines, const berth_block *x, int half, __m512i *dots,
                         int width) {
    const __m512i mask = _mm512_set1_epi8((char)0xfc);
    const __m512i a = _mm512_loadu_si512(lines), b = _mm512_loadu_si512(lines + LINE),
                  c = _mm512_loadu_si512(lines + 2 * LINE);
    /* The fourth quad: bits 7-6 from a, 5-4 from b, 3-2 from c. Selections by mask (0xca: m ? x : y). */
    const __m512i ab = _mm512_ternarylogic_epi32(_mm512_set1_epi8((char)0xc0),
                                                 _mm512_slli_epi16(a, 6), _mm512_slli_epi16(b, 4),
                                                 0xca);
    const __m512i abc = _mm512_ternarylogic_epi32(_mm512_set1_epi8((char)0xf0), ab,
                                                  _mm512_slli_epi16(c, 2), 0xca);
    const __m512i quads[4] = {_mm512_and_si512(a, mask), _mm512_and_si512(b, mask),
                              _mm512_and_si512(c, mask), _mm512_and_si512(abc, mask)};
    UNROLL for (int i = 0; i < 4; i++) {
        UNROLL for (int m = 0; m < width; m++)
            dots[m] = _mm512_dpbusd_epi32(dots[m], quads[i], quad(x + m, half * 4 + i));
    }
}

/* `width` tokens from number `first` on, of a tile of `all`. */
INLINE void part_q6_k(const tile_work *work, const int first, const int width, const int all) {
    const uint8_t *record = work->panel;
    const berth_block *x = work->blocks + first;
    __m512 sums[TILE];
    UNROLL for (int m = 0; m < width; m++) sums[m] = _mm512_setzero_ps();
    for (size_t n = work->columns / 256; n > 0; n--, record += Q6_K_RECORD) {
        const __m512 d = _mm512_mul_ps(_mm512_loadu_ps((const float *)record), _mm512_set1_ps(0.25f));
        for (int group = 0; group < 8; group++, x += all) {
            const uint8_t *lines = record + Q6_K_LINES + group * 6 * LINE;
            __m512 scaled[TILE];
            UNROLL for (int half = 0; half < 2; half++) {
                __m512i dots[TILE];
                UNROLL for (int m = 0; m < width; m++)
                    dots[m] = _mm512_set1_epi32(x[m].offsets[half]);
                add_six_bits(lines + half * 3 * LINE, x, half, dots, width);
                const __m512 scale = _mm512_mul_ps(
                    d, signed_bytes(record + Q6_K_SCALES + (group * 2 + half) * 16));
                UNROLL for (int m = 0; m < width; m++) {
                    const __m512 dot = _mm512_cvtepi32_ps(dots[m]);
                    scaled[m] = half == 0 ? _mm512_mul_ps(dot, scale)
                                          : _mm512_fmadd_ps(dot, scale, scaled[m]);
                }
            }
            UNROLL for (int m = 0; m < width; m++)
                sums[m] = _mm512_fmadd_ps(scaled[m], _mm512_set1_ps(x[m].scale), sums[m]);
        }
    }
    write_sums(work, sums, first, width);
}

/* A token takes three registers here, so that a full tile would not fit. */
INLINE void tile_q6_k(const tile_work *work, const int width) {
    const int first = width > 8 ? width / 2 : width;
    part_q6_k(work, 0, first, width);
    if (width > first) part_q6_k(work, first, width - first, width);
}

/* Plain weights: one multiply-add a column, in order; eight tokens hide its latency. */
#define DEFINE_PLAIN(name, bytes, load)                                                            \
    INLINE void part_##name(const tile_work *work, const int first, const int width) {             \
        const uint8_t *line = work->panel;                                                         \
        const float *input = work->input + (size_t)first * work->input_stride;                     \
        __m512 sums[TILE];                                                                         \
        UNROLL for (int m = 0; m < width; m++) sums[m] = _mm512_setzero_ps();                      \
        for (size_t column = 0; column < work->columns; column++, line += bytes) {                 \
            const __m512 weights = load(line);                                                     \
            UNROLL for (int m = 0; m < width; m++) {                                               \
                const float x = input[m * work->input_stride + column];                            \
                sums[m] = _mm512_fmadd_ps(weights, _mm512_set1_ps(x), sums[m]);                    \
            }                                                                                      \
        }                                                                                          \
        write_sums(work, sums, first, width);                                                      \
    }                                                                                              \
    INLINE void name(const tile_work *work, const int width) {                                     \
        const int first = width > 8 ? width / 2 : width;                                           \
        part_##name(work, 0, first);                                                               \
        if (width > first) part_##name(work, first, width - first);                                \
    }

INLINE __m512 singles(const uint8_t *bytes) { return _mm512_loadu_ps((const float *)bytes); }

INLINE __m512 bfloats(const uint8_t *bytes) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)bytes));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

DEFINE_PLAIN(tile_f32, 64, singles)
DEFINE_PLAIN(tile_f16, 32, halves)
DEFINE_PLAIN(tile_bf16, 32, bfloats)

DEFINE_PRODUCT(berth_avx512_product_f32, BERTH_F32, TILE, FOR_WIDTHS_TO_12, tile_f32)
DEFINE_PRODUCT(berth_avx512_product_f16, BERTH_F16, TILE, FOR_WIDTHS_TO_12, tile_f16)
DEFINE_PRODUCT(berth_avx512_product_bf16, BERTH_BF16, TILE, FOR_WIDTHS_TO_12, tile_bf16)
DEFINE_PRODUCT(berth_avx512_product_q4_0, BERTH_Q4_0, TILE, FOR_WIDTHS_TO_12, tile_q4_0)
DEFINE_PRODUCT(berth_avx512_product_q8_0, BERTH_Q8_0, TILE, FOR_WIDTHS_TO_12, tile_q8_0)
DEFINE_PRODUCT(berth_avx512_product_q4_k, BERTH_Q4_K, TILE, FOR_WIDTHS_TO_12, tile_q4_k)
DEFINE_PRODUCT(berth_avx512_product_q6_k, BERTH_Q6_K, TILE, FOR_WIDTHS_TO_12, tile_q6_k)

#pragma clang attribute pop

#endif
