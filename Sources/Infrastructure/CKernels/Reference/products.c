/* Scalar products with packed panels: the order of float operations that every instruction set keeps. */
#include "../Formats/formats.h"
#include "../Formats/panels.h"
#include "reference.h"

enum { TILE = 4 };

/* One block of one output row: unsigned values, a scale a half, and a minimum. */
typedef struct {
    uint8_t values[BERTH_BLOCK];
    float scales[2];
    float minimum;
} row_block;

typedef row_block (*block_reader)(const uint8_t *panel, size_t block, size_t row);

static float half_at(const uint8_t *bytes, size_t index) {
    return float_from_half(load_u16(bytes + 2 * index));
}

static row_block read_q4_0(const uint8_t *panel, size_t block, size_t row) {
    const uint8_t *record = panel + block / 2 * Q4_0_RECORD;
    const uint8_t *lines = record + LINE + block % 2 * 4 * LINE + row * 4;
    row_block result = {.minimum = 0};
    result.scales[0] = half_at(record, block % 2 * BERTH_PANEL_ROWS + row) * 0.0625f;
    for (size_t i = 0; i < 16; i++) {
        uint8_t byte = lines[i / 4 * LINE + i % 4];
        result.values[i] = (uint8_t)(byte << 4);
        result.values[i + 16] = byte & 0xf0;
    }
    return result;
}

static row_block read_q8_0(const uint8_t *panel, size_t block, size_t row) {
    const uint8_t *record = panel + block / 2 * Q8_0_RECORD;
    const uint8_t *lines = record + LINE + block % 2 * 8 * LINE + row * 4;
    row_block result = {.minimum = 0};
    result.scales[0] = half_at(record, block % 2 * BERTH_PANEL_ROWS + row);
    for (size_t i = 0; i < 32; i++) result.values[i] = lines[i / 4 * LINE + i % 4];
    return result;
}

static row_block read_q4_k(const uint8_t *panel, size_t block, size_t row) {
    const uint8_t *record = panel + block / 8 * Q4_K_RECORD;
    size_t group = block % 8;
    const uint8_t *lines = record + Q4_K_LINES + group * 4 * LINE + row * 4;
    row_block result;
    result.scales[0] = half_at(record, row) * (float)record[Q4_K_SCALES + group * 16 + row];
    result.minimum = half_at(record, BERTH_PANEL_ROWS + row) *
                     (float)record[Q4_K_MINIMUMS + group * 16 + row];
    for (size_t i = 0; i < 16; i++) {
        uint8_t byte = lines[i / 4 * LINE + i % 4];
        result.values[i] = byte & 15;
        result.values[i + 16] = byte >> 4;
    }
    return result;
}

static row_block read_q6_k(const uint8_t *panel, size_t block, size_t row) {
    const uint8_t *record = panel + block / 8 * Q6_K_RECORD;
    row_block result = {.minimum = 0};
    float d;
    memcpy(&d, record + row * 4, 4);
    for (size_t half = 0; half < 2; half++) {
        size_t group = block % 8 * 2 + half;
        const uint8_t *lines = record + Q6_K_LINES + group * 3 * LINE + row * 4;
        result.scales[half] =
            d * (float)(int8_t)record[Q6_K_SCALES + group * 16 + row] * 0.25f;
        for (size_t i = 0; i < 4; i++) {
            uint8_t a = lines[i], b = lines[LINE + i], c = lines[2 * LINE + i];
            result.values[half * 16 + i] = a & 0xfc;
            result.values[half * 16 + 4 + i] = b & 0xfc;
            result.values[half * 16 + 8 + i] = c & 0xfc;
            result.values[half * 16 + 12 + i] =
                (uint8_t)((a & 3) << 6 | (b & 3) << 4 | (c & 3) << 2);
        }
    }
    return result;
}

/* How a type's offset and scales enter the sum. */
typedef enum { WITH_MINIMUM, WITH_OFFSET, WITH_OFFSET_AND_TWO_SCALES } arithmetic;

