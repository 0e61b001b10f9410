/* The tables that more than the scalar one has; only where the target can compile them. */
#ifndef BERTH_TABLES_H
#define BERTH_TABLES_H

#include "CKernels.h"

#if defined(__x86_64__)
extern const berth_kernels berth_avx2_kernels;
extern const berth_kernels berth_avx512_kernels;
#endif

#endif
