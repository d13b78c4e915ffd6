#ifndef XENT_TESTS_BITS_PROBLEMS_H
#define XENT_TESTS_BITS_PROBLEMS_H

#include "support/problem.h"

/* The fixed list of problems whose bits are pinned. Makes problem k; returns 0 behind the last one. */
int bits_problem(int k, struct problem *p);

#endif
