#include "berth_probes.h"

// Twelve independent chains hide the latency of every instruction measured here.
enum { CHAINS = 12 };

#if defined(__x86_64__)
#include <immintrin.h>

static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

static int has_vnni(void) {
    return has_avx512() && __builtin_cpu_supports("avx512vnni");
}

__attribute__((target("avx512f"))) static uint64_t read_avx512(const char *p, size_t bytes) {
    __m512i sum[8] = {0};
    for (size_t i = 0; i < bytes; i += 512) {
        for (int j = 0; j < 8; j++) {
            _mm_prefetch(p + i + (size_t)j * 64 + 4096, _MM_HINT_T0);
            sum[j] = _mm512_add_epi64(sum[j], _mm512_load_si512(p + i + j * 64));
        }
    }
    for (int j = 1; j < 8; j++) sum[0] = _mm512_add_epi64(sum[0], sum[j]);
    return (uint64_t)_mm512_reduce_add_epi64(sum[0]);
}

__attribute__((target("avx512f"))) static float float_avx512(long steps) {
    __m512 x[CHAINS], a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.1f);
    for (int j = 0; j < CHAINS; j++) x[j] = _mm512_set1_ps((float)j);
    for (long i = 0; i < steps; i++)
        for (int j = 0; j < CHAINS; j++) x[j] = _mm512_fmadd_ps(x[j], a, b);
    for (int j = 1; j < CHAINS; j++) x[0] = _mm512_add_ps(x[0], x[j]);
    return _mm512_reduce_add_ps(x[0]);
}

__attribute__((target("avx512f,avx512vnni"))) static int32_t int8_avx512(long steps) {
    __m512i x[CHAINS], a = _mm512_set1_epi32(0x01020304), b = _mm512_set1_epi32(0x01010101);
    for (int j = 0; j < CHAINS; j++) x[j] = _mm512_set1_epi32(j);
    for (long i = 0; i < steps; i++) {
        // The compiler would otherwise see that every step adds the same.
        __asm__ volatile("" : "+v"(a));
        for (int j = 0; j < CHAINS; j++) x[j] = _mm512_dpbusd_epi32(x[j], a, b);
    }
    for (int j = 1; j < CHAINS; j++) x[0] = _mm512_add_epi32(x[0], x[j]);
    return _mm512_reduce_add_epi32(x[0]);
}

__attribute__((target("avx2,fma"))) static float float_avx2(long steps) {
    __m256 x[CHAINS], a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.1f);
    for (int j = 0; j < CHAINS; j++) x[j] = _mm256_set1_ps((float)j);
    for (long i = 0; i < steps; i++)
        for (int j = 0; j < CHAINS; j++) x[j] = _mm256_fmadd_ps(x[j], a, b);
    float sum = 0, lanes[8];
    for (int j = 0; j < CHAINS; j++) {
        _mm256_storeu_ps(lanes, x[j]);
        for (int k = 0; k < 8; k++) sum += lanes[k];
    }
    return sum;
}

__attribute__((target("avx2"))) static int32_t int8_avx2(long steps) {
    __m256i x[CHAINS], a = _mm256_set1_epi32(0x01020304), b = _mm256_set1_epi32(0x01010101);
    const __m256i ones = _mm256_set1_epi16(1);
    for (int j = 0; j < CHAINS; j++) x[j] = _mm256_set1_epi32(j);
    for (long i = 0; i < steps; i++) {
        for (int j = 0; j < CHAINS; j++) {
            __asm__ volatile("" : "+x"(a));
            __m256i pairs = _mm256_maddubs_epi16(a, b);
            x[j] = _mm256_add_epi32(x[j], _mm256_madd_epi16(pairs, ones));
        }
    }
    int32_t sum = 0, lanes[8];
    for (int j = 0; j < CHAINS; j++) {
        _mm256_storeu_si256((__m256i *)lanes, x[j]);
        for (int k = 0; k < 8; k++) sum += lanes[k];
    }
    return sum;
}
#elif defined(__aarch64__)
#include "../Dispatch/arm.h"

#include <arm_neon.h>

