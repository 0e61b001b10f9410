/* Row operations with AVX-512. */
#if defined(__x86_64__)

#include "elementwise.h"

#include <immintrin.h>
#include <math.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_avx512_##operation

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#include "../Lanes/avx512.h"
#include "body.h"

#pragma clang attribute pop

#endif
