/* What a C programmer writes: three passes with the C library's exp, for the plain loss and for softmax. Compiled once for each
   set of flags; the build gives PLAIN_PEER and PLAIN_NAME. */
#include <math.h>
#include <stdlib.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "element.h"
#include "peers/peer.h"

struct state {
    const struct bench_problem *problem;
    char *scratch; /* a row of reals for each thread, for gradients that cannot hold its exponentials */
    size_t scratch_bytes;
    double loss;
    int last; /* the copy of the last call */
};

#define PLAIN_SAME(x) (x)

#define PLAIN rows_f32
#define STORED float
#define REAL float
#define KEPT 1
#define LOAD PLAIN_SAME
#define STORE PLAIN_SAME
#define EXP expf
#define LOG logf
#include "peers/plain.inc.h"

#define PLAIN rows_f64
#define STORED double
#define REAL double
#define KEPT 1
#define LOAD PLAIN_SAME
#define STORE PLAIN_SAME
#define EXP exp
#define LOG log
#include "peers/plain.inc.h"

#define PLAIN rows_f16
#define STORED uint16_t
#define REAL float
#define KEPT 0
#define LOAD bench_f16_load
#define STORE bench_f16_store
#define EXP expf
#define LOG logf
#include "peers/plain.inc.h"

#define PLAIN rows_bf16
#define STORED uint16_t
#define REAL float
#define KEPT 0
#define LOAD bench_bf16_load
#define STORE bench_bf16_store
#define EXP expf
#define LOG logf
#include "peers/plain.inc.h"

static double rows(const struct state *s, int copy, int64_t from, int64_t to, int thread)
{
    static double (*const of_dtype[])(const struct bench_problem *, int, int64_t, int64_t, void *) = { rows_f32, rows_f64,
                                                                                                       rows_f16, rows_bf16 };
    return of_dtype[s->problem->dtype](s->problem, copy, from, to, s->scratch + s->scratch_bytes * (size_t)thread);
}

static void call(void *argument, int copy)
{
    struct state *s = argument;
    const int64_t count = bench_rows(&s->problem->shape);
    double sum = 0;
    /* One thread takes no parallel region, which would cost a small problem more than its rows. */
    if (s->problem->threads == 1) {
        sum = rows(s, copy, 0, count, 0);
    } else {
#ifdef _OPENMP
        const int64_t parts = s->problem->threads;
#pragma omp parallel for num_threads(s->problem->threads) reduction(+ : sum)
        for (int64_t k = 0; k < parts; k++)
            sum += rows(s, copy, count * k / parts, count * (k + 1) / parts, omp_get_thread_num());
#endif
    }
    s->loss = sum / (double)count;
    s->last = copy;
}

static double value(void *argument)
{
    const struct state *s = argument;
    return bench_value(s->problem, s->last, s->loss);
}

static void release(void *argument)
{
    free(((struct state *)argument)->scratch);
    free(argument);
}

static void *prepare(const struct bench_peer *peer, const struct bench_problem *p)
{
    (void)peer;
#ifndef _OPENMP
    if (p->threads > 1) return NULL;
#endif
    if (!bench_is_plain_loss(p->workload) && p->workload->operation != BENCH_SOFTMAX) return NULL;
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->problem = p;
    s->scratch_bytes = ((size_t)p->shape.classes * sizeof(double) + 63) / 64 * 64;
    s->scratch = malloc(s->scratch_bytes * (size_t)p->threads);
    if (s->scratch != NULL) return s;
    free(s);
    return NULL;
}

bool PLAIN_PEER(struct bench_peer *peer)
{
    *peer = (struct bench_peer){ PLAIN_NAME, NULL, prepare, call, value, release, NULL };
    return true;
}
