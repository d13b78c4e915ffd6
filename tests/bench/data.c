#define _GNU_SOURCE
#include "data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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

void bench_fill(struct bench_problem *p)
{
    struct random random = random_stream(6, 0);
    const int64_t elements = bench_elements(&p->shape), rows = bench_rows(&p->shape);
    for (int64_t i = 0; i < elements; i++) {
        /* The sum of four uniform numbers of 16 bits: near enough to normal, and quick. */
        const uint64_t bits = random_bits(&random);
        const double sum = (double)((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48)) * 0x1p-16;
        const double z = 3 * (sum - 2) * 1.7320508;
        switch (p->dtype) {
        case BENCH_F32: ((float *)p->logits)[i] = (float)z; break;
        case BENCH_F64: ((double *)p->logits)[i] = z; break;
        case BENCH_F16: ((uint16_t *)p->logits)[i] = bench_f16_store((float)z); break;
        default: ((uint16_t *)p->logits)[i] = bench_bf16_store((float)z); break;
        }
    }
    for (int64_t r = 0; r < rows; r++) p->target[r] = random_below(&random, p->shape.classes);
}
