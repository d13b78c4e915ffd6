#include "peers/probabilities.h"

#include <math.h>

#include "element.h"

static float load(const void *array, int64_t at, enum bench_dtype dtype)
{
    if (dtype == BENCH_F32) return ((const float *)array)[at];
    const uint16_t bits = ((const uint16_t *)array)[at];
    return dtype == BENCH_F16 ? bench_f16_load(bits) : bench_bf16_load(bits);
}

static void store(void *array, int64_t at, float value, enum bench_dtype dtype)
{
    if (dtype == BENCH_F32)
        ((float *)array)[at] = value;
    else
        ((uint16_t *)array)[at] = dtype == BENCH_F16 ? bench_f16_store(value) : bench_bf16_store(value);
}

static void scale(void *array, int64_t from, int64_t to, float factor, enum bench_dtype dtype)
{
    float *f32 = array;
    uint16_t *bits = array;
    switch (dtype) {
    case BENCH_F32:
        for (int64_t i = from; i < to; i++) f32[i] *= factor;
        break;
    case BENCH_F16:
        for (int64_t i = from; i < to; i++) bits[i] = bench_f16_store(bench_f16_load(bits[i]) * factor);
        break;
    default:
        for (int64_t i = from; i < to; i++) bits[i] = bench_bf16_store(bench_bf16_load(bits[i]) * factor);
        break;
    }
}

static int64_t target_of(const struct bench_problem *p, int64_t row)
{
    const int64_t inner = p->shape.inner;
    return row / inner * p->shape.classes * inner + row % inner + p->target[row] * inner;
}

double bench_from_log_probabilities(const struct bench_problem *p, const void *logp)
{
    const int64_t rows = bench_rows(&p->shape);
    double sum = 0;
    for (int64_t r = 0; r < rows; r++) sum -= (double)load(logp, target_of(p, r), p->dtype);
    return sum / (double)rows;
}

/* The entries at the targets come last, from the scaled probabilities. */
static double part(const struct bench_problem *p, void *probabilities, bool gradient, int64_t from, int64_t to)
{
    const int64_t rows = bench_rows(&p->shape), stride = p->shape.classes * p->shape.inner;
    const float factor = 1 / (float)rows;
    double sum = 0;
    for (int64_t n = from; n < to; n++) {
        const int64_t first = n * p->shape.inner;
        for (int64_t r = first; r < first + p->shape.inner; r++)
            sum -= (double)logf(load(probabilities, target_of(p, r), p->dtype));
        if (!gradient) continue;
        scale(probabilities, n * stride, (n + 1) * stride, factor, p->dtype);
        for (int64_t r = first; r < first + p->shape.inner; r++) {
            const int64_t at = target_of(p, r);
            store(probabilities, at, load(probabilities, at, p->dtype) - factor, p->dtype);
        }
    }
    return sum;
}

double bench_from_probabilities(const struct bench_problem *p, void *probabilities, bool gradient)
{
    double sum = 0;
    const int64_t n = p->shape.n;
    if (p->threads == 1) {
        sum = part(p, probabilities, gradient, 0, n);
    } else {
        const int64_t parts = p->threads;
#ifdef _OPENMP
#pragma omp parallel for num_threads(p->threads) reduction(+ : sum)
#endif
        for (int64_t k = 0; k < parts; k++) sum += part(p, probabilities, gradient, n * k / parts, n * (k + 1) / parts);
    }
    return sum / (double)bench_rows(&p->shape);
}
