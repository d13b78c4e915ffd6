#ifndef XENT_BENCH_LINEAR_TORCH_H
#define XENT_BENCH_LINEAR_TORCH_H

#include <stdint.h>
#include <stdio.h>

/* PyTorch as a child process of bench_linear, by linear.py: the same layer in two steps and by F.linear_cross_entropy. */
enum { LINEAR_TORCH_WAYS = 2 };
extern const char *const linear_torch_names[LINEAR_TORCH_WAYS];

struct linear_torch {
    FILE *to, *from;
};

/* Whether this Python has it. */
int linear_torch_start(struct linear_torch *child, const char *python, int64_t rows, int64_t features, int64_t classes,
                       int threads, const char *dtype);

/* One call; what it has taken replaces what is larger (seconds; 0: nothing yet) or smaller (megabytes). It is idle in between. */
void linear_torch_time(struct linear_torch *child, int way, double *clock, double *cpu, double *megabytes);

#endif
