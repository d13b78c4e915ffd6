#ifndef XENT_BENCH_JSON_H
#define XENT_BENCH_JSON_H

#include <stdio.h>

#include "accuracy.h"
#include "measure.h"

/* Writes {"machine": {...}, "results": [...]}. A result is a case with the times of all that were measured: the median, the
   quartiles around it, and the median of each round's ratio to libxent's first backend. Those of accuracy have "rows" in
   place of a shape. */
struct bench_json {
    FILE *out; /* NULL: nothing is written */
    int rows;
};

void bench_json_begin(struct bench_json *json, const char *file);
void bench_json_case(struct bench_json *json, const char *part, const struct bench_problem *p,
                     const struct bench_result *results, int count);
void bench_json_accuracy(struct bench_json *json, const struct bench_accuracy *results, int count);
void bench_json_end(struct bench_json *json);

#endif
