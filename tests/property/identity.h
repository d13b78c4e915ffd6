#ifndef XENT_TESTS_IDENTITY_H
#define XENT_TESTS_IDENTITY_H

#include "trial.h"

/* Something that must hold for every call, within the error bounds, tried on random batches of every dtype. */
struct identity {
    void (*check)(struct trial *t, struct random *r);
    unsigned features; /* those that may be drawn */
    int64_t trials;    /* of each dtype */
    int64_t classes;   /* at most */
    int f64_alone;
};

/* A cmocka test of this identity. */
#define IDENTITY_TEST(name, identity)                                                                                          \
    {                                                                                                                          \
        name, identity_holds, NULL, NULL, (void *)(uintptr_t)(identity)                                                        \
    }
void identity_holds(void **state);

/* First in main: chooses the backend (see require_backend) and the seed, which is the first argument or 1, and prints both. */
void identities_begin(int argc, char **argv);

/* Within a check: |got - want| <= allowed, or both the same infinity. what, row and c (or -1) are for the message. */
void expect_near(double got, double want, double allowed, const char *what, int64_t row, int64_t c);

/* Counts something that the check compared; an identity for which nothing was compared fails. */
void identity_compared(void);

#endif
