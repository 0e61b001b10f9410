/* exp on 16 lanes, step by step as Reference/elementwise.c. Included after the lanes of an instruction set. */
#include "../Formats/exponential.h"

INLINE lanes lanes_exp(lanes x) {
    const lanes clamped = lanes_min(lanes_of(EXP_HIGHEST), x);
    const lanes shifted = lanes_fma(clamped, lanes_of(EXP_LOG2_E), lanes_of(EXP_ROUNDER));
    const lanes n = lanes_subtract(shifted, lanes_of(EXP_ROUNDER));
    lanes r = lanes_fma(n, lanes_of(-EXP_LN2_HIGH), clamped);
    r = lanes_fma(n, lanes_of(-EXP_LN2_LOW), r);
    lanes q = lanes_fma(lanes_of(EXP_C4), r, lanes_of(EXP_C3));
    q = lanes_fma(q, r, lanes_of(EXP_C2));
    q = lanes_fma(q, r, lanes_of(EXP_C1));
    q = lanes_fma(q, r, lanes_of(EXP_C0));
    const lanes y =
        lanes_add(lanes_fma(q, lanes_multiply(r, r), r), lanes_of(1));
    return lanes_zero_below(x, EXP_LOWEST, lanes_scale(y, shifted));
}
