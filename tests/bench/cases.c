#include "cases.h"

#include <stdio.h>

#include "clock.h"

/* Elements of each problem of the sweep: 4 MiB of f32, beyond a second-level cache. */
#define SWEEP_ELEMENTS (INT64_C(1) << 20)
#define SWEEP_MOST (INT64_C(1) << 18)
#define THREADS_LEAST 60000

struct list {
    const struct bench_options *options;
    struct bench_case *cases;
    int count;
};

/* Returns the new case's problem, on threads and memory of the plain loss's, or one for nobody where the workload has no such
   pass. */
static struct bench_problem *add(struct list *list, enum bench_part part, const struct bench_workload *workload,
                                 const struct bench_shape *shape, int dtype, int pass)
{
    static struct bench_problem none;
    if (list->count == BENCH_MAX_CASES || !bench_has_pass(workload, (enum bench_pass)pass)) return &none;
    struct bench_case *c = &list->cases[list->count++];
    *c = (struct bench_case){ .part = part };
    c->problem.workload = workload;
    c->problem.shape = *shape;
    c->problem.dtype = (enum bench_dtype)dtype;
    c->problem.pass = (enum bench_pass)pass;
    c->problem.threads = list->options->loss.threads[0];
    c->problem.offset = list->options->offsets[0];
    return &c->problem;
}

/* Sweep and threads are of one dtype, the first that was asked for. */
static int first_dtype(const struct bench_options *o)
{
    int dtype = 0;
    while (dtype + 1 < BENCH_DTYPES && !o->loss.dtypes[dtype]) dtype++;
    return dtype;
}

static void table(struct list *list, const struct bench_choice *o)
{
    for (int s = 0; s < o->shape_count; s++)
        for (int d = 0; d < BENCH_DTYPES; d++)
            for (int k = 0; k < BENCH_PASSES; k++)
                if (o->dtypes[d] && o->passes[k]) add(list, BENCH_TABLE, bench_workloads, &o->shapes[s], d, k);
}

static void sweep(struct list *list, const struct bench_choice *o)
{
    for (int64_t classes = 2; classes <= SWEEP_MOST; classes *= 2) {
        struct bench_shape shape = { SWEEP_ELEMENTS / classes, classes, 1, "" };
        snprintf(shape.name, sizeof shape.name, "%lldx%lld", (long long)shape.n, (long long)shape.classes);
        for (int k = 0; k < BENCH_PASSES; k++)
            if (o->passes[k]) add(list, BENCH_SWEEP, bench_workloads, &shape, first_dtype(list->options), k);
    }
}

/* 1, 2, 4 ... and all CPUs, for shapes that are worth sharing out; one right after the other, so that the machine is the same. */
static void threads(struct list *list, const struct bench_choice *o)
{
    const int most = clock_cpus();
    for (int s = 0; s < o->shape_count; s++)
        for (int k = 0; k < BENCH_PASSES; k++) {
            if (!o->passes[k] || bench_elements(&o->shapes[s]) < THREADS_LEAST) continue;
            for (int count = 1; count > 0; count = count == most ? 0 : count * 2 < most ? count * 2 : most)
                add(list, BENCH_THREADS, bench_workloads, &o->shapes[s], first_dtype(list->options), k)->threads = count;
        }
}

/* Passes of one workload on the same data, one after the other. */
static void operation(struct list *list, const struct bench_workload *w, const struct bench_shape *shape, int dtype,
                      int threads)
{
    const struct bench_options *o = list->options;
    const int offsets = bench_is_plain_loss(w) && threads == 1 ? o->offset_count : 1;
    for (int offset = 0; offset < offsets; offset++)
        for (int k = 0; k < BENCH_PASSES; k++) {
            if (!o->operations.passes[k]) continue;
            struct bench_problem *p = add(list, BENCH_BY_OPERATION, w, shape, dtype, k);
            p->threads = threads;
            p->offset = o->offsets[offset];
        }
}

/* Several threads only where shapes are worth sharing out. */
static void operations(struct list *list, const struct bench_choice *o)
{
    for (int d = 0; d < BENCH_DTYPES; d++)
        for (int s = 0; s < o->shape_count; s++)
            for (int t = 0; t < o->threads_count; t++) {
                if (!o->dtypes[d] || (t > 0 && bench_elements(&o->shapes[s]) < THREADS_LEAST)) continue;
                for (int w = 0; w < BENCH_WORKLOADS; w++)
                    if (list->options->workloads[w]) operation(list, &bench_workloads[w], &o->shapes[s], d, o->threads[t]);
            }
}

int bench_cases(const struct bench_options *o, struct bench_case *cases)
{
    struct list list = { o, cases, 0 };
    if (o->parts & BENCH_TABLE) table(&list, &o->loss);
    if (o->parts & BENCH_BY_OPERATION) operations(&list, &o->operations);
    if (o->parts & BENCH_SWEEP) sweep(&list, &o->loss);
    if (o->parts & BENCH_THREADS) threads(&list, &o->loss);
    return list.count;
}

const char *bench_part_name(enum bench_part part)
{
    switch (part) {
    case BENCH_TABLE: return "table";
    case BENCH_SWEEP: return "sweep";
    case BENCH_THREADS: return "threads";
    default: return "operations";
    }
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
