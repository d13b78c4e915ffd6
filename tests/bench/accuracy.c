#include "accuracy.h"

#include <math.h>
#include <stdlib.h>

#include "support/random.h"

#define CLASSES 1000

/* The target is a random class, or leads the others by between `least` and `most`. */
static const struct kind {
    const char *name;
    double least, most;
} kinds[BENCH_ACCURACY_KINDS] = {
    { "random target", 0, 0 },
    { "target leads by 5 to 15", 5, 15 },
    { "target leads by 15 to 30", 15, 30 },
};

static void fill(const struct bench_problem *p, const struct kind *kind, struct random *random)
{
    float *z = p->logits;
    const int64_t target = random_below(random, CLASSES);
    float most = -INFINITY;
    for (int64_t c = 0; c < CLASSES; c++) {
        z[c] = (float)(3 * random_normal(random));
        if (c != target && z[c] > most) most = z[c];
    }
    if (kind->most > 0) z[target] = (float)((double)most + kind->least + (kind->most - kind->least) * random_uniform(random));
    *p->target = target;
}

/* The terms of the other classes over that of the target, or over the largest, in long double: beside a float's 24 bits
   exact. */
static long double exact(const struct bench_problem *p)
{
    const float *z = p->logits;
    int64_t max = *p->target;
    for (int64_t c = 0; c < CLASSES; c++)
        if (z[c] > z[max]) max = c;
    long double sum = 0;
    for (int64_t c = 0; c < CLASSES; c++)
        if (c != max) sum += expl((long double)z[c] - (long double)z[max]);
    return (long double)z[max] - (long double)z[*p->target] + log1pl(sum);
}

static double ulps(double loss, long double expected)
{
    int exponent;
    frexpl(expected, &exponent);
    const double last_place = ldexp(1, exponent - 24 > -149 ? exponent - 24 : -149);
    return (double)fabsl((long double)loss - expected) / last_place;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct bench_problem layout(void *base)
{
    struct bench_problem p = { .workload = &bench_workloads[0],
                               .shape = { 1, CLASSES, 1, "1x1000" },
                               .dtype = BENCH_F32,
                               .pass = BENCH_FORWARD,
                               .threads = 1 };
    bench_layout(&p, base);
    return p;
}

size_t bench_accuracy_bytes(void)
{
    struct bench_problem p = layout(NULL);
    return bench_layout(&p, NULL);
}

bool bench_accuracy(const struct bench_peer *peer, const struct bench_arena *arena, int rows,
                    struct bench_accuracy results[BENCH_ACCURACY_KINDS])
{
    struct bench_problem p = layout(arena->base);
    double *errors = calloc((size_t)rows, sizeof *errors);
    *p.target = 0;
    void *state = errors != NULL && peer->value != NULL ? peer->prepare(peer, &p) : NULL;
    bool works = state != NULL;
    for (int k = 0; works && k < BENCH_ACCURACY_KINDS; k++) {
        struct random random = random_stream(6, (uint64_t)k); /* the same rows for every peer */
        for (int r = 0; works && r < rows; r++) {
            fill(&p, &kinds[k], &random);
            works = bench_peer_time(peer, state, &p, 1) >= 0;
            errors[r] = ulps(peer->value(state), exact(&p));
        }
        qsort(errors, (size_t)rows, sizeof *errors, compare);
        results[k] = (struct bench_accuracy){ peer->name, kinds[k].name, errors[rows / 2], errors[rows - 1], rows };
    }
    if (state != NULL) peer->release(state);
    free(errors);
    return works;
}
