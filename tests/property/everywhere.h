#ifndef XENT_TESTS_EVERYWHERE_H
#define XENT_TESTS_EVERYWHERE_H

#include <stdbool.h>

#include "support/tensors.h"

/* expect_everywhere(call, output...): the call succeeds on every backend that this CPU can run, and leaves the same bytes in its outputs on each, which
   are what is measured: an exact reference takes far longer than all backends together. With XENT_BACKEND in the environment that
   backend alone makes the call. The outputs must not be inputs too, since the call is made several times. */
#define expect_everywhere(call, ...)                                                                                           \
    do {                                                                                                                       \
        struct everywhere everywhere_ = everywhere_begin((xent_tensor *const[]){ __VA_ARGS__, NULL });                         \
        while (everywhere_next(&everywhere_, #call, __FILE__, __LINE__)) expect_ok_at((call), #call, __FILE__, __LINE__);      \
    } while (0)

enum { EVERYWHERE_OUTPUTS = 2 };

struct everywhere {
    xent_tensor *output[EVERYWHERE_OUTPUTS];
    unsigned char *bytes[EVERYWHERE_OUTPUTS]; /* what the first backend has left there */
    const char *const *backends;
    int64_t left;     /* backends still to come */
    const char *made; /* the one that has just made the call, or NULL */
};

/* outputs ends with NULL. */
struct everywhere everywhere_begin(xent_tensor *const *outputs);

/* Compares what the last backend has left, and chooses the next one; false where there is none, the best one being in use. */
bool everywhere_next(struct everywhere *e, const char *call, const char *file, int line);

#endif
