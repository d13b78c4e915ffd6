#ifndef XENT_BENCH_PROBLEM_H
#define XENT_BENCH_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bench_dtype { BENCH_F32, BENCH_F64, BENCH_F16, BENCH_BF16, BENCH_DTYPES };
enum bench_pass { BENCH_FORWARD, BENCH_IN_PLACE, BENCH_OUT_OF_PLACE, BENCH_PASSES };

/* Logits are (n, classes, inner), row-major; inner is 1 where rows are contiguous. */
struct bench_shape {
    int64_t n, classes, inner;
    char name[40]; /* as it was given: 4x21x256x256 */
};

/* One case, with its data. Everything stands in the arena, which child processes share. */
struct bench_problem {
    struct bench_shape shape;
    enum bench_dtype dtype;
    enum bench_pass pass;
    int threads;
    int copies;        /* in place: that many copies of the logits, so that many calls before they must be restored; else 1 */
    size_t bytes;      /* of the logits */
    void *logits;      /* what each copy is restored from */
    void *work;        /* in place: the copies, one behind the other */
    void *gradient;    /* out of place */
    int64_t *target;   /* n * inner */
    size_t copy_bytes; /* from one copy to the next */
};

size_t bench_dtype_size(enum bench_dtype dtype);
const char *bench_dtype_name(enum bench_dtype dtype);
const char *bench_pass_name(enum bench_pass pass);
int64_t bench_rows(const struct bench_shape *shape);
int64_t bench_elements(const struct bench_shape *shape);

/* What call number `copy` reads, and where it writes its gradient (NULL for the forward pass). */
void *bench_logits(const struct bench_problem *p, int copy);
void *bench_gradient(const struct bench_problem *p, int copy);

/* Lays the arrays of a problem out from `arena` on, the same in every process that maps it; NULL: nowhere. Returns the bytes
   that takes. */
size_t bench_layout(struct bench_problem *p, void *arena);

void bench_restore(const struct bench_problem *p);

/* Seconds for `calls` calls, those for restoring logits left out, after one call that is not timed: where a single call makes a
   sample it is long enough without. */
double bench_time(const struct bench_problem *p, void (*call)(void *state, int copy), void *state, long calls);

#ifdef __cplusplus
}
#endif

#endif
