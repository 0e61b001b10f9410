/* Which table a machine can run. */
#include "../Attention/attention.h"
#include "../Elementwise/elementwise.h"
#include "../Products/products.h"
#include "../Reference/reference.h"

static const berth_kernels scalar = {
    .name = "scalar",
    .tile = 4,
    .product_f32 = berth_reference_product_f32,
    .product_f16 = berth_reference_product_f16,
    .product_bf16 = berth_reference_product_bf16,
    .product_q4_0 = berth_reference_product_q4_0,
    .product_q8_0 = berth_reference_product_q8_0,
    .product_q4_k = berth_reference_product_q4_k,
    .product_q6_k = berth_reference_product_q6_k,
    .quantize = berth_reference_quantize,
    .normalize = berth_reference_normalize,
    .gate = berth_reference_gate,
    .add = berth_reference_add,
    .rotate = berth_reference_rotate,
    .narrow = berth_reference_narrow,
    .attend = berth_reference_attend,
};

#if defined(__x86_64__)
#define TABLE(isa, tokens)                                                                         \
    {                                                                                              \
        .name = #isa, .tile = tokens, .product_f32 = berth_##isa##_product_f32,                    \
        .product_f16 = berth_##isa##_product_f16, .product_bf16 = berth_##isa##_product_bf16,      \
        .product_q4_0 = berth_##isa##_product_q4_0, .product_q8_0 = berth_##isa##_product_q8_0,    \
        .product_q4_k = berth_##isa##_product_q4_k, .product_q6_k = berth_##isa##_product_q6_k,    \
        .quantize = berth_##isa##_quantize, .normalize = berth_##isa##_normalize,                  \
        .gate = berth_##isa##_gate, .add = berth_##isa##_add, .rotate = berth_##isa##_rotate,      \
        .narrow = berth_##isa##_narrow, .attend = berth_##isa##_attend,                            \
    }

static const berth_kernels avx2 = TABLE(avx2, 4);
static const berth_kernels avx512 = TABLE(avx512, 12);
#endif

const berth_kernels *berth_kernels_for(berth_isa isa) {
#if defined(__x86_64__)
    bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c");
    if (isa == BERTH_AVX2 && has_avx2) return &avx2;
    if (isa == BERTH_AVX512 && has_avx2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni"))
        return &avx512;
#endif
    return isa == BERTH_SCALAR ? &scalar : NULL;
}

void berth_multiply(const berth_kernels *kernels, uint32_t type, const berth_product *product) {
    switch (type) {
    case BERTH_F32: kernels->product_f32(product); break;
    case BERTH_F16: kernels->product_f16(product); break;
    case BERTH_BF16: kernels->product_bf16(product); break;
    case BERTH_Q4_0: kernels->product_q4_0(product); break;
    case BERTH_Q8_0: kernels->product_q8_0(product); break;
    case BERTH_Q4_K: kernels->product_q4_k(product); break;
    case BERTH_Q6_K: kernels->product_q6_k(product); break;
    }
}
