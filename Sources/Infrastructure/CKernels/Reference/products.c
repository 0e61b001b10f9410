/* Scalar products with packed panels: the order of float operations that every instruction set keeps. */
#include "../Formats/formats.h"
#include "../Formats/panels.h"
#include "../Products/products.h"

enum { TILE = 4 };

/* One block of one output row: integers, a scale a half, and what is subtracted. */
typedef struct {
    int8_t values[BERTH_BLOCK];
    float scales[2];
    float minimums[2];
} row_block;

static float half_at(const uint8_t *bytes, size_t index) {
    return float_from_half(load_u16(bytes + 2 * index));
}

static row_block read_q8_0(const uint8_t *panel, size_t block, size_t row) {
    const uint8_t *record = panel + block / 2 * Q8_0_RECORD;
    const uint8_t *lines = record + LINE + block % 2 * 8 * LINE + row * 4;
    row_block result = {.scales = {half_at(record, block % 2 * BERTH_PANEL_ROWS + row)}};
    for (size_t i = 0; i < 32; i++)
        result.values[i] = (int8_t)(lines[i / 4 * LINE + i % 4] - 128);
    return result;
}

static row_block read_q6_k(const uint8_t *panel, size_t block, size_t row) {
    const uint8_t *record = panel + block / 8 * Q6_K_RECORD;
    row_block result = {.scales = {0}};
    float d;
    memcpy(&d, record + row * 4, 4);
    for (size_t half = 0; half < 2; half++) {
        size_t group = block % 8 * 2 + half;
        const uint8_t *lines = record + Q6_K_LINES + group * 3 * LINE + row * 4;
        result.scales[half] = d * (float)(int8_t)record[Q6_K_SCALES + group * 16 + row];
        int8_t *values = result.values + half * 16;
        for (size_t i = 0; i < 4; i++) {
            uint8_t a = lines[i], b = lines[LINE + i], c = lines[2 * LINE + i];
            values[i] = (int8_t)((a >> 2) - 32);
            values[4 + i] = (int8_t)((b >> 2) - 32);
            values[8 + i] = (int8_t)((c >> 2) - 32);
            values[12 + i] = (int8_t)(((a & 3) << 4 | (b & 3) << 2 | (c & 3)) - 32);
        }
    }
    return result;
}

static row_block read_codes(const code_format *format, const uint8_t *panel, size_t block,
                            size_t row) {
    const uint8_t *record = panel + block / record_blocks(format) * record_bytes(format);
    const size_t within = block % record_blocks(format);
    const uint8_t *minimums = record + minimums_start(format);
    row_block result = {.scales = {0}};
    for (int half = 0; half < format->scales; half++) {
        if (has_superblocks(format)) {
            const size_t group = within * (size_t)format->scales + (size_t)half;
            const size_t place = group * BERTH_PANEL_ROWS + row;
            result.scales[half] = half_at(record, row) * (float)(int8_t)record[LINE + place];
            if (format->has_minimum)
                result.minimums[half] =
                    half_at(record, BERTH_PANEL_ROWS + row) * (float)(int8_t)minimums[place];
        } else {
            const size_t place = within * BERTH_PANEL_ROWS + row;
            result.scales[half] = format->has_bfloat_scale
                                      ? float_from_bfloat(load_u16(record + 2 * place))
                                      : half_at(record, place);
            if (format->has_minimum) result.minimums[half] = half_at(minimums, place);
        }
    }
    const uint8_t *lines =
        record + lines_start(format) + within * (size_t)format->bits * LINE + row * 4;
    for (size_t i = 0; i < BERTH_BLOCK; i++) {
        uint8_t byte = lines[i % 16 / 4 * LINE + i % 4];
        int code = i < 16 ? byte & 15 : byte >> 4;
        if (format->bits == 5) code |= (lines[4 * LINE + i % 4] >> i / 4 & 1) << 4;
        result.values[i] = (int8_t)integer_of_code(format, code);
    }
    return result;
}

