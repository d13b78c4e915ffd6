#include "random.h"

/* SplitMix64 (Steele, Lea and Flood 2014): a counter and a mixing function, so any state is as good as any other. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

struct random random_stream(uint64_t seed, uint64_t tag)
{
    return (struct random){ mix(mix(seed) + tag * UINT64_C(0x9E3779B97F4A7C15)) };
}

uint64_t random_bits(struct random *r)
{
    r->state += UINT64_C(0x9E3779B97F4A7C15);
    return mix(r->state);
}

int64_t random_below(struct random *r, int64_t n) { return (int64_t)(random_bits(r) % (uint64_t)n); }

int random_chance(struct random *r, int64_t n) { return random_below(r, n) == 0; }

double random_uniform(struct random *r) { return (double)(random_bits(r) >> 11) * 0x1p-53; }

double random_normal(struct random *r)
{
    uint64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        const uint64_t bits = random_bits(r);
        sum += (bits & 0x1fffff) + (bits >> 21 & 0x1fffff) + (bits >> 42 & 0x1fffff);
    }
    /* A thirteenth, 2^-21 as large, fills the bits below. */
    return ((double)sum + random_uniform(r)) * 0x1p-21 - 6;
}
