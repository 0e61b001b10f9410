/* Products with NEON's dot product instructions, compiled once for each table that has them: an including file sets
 * TILE. A register holds 4 of 16 output rows by 4 columns, and one instruction multiplies it with 4 activations of
 * a token, picked from a register of 16. Few tokens see the whole panel in one pass; more see 8 or 4 rows a pass, so
 * that all sums stay in registers. The float operations follow Reference/products.c step by step. */
#include "../Formats/panels.h"
#include "products.h"
#include "tiles.h"

#include <arm_neon.h>
#include <string.h>

/* Dot products start here: then their bits are those of 1.5 * 2^23 plus the sum, which is below 2^22, and a
 * subtraction, which more of a processor's pipes can do than a conversion, makes them floats without an error. */
enum { DOTS_ORIGIN = 0x4b400000 };

INLINE int32x4_t start_dots(int32_t offset) { return vdupq_n_s32(DOTS_ORIGIN + offset); }

INLINE float32x4_t as_floats(int32x4_t dots) {
    return vsubq_f32(vreinterpretq_f32_s32(dots), vdupq_n_f32(0x1.8p23f));
}

/* Scale, sum and both offsets of a block of activations. */
INLINE float32x4_t factors(const berth_block *x) { return vld1q_f32(&x->scale); }

/* Adds the products of four rows and the four activations of quad `index`. */
INLINE int32x4_t add_dots(int32x4_t dots, int8x16_t weights, const berth_block *x, int index) {
    const int8x16_t values = vld1q_s8(x->values + index / 4 * 16);
    switch (index % 4) {
    case 0: return vdotq_laneq_s32(dots, weights, values, 0);
    case 1: return vdotq_laneq_s32(dots, weights, values, 1);
    case 2: return vdotq_laneq_s32(dots, weights, values, 2);
    default: return vdotq_laneq_s32(dots, weights, values, 3);
    }
}

INLINE float32x4_t halves(const uint8_t *bytes) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(bytes)));
}

INLINE float32x4_t bfloats(const uint8_t *bytes) {
    return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(bytes)), 16));
}

INLINE float32x4_t singles(const uint8_t *bytes) { return vreinterpretq_f32_u8(vld1q_u8(bytes)); }

INLINE float32x4_t signed_bytes(const uint8_t *bytes) {
    uint32_t four;
    memcpy(&four, bytes, 4);
    const int8x8_t narrow = vreinterpret_s8_u32(vdup_n_u32(four));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(narrow))));
}

/* Stores 4 rows, from number `part` * 4 of the panel on, of each token. */
INLINE void write_sums(const tile_work *work, const float32x4_t *sums, int part, int width) {
    const size_t first = 4 * (size_t)part;
    UNROLL for (int m = 0; m < width; m++) {
        float *output = work->output + (size_t)m * work->output_stride + first;
        if (work->rows >= first + 4) {
            vst1q_f32(output, sums[m]);
        } else if (work->rows > first) {
            float values[4];
            vst1q_f32(values, sums[m]);
            memcpy(output, values, (work->rows - first) * sizeof(float));
        }
    }
}

/* Four rows of a quad of codes: integers where a table explains them, else the codes themselves. */
INLINE int8x16_t code_quad(const code_format *format, const uint8_t *lines, int index) {
    const uint8x16_t line = vld1q_u8(lines + index % 4 * LINE);
    uint8x16_t codes;
    if (format->bits == 5) {
        const uint8x16_t bits = vld1q_u8(lines + 4 * LINE);
        if (index < 4)
            codes = vandq_u8(vsliq_n_u8(line, bits >> index, 4), vdupq_n_u8(31));
        else
            codes = vshrq_n_u8(vsriq_n_u8(bits << (7 - index), line, 1), 3);
    } else {
        codes = index < 4 ? vandq_u8(line, vdupq_n_u8(15)) : vshrq_n_u8(line, 4);
    }
    if (!format->table) return vreinterpretq_s8_u8(codes);
    return vqtbl1q_s8(vld1q_s8(format->table), codes);
}

/* What the codes of all or of one half's columns (-128 times whose sum is `offset`) are too large by. */
INLINE int32x4_t start_codes(const code_format *format, int32_t offset) {
    return start_dots(format->table ? 0 : (offset >> 7) * format->zero);
}

/* A record of 8 blocks' scale or, `which` being 1, minimum for 4 rows. */
INLINE float32x4_t shared_scale(const code_format *format, const uint8_t *record, int which,
                                int part) {
    return has_superblocks(format) ? halves(record + 32 * which + 8 * part) : vdupq_n_f32(0);
}

