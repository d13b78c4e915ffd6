#include "measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* A peer at work on a problem. */
struct entry {
    void *state;
    long calls;
    double *seconds; /* a call, by rounds */
};

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts v. */
static double quantile(double *v, int count, double q)
{
    qsort(v, (size_t)count, sizeof *v, compare);
    const double at = q * (count - 1);
    const int k = (int)at;
    return k + 1 < count ? v[k] + (at - k) * (v[k + 1] - v[k]) : v[k];
}

/* Threads of a peer's pool go on spinning for a while; they must not do so on the CPU of the next one. */
static void settle(const struct bench_problem *p)
{
    if (p->threads > 1) clock_sleep(0.01);
}

/* How many calls make a sample; 0: the peer fails. The first call of all is not looked at: memory is mapped, code is loaded. */
static long calibrate(const struct bench_peer *peer, void *state, const struct bench_problem *p, double enough)
{
    long calls = 1;
    if (bench_peer_time(peer, state, p, 1) < 0) return 0;
    for (;;) {
        const double seconds = bench_peer_time(peer, state, p, calls);
        if (seconds < 0) return 0;
        if (seconds >= enough || calls >= 100000000) return calls;
        const double more = seconds > 0 ? 1.1 * enough / seconds : 10;
        calls = (long)(more < 10 ? (double)calls * more + 1 : (double)calls * 10);
    }
}

/* f32: peers add a row up in f32, which costs 256,000 classes three digits. 16 bits: what they store on the way is rounded as well,
   and entries are of the size of the smallest numbers of f16. */
static bool same_value(double value, double expected, enum bench_dtype dtype)
{
    const double tolerance = dtype == BENCH_BF16 ? 0.04 : dtype == BENCH_F16 ? 0.02 : dtype == BENCH_F32 ? 1e-3 : 1e-6;
    const double step = dtype == BENCH_F16 ? BENCH_VALUE_ELEMENTS * 0x1p-24 : 0;
    return fabs(value - expected) <= tolerance * fabs(expected) + step;
}

static void start(const struct bench_peer *peers, int count, const struct bench_problem *p, const struct bench_effort *effort,
                  struct entry *entries, struct bench_result *results)
{
    double expected = NAN;
    for (int k = 0; k < count; k++) {
        struct entry *e = &entries[k];
        struct bench_result *r = &results[k];
        *r = (struct bench_result){ .name = peers[k].name };
        e->seconds = calloc((size_t)effort->samples, sizeof *e->seconds);
        e->state = e->seconds != NULL ? peers[k].prepare(&peers[k], p) : NULL;
        if (e->state == NULL) continue;
        e->calls = calibrate(&peers[k], e->state, p, effort->sample_seconds);
        if (e->calls > 0 && peers[k].value != NULL) {
            const double value = peers[k].value(e->state);
            if (isnan(expected)) expected = value;
            if (!same_value(value, expected, p->dtype))
                fprintf(stderr, "bench: %s: %g where %s has %g (%s %s %s %s)\n", peers[k].name, value, peers[0].name, expected,
                        p->workload->name, p->shape.name, bench_dtype_name(p->dtype), bench_pass_name(p->pass));
        }
        settle(p);
    }
}

static int sample(const struct bench_peer *peers, int count, const struct bench_problem *p, const struct bench_effort *effort,
                  struct entry *entries)
{
    const double begin = clock_now();
    int round = 0;
    while (round < effort->samples && (round < 3 || clock_now() - begin < effort->case_seconds)) {
        for (int k = 0; k < count; k++) {
            /* There and back, so that no peer always follows the same one. */
            struct entry *e = &entries[round % 2 == 0 ? k : count - 1 - k];
            if (e->state == NULL || e->calls == 0) continue;
            const double seconds = bench_peer_time(&peers[e - entries], e->state, p, e->calls);
            if (seconds < 0) e->calls = 0;
            e->seconds[round] = seconds / (double)e->calls;
            settle(p);
        }
        round++;
    }
    return round;
}

static void summarise(const struct entry *entries, int count, int rounds, struct bench_result *results)
{
    double *v = calloc((size_t)rounds, sizeof *v);
    if (v == NULL) abort();
    for (int k = 0; k < count; k++) {
        struct bench_result *r = &results[k];
        if (entries[k].state == NULL || entries[k].calls == 0) continue;
        r->samples = rounds;
        memcpy(v, entries[k].seconds, (size_t)rounds * sizeof *v);
        r->low = quantile(v, rounds, 0.25);
        r->seconds = quantile(v, rounds, 0.5);
        r->high = quantile(v, rounds, 0.75);
        for (int other = 0; other < count; other++) {
            if (entries[other].state == NULL || entries[other].calls == 0) continue;
            for (int i = 0; i < rounds; i++) v[i] = entries[other].seconds[i] / entries[k].seconds[i];
            r->ratio[other] = quantile(v, rounds, 0.5);
        }
    }
    free(v);
}

void bench_measure(const struct bench_peer *peers, int count, const struct bench_problem *p, const struct bench_effort *effort,
                   struct bench_result *results)
{
    struct entry entries[BENCH_MAX_PEERS] = { { NULL, 0, NULL } };
    start(peers, count, p, effort, entries, results);
    const int rounds = sample(peers, count, p, effort, entries);
    summarise(entries, count, rounds, results);
    for (int k = 0; k < count; k++) {
        if (entries[k].state != NULL) peers[k].release(entries[k].state);
        free(entries[k].seconds);
    }
}
