#ifndef XENT_TESTS_FUZZ_PARTIAL_CALL_H
#define XENT_TESTS_FUZZ_PARTIAL_CALL_H

#include "judge.h"
#include "partial_rows.h"

/* One call of a function of partial rows, on rows whose other calls have been made without faults. Arguments of the stage are the roles of
   tests/support/operations.h, and: */
enum { PARTIAL_OPTIONS = ROLES, PARTIAL_STATS, PARTIAL_SHARD, PARTIAL_STATES }; /* the last: of a shard, or of merged rows */

enum partial_function { PARTIAL_REDUCE, PARTIAL_FINISH, PARTIAL_GRAD, PARTIAL_CHECK, PARTIAL_FUNCTIONS };

struct partial_call {
    enum partial_function function;
    struct partial_rows rows;
    int32_t mine; /* which shard */
    struct stage stage;
    xent_options options; /* as the call is given them */
    xent_shard shard;     /* likewise */
    size_t stats_size;
    unsigned char tail;
    bool plain; /* nothing was done to it */
};

void partial_call_open(struct partial_call *c, struct bytes *b);
void partial_call_close(struct partial_call *c);
xent_status partial_call_make(void *call);
void partial_call_print(const void *call);

/* Whether logits, probabilities and the options of each entry are those that the states were reduced from: a fault may change them, as
   strides do by which elements lie in one another. */
bool partial_call_has_its_rows(const struct partial_call *c);

/* What xent.h says that it answers. */
statuses partial_contract(const struct partial_call *c);

/* How many rows a call has whose arguments fit together; 0 where they do not. No tensor has to be there. */
int64_t partial_contract_rows(const struct partial_call *c);

#endif