/* Scale (or minimum, at its own place) number `group` of a record. */
INLINE float32x4_t group_scale(const code_format *format, const uint8_t *scales, int group,
                               float32x4_t shared, int part) {
    if (has_superblocks(format))
        return vmulq_f32(shared, signed_bytes(scales + group * 16 + 4 * part));
    const uint8_t *bytes = scales + group * 32 + 8 * part;
    return format->has_bfloat_scale ? bfloats(bytes) : halves(bytes);
}

/* sum += dots * scale * (the token's scale) */
INLINE float32x4_t add_scaled(float32x4_t sum, int32x4_t dots, float32x4_t scale,
                              const berth_block *x) {
    return vfmaq_laneq_f32(sum, vmulq_f32(as_floats(dots), scale), factors(x), 0);
}

/* What one of two halves adds to the block's sum, which is not yet multiplied with the token's scale. */
INLINE float32x4_t join_half(float32x4_t scaled, int32x4_t dots, float32x4_t scale, int half) {
    const float32x4_t dot = as_floats(dots);
    return half == 0 ? vmulq_f32(dot, scale) : vfmaq_f32(scaled, dot, scale);
}

/* 4 * `parts` rows from number 4 * `first` on. */
INLINE void part_codes(const code_format *format, const tile_work *work, const int first,
                       const int parts, const int width) {
    const uint8_t *record = work->panel;
    const berth_block *x = work->blocks;
    float32x4_t sums[4][TILE];
    UNROLL for (int p = 0; p < parts; p++) {
        UNROLL for (int m = 0; m < width; m++) sums[p][m] = vdupq_n_f32(0);
    }
    const size_t blocks = work->columns / BERTH_BLOCK, together = record_blocks(format);
    for (size_t start = 0; start < blocks; start += together, record += record_bytes(format)) {
        const int count = (int)(blocks - start < together ? blocks - start : together);
        const uint8_t *scales = record + scales_start(format);
        const uint8_t *minimums = record + minimums_start(format);
        const uint8_t *lines = record + lines_start(format) + 16 * first;
        float32x4_t d[4], dmin[4];
        UNROLL for (int p = 0; p < parts; p++) {
            d[p] = shared_scale(format, record, 0, first + p);
            dmin[p] = shared_scale(format, record, 1, first + p);
        }
        for (int block = 0; block < count; block++, x += width, lines += format->bits * LINE) {
            int32x4_t dots[4][TILE];
            if (format->scales == 1) {
                UNROLL for (int m = 0; m < width; m++) {
                    const int32x4_t begin = start_codes(format, x[m].offsets[0] + x[m].offsets[1]);
                    UNROLL for (int p = 0; p < parts; p++) dots[p][m] = begin;
                }
                UNROLL for (int i = 0; i < 8; i++) {
                    UNROLL for (int p = 0; p < parts; p++) {
                        const int8x16_t weights = code_quad(format, lines + 16 * p, i);
                        UNROLL for (int m = 0; m < width; m++)
                            dots[p][m] = add_dots(dots[p][m], weights, x + m, i);
                    }
                }
                UNROLL for (int p = 0; p < parts; p++) {
                    const float32x4_t scale = group_scale(format, scales, block, d[p], first + p);
                    UNROLL for (int m = 0; m < width; m++)
                        sums[p][m] = add_scaled(sums[p][m], dots[p][m], scale, x + m);
                    if (!format->has_minimum) continue;
                    const float32x4_t minimum =
                        group_scale(format, minimums, block, dmin[p], first + p);
                    UNROLL for (int m = 0; m < width; m++)
                        sums[p][m] = vfmsq_laneq_f32(sums[p][m], minimum, factors(x + m), 1);
                }
                continue;
            }
            float32x4_t scaled[4][TILE];
            UNROLL for (int half = 0; half < 2; half++) {
                UNROLL for (int m = 0; m < width; m++) {
                    const int32x4_t begin = start_codes(format, x[m].offsets[half]);
                    UNROLL for (int p = 0; p < parts; p++) dots[p][m] = begin;
                }
                UNROLL for (int i = 4 * half; i < 4 * half + 4; i++) {
                    UNROLL for (int p = 0; p < parts; p++) {
                        const int8x16_t weights = code_quad(format, lines + 16 * p, i);
                        UNROLL for (int m = 0; m < width; m++)
                            dots[p][m] = add_dots(dots[p][m], weights, x + m, i);
                    }
                }
                UNROLL for (int p = 0; p < parts; p++) {
                    const float32x4_t scale =
                        group_scale(format, scales, block * 2 + half, d[p], first + p);
                    UNROLL for (int m = 0; m < width; m++)
                        scaled[p][m] = join_half(scaled[p][m], dots[p][m], scale, half);
                }
            }
            UNROLL for (int p = 0; p < parts; p++) {
                UNROLL for (int half = 0; half < 2 && format->has_minimum; half++) {
                    const float32x4_t minimum = vmulq_n_f32(
                        group_scale(format, minimums, block * 2 + half, dmin[p], first + p),
                        0x1p-7f);
                    UNROLL for (int m = 0; m < width; m++)
                        scaled[p][m] =
                            vfmaq_n_f32(scaled[p][m], minimum, (float)x[m].offsets[half]);
                }
                UNROLL for (int m = 0; m < width; m++)
                    sums[p][m] = vfmaq_laneq_f32(sums[p][m], scaled[p][m], factors(x + m), 0);
            }
        }
    }
    UNROLL for (int p = 0; p < parts; p++) write_sums(work, sums[p], first + p, width);
}

