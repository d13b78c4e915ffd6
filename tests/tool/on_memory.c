/* What `xent eval` is held to in speed: the same rows, statistics and blocks, from memory. For tests/tool/speed.sh.
 *     on_memory <file of BF16 words, .npy> <its header's bytes> <rows> <classes> <rows a block> <threads>
 * prints the seconds of CPU time and of the clock that the library takes, the best of three times. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xent.h>

enum { TIMES = 3 };

struct rows {
    unsigned char *bytes;
    int64_t count, classes, block;
    int64_t *target, *rank;
    double *loss, *entropy;
};

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "on_memory: %s\n", xent_error_message());
    exit(EXIT_FAILURE);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void read_file(struct rows *rows, const char *path, long header)
{
    const size_t bytes = (size_t)(rows->count * rows->classes) * 2;
    FILE *file = fopen(path, "rb");
    rows->bytes = malloc(bytes);
    if (file == NULL || rows->bytes == NULL || fseek(file, header, SEEK_SET) != 0 ||
        fread(rows->bytes, 1, bytes, file) != bytes) {
        fprintf(stderr, "on_memory: %s cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    rows->target = calloc((size_t)rows->count, sizeof *rows->target);
    rows->rank = calloc((size_t)rows->count, sizeof *rows->rank);
    rows->loss = calloc((size_t)rows->count, sizeof *rows->loss);
    rows->entropy = calloc((size_t)rows->count, sizeof *rows->entropy);
}

static void evaluate(const struct rows *rows)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.axis = -1;
    for (int64_t first = 0; first < rows->count; first += rows->block) {
        const int64_t left = rows->count - first, shape[2] = { left < rows->block ? left : rows->block, rows->classes };
        xent_stats stats = XENT_STATS_INIT;
        xent_tensor *logits, *target;
        must(xent_tensor_wrap_const(&logits, XENT_BF16, 2, shape, NULL, rows->bytes + first * rows->classes * 2));
        must(xent_tensor_wrap_const(&target, XENT_I64, 1, shape, NULL, rows->target + first));
        must(xent_tensor_wrap(&stats.loss, XENT_F64, 1, shape, NULL, rows->loss + first));
        must(xent_tensor_wrap(&stats.entropy, XENT_F64, 1, shape, NULL, rows->entropy + first));
        must(xent_tensor_wrap(&stats.rank, XENT_I64, 1, shape, NULL, rows->rank + first));
        must(xent_row_stats(logits, target, &options, &stats));
        xent_tensor_destroy(logits);
        xent_tensor_destroy(target);
        xent_tensor_destroy(stats.loss);
        xent_tensor_destroy(stats.entropy);
        xent_tensor_destroy(stats.rank);
    }
}

int main(int argc, char **argv)
{
    double cpu = 1e9, wall = 1e9;
    if (argc != 7) return EXIT_FAILURE;
    struct rows rows = { .count = atoll(argv[3]), .classes = atoll(argv[4]), .block = atoll(argv[5]) };
    read_file(&rows, argv[1], atol(argv[2]));
    must(xent_set_num_threads(atoi(argv[6])));
    for (int k = 0; k < TIMES; k++) {
        const double cpu_before = seconds(CLOCK_PROCESS_CPUTIME_ID), wall_before = seconds(CLOCK_MONOTONIC);
        evaluate(&rows);
        const double cpu_now = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before, now = seconds(CLOCK_MONOTONIC) - wall_before;
        cpu = cpu_now < cpu ? cpu_now : cpu;
        wall = now < wall ? now : wall;
    }
    printf("%.3f %.3f\n", cpu, wall);
    return EXIT_SUCCESS;
}
