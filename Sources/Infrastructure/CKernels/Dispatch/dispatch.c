/* Which table a machine can run. */
#include "../Attention/attention.h"
#include "../Elementwise/elementwise.h"
#include "../Products/products.h"
#include "../Quantizing/quantizing.h"
#include "../Reference/reference.h"
#include "../Words/words.h"
#include "arm.h"

static const berth_kernels scalar = {
    .name = "scalar",
    .tile = 4,
    .products = PRODUCT_TABLE(reference),
    .add_product = berth_reference_add_product,
    .quantize = berth_reference_quantize,
    .normalize = berth_reference_normalize,
    .gate = berth_reference_gate,
    .add = berth_reference_add,
    .add_scaled = berth_reference_add_scaled,
    .rotate = berth_reference_rotate,
    .attention = {berth_reference_store, berth_reference_attend, berth_reference_join},
    .words = WORD_TABLE(reference, 4),
    .encode = berth_scalar_encode,
};

/* `multiply` names the products, `isa` everything else. */
#define TABLE(label, isa, multiply, tokens, word_tokens)                                           \
    {                                                                                              \
        .name = label, .tile = tokens, .products = PRODUCT_TABLE(multiply),                        \
        .add_product = berth_##multiply##_add_product,                                             \
        .quantize = berth_##isa##_quantize, .normalize = berth_##isa##_normalize,                  \
        .gate = berth_##isa##_gate, .add = berth_##isa##_add,                                      \
        .add_scaled = berth_##isa##_add_scaled, .rotate = berth_##isa##_rotate,                    \
        .attention = {berth_##isa##_store, berth_##isa##_attend, berth_##isa##_join},              \
        .words = WORD_TABLE(isa, word_tokens),                                                     \
        .encode = berth_##isa##_encode,                                                            \
    }

#if defined(__x86_64__)
static const berth_kernels avx2 = TABLE("avx2", avx2, avx2, 4, 4);
static const berth_kernels avx512 = TABLE("avx512", avx512, avx512, 12, 12);
#elif defined(__aarch64__)
/* NEON is what scalar.c is compiled for here. */
#define berth_neon_encode berth_scalar_encode

static const berth_kernels dotprod = TABLE("neon-dotprod", neon, dotprod, 8, 4);
static const berth_kernels i8mm = TABLE("neon-i8mm", neon, i8mm, 32, 4);
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
#elif defined(__aarch64__)
    if (isa == BERTH_NEON_DOTPROD && arm_has_dotprod()) return &dotprod;
    if (isa == BERTH_NEON_I8MM && arm_has_dotprod() && arm_has_i8mm()) return &i8mm;
#endif
    return isa == BERTH_SCALAR ? &scalar : NULL;
}

void berth_multiply(const berth_kernels *kernels, uint32_t type, const berth_product *product) {
    kernels->products[type](product);
}
