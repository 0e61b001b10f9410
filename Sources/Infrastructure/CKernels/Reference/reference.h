/* The scalar table's functions: one operation after another, as plainly as C can say it. */
#ifndef BERTH_REFERENCE_H
#define BERTH_REFERENCE_H

#include "CKernels.h"

void berth_reference_quantize(const float *x, size_t columns, berth_block *out, size_t step);
void berth_reference_normalize(const float *x, const float *weight, float epsilon, size_t count,
                               float *out);
void berth_reference_gate(const float *gate, const float *up, size_t count, float *out);
void berth_reference_add(const float *x, size_t count, float *out);
void berth_reference_add_scaled(const float *x, float factor, size_t count, float *out);
void berth_reference_rotate(const berth_rotation *, float *head);
void berth_reference_store(const berth_cache_place *, const float *key, const float *value);
void berth_reference_attend(const berth_attention *);
void berth_reference_join(const berth_attention *);
/* The exponential that gates and attention use, see Formats/exponential.h. */
float berth_reference_exp(float x);
/* Sum of 16 lanes, folded in halves; overwrites them. */
float berth_reference_fold(float lanes[16]);

#endif
