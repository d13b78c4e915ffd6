#ifndef XENT_TESTS_FUZZ_CALL_H
#define XENT_TESTS_FUZZ_CALL_H

#include "judge.h"
#include "support/operations.h"
#include "support/problem.h"

/* A call of one of the operations of tests/support/operations.h, decoded from bytes: a call that should succeed (a struct problem), with
   its tensors somewhere in memory, and then up to two things done to it that it may not survive. Arguments of the stage are the roles,
   and: */
enum { CALL_DIVISOR = ROLES, CALL_OPTIONS, CALL_STATS };

struct call {
    const struct operation *operation;
    struct problem problem;
    struct stage stage;
    int32_t axis;         /* where it is an argument of its own */
    xent_options options; /* as the call is given them; struct_size may be wrong */
    size_t stats_size;    /* struct_size of the stats */
    unsigned char tail;   /* the last byte of a struct that is longer than this version's */
};

void call_open(struct call *c, struct bytes *b);
void call_close(struct call *c);
xent_status call_make(void *call);
void call_print(const void *call);

/* Whether the argument is there, and the tensor that the call is given for it. */
const struct argument *call_argument(const struct call *c, int at); /* NULL: not given */

/* The class axis as a dimension of the input, for a call that is valid. */
int32_t call_axis(const struct call *c);

/* The target, of whichever kind; NULL: none. */
const struct argument *call_target(const struct call *c);

#endif
