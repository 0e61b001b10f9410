/* Products with NEON and its dot products (Armv8.2 and later). */
#if defined(__aarch64__)

#include "tiles.h"

enum { TILE = 8 };

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "neon.h"

DEFINE_PRODUCT(berth_dotprod_product_f32, BERTH_F32, TILE, FOR_ANY_WIDTH, tile_f32)
DEFINE_PRODUCT(berth_dotprod_product_f16, BERTH_F16, TILE, FOR_ANY_WIDTH, tile_f16)
DEFINE_PRODUCT(berth_dotprod_product_bf16, BERTH_BF16, TILE, FOR_ANY_WIDTH, tile_bf16)
DEFINE_PRODUCT(berth_dotprod_add_product, BERTH_F16, TILE, FOR_ANY_WIDTH, tile_added)

#define DEFINE(name, type)                                                                         \
    DEFINE_PRODUCT(berth_dotprod_product_##name, type, TILE, FOR_WIDTHS_TO_8, tile_##name)

DEFINE(q8_0, BERTH_Q8_0)
DEFINE(q6_k, BERTH_Q6_K)

#define DEFINE_CODES(name) DEFINE(name, format_##name.type)

FOR_CODE_TYPES(DEFINE_CODES)

#pragma clang attribute pop

#endif
