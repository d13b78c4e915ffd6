#ifndef XENT_BENCH_TABLE_H
#define XENT_BENCH_TABLE_H

#include <stdio.h>

#include "accuracy.h"
#include "measure.h"

/* A line for each backend of libxent: its own figures, then how many times as long every peer takes. results[count - 1] is the
   memory roofline. */
void bench_table_head(FILE *out, const struct bench_peer *peers, int count);
void bench_table_case(FILE *out, const struct bench_problem *p, const struct bench_result *results, int count);

void bench_table_accuracy_head(FILE *out);
void bench_table_accuracy(FILE *out, const struct bench_accuracy *results, int count);

#endif
