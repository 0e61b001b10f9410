/* Attention, by instruction set. */
#ifndef BERTH_ATTENTION_H
#define BERTH_ATTENTION_H

#include "CKernels.h"

void berth_avx2_attend(const berth_attention *);
void berth_avx512_attend(const berth_attention *);
void berth_neon_attend(const berth_attention *);

#endif
