#ifndef XENT_TESTS_ACCURACY_MEASURE_H
#define XENT_TESTS_ACCURACY_MEASURE_H

#include "accuracy_rows.h"
#include "precision.h"
#include "support/quad.h"

/* The distance of neighbours where x lies: |x| in [2^e, 2^(e+1)) gives 2^(e+1) * unit, `tiny` at least. */
double ulp(const struct precision *p, quad x);

/* The largest error of one kind of result. */
struct measure {
    const char *result, *unit;
    int64_t count;
    double largest; /* in units; results too small for the type's precision left out */
    double share;   /* error over the bound, all results; infinite for a NaN */
    char where[80]; /* the row of the largest share */
};

/* Takes in one result. unit 0: it counts for the bound alone. An exact result must be `exact` where allowed is 0. */
void measure(struct measure *m, double got, quad exact, double unit, double allowed, const struct batch *b);

/* Prints a table of all that were measured; returns how many have a share above 1 or were never measured. */
int measures_print(const char *title, const struct measure *m, int count);

#endif
