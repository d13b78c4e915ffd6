#ifndef XENT_TESTS_RANDOM_H
#define XENT_TESTS_RANDOM_H

#include <stdint.h>

/* Seeded random numbers, the same on every platform: integers, exact conversions and IEEE's rounding, nothing of libm. */
struct random {
    uint64_t state;
};

/* Streams of different tags from one seed are independent: what one tensor holds does not change with the next one's size. */
struct random random_stream(uint64_t seed, uint64_t tag);

uint64_t random_bits(struct random *r);

/* Uniform in [0, n); n > 0, far below 2^64. */
int64_t random_below(struct random *r, int64_t n);

/* One time in n. */
int random_chance(struct random *r, int64_t n);

/* Uniform in [0, 1), a multiple of 2^-53. */
double random_uniform(struct random *r);

/* Mean 0, deviation 1, within 6: twelve uniform numbers added up. */
double random_normal(struct random *r);

#endif
