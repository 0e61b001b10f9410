/* Products with AVX2. Two registers hold 16 output rows; a tile is up to 4 tokens. Dot products of bytes go
 * through 16 bits, two at a time, so weights are taken small enough not to overflow there and the powers of
 * two that Formats/panels.h speaks of come in afterwards; the integers are those of the other
 * instruction sets, and the float operations follow Reference/products.c step by step. */
#if defined(__x86_64__)

#include "../Formats/panels.h"
#include "products.h"
#include "tiles.h"

#include <immintrin.h>
#include <string.h>

enum { TILE = 4 };

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

/* The first and the last eight output rows. */
typedef struct {
    __m256i low, high;
} pair;

typedef struct {
    __m256 low, high;
} float_pair;

INLINE __m256i quad(const berth_block *x, int index) {
    int32_t bytes;
    memcpy(&bytes, x->values + 4 * index, 4);
    return _mm256_set1_epi32(bytes);
}

INLINE pair load_line(const uint8_t *line) {
    return (pair){_mm256_loadu_si256((const __m256i *)line),
                  _mm256_loadu_si256((const __m256i *)(line + 32))};
}

INLINE pair and_pair(pair x, int mask) {
    const __m256i m = _mm256_set1_epi8((char)mask);
    return (pair){_mm256_and_si256(x.low, m), _mm256_and_si256(x.high, m)};
}

INLINE pair or_pair(pair x, pair y) {
    return (pair){_mm256_or_si256(x.low, y.low), _mm256_or_si256(x.high, y.high)};
}

#define RIGHT(x, bits) ((pair){_mm256_srli_epi16(x.low, bits), _mm256_srli_epi16(x.high, bits)})

#define LEFT(x, bits) ((pair){_mm256_slli_epi16(x.low, bits), _mm256_slli_epi16(x.high, bits)})

/* Adds dot products of unsigned weights below 128 and an activation quad. */
INLINE pair add_dots(pair sums, pair weights, __m256i x) {
    const __m256i ones = _mm256_set1_epi16(1);
    sums.low = _mm256_add_epi32(
        sums.low, _mm256_madd_epi16(_mm256_maddubs_epi16(weights.low, x), ones));
    sums.high = _mm256_add_epi32(
        sums.high, _mm256_madd_epi16(_mm256_maddubs_epi16(weights.high, x), ones));
    return sums;
}

INLINE float_pair halves(const uint8_t *bytes) {
    return (float_pair){_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)bytes)),
                        _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(bytes + 16)))};
}

INLINE __m256 bfloat_half(const uint8_t *bytes) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)bytes));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

INLINE float_pair bfloats(const uint8_t *bytes) {
    return (float_pair){bfloat_half(bytes), bfloat_half(bytes + 16)};
}

INLINE float_pair multiply(float_pair a, float_pair b) {
    return (float_pair){_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}

INLINE float_pair times(float_pair a, float factor) {
    const __m256 b = _mm256_set1_ps(factor);
    return (float_pair){_mm256_mul_ps(a.low, b), _mm256_mul_ps(a.high, b)};
}

/* a * b + c */
INLINE float_pair multiply_add(float_pair a, float_pair b, float_pair c) {
    return (float_pair){_mm256_fmadd_ps(a.low, b.low, c.low),
                        _mm256_fmadd_ps(a.high, b.high, c.high)};
}

INLINE float_pair add_times(float_pair sum, float_pair a, float factor) {
    const __m256 b = _mm256_set1_ps(factor);
    return (float_pair){_mm256_fmadd_ps(a.low, b, sum.low), _mm256_fmadd_ps(a.high, b, sum.high)};
}

INLINE float_pair subtract_times(float_pair sum, float_pair a, float factor) {
    const __m256 b = _mm256_set1_ps(factor);
    return (float_pair){_mm256_fnmadd_ps(a.low, b, sum.low),
                        _mm256_fnmadd_ps(a.high, b, sum.high)};
}

INLINE float_pair as_floats(pair x) {
    return (float_pair){_mm256_cvtepi32_ps(x.low), _mm256_cvtepi32_ps(x.high)};
}

INLINE float_pair signed_bytes(const uint8_t *bytes) {
    return as_floats(
        (pair){_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)bytes)),
               _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(bytes + 8)))});
}

/* (dots << bits) + offset */
#define WITH_OFFSET(dots, bits, offset)                                                            \
    ((pair){_mm256_add_epi32(_mm256_slli_epi32(dots.low, bits), _mm256_set1_epi32(offset)),        \
            _mm256_add_epi32(_mm256_slli_epi32(dots.high, bits), _mm256_set1_epi32(offset))})