/* Four rows of a quad of Q8_0. */
INLINE int8x16_t byte_quad(const uint8_t *line) {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(line), vdupq_n_u8(0x80)));
}

INLINE void part_q8_0(const tile_work *work, const int first, const int parts, const int width) {
    const berth_block *x = work->blocks;
    float32x4_t sums[4][TILE];
    UNROLL for (int p = 0; p < parts; p++) {
        UNROLL for (int m = 0; m < width; m++) sums[p][m] = vdupq_n_f32(0);
    }
    const size_t blocks = work->columns / BERTH_BLOCK;
    for (size_t block = 0; block < blocks; block++, x += width) {
        const uint8_t *record = work->panel + block / 2 * Q8_0_RECORD;
        const uint8_t *lines = record + LINE + block % 2 * 8 * LINE + 16 * first;
        int32x4_t dots[4][TILE];
        UNROLL for (int p = 0; p < parts; p++) {
            UNROLL for (int m = 0; m < width; m++) dots[p][m] = start_dots(0);
        }
        UNROLL for (int i = 0; i < 8; i++) {
            UNROLL for (int p = 0; p < parts; p++) {
                const int8x16_t weights = byte_quad(lines + i * LINE + 16 * p);
                UNROLL for (int m = 0; m < width; m++)
                    dots[p][m] = add_dots(dots[p][m], weights, x + m, i);
            }
        }
        UNROLL for (int p = 0; p < parts; p++) {
            const float32x4_t scale = halves(record + block % 2 * 32 + 8 * (first + p));
            UNROLL for (int m = 0; m < width; m++)
                sums[p][m] = add_scaled(sums[p][m], dots[p][m], scale, x + m);
        }
    }
    UNROLL for (int p = 0; p < parts; p++) write_sums(work, sums[p], first + p, width);
}

/* Four rows of the four quads in three lines of Q6_K, from 0 to 63. */
INLINE void six_bit_quads(const uint8_t *lines, int8x16_t *quads) {
    const uint8x16_t a = vld1q_u8(lines), b = vld1q_u8(lines + LINE);
    const uint8x16_t c = vld1q_u8(lines + 2 * LINE);
    /* The fourth quad: bits 5-4 from a, 3-2 from b, 1-0 from c. */
    const uint8x16_t last = vandq_u8(vsliq_n_u8(vsliq_n_u8(c, b, 2), a, 4), vdupq_n_u8(63));
    quads[0] = vreinterpretq_s8_u8(vshrq_n_u8(a, 2));
    quads[1] = vreinterpretq_s8_u8(vshrq_n_u8(b, 2));
    quads[2] = vreinterpretq_s8_u8(vshrq_n_u8(c, 2));
    quads[3] = vreinterpretq_s8_u8(last);
}

INLINE void part_q6_k(const tile_work *work, const int first, const int parts, const int width) {
    const uint8_t *record = work->panel;
    const berth_block *x = work->blocks;
    float32x4_t sums[4][TILE];
    UNROLL for (int p = 0; p < parts; p++) {
        UNROLL for (int m = 0; m < width; m++) sums[p][m] = vdupq_n_f32(0);
    }
    for (size_t n = work->columns / 256; n > 0; n--, record += Q6_K_RECORD) {
        for (int group = 0; group < 8; group++, x += width) {
            const uint8_t *lines = record + Q6_K_LINES + group * 6 * LINE + 16 * first;
            const uint8_t *scales = record + Q6_K_SCALES + group * 32;
            float32x4_t scaled[4][TILE];
            UNROLL for (int half = 0; half < 2; half++) {
                int32x4_t dots[4][TILE];
                UNROLL for (int m = 0; m < width; m++) {
                    const int32x4_t begin = start_dots(x[m].offsets[half] >> 2);
                    UNROLL for (int p = 0; p < parts; p++) dots[p][m] = begin;
                }
                UNROLL for (int p = 0; p < parts; p++) {
                    int8x16_t quads[4];
                    six_bit_quads(lines + half * 3 * LINE + 16 * p, quads);
                    UNROLL for (int i = 0; i < 4; i++) {
                        UNROLL for (int m = 0; m < width; m++)
                            dots[p][m] = add_dots(dots[p][m], quads[i], x + m, half * 4 + i);
                    }
                    const float32x4_t scale =
                        vmulq_f32(singles(record + 16 * (first + p)),
                                  signed_bytes(scales + half * 16 + 4 * (first + p)));
                    UNROLL for (int m = 0; m < width; m++)
                        scaled[p][m] = join_half(scaled[p][m], dots[p][m], scale, half);
                }
            }
            UNROLL for (int p = 0; p < parts; p++) {
                UNROLL for (int m = 0; m < width; m++)
                    sums[p][m] = vfmaq_laneq_f32(sums[p][m], scaled[p][m], factors(x + m), 0);
            }
        }
    }
    UNROLL for (int p = 0; p < parts; p++) write_sums(work, sums[p], first + p, width);
}

