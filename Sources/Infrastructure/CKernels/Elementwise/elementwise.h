/* Row operations, by instruction set. */
#ifndef BERTH_ELEMENTWISE_H
#define BERTH_ELEMENTWISE_H

#include "CKernels.h"

#define DECLARE_ELEMENTWISE(isa)                                                                   \
    void berth_##isa##_quantize(const float *x, size_t columns, berth_block *out, size_t step);    \
    void berth_##isa##_normalize(const float *x, const float *weight, float epsilon, size_t count, \
                                 float *out);                                                      \
    void berth_##isa##_gate(const float *gate, const float *up, size_t count, float *out);         \
    void berth_##isa##_add(const float *x, size_t count, float *out);                              \
    void berth_##isa##_add_scaled(const float *x, float factor, size_t count, float *out);         \
    void berth_##isa##_rotate(const berth_rotation *, float *head);

DECLARE_ELEMENTWISE(avx2)
DECLARE_ELEMENTWISE(avx512)
DECLARE_ELEMENTWISE(neon)

#endif