static float add_block(float sum, const row_block *w, const berth_block *x, int scales,
                       bool has_minimum) {
    int32_t dots[2] = {0, 0};
    for (int i = 0; i < BERTH_BLOCK; i++) dots[i / 16] += w->values[i] * x->values[i];
    if (scales == 1) {
        sum = __builtin_fmaf((float)(dots[0] + dots[1]) * w->scales[0], x->scale, sum);
        return has_minimum ? __builtin_fmaf(-w->minimums[0], x->sum, sum) : sum;
    }
    float scaled = (float)dots[0] * w->scales[0];
    scaled = __builtin_fmaf((float)dots[1], w->scales[1], scaled);
    for (int half = 0; half < 2 && has_minimum; half++) {
        /* The offset is -128 times the sum of the half's activations. */
        float minimum = w->minimums[half] * 0x1p-7f;
        scaled = __builtin_fmaf(minimum, (float)x->offsets[half], scaled);
    }
    return __builtin_fmaf(scaled, x->scale, sum);
}

/* `format` is NULL for the two types that are no codes. */
static void quantized(const berth_product *p, uint32_t type, const code_format *format) {
    size_t blocks = p->columns / BERTH_BLOCK, panel_bytes = berth_panel_bytes(type, p->columns);
    int scales = format ? format->scales : type == BERTH_Q6_K ? 2 : 1;
    for (size_t row = 0; row < p->rows; row++) {
        const uint8_t *panel = p->panels + row / BERTH_PANEL_ROWS * panel_bytes;
        for (size_t token = 0; token < p->tokens; token++) p->output[token * p->output_stride + row] = 0;
        for (size_t block = 0; block < blocks; block++) {
            size_t lane = row % BERTH_PANEL_ROWS;
            row_block weights = format               ? read_codes(format, panel, block, lane)
                                : type == BERTH_Q6_K ? read_q6_k(panel, block, lane)
                                                     : read_q8_0(panel, block, lane);
            for (size_t token = 0; token < p->tokens; token++) {
                size_t start = token / TILE * TILE;
                size_t width = p->tokens - start < TILE ? p->tokens - start : TILE;
                const berth_block *x = p->blocks + start * blocks + block * width + token % TILE;
                float *sum = p->output + token * p->output_stride + row;
                *sum = add_block(*sum, &weights, x, scales, format && format->has_minimum);
            }
        }
    }
}

void berth_reference_product_q8_0(const berth_product *p) { quantized(p, BERTH_Q8_0, NULL); }

void berth_reference_product_q6_k(const berth_product *p) { quantized(p, BERTH_Q6_K, NULL); }

#define DEFINE_CODES(name)                                                                         \
    void berth_reference_product_##name(const berth_product *p) {                                  \
        quantized(p, format_##name.type, &format_##name);                                          \
    }

FOR_CODE_TYPES(DEFINE_CODES)

typedef float (*element_reader)(const uint8_t *panel, size_t index);

static float read_f32(const uint8_t *panel, size_t index) {
    float value;
    memcpy(&value, panel + 4 * index, 4);
    return value;
}

static float read_bf16(const uint8_t *panel, size_t index) {
    return float_from_bfloat(load_u16(panel + 2 * index));
}

/* `adds`: whether a sum begins with what the output holds. */
static void plain(const berth_product *p, uint32_t type, element_reader read, bool adds) {
    size_t panel_bytes = berth_panel_bytes(type, p->columns);
    for (size_t row = 0; row < p->rows; row++) {
        const uint8_t *panel = p->panels + row / BERTH_PANEL_ROWS * panel_bytes;
        for (size_t token = 0; token < p->tokens; token++) {
            float sum = adds ? p->output[token * p->output_stride + row] : 0;
            for (size_t column = 0; column < p->columns; column++) {
                float weight = read(panel, column * BERTH_PANEL_ROWS + row % BERTH_PANEL_ROWS);
                sum = __builtin_fmaf(weight, p->input[token * p->input_stride + column], sum);
            }
            p->output[token * p->output_stride + row] = sum;
        }
    }
}

void berth_reference_product_f32(const berth_product *p) { plain(p, BERTH_F32, read_f32, false); }

void berth_reference_product_f16(const berth_product *p) { plain(p, BERTH_F16, half_at, false); }

void berth_reference_product_bf16(const berth_product *p) { plain(p, BERTH_BF16, read_bf16, false); }

void berth_reference_add_product(const berth_product *p) { plain(p, BERTH_F16, half_at, true); }
