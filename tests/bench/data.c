#define _GNU_SOURCE
#include "data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xent.h>

#include "element.h"
#include "support/random.h"

struct bench_arena bench_arena_create(size_t bytes)
{
    struct bench_arena arena = { MAP_FAILED, bytes, memfd_create("xent-bench", 0) };
    if (arena.fd >= 0 && ftruncate(arena.fd, (off_t)bytes) == 0)
        arena.base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, arena.fd, 0);
    if (arena.base == MAP_FAILED) {
        fprintf(stderr, "bench: no memory for arrays of %zu bytes: %s\n", bytes, strerror(errno));
        exit(1);
    }
    return arena;
}

size_t bench_free_memory(void)
{
    unsigned long long kib = 0;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "r");
    if (file == NULL) return SIZE_MAX;
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "MemAvailable: %llu", &kib) != 1) continue;
    fclose(file);
    return kib > 0 ? (size_t)kib * 1024 : SIZE_MAX;
}

static void put(void *array, int64_t at, double value, enum bench_dtype dtype)
{
    switch (dtype) {
    case BENCH_F32: ((float *)array)[at] = (float)value; break;
    case BENCH_F64: ((double *)array)[at] = value; break;
    case BENCH_F16: ((uint16_t *)array)[at] = bench_f16_store((float)value); break;
    default: ((uint16_t *)array)[at] = bench_bf16_store((float)value); break;
    }
}

/* The sum of four uniform numbers of 16 bits: near enough to normal, and quick. */
static void normal(void *array, int64_t count, double deviation, enum bench_dtype dtype, struct random *random)
{
    for (int64_t i = 0; i < count; i++) {
        const uint64_t bits = random_bits(random);
        const double sum = (double)((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48)) * 0x1p-16;
        put(array, i, deviation * (sum - 2) * 1.7320508, dtype);
    }
}

static void uniform(void *array, int64_t count, double least, double most, enum bench_dtype dtype, struct random *random)
{
    for (int64_t i = 0; array != NULL && i < count; i++) put(array, i, least + (most - least) * random_uniform(random), dtype);
}

/* Logits become what an operation takes in their place. */
static void convert(const struct bench_problem *p, void *array,
                    xent_status (*operation)(const xent_tensor *z, int32_t axis, xent_tensor *out))
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    const int64_t shape[] = { p->shape.n, p->shape.classes, p->shape.inner };
    xent_tensor *t;
    if (xent_tensor_wrap(&t, dtypes[p->dtype], 3, shape, NULL, array) != XENT_OK || operation(t, 1, t) != XENT_OK) {
        fprintf(stderr, "bench: libxent: %s\n", xent_error_message());
        exit(1);
    }
    xent_tensor_destroy(t);
}

void bench_fill(struct bench_problem *p)
{
    struct random random = random_stream(6, 0);
    const struct bench_workload *w = p->workload;
    const int64_t elements = bench_elements(&p->shape), rows = bench_rows(&p->shape);
    if (w->operation == BENCH_LOG)
        uniform(p->logits, elements, 0x1p-14, 1, p->dtype, &random); /* normal numbers of f16 */
    else
        normal(p->logits, elements, 3, p->dtype, &random);
    for (int64_t r = 0; r < rows; r++) p->target[r] = random_below(&random, p->shape.classes);
    if (w->operation == BENCH_NLL_LOSS || w->operation == BENCH_LOG_SOFTMAX_BACKWARD) convert(p, p->logits, xent_log_softmax);
    if (w->operation == BENCH_SOFTMAX_BACKWARD) convert(p, p->logits, xent_softmax);
    if (p->second != NULL) normal(p->second, elements, w->probabilities ? 3 : 1, p->dtype, &random);
    if (w->probabilities) convert(p, p->second, xent_softmax);
    uniform(p->class_weight, p->shape.classes, 0.5, 1.5, p->dtype, &random);
    uniform(p->row_weight, rows, 0.5, 1.5, p->dtype, &random);
}
