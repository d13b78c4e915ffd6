#ifndef XENT_BENCH_OPTIONS_H
#define XENT_BENCH_OPTIONS_H

#include "problem.h"

#define BENCH_MAX_SHAPES 64
#define BENCH_MAX_NAMES 16

/* What to measure, one bit each. */
enum bench_part { BENCH_TABLE = 1, BENCH_SWEEP = 2, BENCH_THREADS = 4, BENCH_ACCURACY = 8, BENCH_BY_OPERATION = 16 };

/* How long a case is measured: at most this many samples, each of at least, all of them of about at most so many seconds. */
struct bench_effort {
    int samples;
    double sample_seconds, case_seconds;
};

/* The cases of a part. */
struct bench_choice {
    struct bench_shape shapes[BENCH_MAX_SHAPES];
    int shape_count;
    bool dtypes[BENCH_DTYPES], passes[BENCH_PASSES];
    int threads[2], threads_count;
    struct bench_effort effort;
};

struct bench_options {
    unsigned parts;                       /* of enum bench_part */
    struct bench_choice loss, operations; /* of the plain loss, which the first three parts time; of all workloads */
    bool workloads[BENCH_WORKLOADS];
    int offsets[2], offset_count; /* of bench_problem; all but the first are for operations' plain loss */
    const char *backends[BENCH_MAX_NAMES], *peers[BENCH_MAX_NAMES];
    int backend_count, peer_count; /* 0: all, except that no_peers asks for none */
    bool no_peers, quick;
    int cpu;
    const char *json; /* NULL: none; "-": standard output */
    const char *python;
};

/* Ends the program with a message where the command line is wrong, and after --help. */
void bench_options_parse(struct bench_options *options, int argc, char **argv);

bool bench_shape_parse(struct bench_shape *shape, const char *text);

#endif
