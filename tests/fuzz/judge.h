#ifndef XENT_TESTS_FUZZ_JUDGE_H
#define XENT_TESTS_FUZZ_JUDGE_H

#include "stage.h"

/* A set of statuses, a bit each. */
typedef unsigned statuses;
#define STATUS_BIT(status) ((statuses)1 << (status))

/* Makes the call on every backend, with one thread, two, and a parallel_for of the caller's, and stops at a flaw: a status that is not
   allowed or not the same everywhere; a failure without a message, or that has written one byte; a success that has written a byte which
   is no output's, a NaN that is not canonical, or other bits than elsewhere. Where the call succeeds, the stage has its answer.
   foreign: outputs, a bit each, that a function of the caller's writes: their NaNs are its own, and they are undefined where it fails. */
xent_status judge(struct stage *s, xent_status (*make)(void *call), void *call, statuses allowed, unsigned foreign);

#endif
