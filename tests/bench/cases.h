#ifndef XENT_BENCH_CASES_H
#define XENT_BENCH_CASES_H

#include "options.h"

#define BENCH_MAX_CASES 8192

struct bench_case {
    enum bench_part part;
    struct bench_problem problem; /* without its data */
};

/* What the options ask to time, in order. Returns how many cases that are. */
int bench_cases(const struct bench_options *options, struct bench_case *cases);

const char *bench_part_name(enum bench_part part);

/* Memory for the largest case. */
size_t bench_cases_bytes(const struct bench_case *cases, int count);

#endif
