/* 16 float32 lanes in four registers. Every 64-bit ARM has what this needs; every function gives the bits of
 * its namesake in avx512.h. */
#include <arm_neon.h>

typedef struct {
    float32x4_t v[4];
} lanes;

/* Lanes of sums that a tile may have: 24 registers leave room for one shared operand and a factor; with 6 queries, so
 * many at once. */
enum { LANE_REGISTERS = 6, LANES_AT_ONCE = 1 };

/* The same expression of `i` for the four registers. */
#define FOUR(type, expression)                                                                     \
    ({                                                                                             \
        type four_;                                                                                \
        UNROLL_FOUR for (int i = 0; i < 4; i++) four_.v[i] = (expression);                         \
        four_;                                                                                     \
    })
#define UNROLL_FOUR _Pragma("clang loop unroll(full)")

INLINE lanes lanes_of(float value) { return FOUR(lanes, vdupq_n_f32(value)); }

INLINE lanes lanes_load(const float *from) { return FOUR(lanes, vld1q_f32(from + 4 * i)); }

INLINE void lanes_store(float *to, lanes x) {
    UNROLL_FOUR for (int i = 0; i < 4; i++) vst1q_f32(to + 4 * i, x.v[i]);
}

/* There are no masked loads and stores: the ends of rows go one by one. */
INLINE lanes lanes_load_first(const float *from, size_t count) {
    if (count >= 16) return lanes_load(from);
    float copy[16] = {0};
    for (size_t i = 0; i < count; i++) copy[i] = from[i];
    return lanes_load(copy);
}

INLINE void lanes_store_first(float *to, lanes x, size_t count) {
    if (count >= 16) {
        lanes_store(to, x);
        return;
    }
    float copy[16];
    lanes_store(copy, x);
    for (size_t i = 0; i < count; i++) to[i] = copy[i];
}

/* All bits set in lanes 4 * part + i below `count`. */
INLINE uint32x4_t first_mask(size_t count, int part) {
    static const uint32_t numbers[4] = {0, 1, 2, 3};
    const uint32x4_t index = vaddq_u32(vld1q_u32(numbers), vdupq_n_u32(4 * (uint32_t)part));
    return vcltq_u32(index, vdupq_n_u32(count > 16 ? 16 : (uint32_t)count));
}

INLINE lanes lanes_first(lanes x, size_t count, float other) {
    return FOUR(lanes, vbslq_f32(first_mask(count, i), x.v[i], vdupq_n_f32(other)));
}

INLINE lanes lanes_behind(lanes x, size_t count, float other) {
    return FOUR(lanes, vbslq_f32(first_mask(count, i), vdupq_n_f32(other), x.v[i]));
}

INLINE lanes lanes_add(lanes a, lanes b) { return FOUR(lanes, vaddq_f32(a.v[i], b.v[i])); }
INLINE lanes lanes_subtract(lanes a, lanes b) { return FOUR(lanes, vsubq_f32(a.v[i], b.v[i])); }
INLINE lanes lanes_multiply(lanes a, lanes b) { return FOUR(lanes, vmulq_f32(a.v[i], b.v[i])); }
INLINE lanes lanes_divide(lanes a, lanes b) { return FOUR(lanes, vdivq_f32(a.v[i], b.v[i])); }

INLINE lanes lanes_fma(lanes a, lanes b, lanes c) {
    return FOUR(lanes, vfmaq_f32(c.v[i], a.v[i], b.v[i]));
}

/* The instructions for this give NaN where either is; here it must be the second operand. */
INLINE float32x4_t smaller(float32x4_t a, float32x4_t b) {
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

INLINE float32x4_t larger(float32x4_t a, float32x4_t b) {
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

INLINE lanes lanes_min(lanes a, lanes b) { return FOUR(lanes, smaller(a.v[i], b.v[i])); }
INLINE lanes lanes_max(lanes a, lanes b) { return FOUR(lanes, larger(a.v[i], b.v[i])); }
INLINE lanes lanes_magnitude(lanes x) { return FOUR(lanes, vabsq_f32(x.v[i])); }

INLINE bool lanes_are_below(lanes x, float bound) {
    const float32x4_t limit = vdupq_n_f32(bound);
    const uint32x4_t low = vandq_u32(vcltq_f32(x.v[0], limit), vcltq_f32(x.v[1], limit));
    const uint32x4_t high = vandq_u32(vcltq_f32(x.v[2], limit), vcltq_f32(x.v[3], limit));
    return vminvq_u32(vandq_u32(low, high)) != 0;
}

INLINE lanes lanes_zero_below(lanes x, float bound, lanes y) {
    const float32x4_t limit = vdupq_n_f32(bound);
    return FOUR(lanes, vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y.v[i]),
                                                       vcltq_f32(x.v[i], limit))));
}

