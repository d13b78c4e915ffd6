#ifndef XENT_BENCH_DATA_H
#define XENT_BENCH_DATA_H

#include "problem.h"

/* Memory that child processes map as well, zeroed. */
struct bench_arena {
    void *base;
    size_t bytes;
    int fd;
};

/* Ends the program with a message where there is not that much memory. */
struct bench_arena bench_arena_create(size_t bytes);

/* Normal logits of mean 0 and deviation 3, or their probabilities or the logarithms of these, as the operation takes them (the
   logarithm: numbers up to 1); uniform targets, weights around 1, probabilities of other such logits, normal gradients. The same
   on every machine. */
void bench_fill(struct bench_problem *p);

/* How many bytes of memory are free for this process. */
size_t bench_free_memory(void);

#endif
