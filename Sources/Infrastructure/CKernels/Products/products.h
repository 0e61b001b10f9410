/* Products, by instruction set and weight type. */
#ifndef BERTH_PRODUCTS_H
#define BERTH_PRODUCTS_H

#include "CKernels.h"

#define DECLARE_PRODUCTS(isa)                                                                      \
    void berth_##isa##_product_f32(const berth_product *);                                         \
    void berth_##isa##_product_f16(const berth_product *);                                         \
    void berth_##isa##_product_bf16(const berth_product *);                                        \
    void berth_##isa##_product_q4_0(const berth_product *);                                        \
    void berth_##isa##_product_q8_0(const berth_product *);                                        \
    void berth_##isa##_product_q4_k(const berth_product *);                                        \
    void berth_##isa##_product_q6_k(const berth_product *);

DECLARE_PRODUCTS(avx2)
DECLARE_PRODUCTS(avx512)

#endif