INLINE lanes lanes_scale(lanes y, lanes shifted) {
    return FOUR(lanes, vreinterpretq_f32_u32(
                           vaddq_u32(vreinterpretq_u32_f32(y.v[i]),
                                     vshlq_n_u32(vreinterpretq_u32_f32(shifted.v[i]), 23))));
}

INLINE float lanes_sum(lanes x) {
    const float32x4_t a =
        vaddq_f32(vaddq_f32(x.v[0], x.v[2]), vaddq_f32(x.v[1], x.v[3]));
    const float32x2_t b = vadd_f32(vget_low_f32(a), vget_high_f32(a));
    return vget_lane_f32(b, 0) + vget_lane_f32(b, 1);
}

INLINE float lanes_largest(lanes x) {
    const float32x4_t a = larger(larger(x.v[0], x.v[2]), larger(x.v[1], x.v[3]));
    const float32x4_t b = larger(a, vextq_f32(a, a, 2));
    return vgetq_lane_f32(larger(b, vextq_f32(b, b, 1)), 0);
}

INLINE lanes lanes_from_halves(const uint16_t *from) {
    const float16x8_t low = vreinterpretq_f16_u16(vld1q_u16(from));
    const float16x8_t high = vreinterpretq_f16_u16(vld1q_u16(from + 8));
    return (lanes){{vcvt_f32_f16(vget_low_f16(low)), vcvt_high_f32_f16(low),
                    vcvt_f32_f16(vget_low_f16(high)), vcvt_high_f32_f16(high)}};
}

INLINE lanes lanes_from_bfloats(const uint16_t *from) {
    const uint16x8_t low = vld1q_u16(from), high = vld1q_u16(from + 8);
    const lanes x = {{vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(low), 16)),
                      vreinterpretq_f32_u32(vshll_high_n_u16(low, 16)),
                      vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(high), 16)),
                      vreinterpretq_f32_u32(vshll_high_n_u16(high, 16))}};
    return x;
}

INLINE lanes lanes_from_bytes(const int8_t *from) {
    const int8x16_t bytes = vld1q_s8(from);
    const int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_high_s8(bytes);
    const lanes x = {{vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))),
                      vcvtq_f32_s32(vmovl_high_s16(low)),
                      vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))),
                      vcvtq_f32_s32(vmovl_high_s16(high))}};
    return x;
}

INLINE void lanes_to_halves(uint16_t *to, lanes x) {
    vst1q_u16(to, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.v[0]), x.v[1])));
    vst1q_u16(to + 8, vreinterpretq_u16_f16(vcvt_high_f16_f32(vcvt_f16_f32(x.v[2]), x.v[3])));
}

INLINE int32_t lanes_to_bytes(int8_t *to, lanes x) {
    int32x4_t rounded[4];
    UNROLL_FOUR for (int i = 0; i < 4; i++) rounded[i] = vcvtnq_s32_f32(x.v[i]);
    const int16x8_t low = vqmovn_high_s32(vqmovn_s32(rounded[0]), rounded[1]);
    const int16x8_t high = vqmovn_high_s32(vqmovn_s32(rounded[2]), rounded[3]);
    vst1q_s8(to, vqmovn_high_s16(vqmovn_s16(low), high));
    return vaddvq_s32(vaddq_s32(vaddq_s32(rounded[0], rounded[1]),
                                vaddq_s32(rounded[2], rounded[3])));
}

INLINE lanes lanes_swap_pairs(lanes x) { return FOUR(lanes, vrev64q_f32(x.v[i])); }

INLINE lanes lanes_load_doubled(const float *from, size_t count) {
    const lanes x = lanes_load_first(from, count < 8 ? count : 8);
    return (lanes){{vzip1q_f32(x.v[0], x.v[0]), vzip2q_f32(x.v[0], x.v[0]),
                    vzip1q_f32(x.v[1], x.v[1]), vzip2q_f32(x.v[1], x.v[1])}};
}

INLINE lanes lanes_negate_even(lanes x) {
    const uint32x4_t signs = vreinterpretq_u32_u64(vdupq_n_u64(0x80000000));
    return FOUR(lanes, vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x.v[i]), signs)));
}
