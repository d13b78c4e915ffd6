#ifndef XENT_TESTS_ARGUMENTS_H
#define XENT_TESTS_ARGUMENTS_H

#include "grid.h"

/* The arguments of a call on this rank, for tests to spoil. */

enum function { CALL_LOSS, CALL_GRADIENT, CALL_STATS, FUNCTIONS };

struct arguments {
    enum function function;
    MPI_Comm classes, rows;
    const xent_tensor *logits, *target, *grad_loss;
    const xent_shard *shard;
    const xent_options *options;
    const xent_stats *stats;
    xent_tensor *loss, *grad_logits;
    /* what the pointers above point at unless they are spoiled */
    xent_shard own_shard;
    xent_options own_options;
    xent_stats own_stats;
};

/* The same batch on all ranks, and each one's share. */
struct case_data {
    struct batch batch;
    struct rows out;
    struct share share;
};

/* Twice rows_each rows for each group of classes, about two chunks of these for each part; reduction NONE, weights of classes and rows, an
   upstream gradient. */
void case_begin(struct case_data *data, const struct grid *g, int64_t rows_each);
void case_end(struct case_data *data);

void arguments_init(struct arguments *a, const struct grid *g, const struct case_data *data, enum function function);
xent_status arguments_call(const struct arguments *a);

/* Of whom a message is; else it begins with "rank <world>: ". */
enum { SOME_RANK = -1, NO_RANK = -2 };

/* Calls, with this status on all ranks, a message that contains the words, and no output written anywhere. */
void expect_answer(const struct arguments *a, const struct case_data *data, const char *name, xent_status status, int world,
                   const char *words);

#endif
