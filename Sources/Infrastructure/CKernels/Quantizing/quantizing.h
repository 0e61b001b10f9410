/* Rounding float32 to GGML's blocks, by instruction set. */
#ifndef BERTH_QUANTIZING_H
#define BERTH_QUANTIZING_H

#include "CKernels.h"

void berth_scalar_encode(uint32_t type, const float *x, size_t count, uint8_t *out);
void berth_avx2_encode(uint32_t type, const float *x, size_t count, uint8_t *out);
void berth_avx512_encode(uint32_t type, const float *x, size_t count, uint8_t *out);

#endif
