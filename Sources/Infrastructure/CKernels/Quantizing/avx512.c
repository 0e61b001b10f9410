/* Quantizers with AVX-512. */
#if defined(__x86_64__)

#include "quantizing.h"

#define NAME(operation) berth_avx512_##operation

#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#include "body.h"

#pragma clang attribute pop

#endif
