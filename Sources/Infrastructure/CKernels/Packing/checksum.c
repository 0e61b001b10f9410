/* Finds damage, not malice: a change of any one word changes the result, and of several, but for one chance in 2^64. */
#include <string.h>

#include "CKernels.h"

enum { LANES = 8 };

/* Odd, so that multiplying by them loses nothing. */
static const uint64_t step_factor = 0x9e3779b97f4a7c15, last_factor = 0xd6e8feb86659fd93;

static uint64_t turn(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static uint64_t step(uint64_t lane, uint64_t word) { return turn((lane ^ word) * step_factor, 29); }

uint64_t berth_checksum(const uint8_t *bytes, size_t count, uint64_t seed) {
    /* Independent lanes hide the latency of the multiplication. */
    uint64_t lanes[LANES], words[LANES];
    for (int i = 0; i < LANES; i++) lanes[i] = seed + (uint64_t)i * last_factor;
    size_t done = 0;
    for (; count - done >= sizeof words; done += sizeof words) {
        memcpy(words, bytes + done, sizeof words);
        for (int i = 0; i < LANES; i++) lanes[i] = step(lanes[i], words[i]);
    }
    if (done < count) {
        memset(words, 0, sizeof words);
        memcpy(words, bytes + done, count - done);
        for (int i = 0; i < LANES; i++) lanes[i] = step(lanes[i], words[i]);
    }
    uint64_t sum = seed ^ count;
    for (int i = 0; i < LANES; i++) sum = turn((sum ^ lanes[i]) * last_factor, 31);
    return sum ^ sum >> 32;
}
