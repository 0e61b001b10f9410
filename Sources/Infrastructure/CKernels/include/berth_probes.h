#ifndef BERTH_PROBES_H
#define BERTH_PROBES_H

#include <stddef.h>
#include <stdint.h>

/// Loops that do nothing but load one resource of the machine, to learn its ceiling.
///
/// Each runs on one thread; start one per thread to load the machine. All return a value that depends on every
/// operation, so that no compiler leaves the work out.

/// Reads `bytes` (a multiple of 512) from `memory` (64-byte aligned) once.
uint64_t berth_probe_read(const void *_Nonnull memory, size_t bytes);

/// Operations (a multiplication and an addition each count one) that one step of the loop below does.
size_t berth_probe_float_operations(void);
/// Fused float32 multiply-adds in registers.
float berth_probe_float(long steps);

/// As above, for 8-bit integer dot products; 0 where the processor has no such instruction.
size_t berth_probe_int8_operations(void);
int32_t berth_probe_int8(long steps);

#endif
