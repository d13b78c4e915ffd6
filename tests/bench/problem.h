#ifndef XENT_BENCH_PROBLEM_H
#define XENT_BENCH_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workload.h"

#ifdef __cplusplus
extern "C" {
#endif

enum bench_dtype { BENCH_F32, BENCH_F64, BENCH_F16, BENCH_BF16, BENCH_DTYPES };

/* Logits are (n, classes, inner), row-major; inner is 1 where rows are contiguous. */
struct bench_shape {
    int64_t n, classes, inner;
    char name[40]; /* as it was given: 4x21x256x256 */
};

/* One case, with its data. Everything stands in the arena, which child processes share. */
struct bench_problem {
    const struct bench_workload *workload;
    struct bench_shape shape;
    enum bench_dtype dtype;
    enum bench_pass pass;
    int threads;
    int offset;         /* bytes from a cache line's begin to an array's: malloc's memory has 16, libxent's and PyTorch's 0 */
    int copies;         /* in place: that many copies of the input, so that many calls before they must be restored; else 1 */
    size_t bytes;       /* of the logits */
    int64_t *target;    /* n * inner */
    void *logits;       /* or probabilities or their logarithms, as the operation has it; what each copy is restored from */
    void *second;       /* of the logits' shape, NULL if there is none (bench_has_second) */
    void *class_weight; /* classes of them, and n * inner of the row weights; NULL where the workload has none */
    void *row_weight;
    void *per_row;     /* n * inner, for the best classes as many times: what is written for each row; NULL: nothing is */
    int64_t *index;    /* as many classes; NULL but for top_k */
    void *work;        /* in place: the copies, one behind the other */
    void *output;      /* out of place */
    size_t copy_bytes; /* from one copy to the next */
};

size_t bench_dtype_size(enum bench_dtype dtype);
const char *bench_dtype_name(enum bench_dtype dtype);
const char *bench_pass_name(enum bench_pass pass);
int64_t bench_rows(const struct bench_shape *shape);
int64_t bench_elements(const struct bench_shape *shape);

/* What call number `copy` reads, and where it writes an array of the same shape (NULL for the forward pass). */
void *bench_logits(const struct bench_problem *p, int copy);
void *bench_output(const struct bench_problem *p, int copy);

/* Lays the arrays of a problem out from `arena` on, the same in every process that maps it, the inputs in the same places for
   every pass; NULL: nowhere. Returns the bytes that takes. */
size_t bench_layout(struct bench_problem *p, void *arena);

void bench_restore(const struct bench_problem *p);

/* How many elements of a result bench_value looks at. */
#define BENCH_VALUE_ELEMENTS 64

/* What call number `copy` has computed, as one number: its loss, or, where it has written an array, the sum of the sizes of the
   first elements. */
double bench_value(const struct bench_problem *p, int copy, double loss);

/* Seconds for `calls` calls, those for restoring logits left out, after one call that is not timed: where a single call makes a
   sample it is long enough without. */
double bench_time(const struct bench_problem *p, void (*call)(void *state, int copy), void *state, long calls);

#ifdef __cplusplus
}
#endif

#endif
