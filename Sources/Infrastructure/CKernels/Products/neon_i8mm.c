/* Products with NEON's matrix products (Armv8.6): an instruction multiplies 2 output rows by 8 columns with the same
 * columns of 2 tokens, twice what a dot product does. Panels hold 4 columns of a row in a register, so pairs of
 * registers are interleaved first; that pays from five tokens on, and is done once for up to 32 of them. Fewer go
 * the way of neon.h. A sum's register holds two rows of two tokens; the float operations are the same, in the same
 * order. */
#if defined(__aarch64__)

#include "tiles.h"

enum {
    TILE = 32,
    /* Tokens whose sums are in registers at the same time. */
    GROUP = 8,
    PAIRS = GROUP / 2,
    /* Blocks that are made ready at a time: a record of a type with blocks of 256. */
    CHUNK = 8,
};

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)

#include "neon.h"

/* A part is 4 of a panel's 16 rows: two pairs of rows. */
typedef struct {
    /* [block][part][8 columns][pair of rows] */
    int8x16_t weights[CHUNK][4][4][2];
    /* [block][half][part][pair of rows]: each number twice, side by side */
    float32x4_t scales[CHUNK][2][4][2];
    float32x4_t minimums[CHUNK][2][4][2];
} ready_weights;

typedef struct {
    /* [block][8 columns][pair] */
    int8x16_t values[CHUNK][4][PAIRS];
    /* [block][pair]: of the first token and the second, and these again */
    float32x4_t scales[CHUNK][PAIRS];
    float32x4_t sums[CHUNK][PAIRS];
    /* The offsets of each half. */
    float32x4_t offsets[CHUNK][2][PAIRS];
} ready_tokens;

/* What types differ in once their weights are ready. */
typedef struct {
    int scales;
    bool has_minimum;
} scaling;

INLINE void ready_quads(const int8x16_t *quads, int8x16_t ready[4][2]) {
    UNROLL for (int i = 0; i < 4; i++) {
        const int32x4_t first = vreinterpretq_s32_s8(quads[2 * i]);
        const int32x4_t second = vreinterpretq_s32_s8(quads[2 * i + 1]);
        ready[i][0] = vreinterpretq_s8_s32(vzip1q_s32(first, second));
        ready[i][1] = vreinterpretq_s8_s32(vzip2q_s32(first, second));
    }
}

INLINE void ready_scale(float32x4_t scale, float32x4_t ready[2]) {
    ready[0] = vzip1q_f32(scale, scale);
    ready[1] = vzip2q_f32(scale, scale);
}

INLINE void ready_codes(const code_format *format, const uint8_t *panel, size_t block, int n,
                        ready_weights *ready) {
    const size_t together = record_blocks(format);
    const uint8_t *record = panel + block / together * record_bytes(format);
    const int within = (int)(block % together);
    const uint8_t *lines =
        record + lines_start(format) + (size_t)within * (size_t)format->bits * LINE;
    UNROLL for (int part = 0; part < 4; part++) {
        int8x16_t quads[8];
        UNROLL for (int i = 0; i < 8; i++) {
            quads[i] = code_quad(format, lines + 16 * part, i);
            if (format->zero) quads[i] = vsubq_s8(quads[i], vdupq_n_s8((int8_t)format->zero));
        }
        ready_quads(quads, ready->weights[n][part]);
        const float32x4_t d = shared_scale(format, record, 0, part);
        const float32x4_t dmin = shared_scale(format, record, 1, part);
        UNROLL for (int half = 0; half < format->scales; half++) {
            const int group = within * format->scales + half;
            ready_scale(group_scale(format, record + scales_start(format), group, d, part),
                        ready->scales[n][half][part]);
            if (!format->has_minimum) continue;
            float32x4_t minimum =
                group_scale(format, record + minimums_start(format), group, dmin, part);
            if (format->scales == 2) minimum = vmulq_n_f32(minimum, 0x1p-7f);
            ready_scale(minimum, ready->minimums[n][half][part]);
        }
    }
}