static float add_block(float sum, const row_block *w, const berth_block *x, arithmetic how) {
    int32_t dots[2] = {0, 0};
    for (int i = 0; i < BERTH_BLOCK; i++) dots[i / 16] += w->values[i] * x->values[i];
    if (how == WITH_MINIMUM) {
        sum = __builtin_fmaf((float)(dots[0] + dots[1]) * w->scales[0], x->scale, sum);
        return __builtin_fmaf(-w->minimum, x->sum, sum);
    }
    dots[0] += x->offsets[0];
    dots[1] += x->offsets[1];
    if (how == WITH_OFFSET)
        return __builtin_fmaf((float)(dots[0] + dots[1]) * w->scales[0], x->scale, sum);
    float scaled = (float)dots[0] * w->scales[0];
    scaled = __builtin_fmaf((float)dots[1], w->scales[1], scaled);
    return __builtin_fmaf(scaled, x->scale, sum);
}

static void quantized(const berth_product *p, uint32_t type, block_reader read, arithmetic how) {
    size_t blocks = p->columns / BERTH_BLOCK, panel_bytes = berth_panel_bytes(type, p->columns);
    for (size_t row = 0; row < p->rows; row++) {
        const uint8_t *panel = p->panels + row / BERTH_PANEL_ROWS * panel_bytes;
        for (size_t token = 0; token < p->tokens; token++) p->output[token * p->output_stride + row] = 0;
        for (size_t block = 0; block < blocks; block++) {
            row_block weights = read(panel, block, row % BERTH_PANEL_ROWS);
            for (size_t token = 0; token < p->tokens; token++) {
                size_t start = token / TILE * TILE;
                size_t width = p->tokens - start < TILE ? p->tokens - start : TILE;
                const berth_block *x = p->blocks + start * blocks + block * width + token % TILE;
                float *sum = p->output + token * p->output_stride + row;
                *sum = add_block(*sum, &weights, x, how);
            }
        }
    }
}

void berth_reference_product_q4_0(const berth_product *p) {
    quantized(p, BERTH_Q4_0, read_q4_0, WITH_OFFSET);
}

void berth_reference_product_q8_0(const berth_product *p) {
    quantized(p, BERTH_Q8_0, read_q8_0, WITH_OFFSET);
}

void berth_reference_product_q4_k(const berth_product *p) {
    quantized(p, BERTH_Q4_K, read_q4_k, WITH_MINIMUM);
}

void berth_reference_product_q6_k(const berth_product *p) {
    quantized(p, BERTH_Q6_K, read_q6_k, WITH_OFFSET_AND_TWO_SCALES);
}

typedef float (*element_reader)(const uint8_t *panel, size_t index);

static float read_f32(const uint8_t *panel, size_t index) {
    float value;
    memcpy(&value, panel + 4 * index, 4);
    return value;
}

static float read_bf16(const uint8_t *panel, size_t index) {
    return float_from_bfloat(load_u16(panel + 2 * index));
}

static void plain(const berth_product *p, uint32_t type, element_reader read) {
    size_t panel_bytes = berth_panel_bytes(type, p->columns);
    for (size_t row = 0; row < p->rows; row++) {
        const uint8_t *panel = p->panels + row / BERTH_PANEL_ROWS * panel_bytes;
        for (size_t token = 0; token < p->tokens; token++) {
            float sum = 0;
            for (size_t column = 0; column < p->columns; column++) {
                float weight = read(panel, column * BERTH_PANEL_ROWS + row % BERTH_PANEL_ROWS);
                sum = __builtin_fmaf(weight, p->input[token * p->input_stride + column], sum);
            }
            p->output[token * p->output_stride + row] = sum;
        }
    }
}

void berth_reference_product_f32(const berth_product *p) { plain(p, BERTH_F32, read_f32); }

void berth_reference_product_f16(const berth_product *p) { plain(p, BERTH_F16, half_at); }

void berth_reference_product_bf16(const berth_product *p) { plain(p, BERTH_BF16, read_bf16); }
