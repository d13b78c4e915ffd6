/* The vector primitives of one backend, each applied along an array: what primitives.c compares bit by bit. */
#ifndef XENT_TESTS_PRIMITIVES_H
#define XENT_TESTS_PRIMITIVES_H

#include <stddef.h>

#define PRIMITIVES_STEP 16 /* arrays are a multiple of this long: the widest vector */

struct primitive {
    const char *name;
    /* exactly one of the two; operands that a primitive does not have are not looked at */
    void (*f32)(const float *a, const float *b, const float *c, size_t n, float *out);
    void (*f64)(const double *a, const double *b, const double *c, size_t n, double *out);
};

extern const struct primitive primitives_scalar[];
#ifdef XENT_TEST_AVX2
extern const struct primitive primitives_avx2[];
#endif
#ifdef XENT_TEST_AVX512
extern const struct primitive primitives_avx512[];
#endif
#ifdef XENT_TEST_NEON
extern const struct primitive primitives_neon[];
#endif

#endif
