/* Compares tables of kernels with the scalar one, bit for bit. Plain C, so that it can be built for and run on (or as)
 * a processor for which there is no Swift toolchain at hand. */
#ifndef BERTH_COMPARE_H
#define BERTH_COMPARE_H

#include "CKernels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begins a named comparison; what is found different until the next one counts as one failure. */
void begin(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Compares floats by their bits; one NaN is as good as another. */
void same_floats(const char *what, const float *expected, const float *found, size_t count);
void same_bytes(const char *what, const void *expected, const void *found, size_t count);

/* Random numbers, the same in every run. */
void seed(uint64_t number);
uint32_t random_bits(void);
/* From -scale to scale. */
float random_float(float scale);
void fill_random(float *x, size_t count, float scale);
/* Halves of odd integers up to `largest`, which is the first number. */
void fill_ties(float *x, size_t count, int largest);

/* Zeroed memory that starts at a multiple of 64 bytes. Freed by `release_all`. */
void *room(size_t bytes);
/* The same, but its last byte is the last of its page, behind which nothing can be read or written. */
void *room_at_the_edge(size_t bytes);
float *at_the_edge(const float *x, size_t count);
void release_all(void);

/* Numbers that kernels treat in their own way: NaN, infinities, denormals, signed zeros, limits of types. */
extern const float unusual[];
extern const size_t unusual_count;

void compare_products(const berth_kernels *scalar, const berth_kernels *tested);
void compare_rows(const berth_kernels *scalar, const berth_kernels *tested);
void compare_attention(const berth_kernels *scalar, const berth_kernels *tested);
void compare_words(const berth_kernels *scalar, const berth_kernels *tested);

#endif
