/* Quantizers with AVX2. */
#if defined(__x86_64__)

#include "quantizing.h"

#define NAME(operation) berth_avx2_##operation

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "body.h"

#pragma clang attribute pop

#endif
