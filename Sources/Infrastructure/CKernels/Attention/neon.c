/* Attention with NEON. */
#if defined(__aarch64__)

#include "attention.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF
#define INLINE static inline __attribute__((always_inline))
#define NAME(operation) berth_neon_##operation

#include "../Lanes/neon.h"
#include "body.h"

#endif
