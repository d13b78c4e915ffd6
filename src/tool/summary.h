/* What is told of many rows by a few numbers. */
#ifndef XENT_TOOL_SUMMARY_H
#define XENT_TOOL_SUMMARY_H

#include <stdint.h>

/* A mean and its standard error: the standard deviation (n - 1) over the square root of n. Of one row that is NaN. */
struct estimate {
    double value, error;
};

/* A number for each of `count` rows; those that are ignored do not matter. */
struct sample {
    const double *values;
    const uint8_t *ignored;
    int64_t count;
};

/* The sum over the rows in libxent's order, divided by their number: the bits of MEAN, if the values are losses. */
struct estimate sample_mean(const struct sample *sample);

/* The mean of the means of runs of `length` rows, those without a row that counts left out; *sequences is how many remain. */
struct estimate sample_mean_of_means(const struct sample *sample, int64_t length, int64_t *sequences);

/* Of `counted` events among n: a share, and its standard error sqrt(a (1 - a) / (n - 1)). */
struct estimate share(int64_t events, int64_t n);

/* exp of a mean, and what its error becomes. */
struct estimate exponential(struct estimate mean);

/* The values that count, in ascending order, NaN last; *n of them. The caller frees them. */
double *sample_sort(const struct sample *sample, int64_t *n);

/* Linearly between two values; fraction in [0, 1]. NaN if one of them is. */
double quantile(const double *sorted, int64_t n, double fraction);

#endif
