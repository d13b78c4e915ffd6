#include "problem.h"

#include <string.h>

#include "clock.h"

/* Copies of small logits fill at most half of a second-level cache, as what a matrix product has just written would. */
#define RING_BYTES (256 * 1024)
#define MAX_COPIES 256

size_t bench_dtype_size(enum bench_dtype dtype) { return dtype == BENCH_F64 ? 8 : dtype == BENCH_F32 ? 4 : 2; }

const char *bench_dtype_name(enum bench_dtype dtype)
{
    static const char *const names[] = { "f32", "f64", "f16", "bf16" };
    return names[dtype];
}

const char *bench_pass_name(enum bench_pass pass)
{
    static const char *const names[] = { "forward", "in-place", "out-of-place" };
    return names[pass];
}

int64_t bench_rows(const struct bench_shape *shape) { return shape->n * shape->inner; }
int64_t bench_elements(const struct bench_shape *shape) { return shape->n * shape->classes * shape->inner; }

void *bench_logits(const struct bench_problem *p, int copy)
{
    return p->pass == BENCH_IN_PLACE ? (char *)p->work + (size_t)copy * p->copy_bytes : p->logits;
}

void *bench_gradient(const struct bench_problem *p, int copy)
{
    return p->pass == BENCH_FORWARD ? NULL : p->pass == BENCH_IN_PLACE ? bench_logits(p, copy) : p->gradient;
}

/* Arrays begin in cache lines of their own, and large ones not a multiple of 4096 bytes apart. Without an arena only the bytes
   are counted. */
static void *take(char *arena, size_t *used, size_t bytes)
{
    void *place = arena != NULL ? arena + *used : NULL;
    *used += (bytes + 63) / 64 * 64 + (bytes >= 4096 ? 192 : 0);
    return place;
}

size_t bench_layout(struct bench_problem *p, void *arena)
{
    size_t used = 0;
    p->bytes = (size_t)bench_elements(&p->shape) * bench_dtype_size(p->dtype);
    p->copy_bytes = (p->bytes + 63) / 64 * 64;
    p->copies = 1;
    if (p->pass == BENCH_IN_PLACE && p->copy_bytes < RING_BYTES) {
        const size_t fit = RING_BYTES / p->copy_bytes;
        p->copies = fit < MAX_COPIES ? (int)fit : MAX_COPIES;
    }
    p->target = (int64_t *)take((char *)arena, &used, (size_t)bench_rows(&p->shape) * sizeof *p->target);
    p->logits = take((char *)arena, &used, p->bytes);
    p->work = take((char *)arena, &used, p->pass == BENCH_IN_PLACE ? p->copy_bytes * (size_t)p->copies : 0);
    p->gradient = take((char *)arena, &used, p->pass == BENCH_FORWARD ? 0 : p->bytes);
    return used;
}

void bench_restore(const struct bench_problem *p)
{
    if (p->pass != BENCH_IN_PLACE) return;
    for (int k = 0; k < p->copies; k++) memcpy(bench_logits(p, k), p->logits, p->bytes);
}

double bench_time(const struct bench_problem *p, void (*call)(void *state, int copy), void *state, long calls)
{
    double seconds = 0;
    if (calls > 1) {
        bench_restore(p);
        call(state, 0);
    }
    if (p->pass != BENCH_IN_PLACE) {
        const double begin = clock_now();
        for (long k = 0; k < calls; k++) call(state, 0);
        return clock_now() - begin;
    }
    while (calls > 0) {
        const int batch = calls < p->copies ? (int)calls : p->copies;
        bench_restore(p);
        const double begin = clock_now();
        for (int k = 0; k < batch; k++) call(state, k);
        seconds += clock_now() - begin;
        calls -= batch;
    }
    return seconds;
}