INLINE void write_sums(const tile_work *work, const float_pair *sums, int width) {
    UNROLL for (int m = 0; m < width; m++) {
        float *output = work->output + m * work->output_stride;
        if (work->rows == BERTH_PANEL_ROWS) {
            _mm256_storeu_ps(output, sums[m].low);
            _mm256_storeu_ps(output + 8, sums[m].high);
        } else {
            float values[BERTH_PANEL_ROWS];
            _mm256_storeu_ps(values, sums[m].low);
            _mm256_storeu_ps(values + 8, sums[m].high);
            memcpy(output, values, work->rows * sizeof(float));
        }
    }
}

INLINE void clear(float_pair *sums, int width) {
    UNROLL for (int m = 0; m < width; m++)
        sums[m] = (float_pair){_mm256_setzero_ps(), _mm256_setzero_ps()};
}

INLINE void clear_dots(pair *dots, int width) {
    UNROLL for (int m = 0; m < width; m++)
        dots[m] = (pair){_mm256_setzero_si256(), _mm256_setzero_si256()};
}

/* As add_dots for signed weights: their sign moves to the activations (at least -127, so it fits). */
INLINE pair add_signed_dots(pair sums, pair weights, __m256i x) {
    const pair magnitudes = {_mm256_abs_epi8(weights.low), _mm256_abs_epi8(weights.high)};
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i low =
        _mm256_maddubs_epi16(magnitudes.low, _mm256_sign_epi8(x, weights.low));
    const __m256i high =
        _mm256_maddubs_epi16(magnitudes.high, _mm256_sign_epi8(x, weights.high));
    return (pair){_mm256_add_epi32(sums.low, _mm256_madd_epi16(low, ones)),
                  _mm256_add_epi32(sums.high, _mm256_madd_epi16(high, ones))};
}

INLINE void tile_q8_0(const tile_work *work, const int width) {
    const __m256i flip = _mm256_set1_epi8((char)0x80);
    const berth_block *x = work->blocks;
    float_pair sums[TILE];
    clear(sums, width);
    const size_t blocks = work->columns / BERTH_BLOCK;
    for (size_t block = 0; block < blocks; block++, x += width) {
        const uint8_t *record = work->panel + block / 2 * Q8_0_RECORD;
        const uint8_t *lines = record + LINE + block % 2 * 8 * LINE;
        pair dots[TILE];
        clear_dots(dots, width);
        for (int i = 0; i < 8; i++) {
            pair line = load_line(lines + i * LINE);
            line = (pair){_mm256_xor_si256(line.low, flip), _mm256_xor_si256(line.high, flip)};
            UNROLL for (int m = 0; m < width; m++)
                dots[m] = add_signed_dots(dots[m], line, quad(x + m, i));
        }
        const float_pair scale = halves(record + block % 2 * 32);
        UNROLL for (int m = 0; m < width; m++)
            sums[m] = add_times(sums[m], multiply(as_floats(dots[m]), scale), x[m].scale);
    }
    write_sums(work, sums, width);
}

/* Three lines of six-bit values times half a block of each token. */
INLINE void add_six_bits(const uint8_t *lines, const berth_block *x, int half, pair *dots,
                         int width) {
    /* The fourth quad: bits 5-4 from the first line, 3-2 from the second, 1-0 from the third. */
    pair last = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    UNROLL for (int i = 0; i < 3; i++) {
        const pair line = load_line(lines + i * LINE);
        const pair values = and_pair(RIGHT(line, 2), 63);
        last = or_pair(last, and_pair(LEFT(line, 4 - 2 * i), 48 >> 2 * i));
        UNROLL for (int m = 0; m < width; m++)
            dots[m] = add_dots(dots[m], values, quad(x + m, half * 4 + i));
    }
    UNROLL for (int m = 0; m < width; m++)
        dots[m] = add_dots(dots[m], last, quad(x + m, half * 4 + 3));
}

INLINE void tile_q6_k(const tile_work *work, const int width) {
    const uint8_t *record = work->panel;
    const berth_block *x = work->blocks;
    float_pair sums[TILE];
    clear(sums, width);
    for (size_t n = work->columns / 256; n > 0; n--, record += Q6_K_RECORD) {
        const float *d = (const float *)record;
        for (int group = 0; group < 8; group++, x += width) {
            const uint8_t *lines = record + Q6_K_LINES + group * 6 * LINE;
            float_pair scaled[TILE];
            UNROLL for (int half = 0; half < 2; half++) {
                pair dots[TILE];
                clear_dots(dots, width);
                add_six_bits(lines + half * 3 * LINE, x, half, dots, width);
                const float_pair scale = multiply(
                    times((float_pair){_mm256_loadu_ps(d), _mm256_loadu_ps(d + 8)}, 0.25f),
                    signed_bytes(record + Q6_K_SCALES + (group * 2 + half) * 16));
                UNROLL for (int m = 0; m < width; m++) {
                    const float_pair dot = as_floats(WITH_OFFSET(dots[m], 2, x[m].offsets[half]));
                    scaled[m] =
                        half == 0 ? multiply(dot, scale) : multiply_add(dot, scale, scaled[m]);
                }
            }
            UNROLL for (int m = 0; m < width; m++)
                sums[m] = add_times(sums[m], scaled[m], x[m].scale);
        }
    }
    write_sums(work, sums, width);
}

