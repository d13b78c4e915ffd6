#ifndef XENT_BENCH_LINEAR_OPTIONS_H
#define XENT_BENCH_LINEAR_OPTIONS_H

#include <xent.h>

/* The command line of bench_linear. */
struct linear_options {
    int64_t rows, features, classes, block_rows, block_classes; /* block_classes: of the tiles, forward */
    int threads, rounds;
    xent_dtype dtype; /* of hidden and weight: F32 or BF16 */
    const char *gemm_name;
    xent_gemm gemm;
    const char *python;
};

/* Ends the program with a message where it is wrong. */
void linear_options_parse(struct linear_options *o, int argc, char **argv);

#endif
