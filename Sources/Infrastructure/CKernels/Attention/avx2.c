/* Attention with AVX2. */
#if defined(__x86_64__)

#include "attention.h"

#include <immintrin.h>
#include <math.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_avx2_##operation

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "../Lanes/avx2.h"
#include "body.h"

#pragma clang attribute pop

#endif