INLINE void ready_q8_0(const uint8_t *panel, size_t block, int n, ready_weights *ready) {
    const uint8_t *record = panel + block / 2 * Q8_0_RECORD;
    const uint8_t *lines = record + LINE + block % 2 * 8 * LINE;
    UNROLL for (int part = 0; part < 4; part++) {
        int8x16_t quads[8];
        UNROLL for (int i = 0; i < 8; i++) quads[i] = byte_quad(lines + i * LINE + 16 * part);
        ready_quads(quads, ready->weights[n][part]);
        ready_scale(halves(record + block % 2 * 32 + 8 * part), ready->scales[n][0][part]);
    }
}

INLINE void ready_q6_k(const uint8_t *panel, size_t block, int n, ready_weights *ready) {
    const uint8_t *record = panel + block / 8 * Q6_K_RECORD;
    const uint8_t *lines = record + Q6_K_LINES + block % 8 * 6 * LINE;
    const uint8_t *scales = record + Q6_K_SCALES + block % 8 * 32;
    UNROLL for (int part = 0; part < 4; part++) {
        int8x16_t quads[8];
        six_bit_quads(lines + 16 * part, quads);
        six_bit_quads(lines + 3 * LINE + 16 * part, quads + 4);
        UNROLL for (int i = 0; i < 8; i++) quads[i] = vsubq_s8(quads[i], vdupq_n_s8(32));
        ready_quads(quads, ready->weights[n][part]);
        UNROLL for (int half = 0; half < 2; half++)
            ready_scale(vmulq_f32(singles(record + 16 * part),
                                  signed_bytes(scales + half * 16 + 4 * part)),
                        ready->scales[n][half][part]);
    }
}

/* 16 numbers of one token, then of the other, to 8 of both and again 8 of both. */
INLINE void pair_up(const int8_t *first, const int8_t *second, int8x16_t *low, int8x16_t *high) {
    const int64x2_t a = vreinterpretq_s64_s8(vld1q_s8(first));
    const int64x2_t b = vreinterpretq_s64_s8(vld1q_s8(second));
    *low = vreinterpretq_s8_s64(vtrn1q_s64(a, b));
    *high = vreinterpretq_s8_s64(vtrn2q_s64(a, b));
}

INLINE float32x4_t low_twice(float32x4_t x) {
    const float64x2_t pairs = vreinterpretq_f64_f32(x);
    return vreinterpretq_f32_f64(vtrn1q_f64(pairs, pairs));
}

INLINE float32x4_t high_twice(float32x4_t x) {
    const float64x2_t pairs = vreinterpretq_f64_f32(x);
    return vreinterpretq_f32_f64(vtrn2q_f64(pairs, pairs));
}

/* `blocks` blocks of `count` tokens, `step` apart; an odd last token is its own partner. */
INLINE void ready_blocks(const berth_block *x, size_t step, int blocks, int count,
                         scaling scaling, ready_tokens *ready) {
    for (int n = 0; n < blocks; n++, x += step) {
        for (int pair = 0; pair < (count + 1) / 2; pair++) {
            const berth_block *a = x + 2 * pair, *b = 2 * pair + 1 < count ? a + 1 : a;
            int8x16_t values[4];
            pair_up(a->values, b->values, values, values + 1);
            pair_up(a->values + 16, b->values + 16, values + 2, values + 3);
            UNROLL for (int i = 0; i < 4; i++) ready->values[n][i][pair] = values[i];
            const float32x4_t both = vzip1q_f32(factors(a), factors(b));
            ready->scales[n][pair] = low_twice(both);
            if (!scaling.has_minimum) continue;
            ready->sums[n][pair] = high_twice(both);
            if (scaling.scales == 1) continue;
            const int32x4_t offsets = vreinterpretq_s32_f32(vzip2q_f32(factors(a), factors(b)));
            ready->offsets[n][0][pair] = low_twice(vcvtq_f32_s32(offsets));
            ready->offsets[n][1][pair] = high_twice(vcvtq_f32_s32(offsets));
        }
    }
}