INLINE __m256i lookup(const int8_t *table, __m256i codes) {
    const __m128i levels = _mm_loadu_si128((const __m128i *)table);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(levels), codes);
}

/* The weights of a quad: integers where a table explains the codes, else the codes themselves. */
INLINE pair code_quad(const code_format *format, const uint8_t *lines, int index) {
    const pair line = load_line(lines + index % 4 * LINE);
    pair codes = and_pair(index < 4 ? line : RIGHT(line, 4), 15);
    if (format->bits == 5) {
        const pair bits = load_line(lines + 4 * LINE);
        const pair fifth = index < 4 ? LEFT(bits, 4 - index) : RIGHT(bits, index - 4);
        codes = or_pair(codes, and_pair(fifth, 16));
    }
    if (!format->table) return codes;
    return (pair){lookup(format->table, codes.low), lookup(format->table, codes.high)};
}

/* Quads `from` to `to` of a block of each token. */
INLINE void add_codes(const code_format *format, const uint8_t *lines, const berth_block *x,
                      int from, int to, pair *dots, int width) {
    UNROLL for (int i = from; i < to; i++) {
        const pair weights = code_quad(format, lines, i);
        UNROLL for (int m = 0; m < width; m++)
            dots[m] = format->table ? add_signed_dots(dots[m], weights, quad(x + m, i))
                                    : add_dots(dots[m], weights, quad(x + m, i));
    }
}

/* Dot products of the integers, given those of the weights as `add_codes` sees them. */
INLINE float_pair code_dots(const code_format *format, pair dots, __m256i offset) {
    if (format->table || !format->zero) return as_floats(dots);
    const int bits = 7 - __builtin_ctz((unsigned)format->zero);
    const __m256i scaled = _mm256_srai_epi32(offset, bits);
    return as_floats(
        (pair){_mm256_add_epi32(dots.low, scaled), _mm256_add_epi32(dots.high, scaled)});
}

/* The scale or, in the second half of a record's first line, the minimum of a record of 8 blocks. */
INLINE float_pair shared_scale(const code_format *format, const uint8_t *record, int which) {
    return has_superblocks(format)
               ? halves(record + 32 * which)
               : (float_pair){_mm256_setzero_ps(), _mm256_setzero_ps()};
}

/* Scale (or minimum, at its own place) number `group` of a record. */
INLINE float_pair group_scale(const code_format *format, const uint8_t *scales, int group,
                              float_pair shared) {
    if (has_superblocks(format)) return multiply(shared, signed_bytes(scales + group * 16));
    return format->has_bfloat_scale ? bfloats(scales + group * 32) : halves(scales + group * 32);
}

INLINE void tile_codes(const code_format *format, const tile_work *work, const int width) {
    const uint8_t *record = work->panel;
    const berth_block *x = work->blocks;
    float_pair sums[TILE];
    clear(sums, width);
    const size_t blocks = work->columns / BERTH_BLOCK, together = record_blocks(format);
    for (size_t start = 0; start < blocks; start += together, record += record_bytes(format)) {
        const int count = (int)(blocks - start < together ? blocks - start : together);
        const float_pair d = shared_scale(format, record, 0);
        const float_pair dmin = shared_scale(format, record, 1);
        const uint8_t *scales = record + scales_start(format);
        const uint8_t *minimums = record + minimums_start(format);
        const uint8_t *lines = record + lines_start(format);
        for (int block = 0; block < count; block++, x += width, lines += format->bits * LINE) {
            pair dots[TILE];
            if (format->scales == 1) {
                clear_dots(dots, width);
                add_codes(format, lines, x, 0, 8, dots, width);
                const float_pair scale = group_scale(format, scales, block, d);
                UNROLL for (int m = 0; m < width; m++) {
                    const __m256i offset =
                        _mm256_add_epi32(_mm256_set1_epi32(x[m].offsets[0]),
                                         _mm256_set1_epi32(x[m].offsets[1]));
                    const float_pair dot = code_dots(format, dots[m], offset);
                    sums[m] = add_times(sums[m], multiply(dot, scale), x[m].scale);
                }
                if (!format->has_minimum) continue;
                const float_pair minimum = group_scale(format, minimums, block, dmin);
                UNROLL for (int m = 0; m < width; m++)
                    sums[m] = subtract_times(sums[m], minimum, x[m].sum);
                continue;
            }
            float_pair scaled[TILE];
            UNROLL for (int half = 0; half < 2; half++) {
                clear_dots(dots, width);
                add_codes(format, lines, x, 4 * half, 4 * half + 4, dots, width);
                const float_pair scale = group_scale(format, scales, block * 2 + half, d);
                UNROLL for (int m = 0; m < width; m++) {
                    const float_pair dot =
                        code_dots(format, dots[m], _mm256_set1_epi32(x[m].offsets[half]));
                    scaled[m] =
                        half == 0 ? multiply(dot, scale) : multiply_add(dot, scale, scaled[m]);
                }
            }
            UNROLL for (int half = 0; half < 2 && format->has_minimum; half++) {
                const float_pair minimum =
                    times(group_scale(format, minimums, block * 2 + half, dmin), 0x1p-7f);
                UNROLL for (int m = 0; m < width; m++)
                    scaled[m] = add_times(scaled[m], minimum, (float)x[m].offsets[half]);
            }
            UNROLL for (int m = 0; m < width; m++)
                sums[m] = add_times(sums[m], scaled[m], x[m].scale);
        }
    }
    write_sums(work, sums, width);
}

