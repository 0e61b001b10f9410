/* Usage: compare [--only] [TABLE...]
 *
 * Compares every table that this processor can run with the scalar one. It is a failure if a named table is missing
 * or another one is there; without an argument, all are right. `--only` looks which
 * tables there are and compares nothing. The last line is `N passed, N failed`. */
#define _GNU_SOURCE
#include "compare.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t passed, failed;
static bool is_open, is_different;
static char name[256];

static void end(void) {
    if (is_open) *(is_different ? &failed : &passed) += 1;
    is_open = false;
}

void begin(const char *format, ...) {
    end();
    is_open = true;
    is_different = false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
}

/* Says what differs, but not a thousand times. */
__attribute__((format(printf, 1, 2))) static void differs(const char *format, ...) {
    if (is_different) return;
    is_different = true;
    if (failed > 20) return;
    printf("FAILED: %s: ", name);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

void same_floats(const char *what, const float *expected, const float *found, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (memcmp(expected + i, found + i, 4) == 0) continue;
        if (isnan(expected[i]) && isnan(found[i])) continue;
        differs("%s %zu is %a instead of %a", what, i, (double)found[i], (double)expected[i]);
        return;
    }
}

void same_bytes(const char *what, const void *expected, const void *found, size_t count) {
    const uint8_t *a = expected, *b = found;
    for (size_t i = 0; i < count; i++) {
        if (a[i] == b[i]) continue;
        differs("%s differs at byte %zu: %d instead of %d", what, i, b[i], a[i]);
        return;
    }
}

static uint64_t state;

void seed(uint64_t number) { state = number * 0x9e3779b97f4a7c15 + 1; }

/* Xorshift (Marsaglia 2003). */
uint32_t random_bits(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

float random_float(float scale) { return ((float)(random_bits() >> 8) * 0x1p-23f - 1) * scale; }

void fill_random(float *x, size_t count, float scale) {
    for (size_t i = 0; i < count; i++) x[i] = random_float(scale);
}

void fill_ties(float *x, size_t count, int largest) {
    for (size_t i = 0; i < count; i++)
        x[i] = i == 0 ? (float)largest : (float)((int)random_bits() % largest) + 0.5f;
}

static struct {
    void *base;
    size_t bytes;
} rooms[256];
static size_t room_count;

static void *map(size_t bytes) {
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || room_count == sizeof rooms / sizeof *rooms) {
        perror("out of memory");
        exit(2);
    }
    rooms[room_count].base = base;
    rooms[room_count++].bytes = bytes;
    return base;
}

static size_t whole_pages(size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

void *room(size_t bytes) { return map(whole_pages(bytes + 1)); }

void *room_at_the_edge(size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = whole_pages(bytes);
    uint8_t *base = map(whole + page);
    mprotect(base + whole, page, PROT_NONE);
    return base + whole - bytes;
}

float *at_the_edge(const float *x, size_t count) {
    return memcpy(room_at_the_edge(count * 4), x, count * 4);
}

void release_all(void) {
    while (room_count > 0) {
        room_count--;
        munmap(rooms[room_count].base, rooms[room_count].bytes);
    }
}

const float unusual[] = {NAN,      -NAN,     INFINITY, -INFINITY, 0.0f,      -0.0f,
                         0x1p-149f, -0x1p-140f, 0x1p-126f, 0x1p-101f, 0x1p-99f, 3.4e38f,
                         -3.4e38f, 65504.0f, 65520.0f, -70000.0f, 0x1p-24f,  0x1.8p-25f,
                         88.5f,    -88.5f,   -87.0f,   5.0f,      -5.0f,     1.0f};
const size_t unusual_count = sizeof unusual / sizeof *unusual;

static bool takes(int count, char **names, const char *table) {
    for (int i = 1; i < count; i++) {
        if (strcmp(names[i], table) != 0) continue;
        names[i] = "";
        return true;
    }
    return false;
}

int main(int count, char **names) {
    const bool is_any_right = count == 1, only_names = takes(count, names, "--only");
    const berth_kernels *scalar = berth_kernels_for(BERTH_SCALAR);
    for (int isa = BERTH_SCALAR + 1; isa < BERTH_ISA_LIMIT; isa++) {
        const berth_kernels *tested = berth_kernels_for((berth_isa)isa);
        if (!tested) continue;
        begin("%s", tested->name);
        if (!takes(count, names, tested->name) && !is_any_right)
            differs("this processor should not have it");
        if (only_names) continue;
        compare_products(scalar, tested);
        compare_rows(scalar, tested);
        compare_attention(scalar, tested);
        compare_words(scalar, tested);
    }
    for (int i = 1; i < count; i++) {
        if (*names[i] == 0) continue;
        begin("%s", names[i]);
        differs("this processor should have it");
    }
    begin("the scalar table");
    if (!scalar) differs("every processor has it");
    end();
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
