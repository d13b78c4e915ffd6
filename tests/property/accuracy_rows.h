#ifndef XENT_TESTS_ACCURACY_ROWS_H
#define XENT_TESTS_ACCURACY_ROWS_H

#include <stdbool.h>
#include <xent.h>

#include "support/random.h"

/* The rows on which accuracy is measured. A confident row is one whose first class leads; the leader stands anywhere. */
enum row_kind {
    ROWS_RANDOM,    /* normal * 4 */
    ROWS_CONFIDENT, /* the same, one class leads by 5 to 100 */
    ROWS_DOMINATED, /* normal, one class leads by 5 to 35: many small terms make the loss */
    ROWS_EQUAL,     /* equal logits under one maximum */
    ROWS_RUNNER_UP, /* one runner-up under one maximum, all others -inf */
    ROW_KINDS
};
extern const char *const row_kind_names[ROW_KINDS];

/* Rows of one kind, all with one offset added before the logits are rounded to their type. */
struct batch {
    xent_dtype dtype;
    int64_t rows, classes;
    enum row_kind kind;
    double offset;
    void *logits;    /* rows x classes of dtype */
    double *exact;   /* the same numbers in double */
    int64_t *target; /* mostly the leader; never a class at -inf */
};

struct batch batch_new(xent_dtype dtype, int64_t rows, int64_t classes, enum row_kind kind, double offset, struct random *r);
void batch_free(struct batch *b);

/* The main of a program: runs a test for F32 and F64, and for F16 and BF16 where `sixteen`; the test's *state is the type's struct
   precision. */
int accuracy_main(int argc, char **argv, void (*test)(void **state), bool sixteen);

/* What one of the programs draws for a type: the same in every run that has no seed on its command line, other numbers with one. */
struct random accuracy_stream(uint64_t program, xent_dtype dtype);

/* Room for n elements of a floating type, and one of them. Ends the program where there is no memory. */
void *elements_new(xent_dtype dtype, int64_t n);
double element(xent_dtype dtype, const void *data, int64_t i);
void element_set(xent_dtype dtype, void *data, int64_t i, double value);

#endif
