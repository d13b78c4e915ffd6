#ifndef XENT_TESTS_FUZZ_PARTIAL_ROWS_H
#define XENT_TESTS_FUZZ_PARTIAL_ROWS_H

#include "bytes.h"
#include "support/operations.h"
#include "support/problem_values.h"

/* Rows that are cut: all their classes in contiguous tensors, the shards, and the states of each. Whatever is here is valid, and a call
   that fails is a flaw. */
enum { PARTIAL_PARTS = 6 };

struct partial_rows {
    struct problem problem;
    xent_options options;
    void *memory[ROLES]; /* of the inputs */
    xent_tensor *tensor[ROLES];
    int64_t rows;
    int32_t parts;
    xent_shard shard[PARTIAL_PARTS];
    xent_partial *states[PARTIAL_PARTS], *whole;
    bool aligned; /* all cuts are between chunks: the bits are those of whole rows */
};

void partial_rows_open(struct partial_rows *r, int32_t most_parts, struct bytes *b);
void partial_rows_close(struct partial_rows *r);

const xent_tensor *partial_rows_target(const struct partial_rows *r);

/* A shard's classes of a tensor of the logits' shape, over the same memory. */
xent_tensor *partial_rows_slice(const struct partial_rows *r, enum role role, const xent_shard *shard);

/* One of its numbers is another one, as if its bytes had been spoiled on their way. Nothing tells, and the row is spoiled then. */
void partial_state_spoil(xent_partial *state, struct bytes *b);

#endif