/* A tile in passes of 16, 8 or 4 rows, so that sums and dot products fit into 16 registers. */
#define IN_PASSES(part, width, ...)                                                                \
    do {                                                                                           \
        const int parts = width <= 2 ? 4 : width <= 4 ? 2 : 1;                                     \
        for (int first = 0; first < 4; first += parts) part(__VA_ARGS__, first, parts, width);     \
    } while (0)

INLINE void tile_q8_0(const tile_work *work, const int width) { IN_PASSES(part_q8_0, width, work); }

INLINE void tile_q6_k(const tile_work *work, const int width) { IN_PASSES(part_q6_k, width, work); }

#define DEFINE_CODE_TILE(name)                                                                     \
    INLINE void tile_##name(const tile_work *work, const int width) {                              \
        IN_PASSES(part_codes, width, &format_##name, work);                                        \
    }

FOR_CODE_TYPES(DEFINE_CODE_TILE)

/* What a sum of four rows begins with: nothing, or what the output of token `m` holds. */
INLINE float32x4_t no_sum(const tile_work *work, int part, int m) {
    (void)work, (void)part, (void)m;
    return vdupq_n_f32(0);
}

INLINE float32x4_t sum_so_far(const tile_work *work, int part, int m) {
    const size_t first = 4 * (size_t)part;
    const float *output = work->output + (size_t)m * work->output_stride + first;
    if (work->rows >= first + 4) return vld1q_f32(output);
    float values[4] = {0};
    if (work->rows > first) memcpy(values, output, (work->rows - first) * sizeof(float));
    return vld1q_f32(values);
}

/* Plain weights: one multiply-add a column, in order. */
#define DEFINE_PLAIN(name, bytes, load, start)                                                     \
    INLINE void part_##name(const tile_work *work, const int token, const int width) {             \
        const uint8_t *line = work->panel;                                                         \
        const float *input = work->input + (size_t)token * work->input_stride;                     \
        float32x4_t sums[4][4];                                                                    \
        UNROLL for (int p = 0; p < 4; p++) {                                                       \
            UNROLL for (int m = 0; m < width; m++) sums[p][m] = start(work, p, token + m);         \
        }                                                                                          \
        for (size_t column = 0; column < work->columns; column++, line += bytes) {                 \
            UNROLL for (int p = 0; p < 4; p++) {                                                   \
                const float32x4_t weights = load(line + p * (bytes / 4));                          \
                UNROLL for (int m = 0; m < width; m++)                                             \
                    sums[p][m] = vfmaq_n_f32(sums[p][m], weights,                                  \
                                             input[(size_t)m * work->input_stride + column]);      \
            }                                                                                      \
        }                                                                                          \
        tile_work part = *work;                                                                    \
        part.output += (size_t)token * work->output_stride;                                        \
        UNROLL for (int p = 0; p < 4; p++) write_sums(&part, sums[p], p, width);                   \
    }                                                                                              \
    INLINE void tile_##name(const tile_work *work, int width) {                                    \
        int token = 0;                                                                             \
        for (; token + 4 <= width; token += 4) part_##name(work, token, 4);                        \
        switch (width - token) {                                                                   \
        case 1: part_##name(work, token, 1); break;                                                \
        case 2: part_##name(work, token, 2); break;                                                \
        case 3: part_##name(work, token, 3); break;                                                \
        }                                                                                          \
    }

#define FOR_ANY_WIDTH(kernel, work, width) kernel(work, (int)width);

DEFINE_PLAIN(f32, 64, singles, no_sum)
DEFINE_PLAIN(f16, 32, halves, no_sum)
DEFINE_PLAIN(bf16, 32, bfloats, no_sum)
DEFINE_PLAIN(added, 32, halves, sum_so_far)