static float float_neon(long steps) {
    float32x4_t x[CHAINS], a = vdupq_n_f32(0.999f), b = vdupq_n_f32(0.1f);
    for (int j = 0; j < CHAINS; j++) x[j] = vdupq_n_f32((float)j);
    for (long i = 0; i < steps; i++) {
        // The compiler would otherwise see that every step adds the same.
        __asm__ volatile("" : "+w"(a));
        for (int j = 0; j < CHAINS; j++) x[j] = vfmaq_f32(x[j], a, b);
    }
    for (int j = 1; j < CHAINS; j++) x[0] = vaddq_f32(x[0], x[j]);
    return vaddvq_f32(x[0]);
}

__attribute__((target("dotprod"))) static int32_t int8_dotprod(long steps) {
    int32x4_t x[CHAINS];
    int8x16_t a = vdupq_n_s8(3), b = vdupq_n_s8(1);
    for (int j = 0; j < CHAINS; j++) x[j] = vdupq_n_s32(j);
    for (long i = 0; i < steps; i++) {
        __asm__ volatile("" : "+w"(a));
        for (int j = 0; j < CHAINS; j++) x[j] = vdotq_s32(x[j], a, b);
    }
    for (int j = 1; j < CHAINS; j++) x[0] = vaddq_s32(x[0], x[j]);
    return vaddvq_s32(x[0]);
}

__attribute__((target("i8mm"))) static int32_t int8_i8mm(long steps) {
    int32x4_t x[CHAINS];
    int8x16_t a = vdupq_n_s8(3), b = vdupq_n_s8(1);
    for (int j = 0; j < CHAINS; j++) x[j] = vdupq_n_s32(j);
    for (long i = 0; i < steps; i++) {
        __asm__ volatile("" : "+w"(a));
        for (int j = 0; j < CHAINS; j++) x[j] = vmmlaq_s32(x[j], a, b);
    }
    for (int j = 1; j < CHAINS; j++) x[0] = vaddq_s32(x[0], x[j]);
    return vaddvq_s32(x[0]);
}
#endif

uint64_t berth_probe_read(const void *memory, size_t bytes) {
#if defined(__x86_64__)
    if (has_avx512()) return read_avx512(memory, bytes);
#endif
    const uint64_t *p = memory;
    uint64_t sum[8] = {0};
    for (size_t i = 0; i < bytes / 8; i += 8)
        for (int j = 0; j < 8; j++) sum[j] += p[i + (size_t)j];
    for (int j = 1; j < 8; j++) sum[0] += sum[j];
    return sum[0];
}

size_t berth_probe_float_operations(void) {
#if defined(__x86_64__)
    if (has_avx512()) return 16 * 2 * CHAINS;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 8 * 2 * CHAINS;
#elif defined(__aarch64__)
    return 4 * 2 * CHAINS;
#endif
    return 2 * CHAINS;
}

float berth_probe_float(long steps) {
#if defined(__x86_64__)
    if (has_avx512()) return float_avx512(steps);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return float_avx2(steps);
#elif defined(__aarch64__)
    return float_neon(steps);
#endif
    float x[CHAINS], sum = 0;
    for (int j = 0; j < CHAINS; j++) x[j] = (float)j;
    for (long i = 0; i < steps; i++)
        for (int j = 0; j < CHAINS; j++) x[j] = x[j] * 0.999f + 0.1f;
    for (int j = 0; j < CHAINS; j++) sum += x[j];
    return sum;
}

size_t berth_probe_int8_operations(void) {
#if defined(__x86_64__)
    if (has_vnni()) return 64 * 2 * CHAINS;
    if (__builtin_cpu_supports("avx2")) return 32 * 2 * CHAINS;
#elif defined(__aarch64__)
    if (arm_has_i8mm()) return 32 * 2 * CHAINS;
    if (arm_has_dotprod()) return 16 * 2 * CHAINS;
#endif
    return 0;
}

int32_t berth_probe_int8(long steps) {
#if defined(__x86_64__)
    if (has_vnni()) return int8_avx512(steps);
    if (__builtin_cpu_supports("avx2")) return int8_avx2(steps);
#elif defined(__aarch64__)
    if (arm_has_i8mm()) return int8_i8mm(steps);
    if (arm_has_dotprod()) return int8_dotprod(steps);
#endif
    (void)steps;
    return 0;
}
