#include "problem.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "element.h"

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

void *bench_output(const struct bench_problem *p, int copy)
{
    return p->pass == BENCH_FORWARD ? NULL : p->pass == BENCH_IN_PLACE ? bench_logits(p, copy) : p->output;
}

/* The place that is taken next. Without an arena only the bytes are counted. */
struct place {
    char *arena;
    size_t used, offset;
};

/* Arrays begin `offset` bytes behind a cache line's begin, and large ones not a multiple of 4096 bytes apart. An array without
   elements is NULL. */
static void *take(struct place *place, size_t bytes)
{
    void *at = place->arena != NULL && bytes > 0 ? place->arena + place->used + place->offset : NULL;
    place->used += (bytes + place->offset + 63) / 64 * 64 + (bytes >= 4096 ? 192 : 0);
    return at;
}

static size_t results_per_row(const struct bench_problem *p)
{
    return p->workload->operation == BENCH_TOP_K ? (size_t)bench_best(p->shape.classes) : 1;
}

size_t bench_layout(struct bench_problem *p, void *arena)
{
    struct place place = { (char *)arena, 0, (size_t)p->offset };
    const struct bench_workload *w = p->workload;
    const size_t size = bench_dtype_size(p->dtype), rows = (size_t)bench_rows(&p->shape);
    p->bytes = (size_t)bench_elements(&p->shape) * size;
    p->copy_bytes = (p->bytes + 63) / 64 * 64;
    p->copies = 1;
    if (p->pass == BENCH_IN_PLACE && p->copy_bytes < RING_BYTES) {
        const size_t fit = RING_BYTES / p->copy_bytes;
        p->copies = fit < MAX_COPIES ? (int)fit : MAX_COPIES;
    }
    p->target = (int64_t *)take(&place, rows * sizeof *p->target);
    p->logits = take(&place, p->bytes);
    p->second = take(&place, bench_has_second(w) ? p->bytes : 0);
    p->class_weight = take(&place, w->class_weight ? (size_t)p->shape.classes * size : 0);
    p->row_weight = take(&place, w->row_weight ? rows * size : 0);
    p->per_row = take(&place, bench_is_per_row(w) ? results_per_row(p) * rows * size : 0);
    p->index = (int64_t *)take(&place, w->operation == BENCH_TOP_K ? results_per_row(p) * rows * sizeof *p->index : 0);
    p->work = take(&place, p->pass == BENCH_IN_PLACE ? p->copy_bytes * (size_t)p->copies : 0);
    p->output = take(&place, p->pass == BENCH_OUT_OF_PLACE ? p->bytes : 0);
    return place.used;
}

static double element(const void *array, int64_t at, enum bench_dtype dtype)
{
    switch (dtype) {
    case BENCH_F32: return (double)((const float *)array)[at];
    case BENCH_F64: return ((const double *)array)[at];
    case BENCH_F16: return (double)bench_f16_load(((const uint16_t *)array)[at]);
    default: return (double)bench_bf16_load(((const uint16_t *)array)[at]);
    }
}

double bench_value(const struct bench_problem *p, int copy, double loss)
{
    const void *array = p->per_row != NULL ? p->per_row : bench_output(p, copy);
    const int64_t results = bench_rows(&p->shape) * (int64_t)results_per_row(p);
    const int64_t all = p->per_row != NULL ? results : bench_elements(&p->shape);
    double sum = 0;
    if (array == NULL) return loss;
    for (int64_t i = 0; i < all && i < BENCH_VALUE_ELEMENTS; i++) sum += fabs(element(array, i, p->dtype));
    return sum;
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
