/* Finding scales: the codes of a group follow from its scale (and minimum), the best scale for given codes
 * follows from least squares; so scales are tried around the one that just covers the range, each improved by
 * least squares, and the one with the smallest weighted error wins. The idea is that of the reference
 * quantizers of ggml's K types (Kawrakow 2023). */

/* value = scale * code - minimum */
typedef struct {
    floats scale, minimum;
} fit;

/* Codes from -levels to levels - 1, no minimum. */
INLINE floats fit_symmetric(const floats *x, const floats *weights, int length, int levels) {
    floats extreme = all(0);
    for (int i = 0; i < length; i++)
        extreme = pick(magnitude(x[i]) > magnitude(extreme), x[i], extreme);
    const floats unit = inverse(extreme);
    floats best = all(0), best_gain = all(0);
    for (int step = -9; step <= 9; step++) {
        const floats factor = unit * -((float)levels + 0.1f * (float)step);
        floats products = all(0), squares = all(0);
        for (int i = 0; i < length; i++) {
            const floats code = rounded(factor * x[i], (float)-levels, (float)(levels - 1));
            const floats weighted = weights[i] * code;
            products += weighted * x[i];
            squares += weighted * code;
        }
        /* The error that is left is sum(w x^2) - gain. */
        const floats scale = products * inverse(squares), gain = scale * products;
        const integers better = gain > best_gain;
        best = pick(better, scale, best);
        best_gain = pick(better, gain, best_gain);
    }
    return best;
}

/* Codes from 0 to levels - 1; `at_least_zero`: whether the minimum must not be negative. */
INLINE fit fit_affine(const floats *x, const floats *weights, int length, int levels,
                      bool at_least_zero, int steps, float first, float step) {
    floats low = x[0], high = x[0], weight = all(0), sum = all(0);
    for (int i = 0; i < length; i++) {
        low = smaller(low, x[i]);
        high = larger(high, x[i]);
        weight += weights[i];
        sum += weights[i] * x[i];
    }
    if (at_least_zero) low = smaller(low, all(0));
    const float top = (float)(levels - 1);
    const floats unit = inverse(high - low);
    fit best = {(high - low) * (1 / top), -low};
    floats best_gain = all(-__builtin_inff());
    for (int number = 0; number <= steps; number++) {
        const floats factor = unit * (top + first + step * (float)number);
        floats codes = all(0), squares = all(0), products = all(0);
        for (int i = 0; i < length; i++) {
            const floats code = rounded(factor * (x[i] - low), 0, top);
            const floats weighted = weights[i] * code;
            codes += weighted;
            squares += weighted * code;
            products += weighted * x[i];
        }
        const floats unknown = inverse(weight * squares - codes * codes);
        fit now = {(weight * products - sum * codes) * unknown,
                   (codes * products - squares * sum) * unknown};
        if (at_least_zero) {
            const integers negative = now.minimum < all(0);
            now.scale = pick(negative, products * inverse(squares), now.scale);
            now.minimum = pick(negative, all(0), now.minimum);
        }
        /* The error that is left is sum(w x^2) - gain. */
        const floats gain = now.scale * products - now.minimum * sum;
        const integers better = (gain > best_gain) & (now.scale > all(0));
        best.scale = pick(better, now.scale, best.scale);
        best.minimum = pick(better, now.minimum, best.minimum);
        best_gain = pick(better, gain, best_gain);
    }
    return best;
}

/* Sum of weighted squares of what rounding leaves. */
INLINE floats error_of(fit fit, const floats *x, const floats *weights, int length, float low,
                       float high) {
    const floats factor = inverse(fit.scale);
    floats error = all(0);
    for (int i = 0; i < length; i++) {
        const floats code = rounded((x[i] + fit.minimum) * factor, low, high);
        const floats left = fit.scale * code - fit.minimum - x[i];
        error += weights[i] * left * left;
    }
    return error;
}

/* Rounds a group with a given scale; codes[i][lane] count from `low` on. */
INLINE void put_codes(fit fit, const floats *x, int length, float low, float high,
                      uint8_t codes[][LANES]) {
    const floats factor = inverse(fit.scale);
    for (int i = 0; i < length; i++) {
        const floats code = rounded((x[i] + fit.minimum) * factor, low, high) - low;
        const integers whole = __builtin_convertvector(code, integers);
        for (int lane = 0; lane < LANES; lane++) codes[i][lane] = (uint8_t)whole[lane];
    }
}
