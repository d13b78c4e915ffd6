#ifndef XENT_BENCH_PROBABILITIES_H
#define XENT_BENCH_PROBABILITIES_H

#include "problem.h"

/* What is left to do by hand where a library has a softmax but no loss, by the shortest way: a gradient pass overwrites the
   probabilities, which are of the problem's layout and dtype (f32, f16, bf16). Returns the mean loss. */
double bench_from_log_probabilities(const struct bench_problem *p, const void *logp);
double bench_from_probabilities(const struct bench_problem *p, void *probabilities, bool gradient);

#endif
