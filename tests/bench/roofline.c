/* Plain C that compilers vectorise; the build compiles it for the machine at hand. */
#define _GNU_SOURCE
#include "roofline.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "clock.h"

#define MAX_THREADS 256

struct state {
    bool streams; /* two arrays become a third past the caches, which is faster for this problem */
};

struct part {
    const struct bench_problem *problem;
    bool streams;
    size_t from, to; /* 64-bit words */
    long calls;
    pthread_barrier_t *gate;
    double begin, end;
};

/* Keeps what was read from being optimised away. */
static volatile uint64_t sink;

static void read_words(const uint64_t *p, size_t from, size_t to)
{
    uint64_t sum[16] = { 0 };
    size_t i = from;
    for (; i + 16 <= to; i += 16)
        for (size_t k = 0; k < 16; k++) sum[k] += p[i + k];
    for (; i < to; i++) sum[0] += p[i];
    for (size_t k = 1; k < 16; k++) sum[0] += sum[k];
    sink = sum[0];
}

/* Twice gives the same again, so nothing need be restored. */
static void update_words(uint64_t *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) p[i] ^= UINT64_C(0x8000000080000000);
}

static void combine_words(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) out[i] = a[i] ^ b[i];
}

/* The same by stores that do not fetch what they overwrite. */
static void stream_words(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t from, size_t to)
{
#ifdef __SSE2__
    for (; from < to && (uintptr_t)(out + from) % sizeof(__m128i) != 0; from++) out[from] = a[from] ^ b[from];
    for (; from + 2 <= to; from += 2) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(a + from)), y = _mm_loadu_si128((const __m128i *)(b + from));
        _mm_stream_si128((__m128i *)(out + from), _mm_xor_si128(x, y));
    }
    _mm_sfence();
#endif
    combine_words(out, a, b, from, to);
}

static void move_two(const struct part *part)
{
    const struct bench_problem *p = part->problem;
    const uint64_t *z = p->logits, *second = p->second;
    if (p->pass == BENCH_FORWARD) {
        read_words(z, part->from, part->to);
        read_words(second, part->from, part->to);
    } else if (p->pass == BENCH_IN_PLACE) {
        combine_words(p->work, p->work, second, part->from, part->to);
    } else {
        (part->streams ? stream_words : combine_words)(p->output, z, second, part->from, part->to);
    }
}

static void move_one(const struct part *part)
{
    const struct bench_problem *p = part->problem;
    const uint64_t *z = p->logits;
    uint64_t *output = p->output;
    switch (p->pass) {
    case BENCH_FORWARD: read_words(z, part->from, part->to); break;
    case BENCH_IN_PLACE: update_words(p->work, part->from, part->to); break;
    default: memcpy(output + part->from, z + part->from, (part->to - part->from) * sizeof *z); break;
    }
}

static void move(const struct part *part)
{
    const struct bench_problem *p = part->problem;
    switch (bench_reads(p->workload)) {
    case 0: memset((uint64_t *)bench_output(p, 0) + part->from, 0, (part->to - part->from) * sizeof(uint64_t)); break;
    case 1: move_one(part); break;
    default: move_two(part); break;
    }
}

static void *run(void *argument)
{
    struct part *part = argument;
    move(part);
    if (part->gate != NULL) pthread_barrier_wait(part->gate);
    part->begin = clock_now();
    for (long k = 0; k < part->calls; k++) {
        move(part);
        __asm__ volatile("" ::: "memory"); /* each round for itself */
    }
    part->end = clock_now();
    return NULL;
}

static double time_calls(void *argument, const struct bench_problem *p, long calls)
{
    const struct state *state = argument;
    const size_t words = p->bytes / sizeof(uint64_t);
    struct part parts[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    pthread_barrier_t gate;
    const int count = p->threads < MAX_THREADS ? p->threads : MAX_THREADS;
    int started = 1;
    if (count > 1 && pthread_barrier_init(&gate, NULL, (unsigned)count) != 0) return -1;
    for (int k = 0; k < count; k++)
        parts[k] = (struct part){ .problem = p,
                                  .streams = state->streams,
                                  .from = words * (size_t)k / (size_t)count,
                                  .to = words * (size_t)(k + 1) / (size_t)count,
                                  .calls = calls,
                                  .gate = count > 1 ? &gate : NULL };
    for (; started < count; started++)
        if (pthread_create(&threads[started], NULL, run, &parts[started]) != 0) abort();
    run(&parts[0]);
    double begin = parts[0].begin, end = parts[0].end;
    for (int k = 1; k < count; k++) {
        pthread_join(threads[k], NULL);
        begin = parts[k].begin < begin ? parts[k].begin : begin;
        end = parts[k].end > end ? parts[k].end : end;
    }
    if (count > 1) pthread_barrier_destroy(&gate);
    return end - begin;
}

/* The faster of the two, alone and after a first round of each. */
static bool better_to_stream(const struct bench_problem *p)
{
    double seconds[2] = { 0, 0 };
    if (bench_reads(p->workload) < 2 || p->pass != BENCH_OUT_OF_PLACE) return false;
    for (int k = 0; k < 6; k++) {
        struct state state = { k % 2 == 1 };
        const double taken = time_calls(&state, p, 2);
        if (k >= 2) seconds[k % 2] += taken;
    }
    return seconds[1] < seconds[0];
}

/* Of less than a kilobyte one would measure the loop's start, and of nothing nothing. */
static void *prepare(const struct bench_peer *peer, const struct bench_problem *p)
{
    (void)peer;
    static struct state state;
    if (p->bytes < 1024 || (bench_reads(p->workload) == 0 && p->pass == BENCH_FORWARD)) return NULL;
    state.streams = better_to_stream(p);
    return &state;
}

static void release(void *state) { (void)state; }

void bench_roofline(struct bench_peer *peer)
{
    *peer = (struct bench_peer){ "memory", NULL, prepare, NULL, NULL, release, time_calls };
}

double bench_bytes_moved(const struct bench_problem *p)
{
    return (double)p->bytes * (bench_reads(p->workload) + (p->pass != BENCH_FORWARD));
}
