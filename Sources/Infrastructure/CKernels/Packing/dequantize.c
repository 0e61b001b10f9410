/* GGML blocks to float32, with the roundings of GGML's own reference: scale first, then the value. */
#include "../Formats/formats.h"
#include "CKernels.h"

static void dequantize_q4_0(const uint8_t *block, float *out) {
    float scale = float_from_half(load_u16(block));
    for (int i = 0; i < 16; i++) {
        out[i] = scale * (float)((block[2 + i] & 15) - 8);
        out[i + 16] = scale * (float)((block[2 + i] >> 4) - 8);
    }
}

static void dequantize_q8_0(const uint8_t *block, float *out) {
    float scale = float_from_half(load_u16(block));
    for (int i = 0; i < Q8_0_VALUES; i++) out[i] = scale * (float)(int8_t)block[2 + i];
}

static void dequantize_q4_k(const uint8_t *block, float *out) {
    float d = float_from_half(load_u16(block)), dmin = float_from_half(load_u16(block + 2));
    for (int group = 0; group < 8; group++) {
        uint8_t scale, minimum;
        q4_k_scale(block + 4, group, &scale, &minimum);
        float factor = d * (float)scale, offset = dmin * (float)minimum;
        for (int i = group * 32; i < group * 32 + 32; i++)
            out[i] = factor * (float)q4_k_value(block, i) - offset;
    }
}

static void dequantize_q6_k(const uint8_t *block, float *out) {
    float d = float_from_half(load_u16(block + 208));
    for (int i = 0; i < Q6_K_VALUES; i++) {
        float factor = d * (float)(int8_t)block[192 + i / 16];
        out[i] = factor * (float)(q6_k_value(block, i) - 32);
    }
}

void berth_dequantize(uint32_t type, const uint8_t *source, size_t count, float *out) {
    switch (type) {
    case BERTH_F32: memcpy(out, source, count * 4); break;
    case BERTH_F16:
        for (size_t i = 0; i < count; i++) out[i] = float_from_half(load_u16(source + 2 * i));
        break;
    case BERTH_BF16:
        for (size_t i = 0; i < count; i++) out[i] = float_from_bfloat(load_u16(source + 2 * i));
        break;
    case BERTH_Q4_0:
        for (; count; count -= Q4_0_VALUES, source += Q4_0_BYTES, out += Q4_0_VALUES)
            dequantize_q4_0(source, out);
        break;
    case BERTH_Q8_0:
        for (; count; count -= Q8_0_VALUES, source += Q8_0_BYTES, out += Q8_0_VALUES)
            dequantize_q8_0(source, out);
        break;
    case BERTH_Q4_K:
        for (; count; count -= Q4_K_VALUES, source += Q4_K_BYTES, out += Q4_K_VALUES)
            dequantize_q4_k(source, out);
        break;
    case BERTH_Q6_K:
        for (; count; count -= Q6_K_VALUES, source += Q6_K_BYTES, out += Q6_K_VALUES)
            dequantize_q6_k(source, out);
        break;
    }
}
