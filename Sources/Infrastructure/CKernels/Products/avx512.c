/* Products with AVX-512 VNNI. A register holds 16 output rows; a tile is up to 12 tokens, whose sums stay
 * in registers. The float operations follow
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

INLINE __m512 bfloats(const uint8_t *bytes) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)bytes));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
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

INLINE void tile_q8_0(const tile_work *work, const int width) {
    const berth_block *x = work->blocks;
    __m512 sums[TILE];
    UNROLL for (int m = 0; m < width; m++) sums[m] = _mm512_setzero_ps();
    const size_t blocks = work->columns / BERTH_BLOCK;
    for (size_t block = 0; block < blocks; block++, x += width) {
        const uint8_t *record = work->panel + block / 2 * Q8_0_RECORD;
        const uint8_t *lines = record + LINE + block % 2 * 8 * LINE;
        if (width >= 4) ask_ahead(record, block % 2 * Q8_0_RECORD / 2, Q8_0_RECORD / 2);
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
            if (first == 0 && width >= 6)
                ask_ahead(record, (size_t)group * Q6_K_RECORD / 8, Q6_K_RECORD / 8);
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

/* The weights of a quad as unsigned bytes, 128 too large where a table explains the codes. */
INLINE __m512i code_quad(const code_format *format, const uint8_t *lines, int index) {
    const __m512i line = _mm512_loadu_si512(lines + index % 4 * LINE);
    const __m512i nibbles = index < 4 ? line : _mm512_srli_epi16(line, 4);
    __m512i codes = _mm512_and_si512(nibbles, _mm512_set1_epi8(0x0f));
    if (format->bits == 5) {
        const __m512i bits = _mm512_loadu_si512(lines + 4 * LINE);
        const __m512i fifth = index < 4 ? _mm512_slli_epi16(bits, 4 - index)
                                        : _mm512_srli_epi16(bits, index - 4);
        /* 0xf8: x | (y & z) */
        codes = _mm512_ternarylogic_epi32(codes, fifth, _mm512_set1_epi8(0x10), 0xf8);
    }
    if (!format->table) return codes;
    const __m128i table = _mm_xor_si128(_mm_loadu_si128((const __m128i *)format->table),
                                        _mm_set1_epi8((char)0x80));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), codes);
}

/* Dot products that start with what the weights are too large by. */
INLINE void start_codes(const code_format *format, int32_t offset, __m512i *dot) {
    if (format->table)
        *dot = _mm512_set1_epi32(offset);
    else if (format->zero)
        *dot = _mm512_set1_epi32((offset >> 7) * format->zero);
    else
        *dot = _mm512_setzero_si512();
}

/* The scale or, in the second half of a record's first line, the minimum of a record of 8 blocks. */
INLINE __m512 shared_scale(const code_format *format, const uint8_t *record, int which) {
    return has_superblocks(format) ? halves(record + 32 * which) : _mm512_setzero_ps();
}

/* Scale (or minimum, at its own place) number `group` of a record. */
INLINE __m512 group_scale(const code_format *format, const uint8_t *scales, int group,
                          __m512 shared) {
    if (has_superblocks(format)) return _mm512_mul_ps(shared, signed_bytes(scales + group * 16));
    return format->has_bfloat_scale ? bfloats(scales + group * 32) : halves(scales + group * 32);
}

