#ifndef XENT_TESTS_FUZZ_BYTES_H
#define XENT_TESTS_FUZZ_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An input as a sequence of choices. Past its end every choice is the first one, which is the plainest: short inputs are plain calls. */
struct bytes {
    const uint8_t *at;
    size_t left;
};

/* The next `count` bytes as a number, the lowest first. */
uint64_t bytes_number(struct bytes *b, int count);

/* In [0, n), from one byte where n <= 256, else from two; n > 0. */
int64_t bytes_below(struct bytes *b, int64_t n);

/* One time in n. */
bool bytes_chance(struct bytes *b, int64_t n);

/* One of an array's elements. */
#define BYTES_ONE_OF(b, array) ((array)[bytes_below((b), (int64_t)(sizeof(array) / sizeof((array)[0])))])

#endif
