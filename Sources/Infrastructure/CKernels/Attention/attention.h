/* Attention, by instruction set. */
#ifndef BERTH_ATTENTION_H
#define BERTH_ATTENTION_H

#include "CKernels.h"

#define DECLARE_ATTENTION(isa)                                                                     \
    void berth_##isa##_store(const berth_cache_place *, const float *key, const float *value);     \
    void berth_##isa##_attend(const berth_attention *);                                            \
    void berth_##isa##_join(const berth_attention *);

DECLARE_ATTENTION(avx2)
DECLARE_ATTENTION(avx512)
DECLARE_ATTENTION(neon)

#endif
