#include "cases.h"

#include <stdio.h>

#include "clock.h"

/* Elements of each problem of the sweep: 4 MiB of f32, beyond a second-level cache. */
#define SWEEP_ELEMENTS (INT64_C(1) << 20)
#define SWEEP_MOST (INT64_C(1) << 18)
#define THREADS_LEAST 60000

struct list {
    struct bench_case *cases;
    int count;
};

static void add(struct list *list, enum bench_part part, const struct bench_shape *shape, int dtype, int pass, int threads)
{
    if (list->count == BENCH_MAX_CASES) return;
    struct bench_case *c = &list->cases[list->count++];
    *c = (struct bench_case){ .part = part };
    c->problem.shape = *shape;
    c->problem.dtype = (enum bench_dtype)dtype;
    c->problem.pass = (enum bench_pass)pass;
    c->problem.threads = threads;
}

/* Sweep and threads are of one dtype, the first that was asked for. */
static int first_dtype(const struct bench_options *o)
{
    int dtype = 0;
    while (dtype + 1 < BENCH_DTYPES && !o->dtypes[dtype]) dtype++;
    return dtype;
}

static void table(struct list *list, const struct bench_options *o)
{
    for (int s = 0; s < o->shape_count; s++)
        for (int d = 0; d < BENCH_DTYPES; d++)
            for (int k = 0; k < BENCH_PASSES; k++)
                if (o->dtypes[d] && o->passes[k]) add(list, BENCH_TABLE, &o->shapes[s], d, k, o->threads);
}

static void sweep(struct list *list, const struct bench_options *o)
{
    for (int64_t classes = 2; classes <= SWEEP_MOST; classes *= 2) {
        struct bench_shape shape = { SWEEP_ELEMENTS / classes, classes, 1, "" };
        snprintf(shape.name, sizeof shape.name, "%lldx%lld", (long long)shape.n, (long long)shape.classes);
        for (int k = 0; k < BENCH_PASSES; k++)
            if (o->passes[k]) add(list, BENCH_SWEEP, &shape, first_dtype(o), k, o->threads);
    }
}

/* 1, 2, 4 ... and all CPUs, for shapes that are worth sharing out; one right after the other, so that the machine is the same. */
static void threads(struct list *list, const struct bench_options *o)
{
    const int most = clock_cpus();
    for (int s = 0; s < o->shape_count; s++)
        for (int k = 0; k < BENCH_PASSES; k++) {
            if (!o->passes[k] || bench_elements(&o->shapes[s]) < THREADS_LEAST) continue;
            for (int count = 1; count > 0; count = count == most ? 0 : count * 2 < most ? count * 2 : most)
                add(list, BENCH_THREADS, &o->shapes[s], first_dtype(o), k, count);
        }
}

int bench_cases(const struct bench_options *o, struct bench_case *cases)
{
    struct list list = { cases, 0 };
    if (o->parts & BENCH_TABLE) table(&list, o);
    if (o->parts & BENCH_SWEEP) sweep(&list, o);
    if (o->parts & BENCH_THREADS) threads(&list, o);
    return list.count;
}

const char *bench_part_name(enum bench_part part)
{
    return part == BENCH_TABLE ? "table" : part == BENCH_SWEEP ? "sweep" : "threads";
}

size_t bench_cases_bytes(const struct bench_case *cases, int count)
{
    size_t most = 0;
    for (int k = 0; k < count; k++) {
        struct bench_problem p = cases[k].problem;
        const size_t bytes = bench_layout(&p, NULL);
        most = bytes > most ? bytes : most;
    }
    return most;
}
