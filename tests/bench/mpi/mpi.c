/* bench_mpi <rows> <classes> <rounds>: what libxent-mpi takes beside one process, and what exchanges take.
 *
 * Each round measures, one after the other: gradient in place on all ranks with a thread each, classes cut over them; the same in one
 * process with as many threads, the other ranks asleep; an exchange of as many bytes as states have; and of the logits themselves.
 * The time of ranks is that of the slowest. Printed are the smallest times of all rounds, and the line that the exchanges of different
 * sizes fit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent_mpi.h>

#include "bench/clock.h"
#include "support/random.h"

enum { SIZES = 9, SMALLEST = 64, REPEATS = 20 };

struct bench {
    int rank, ranks;
    int64_t rows, classes;
    xent_shard shard;
    int64_t states;             /* of all shards, a row */
    float *own, *whole, *fresh; /* logits: this rank's, all of them (rank 0), and where they are copied from */
    char *gathered;
    int64_t *labels;
};

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

static void *allocate(int64_t count, size_t size)
{
    void *memory = malloc((size_t)count * size);
    if (memory == NULL) {
        fprintf(stderr, "%lld times %zu bytes cannot be allocated\n", (long long)count, size);
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
    memset(memory, 1, (size_t)count * size); /* pages are there before anything is measured */
    return memory;
}

static double slowest(double seconds)
{
    double most;
    MPI_Allreduce(&seconds, &most, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return most;
}

/* A barrier that takes no processor from those who still work. */
static void sleep_until_all(void)
{
    MPI_Request request;
    int done = 0;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    while (!done) {
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        if (!done) clock_sleep(0.0005);
    }
}

/* ---- What is measured --------------------------------------------------------------------------------------------------- */

static double time_ranks(struct bench *b)
{
    const int64_t shape[2] = { b->rows, b->shard.classes };
    xent_options options = XENT_OPTIONS_INIT;
    double loss, begin, seconds;
    xent_tensor *logits, *target, *out;
    options.num_threads = 1;
    must(xent_tensor_wrap(&logits, XENT_F32, 2, shape, NULL, b->own));
    must(xent_tensor_wrap(&target, XENT_I64, 1, shape, NULL, b->labels));
    must(xent_tensor_wrap(&out, XENT_F64, 0, NULL, NULL, &loss));
    memcpy(b->own, b->fresh, (size_t)(b->rows * b->shard.classes) * sizeof *b->own);
    MPI_Barrier(MPI_COMM_WORLD);
    begin = clock_now();
    must(xent_mpi_cross_entropy_grad(MPI_COMM_WORLD, MPI_COMM_NULL, logits, &b->shard, target, &options, NULL, out, logits));
    seconds = slowest(clock_now() - begin);
    xent_tensor_destroy(out);
    xent_tensor_destroy(target);
    xent_tensor_destroy(logits);
    return seconds;
}

static double time_process(struct bench *b)
{
    const int64_t shape[2] = { b->rows, b->classes };
    xent_options options = XENT_OPTIONS_INIT;
    double loss, begin, seconds = 0;
    xent_tensor *logits, *target, *out;
    if (b->rank == 0) {
        options.num_threads = b->ranks;
        must(xent_tensor_wrap(&logits, XENT_F32, 2, shape, NULL, b->whole));
        must(xent_tensor_wrap(&target, XENT_I64, 1, shape, NULL, b->labels));
        must(xent_tensor_wrap(&out, XENT_F64, 0, NULL, NULL, &loss));
        for (int64_t at = 0; at < b->rows * b->classes; at += b->rows * b->shard.classes) {
            const int64_t left = b->rows * b->classes - at, n = b->rows * b->shard.classes;
            memcpy(b->whole + at, b->fresh, (size_t)(left < n ? left : n) * sizeof *b->whole);
        }
        begin = clock_now();
        must(xent_cross_entropy_grad(logits, target, &options, NULL, out, logits));
        seconds = clock_now() - begin;
        xent_tensor_destroy(out);
        xent_tensor_destroy(target);
        xent_tensor_destroy(logits);
    }
    sleep_until_all();
    MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    return seconds;
}

/* An exchange of which each rank gives so many blocks of 64 bytes, of shards that are as even as can be. */
static double time_exchange(struct bench *b, int blocks)
{
    MPI_Datatype block;
    double begin, seconds;
    MPI_Type_contiguous(64, MPI_BYTE, &block);
    MPI_Type_commit(&block);
    MPI_Barrier(MPI_COMM_WORLD);
    begin = clock_now();
    MPI_Allgather(b->own, blocks, block, b->gathered, blocks, block, MPI_COMM_WORLD);
    seconds = slowest(clock_now() - begin);
    MPI_Type_free(&block);
    return seconds;
}

static double time_agreement(void)
{
    int own = 1, least;
    double begin;
    MPI_Barrier(MPI_COMM_WORLD);
    begin = clock_now();
    MPI_Allreduce(&own, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return slowest(clock_now() - begin);
}

static void keep_least(double *least, double seconds)
{
    if (seconds < *least) *least = seconds;
}

/* ---- The line that exchanges fit: latency + bytes * inverse bandwidth ----------------------------------------------------- */

static void fit(const double *bytes, const double *seconds, double *latency, double *per_byte)
{
    double w = 0, wx = 0, wy = 0, wxx = 0, wxy = 0;
    for (int i = 0; i < SIZES; i++) {
        const double weight = 1 / (seconds[i] * seconds[i]); /* errors are relative */
        w += weight;
        wx += weight * bytes[i];
        wy += weight * seconds[i];
        wxx += weight * bytes[i] * bytes[i];
        wxy += weight * bytes[i] * seconds[i];
    }
    *per_byte = (w * wxy - wx * wy) / (w * wxx - wx * wx);
    *latency = (wy - *per_byte * wx) / w;
}

static void print_model(struct bench *b)
{
    double bytes[SIZES], seconds[SIZES], agreement = 1, latency, per_byte;
    int blocks = SMALLEST / 64;
    for (int i = 0; i < SIZES; i++, blocks *= 4) {
        bytes[i] = 64.0 * blocks * (b->ranks - 1);
        seconds[i] = 1;
        for (int repeat = 0; repeat < REPEATS; repeat++) keep_least(&seconds[i], time_exchange(b, blocks));
    }
    for (int repeat = 0; repeat < REPEATS; repeat++) keep_least(&agreement, time_agreement());
    fit(bytes, seconds, &latency, &per_byte);
    if (b->rank != 0) return;
    for (int i = 0; i < SIZES; i++) printf("exchange: %10.0f bytes received, %10.1f us\n", bytes[i], 1e6 * seconds[i]);
    printf("model of %d ranks: %.1f us + %.3f ns a byte received; an agreement %.1f us\n", b->ranks, 1e6 * latency,
           1e9 * per_byte, 1e6 * agreement);
}

static void measure(struct bench *b, int rounds)
{
    double ranks = 1e9, process = 1e9, states = 1e9, logits = 1e9;
    const int64_t each_states = b->rows * b->states / b->ranks, each_logits = b->rows * b->classes * 4 / 64 / b->ranks;
    for (int round = 0; round < rounds; round++) {
        keep_least(&ranks, time_ranks(b));
        keep_least(&process, time_process(b));
        keep_least(&states, time_exchange(b, (int)each_states));
        keep_least(&logits, time_exchange(b, (int)each_logits));
    }
    if (b->rank != 0) return;
    printf("%lld x %lld F32, %d ranks, %s, %d rounds\n", (long long)b->rows, (long long)b->classes, b->ranks, xent_backend(),
           rounds);
    printf("gradient in place: %d ranks %.2f ms, one process with %d threads %.2f ms, ratio %.3f\n", b->ranks, 1e3 * ranks,
           b->ranks, 1e3 * process, ranks / process);
    printf("a rank receives %lld bytes of states in %.3f ms; gathered logits would be %lld bytes, in %.2f ms\n",
           (long long)(64 * b->rows * (b->states - xent_partials_per_row(&b->shard))), 1e3 * states,
           (long long)(4 * b->rows * (b->classes - b->shard.classes)), 1e3 * logits);
}

static void begin(struct bench *b, int64_t rows, int64_t classes)
{
    struct random r = random_stream(1, 0);
    int64_t most = 0;
    xent_shard shard;
    MPI_Comm_rank(MPI_COMM_WORLD, &b->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &b->ranks);
    b->rows = rows;
    b->classes = classes;
    for (int i = 0; i < b->ranks; i++) {
        must(xent_shard_cut(classes, XENT_F32, b->ranks, i, &shard));
        b->states += xent_partials_per_row(&shard);
        if (shard.classes > most) most = shard.classes;
        if (i == b->rank) b->shard = shard;
    }
    const int64_t largest = (int64_t)SMALLEST << 2 * (SIZES - 1), each = rows * most * 4 > largest ? rows * most * 4 : largest;
    b->own = allocate(each, 1);
    b->fresh = allocate(rows * most, sizeof *b->fresh);
    if (b->rank == 0) b->whole = allocate(rows * classes, sizeof *b->whole);
    b->gathered = allocate(each * b->ranks, 1);
    b->labels = allocate(rows, sizeof *b->labels);
    for (int64_t i = 0; i < rows * most; i++) b->fresh[i] = (float)(3 * random_normal(&r));
    for (int64_t i = 0; i < rows; i++) b->labels[i] = random_below(&r, classes);
    MPI_Bcast(b->labels, (int)rows, MPI_INT64_T, 0, MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
    static struct bench b;
    int level;
    if (argc != 4) {
        fprintf(stderr, "usage: mpirun -n <ranks> bench_mpi <rows> <classes> <rounds>\n");
        return 2;
    }
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    begin(&b, atoll(argv[1]), atoll(argv[2]));
    if (atoi(argv[3]) > 0) measure(&b, atoi(argv[3]));
    print_model(&b);
    MPI_Finalize();
    return 0;
}
