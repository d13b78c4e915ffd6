#ifndef XENT_TESTS_FUZZ_PARTIAL_CALL_H
#define XENT_TESTS_FUZZ_PARTIAL_CALL_H

#include "judge.h"
#include "partial_rows.h"

/* One call of a function of partial rows, on rows whose other calls have been made without faults, or of one of libxent-mpi, on all the
   classes of its rows. Arguments of the stage are the roles of tests/support/operations.h, and: */
enum { PARTIAL_OPTIONS = ROLES, PARTIAL_STATS, PARTIAL_SHARD, PARTIAL_STATES }; /* the last: of a shard, or of merged rows */

enum partial_function {
    PARTIAL_REDUCE,
    PARTIAL_FINISH,
    PARTIAL_GRAD,
    PARTIAL_CHECK,
    PARTIAL_EXCHANGE,
    RANKS_LOSS, /* from here on: xent_mpi.h */
    RANKS_GRAD,
    RANKS_STATS
};

struct partial_call {
    enum partial_function function;
    struct partial_rows rows;
    int32_t mine; /* which shard */
    struct stage stage;
    xent_options options; /* as the call is given them */
    xent_shard shard;     /* likewise */
    size_t stats_size;
    unsigned char tail;
    bool plain;   /* nothing was done to it, */
    bool spoiled; /* unless to a state */
};

void partial_call_open(struct partial_call *c, enum partial_function first, enum partial_function last, struct bytes *b);
void partial_call_close(struct partial_call *c);
xent_status partial_call_make(void *call); /* of xent.h */
const xent_tensor *partial_call_target(const struct partial_call *c);
void *partial_call_struct(const struct partial_call *c, int at); /* NULL: not given */
void partial_call_print(const void *call);

/* Whether logits, probabilities and the options of each entry are those that the states were reduced from: a fault may change them, as
   strides do by which elements lie in one another. */
bool partial_call_has_its_rows(const struct partial_call *c);

/* That a call to which nothing was done has given what one of whole rows does, in every bit. */
void partial_call_expect(const struct partial_call *c);

/* What xent.h says that it answers, one of xent_mpi.h if it is given a shard; of an exchange whose own struct is good. */
statuses partial_contract(const struct partial_call *c);

/* What of that is said of arguments that are NULL, or else of options and the shard; empty: nothing. */
statuses partial_contract_begin(const struct partial_call *c);

/* How many rows a call has whose arguments fit together; 0 where they do not. No tensor has to be there. */
int64_t partial_contract_rows(const struct partial_call *c);

#endif