/* Adds the products of one part and `pairs` pairs of tokens to their sums. */
INLINE void add_part(const ready_weights *w, const ready_tokens *x, int blocks, int part,
                     scaling scaling, const int pairs, float32x4_t memory[PAIRS][2]) {
    float32x4_t sums[PAIRS][2];
    UNROLL for (int p = 0; p < pairs; p++) {
        UNROLL for (int r = 0; r < 2; r++) sums[p][r] = memory[p][r];
    }
    for (int n = 0; n < blocks; n++) {
        float32x4_t scaled[PAIRS][2];
        UNROLL for (int half = 0; half < scaling.scales; half++) {
            int32x4_t dots[PAIRS][2];
            UNROLL for (int p = 0; p < pairs; p++) dots[p][0] = dots[p][1] = start_dots(0);
            const int first = half * 2, end = first + 4 / scaling.scales;
            UNROLL for (int i = first; i < end; i++) {
                UNROLL for (int p = 0; p < pairs; p++) {
                    UNROLL for (int r = 0; r < 2; r++)
                        dots[p][r] = vmmlaq_s32(dots[p][r], w->weights[n][part][i][r],
                                                x->values[n][i][p]);
                }
            }
            UNROLL for (int p = 0; p < pairs; p++) {
                UNROLL for (int r = 0; r < 2; r++)
                    scaled[p][r] =
                        join_half(scaled[p][r], dots[p][r], w->scales[n][half][part][r], half);
            }
        }
        UNROLL for (int half = 0; half < 2 && scaling.has_minimum && scaling.scales == 2; half++) {
            UNROLL for (int p = 0; p < pairs; p++) {
                UNROLL for (int r = 0; r < 2; r++)
                    scaled[p][r] = vfmaq_f32(scaled[p][r], w->minimums[n][half][part][r],
                                             x->offsets[n][half][p]);
            }
        }
        UNROLL for (int p = 0; p < pairs; p++) {
            UNROLL for (int r = 0; r < 2; r++) {
                sums[p][r] = vfmaq_f32(sums[p][r], scaled[p][r], x->scales[n][p]);
                if (scaling.has_minimum && scaling.scales == 1)
                    sums[p][r] = vfmsq_f32(sums[p][r], w->minimums[n][0][part][r], x->sums[n][p]);
            }
        }
    }
    UNROLL for (int p = 0; p < pairs; p++) {
        UNROLL for (int r = 0; r < 2; r++) memory[p][r] = sums[p][r];
    }
}

INLINE void add_parts(const ready_weights *w, const ready_tokens *x, int blocks, int count,
                      scaling scaling, float32x4_t memory[4][PAIRS][2]) {
    for (int part = 0; part < 4; part++) {
        switch ((count + 1) / 2) {
        case 1: add_part(w, x, blocks, part, scaling, 1, memory[part]); break;
        case 2: add_part(w, x, blocks, part, scaling, 2, memory[part]); break;
        case 3: add_part(w, x, blocks, part, scaling, 3, memory[part]); break;
        default: add_part(w, x, blocks, part, scaling, 4, memory[part]); break;
        }
    }
}

/* Stores `count` tokens of a group, from number `token` of the tile on. */
INLINE void write_group(const tile_work *work, size_t token, int count,
                        float32x4_t memory[4][PAIRS][2]) {
    tile_work group = *work;
    group.output += token * work->output_stride;
    for (int part = 0; part < 4; part++) {
        for (int pair = 0; 2 * pair < count; pair++) {
            const float32x4_t *rows = memory[part][pair];
            const float32x4_t sums[2] = {vuzp1q_f32(rows[0], rows[1]),
                                         vuzp2q_f32(rows[0], rows[1])};
            tile_work both = group;
            both.output += 2 * (size_t)pair * work->output_stride;
            write_sums(&both, sums, part, 2 * pair + 1 < count ? 2 : 1);
        }
    }
}

