/* Quantizers for any processor, and what all of them share. */
#include "quantizing.h"

#define NAME(operation) berth_scalar_##operation

#include "body.h"

bool berth_can_encode(uint32_t type) {
    switch (type) {
    case BERTH_F32:
    case BERTH_F16:
    case BERTH_Q4_0:
    case BERTH_Q5_0:
    case BERTH_Q5_1:
    case BERTH_Q8_0:
    case BERTH_Q4_K:
    case BERTH_Q5_K:
    case BERTH_Q6_K: return true;
    default: return false;
    }
}

size_t berth_count_finite(const float *x, size_t count) {
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = bits_from_float(x[i]) & 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    if (largest < 0x7f800000) return count;
    size_t finite = 0;
    while ((bits_from_float(x[finite]) & 0x7fffffff) < 0x7f800000) finite++;
    return finite;
}