/* What sums begin with: nothing, or what the output holds. */
INLINE void no_sums(const tile_work *work, float_pair *sums, int width) {
    (void)work;
    clear(sums, width);
}

INLINE void sums_so_far(const tile_work *work, float_pair *sums, int width) {
    UNROLL for (int m = 0; m < width; m++) {
        float values[BERTH_PANEL_ROWS] = {0};
        memcpy(values, work->output + m * work->output_stride, work->rows * sizeof(float));
        sums[m] = (float_pair){_mm256_loadu_ps(values), _mm256_loadu_ps(values + 8)};
    }
}

/* Plain weights: one multiply-add a column, in order. */
#define DEFINE_PLAIN(name, bytes, load, start)                                                     \
    INLINE void name(const tile_work *work, const int width) {                                     \
        const uint8_t *line = work->panel;                                                         \
        float_pair sums[TILE];                                                                     \
        start(work, sums, width);                                                                  \
        for (size_t column = 0; column < work->columns; column++, line += bytes) {                 \
            const float_pair weights = load(line);                                                 \
            UNROLL for (int m = 0; m < width; m++)                                                 \
                sums[m] =                                                                          \
                    add_times(sums[m], weights, work->input[m * work->input_stride + column]);     \
        }                                                                                          \
        write_sums(work, sums, width);                                                             \
    }

INLINE float_pair singles(const uint8_t *bytes) {
    const float *values = (const float *)bytes;
    return (float_pair){_mm256_loadu_ps(values), _mm256_loadu_ps(values + 8)};
}

DEFINE_PLAIN(tile_f32, 64, singles, no_sums)
DEFINE_PLAIN(tile_f16, 32, halves, no_sums)
DEFINE_PLAIN(tile_bf16, 32, bfloats, no_sums)
DEFINE_PLAIN(tile_added, 32, halves, sums_so_far)

DEFINE_PRODUCT(berth_avx2_product_f32, BERTH_F32, TILE, FOR_WIDTHS_TO_4, tile_f32)
DEFINE_PRODUCT(berth_avx2_product_f16, BERTH_F16, TILE, FOR_WIDTHS_TO_4, tile_f16)
DEFINE_PRODUCT(berth_avx2_product_bf16, BERTH_BF16, TILE, FOR_WIDTHS_TO_4, tile_bf16)
DEFINE_PRODUCT(berth_avx2_add_product, BERTH_F16, TILE, FOR_WIDTHS_TO_4, tile_added)
DEFINE_PRODUCT(berth_avx2_product_q8_0, BERTH_Q8_0, TILE, FOR_WIDTHS_TO_4, tile_q8_0)
DEFINE_PRODUCT(berth_avx2_product_q6_k, BERTH_Q6_K, TILE, FOR_WIDTHS_TO_4, tile_q6_k)

#define DEFINE_CODES(name)                                                                         \
    INLINE void tile_##name(const tile_work *work, const int width) {                              \
        tile_codes(&format_##name, work, width);                                                   \
    }                                                                                              \
    DEFINE_PRODUCT(berth_avx2_product_##name, format_##name.type, TILE, FOR_WIDTHS_TO_4, tile_##name)

FOR_CODE_TYPES(DEFINE_CODES)

#pragma clang attribute pop

#endif
