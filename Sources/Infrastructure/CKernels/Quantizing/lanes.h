/* 16 groups of values at once, a lane each. Plain vector arithmetic that the compiler turns into whatever the
 * target has: no operation crosses lanes and none is fused, so the bits are the same everywhere. */
#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

/* Everything is inlined, so no vector is ever an argument. */
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16 };

typedef float floats __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));

INLINE floats all(float value) { return (floats){0} + value; }

INLINE floats pick(integers mask, floats a, floats b) {
    return (floats)((mask & (integers)a) | (~mask & (integers)b));
}

INLINE floats smaller(floats a, floats b) { return pick(a < b, a, b); }
INLINE floats larger(floats a, floats b) { return pick(a > b, a, b); }
INLINE floats magnitude(floats x) { return (floats)((integers)x & 0x7fffffff); }

/* To the nearest integer, ties to even, and into a range of small integers. */
INLINE floats rounded(floats x, float low, float high) {
    const float rounder = 0x1.8p23f;
    return (smaller(larger(x, all(low)), all(high)) + rounder) - rounder;
}

/* 1 / x, and 0 where that is no number or too large to multiply with. */
INLINE floats inverse(floats x) {
    return pick(magnitude(x) > all(0x1p-120f), 1 / x, all(0));
}

/* Value i of every lane's group at x[i]; groups from number `groups` on are zero. */
INLINE void load_groups(const float *values, int length, size_t groups, floats *x) {
    for (int i = 0; i < length; i++) x[i] = all(0);
    for (size_t lane = 0; lane < LANES && lane < groups; lane++)
        for (int i = 0; i < length; i++) x[i][lane] = values[lane * (size_t)length + (size_t)i];
}