/* A tile of more than four tokens; READY(panel, block, n, weights) makes a block of weights ready. */
#define DEFINE_WIDE(name, scale_count, minimum, READY)                                             \
    static __attribute__((noinline)) void wide_##name(const tile_work *work, size_t width) {       \
        const scaling scaling = {.scales = scale_count, .has_minimum = minimum};                   \
        const size_t blocks = work->columns / BERTH_BLOCK;                                         \
        ready_weights weights;                                                                     \
        ready_tokens tokens;                                                                       \
        float32x4_t sums[TILE / GROUP][4][PAIRS][2];                                               \
        memset(sums, 0, sizeof sums);                                                              \
        for (size_t start = 0; start < blocks; start += CHUNK) {                                   \
            const int count = (int)(blocks - start < CHUNK ? blocks - start : CHUNK);              \
            for (int n = 0; n < count; n++)                                                        \
                READY(work->panel, start + (size_t)n, n, &weights);                                \
            for (size_t token = 0; token < width; token += GROUP) {                                \
                const int group = (int)(width - token < GROUP ? width - token : GROUP);            \
                ready_blocks(work->blocks + start * width + token, width, count, group, scaling,   \
                             &tokens);                                                             \
                add_parts(&weights, &tokens, count, group, scaling, sums[token / GROUP]);          \
            }                                                                                      \
        }                                                                                          \
        for (size_t token = 0; token < width; token += GROUP)                                      \
            write_group(work, token, (int)(width - token < GROUP ? width - token : GROUP),         \
                        sums[token / GROUP]);                                                      \
    }

/* Floats have no matrix product that rounds as the reference does. */
DEFINE_PRODUCT(berth_i8mm_product_f32, BERTH_F32, TILE, FOR_ANY_WIDTH, tile_f32)
DEFINE_PRODUCT(berth_i8mm_product_f16, BERTH_F16, TILE, FOR_ANY_WIDTH, tile_f16)
DEFINE_PRODUCT(berth_i8mm_product_bf16, BERTH_BF16, TILE, FOR_ANY_WIDTH, tile_bf16)
DEFINE_PRODUCT(berth_i8mm_add_product, BERTH_F16, TILE, FOR_ANY_WIDTH, tile_added)

#define FOR_WIDTHS(kernel, work, width)                                                            \
    switch (width) {                                                                               \
    case 1: tile_##kernel(work, 1); break;                                                         \
    case 2: tile_##kernel(work, 2); break;                                                         \
    case 3: tile_##kernel(work, 3); break;                                                         \
    case 4: tile_##kernel(work, 4); break;                                                         \
    default: wide_##kernel(work, width); break;                                                    \
    }

#define DEFINE(name, type)                                                                         \
    DEFINE_PRODUCT(berth_i8mm_product_##name, type, TILE, FOR_WIDTHS, name)

DEFINE_WIDE(q8_0, 1, false, ready_q8_0)
DEFINE_WIDE(q6_k, 2, false, ready_q6_k)
DEFINE(q8_0, BERTH_Q8_0)
DEFINE(q6_k, BERTH_Q6_K)

#define DEFINE_CODES(name)                                                                         \
    INLINE void ready_##name(const uint8_t *panel, size_t block, int n, ready_weights *ready) {    \
        ready_codes(&format_##name, panel, block, n, ready);                                       \
    }                                                                                              \
    DEFINE_WIDE(name, format_##name.scales, format_##name.has_minimum, ready_##name)               \
    DEFINE(name, format_##name.type)

FOR_CODE_TYPES(DEFINE_CODES)

#pragma clang attribute pop

#endif