/* `width` tokens from number `first` on, of a tile of `all`. */
INLINE void part_codes(const code_format *format, const tile_work *work, const int first,
                       const int width, const int all) {
    const uint8_t *record = work->panel;
    const berth_block *x = work->blocks + first;
    __m512 sums[TILE];
    UNROLL for (int m = 0; m < width; m++) sums[m] = _mm512_setzero_ps();
    const size_t blocks = work->columns / BERTH_BLOCK, together = record_blocks(format);
    const size_t block_bytes = record_bytes(format) / together;
    for (size_t start = 0; start < blocks; start += together, record += record_bytes(format)) {
        const int count = (int)(blocks - start < together ? blocks - start : together);
        const __m512 d = shared_scale(format, record, 0), dmin = shared_scale(format, record, 1);
        const uint8_t *minimums = record + minimums_start(format);
        const uint8_t *lines = record + lines_start(format);
        for (int block = 0; block < count; block++, x += all, lines += format->bits * LINE) {
            if (first == 0 && width >= 4)
                ask_ahead(record, (size_t)block * block_bytes, (int)block_bytes);
            __m512i dots[TILE];
            if (format->scales == 1) {
                UNROLL for (int m = 0; m < width; m++)
                    start_codes(format, x[m].offsets[0] + x[m].offsets[1], dots + m);
                UNROLL for (int i = 0; i < 8; i++) {
                    /* A line's two quads one after the other. */
                    const int index = i / 2 + i % 2 * 4;
                    const __m512i weights = code_quad(format, lines, index);
                    UNROLL for (int m = 0; m < width; m++)
                        dots[m] = _mm512_dpbusd_epi32(dots[m], weights, quad(x + m, index));
                }
                add_scaled(x, dots, group_scale(format, record + scales_start(format), block, d),
                           sums, width);
                if (!format->has_minimum) continue;
                const __m512 minimum = group_scale(format, minimums, block, dmin);
                UNROLL for (int m = 0; m < width; m++)
                    sums[m] = _mm512_fnmadd_ps(minimum, _mm512_set1_ps(x[m].sum), sums[m]);
                continue;
            }
            __m512 scaled[TILE];
            UNROLL for (int half = 0; half < 2; half++) {
                UNROLL for (int m = 0; m < width; m++)
                    start_codes(format, x[m].offsets[half], dots + m);
                UNROLL for (int i = 4 * half; i < 4 * half + 4; i++) {
                    const __m512i weights = code_quad(format, lines, i);
                    UNROLL for (int m = 0; m < width; m++)
                        dots[m] = _mm512_dpbusd_epi32(dots[m], weights, quad(x + m, i));
                }
                const __m512 scale = group_scale(format, record + scales_start(format),
                                                 block * 2 + half, d);
                UNROLL for (int m = 0; m < width; m++) {
                    const __m512 dot = _mm512_cvtepi32_ps(dots[m]);
                    scaled[m] = half == 0 ? _mm512_mul_ps(dot, scale)
                                          : _mm512_fmadd_ps(dot, scale, scaled[m]);
                }
            }
            UNROLL for (int half = 0; half < 2 && format->has_minimum; half++) {
                const __m512 minimum =
                    _mm512_mul_ps(group_scale(format, minimums, block * 2 + half, dmin),
                                  _mm512_set1_ps(0x1p-7f));
                UNROLL for (int m = 0; m < width; m++)
                    scaled[m] = _mm512_fmadd_ps(
                        minimum, _mm512_set1_ps((float)x[m].offsets[half]), scaled[m]);
            }
            UNROLL for (int m = 0; m < width; m++)
                sums[m] = _mm512_fmadd_ps(scaled[m], _mm512_set1_ps(x[m].scale), sums[m]);
        }
    }
    write_sums(work, sums, first, width);
}

/* With two scales a token takes three registers, so that a full tile would not fit. */
INLINE void tile_codes(const code_format *format, const tile_work *work, const int width) {
    const int first = format->scales == 2 && width > 8 ? width / 2 : width;
    part_codes(format, work, 0, first, width);
    if (width > first) part_codes(format, work, first, width - first, width);
}

/* What a sum begins with: nothing, or what the output of token `m` holds. */
INLINE __m512 no_sum(const tile_work *work, int m) {
    (void)work, (void)m;
    return _mm512_setzero_ps();
}

INLINE __m512 sum_so_far(const tile_work *work, int m) {
    const __mmask16 mask = (__mmask16)((1u << work->rows) - 1);
    return _mm512_maskz_loadu_ps(mask, work->output + (size_t)m * work->output_stride);
}

/* Plain weights: one multiply-add a column, in order; eight tokens hide its latency. */
#define DEFINE_PLAIN(name, bytes, load, start)                                                     \
    INLINE void part_##name(const tile_work *work, const int first, const int width) {             \
        const uint8_t *line = work->panel;                                                         \
        const float *input = work->input + (size_t)first * work->input_stride;                     \
        __m512 sums[TILE];                                                                         \
        UNROLL for (int m = 0; m < width; m++) sums[m] = start(work, first + m);                   \
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

DEFINE_PLAIN(tile_f32, 64, singles, no_sum)
DEFINE_PLAIN(tile_f16, 32, halves, no_sum)
DEFINE_PLAIN(tile_bf16, 32, bfloats, no_sum)
DEFINE_PLAIN(tile_added, 32, halves, sum_so_far)

DEFINE_PRODUCT(berth_avx512_product_f32, BERTH_F32, TILE, FOR_WIDTHS_TO_12, tile_f32)
DEFINE_PRODUCT(berth_avx512_product_f16, BERTH_F16, TILE, FOR_WIDTHS_TO_12, tile_f16)
DEFINE_PRODUCT(berth_avx512_product_bf16, BERTH_BF16, TILE, FOR_WIDTHS_TO_12, tile_bf16)
DEFINE_PRODUCT(berth_avx512_add_product, BERTH_F16, TILE, FOR_WIDTHS_TO_12, tile_added)
DEFINE_PRODUCT(berth_avx512_product_q8_0, BERTH_Q8_0, TILE, FOR_WIDTHS_TO_12, tile_q8_0)
DEFINE_PRODUCT(berth_avx512_product_q6_k, BERTH_Q6_K, TILE, FOR_WIDTHS_TO_12, tile_q6_k)

#define DEFINE_CODES(name)                                                                         \
    INLINE void tile_##name(const tile_work *work, const int width) {                              \
        tile_codes(&format_##name, work, width);                                                   \
    }                                                                                              \
    DEFINE_PRODUCT(berth_avx512_product_##name, format_##name.type, TILE, FOR_WIDTHS_TO_12,        \
                   tile_##name)

FOR_CODE_TYPES(DEFINE_CODES)

#pragma clang attribute pop

#endif
