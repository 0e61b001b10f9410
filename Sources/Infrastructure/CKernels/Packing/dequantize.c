/* GGML blocks to float32, with the roundings of GGML's own reference: scale first, then the value. */
#include "../Formats/codes.h"
#include "../Formats/formats.h"
#include "CKernels.h"

static void dequantize_codes(const code_format *format, const uint8_t *block, float *out) {
    code_block read;
    berth_read_codes(format, block, &read);
    float d = format->has_bfloat_scale ? float_from_bfloat(read.scale) : float_from_half(read.scale);
    float dmin = float_from_half(read.minimum);
    for (int i = 0; i < format->values; i++) {
        int group = i * format->scales / BERTH_BLOCK;
        float factor = format->values > BERTH_BLOCK ? d * (float)read.scales[group] : d;
        out[i] = factor * (float)integer_of_code(format, read.codes[i]);
        if (format->has_minimum)
            out[i] -= format->values > BERTH_BLOCK ? dmin * (float)read.minimums[group] : dmin;
    }
}

static void dequantize_q8_0(const uint8_t *block, float *out) {
    float scale = float_from_half(load_u16(block));
    for (int i = 0; i < Q8_0_VALUES; i++) out[i] = scale * (float)(int8_t)block[2 + i];
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
    case BERTH_Q8_0:
        for (; count; count -= Q8_0_VALUES, source += Q8_0_BYTES, out += Q8_0_VALUES)
            dequantize_q8_0(source, out);
        break;
    case BERTH_Q6_K:
        for (; count; count -= Q6_K_VALUES, source += Q6_K_BYTES, out += Q6_K_VALUES)
            dequantize_q6_k(source, out);
        break;
    default: {
        const code_format *format = berth_code_format(type);
        if (!format) break;
        const size_t values = (size_t)format->values;
        for (; count; count -= values, source += format->bytes, out += values)
            dequantize_codes(format, source, out);
    }
    }
}
