/* Means, errors and quantiles. */
#include "summary.h"

#include <math.h>
#include <stdlib.h>
#include <xent.h>

#include "fail.h"
#include "vector.h"

/* xent_nll_loss of a single class takes the negatives of its values. The ignored rows keep their places, so that the sum has the order
   that it has in a loss of all rows. */
static double mean_of(const double *values, const uint8_t *ignored, int64_t count)
{
    const int64_t shape[2] = { count, 1 };
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *logp, *target, *loss;
    double mean;
    options.ignore_index = 1;
    must(xent_tensor_wrap_const(&logp, XENT_F64, 2, shape, NULL, values));
    must(xent_tensor_wrap_const(&target, XENT_U8, 1, shape, NULL, ignored));
    must(xent_tensor_wrap(&loss, XENT_F64, 0, NULL, NULL, &mean));
    must(xent_nll_loss(logp, target, &options, loss));
    xent_tensor_destroy(logp);
    xent_tensor_destroy(target);
    xent_tensor_destroy(loss);
    return mean == 0 ? 0 : -mean;
}

static int64_t counted(const struct sample *sample)
{
    int64_t n = 0;
    for (int64_t k = 0; k < sample->count; k++) n += !sample->ignored[k];
    return n;
}

struct estimate sample_mean(const struct sample *sample)
{
    const double mean = mean_of(sample->values, sample->ignored, sample->count), n = (double)counted(sample);
    double *squares = allocate((uint64_t)sample->count, sizeof *squares);
    for (int64_t k = 0; k < sample->count; k++) squares[k] = (sample->values[k] - mean) * (sample->values[k] - mean);
    const double variance = mean_of(squares, sample->ignored, sample->count) * n / (n - 1);
    free(squares);
    return (struct estimate){ mean, sqrt(variance / n) };
}

struct estimate sample_mean_of_means(const struct sample *sample, int64_t length, int64_t *sequences)
{
    double *means = allocate((uint64_t)(sample->count / length), sizeof *means);
    uint8_t *none = allocate((uint64_t)(sample->count / length), 1);
    int64_t n = 0;
    for (int64_t first = 0; first < sample->count; first += length) {
        const struct sample sequence = { sample->values + first, sample->ignored + first, length };
        if (counted(&sequence) > 0) means[n++] = mean_of(sequence.values, sequence.ignored, length);
    }
    const struct sample all = { means, none, n };
    const struct estimate result = sample_mean(&all);
    free(means);
    free(none);
    *sequences = n;
    return result;
}

struct estimate share(int64_t events, int64_t n)
{
    const double a = (double)events / (double)n;
    return (struct estimate){ a, n > 1 ? sqrt(a * (1 - a) / ((double)n - 1)) : (double)NAN };
}

struct estimate exponential(struct estimate mean) { return (struct estimate){ exp(mean.value), exp(mean.value) * mean.error }; }

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y)) return (isnan(x) != 0) - (isnan(y) != 0);
    return (x > y) - (x < y);
}

double *sample_sort(const struct sample *sample, int64_t *n)
{
    double *sorted = allocate((uint64_t)sample->count, sizeof *sorted);
    *n = 0;
    for (int64_t k = 0; k < sample->count; k++)
        if (!sample->ignored[k]) sorted[(*n)++] = sample->values[k];
    qsort(sorted, (size_t)*n, sizeof *sorted, ascending);
    return sorted;
}

double quantile(const double *sorted, int64_t n, double fraction)
{
    const double place = fraction * (double)(n - 1), below = floor(place);
    const int64_t k = (int64_t)below;
    if (isnan(sorted[n - 1])) return sorted[n - 1];
    if (place == below || sorted[k] == sorted[k + 1]) return sorted[k];
    return sorted[k] + (sorted[k + 1] - sorted[k]) * (place - below);
}
