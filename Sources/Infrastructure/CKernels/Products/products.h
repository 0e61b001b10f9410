/* Products, by instruction set and weight type. */
#ifndef BERTH_PRODUCTS_H
#define BERTH_PRODUCTS_H

#include "../Formats/codes.h"

#define DECLARE_PRODUCT(isa, name) void berth_##isa##_product_##name(const berth_product *);

#define DECLARE_PRODUCTS(isa)                                                                      \
    DECLARE_PRODUCT(isa, f32)                                                                      \
    DECLARE_PRODUCT(isa, f16)                                                                      \
    DECLARE_PRODUCT(isa, bf16)                                                                     \
    DECLARE_PRODUCT(isa, q8_0)                                                                     \
    DECLARE_PRODUCT(isa, q6_k)                                                                     \
    DECLARE_PRODUCT(isa, q4_0)                                                                     \
    DECLARE_PRODUCT(isa, q4_1)                                                                     \
    DECLARE_PRODUCT(isa, q5_0)                                                                     \
    DECLARE_PRODUCT(isa, q5_1)                                                                     \
    DECLARE_PRODUCT(isa, q2_k)                                                                     \
    DECLARE_PRODUCT(isa, q3_k)                                                                     \
    DECLARE_PRODUCT(isa, q4_k)                                                                     \
    DECLARE_PRODUCT(isa, q5_k)                                                                     \
    DECLARE_PRODUCT(isa, iq4_nl)                                                                   \
    DECLARE_PRODUCT(isa, iq4_xs)                                                                   \
    DECLARE_PRODUCT(isa, mxfp4)                                                                    \
    void berth_##isa##_add_product(const berth_product *);

DECLARE_PRODUCTS(reference)
DECLARE_PRODUCTS(avx2)
DECLARE_PRODUCTS(avx512)
DECLARE_PRODUCTS(dotprod)
DECLARE_PRODUCTS(i8mm)

/* The initializer of `berth_kernels.products`. */
#define PRODUCT_TABLE(isa)                                                                         \
    {                                                                                              \
        [BERTH_F32] = berth_##isa##_product_f32, [BERTH_F16] = berth_##isa##_product_f16,          \
        [BERTH_BF16] = berth_##isa##_product_bf16, [BERTH_Q8_0] = berth_##isa##_product_q8_0,      \
        [BERTH_Q6_K] = berth_##isa##_product_q6_k, [BERTH_Q4_0] = berth_##isa##_product_q4_0,      \
        [BERTH_Q4_1] = berth_##isa##_product_q4_1, [BERTH_Q5_0] = berth_##isa##_product_q5_0,      \
        [BERTH_Q5_1] = berth_##isa##_product_q5_1, [BERTH_Q2_K] = berth_##isa##_product_q2_k,      \
        [BERTH_Q3_K] = berth_##isa##_product_q3_k, [BERTH_Q4_K] = berth_##isa##_product_q4_k,      \
        [BERTH_Q5_K] = berth_##isa##_product_q5_k, [BERTH_IQ4_NL] = berth_##isa##_product_iq4_nl,  \
        [BERTH_IQ4_XS] = berth_##isa##_product_iq4_xs, [BERTH_MXFP4] = berth_##isa##_product_mxfp4 \
    }

#endif
