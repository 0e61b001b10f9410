/* exp(x) = 2^n * (1 + r + r^2 * (C0 + C1 r + ... + C4 r^4)), n the integer nearest to x / ln 2 and
 * r = x - n * ln 2. The coefficients are a minimax fit over |r| <= ln(2) / 2 (error 3e-9, below float32's
 * own rounding; together below 2^-22); ln 2 is split so that n * EXP_LN2_HIGH is exact. Below EXP_LOWEST
 * the result is 0, above EXP_HIGHEST that of EXP_HIGHEST. */
#ifndef BERTH_EXPONENTIAL_H
#define BERTH_EXPONENTIAL_H

#define EXP_LOWEST -87.0f
#define EXP_HIGHEST 88.0f
#define EXP_LOG2_E 0x1.715476p+0f
/* 1.5 * 2^23: adding it leaves the nearest integer in the lowest bits. */
#define EXP_ROUNDER 0x1.8p23f
#define EXP_LN2_HIGH 0x1.62e4p-1f
#define EXP_LN2_LOW 0x1.7f7d1cp-20f
#define EXP_C0 0x1.fffffcp-2f
#define EXP_C1 0x1.555492p-3f
#define EXP_C2 0x1.5558f2p-5f
#define EXP_C3 0x1.123a2p-7f
#define EXP_C4 0x1.6a23cep-10f

#endif
