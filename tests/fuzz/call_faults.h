#ifndef XENT_TESTS_FUZZ_CALL_FAULTS_H
#define XENT_TESTS_FUZZ_CALL_FAULTS_H

#include "call.h"

/* Does something to a call that its operation may refuse: an argument missing, of another dtype, shape or layout, read-only or in another
   one's memory; an axis, an option, the size of a struct. Nothing lies in memory yet. */
void call_fault(struct call *c, struct bytes *b);

/* Writes the inputs: the values of the problem, and then special ones at places that the bytes name. */
void call_fill(struct call *c, struct bytes *b);

#endif
