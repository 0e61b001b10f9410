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

size_t berth_count_within(const float *x, size_t count, float limit) {
    const uint32_t most = bits_from_float(limit);
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = bits_from_float(x[i]) & 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    if (largest <= most) return count;
    size_t within = 0;
    while ((bits_from_float(x[within]) & 0x7fffffff) <= most) within++;
    return within;
}

static inline size_t find_bits(const uint8_t *source, size_t stride, size_t count, uint16_t mask) {
    enum { CHUNK = 1024 };
    for (size_t start = 0; start < count; start += CHUNK) {
        const size_t end = count - start < CHUNK ? count : start + CHUNK;
        uint16_t found = 0;
        for (size_t i = start; i < end; i++) {
            found |= (load_u16(source + i * stride) & mask) == mask;
        }
        if (!found) continue;
        for (size_t i = start; i < end; i++) {
            if ((load_u16(source + i * stride) & mask) == mask) return i;
        }
    }
    return count;
}

size_t berth_find_bits(const uint8_t *source, size_t stride, size_t count, uint16_t mask) {
    switch (stride) {
    case 2: return find_bits(source, 2, count, mask);
    case 4: return find_bits(source, 4, count, mask);
    default: return find_bits(source, stride, count, mask);
    }
}
