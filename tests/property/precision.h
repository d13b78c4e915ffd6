#ifndef XENT_TESTS_PRECISION_H
#define XENT_TESTS_PRECISION_H

#include <xent.h>

/* A floating type as errors are measured in it. */
struct precision {
    xent_dtype dtype;
    const char *name;
    double unit;    /* half of the distance from 1 to the next number: 2^-24, 2^-53 */
    double tiny;    /* the smallest positive number */
    double largest; /* the largest finite one */
};
extern const struct precision precision_f32, precision_f64, precision_f16, precision_bf16;

const struct precision *precision_of(xent_dtype dtype);

/* What the library computes in: F64 for F64, F32 for all others. */
const struct precision *arithmetic_of(xent_dtype dtype);

/* The most by which rounding a number of size |x| to the type moves it, up to infinity where the type ends before. */
double half_ulp(const struct precision *p, double x);

/* value rounded to the type, once. */
double rounded(const struct precision *p, double value);

#endif
