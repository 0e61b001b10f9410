/* What a 64-bit ARM processor offers beyond the baseline. */
#ifndef BERTH_ARM_H
#define BERTH_ARM_H

#if defined(__aarch64__)

#include <stdbool.h>

#if defined(__APPLE__)
#include <stddef.h>
#include <sys/sysctl.h>

static inline bool arm_has(const char *feature) {
    int value = 0;
    size_t size = sizeof value;
    return sysctlbyname(feature, &value, &size, NULL, 0) == 0 && value != 0;
}

/* Dot products of 8-bit integers: SDOT and UDOT. */
static inline bool arm_has_dotprod(void) { return arm_has("hw.optional.arm.FEAT_DotProd"); }

/* Products of 2 x 8 with 8 x 2 matrices of 8-bit integers: SMMLA. */
static inline bool arm_has_i8mm(void) { return arm_has("hw.optional.arm.FEAT_I8MM"); }
#elif defined(__linux__)
#include <sys/auxv.h>

/* Bits of Linux's hardware capabilities (arch/arm64/include/uapi/asm/hwcap.h). */
static inline bool arm_has_dotprod(void) { return getauxval(AT_HWCAP) >> 20 & 1; }
static inline bool arm_has_i8mm(void) { return getauxval(AT_HWCAP2) >> 13 & 1; }
#else
static inline bool arm_has_dotprod(void) { return false; }
static inline bool arm_has_i8mm(void) { return false; }
#endif

#endif
#endif
