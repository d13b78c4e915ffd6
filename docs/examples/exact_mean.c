/* A mean over rows that several workers have computed, bit for bit that of one call over all of them: each worker gives the losses of its
 * rows, whoever gathers them reduces them in libxent's own order.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * The workers here are calls; threads, processes and machines do the same, and send 8 bytes a row. Build it with
 *     cc exact_mean.c $(pkg-config --cflags --libs xent) -o exact_mean
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent.h>

enum { ROWS = 1000, CLASSES = 50, IGNORED = -100 };

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

static xent_tensor *wrap(xent_dtype dtype, int32_t ndim, int64_t rows, int64_t columns, void *data)
{
    xent_tensor *t;
    must(xent_tensor_wrap(&t, dtype, ndim, (int64_t[]){ rows, columns }, NULL, data));
    return t;
}

/* The rows [from, to), of a worker; the sum of their losses is for comparison alone. */
static double work(float (*z)[CLASSES], int64_t *y, int64_t from, int64_t to, double *losses)
{
    xent_options options = XENT_OPTIONS_INIT;
    double sum;
    xent_tensor *logits = wrap(XENT_F32, 2, to - from, CLASSES, z[from]), *target = wrap(XENT_I64, 1, to - from, 0, &y[from]);
    xent_tensor *each = wrap(XENT_F64, 1, to - from, 0, &losses[from]), *all = wrap(XENT_F64, 0, 0, 0, &sum);
    options.reduction = XENT_REDUCTION_NONE;
    must(xent_cross_entropy(logits, target, &options, each));
    options.reduction = XENT_REDUCTION_SUM;
    must(xent_cross_entropy(logits, target, &options, all));
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(each);
    xent_tensor_destroy(all);
    return sum;
}

/* The negative of a loss is a log-probability, that of the only class of its row. */
static double reduce(const int64_t *y, double *losses)
{
    static int64_t class_0[ROWS];
    double mean;
    xent_tensor *logp = wrap(XENT_F64, 2, ROWS, 1, losses), *target = wrap(XENT_I64, 1, ROWS, 0, class_0);
    xent_tensor *out = wrap(XENT_F64, 0, 0, 0, &mean);
    for (int i = 0; i < ROWS; i++) {
        losses[i] = -losses[i];
        class_0[i] = y[i] == IGNORED ? IGNORED : 0;
    }
    must(xent_nll_loss(logp, target, NULL, out));
    xent_tensor_destroy(logp);
    xent_tensor_destroy(target);
    xent_tensor_destroy(out);
    return mean;
}

int main(void)
{
    static float z[ROWS][CLASSES];
    static int64_t y[ROWS];
    static double losses[ROWS];
    uint32_t state = 1;
    int64_t counted = 0;
    int same = 0, plain = 0, tried = 0;
    for (int i = 0; i < ROWS; i++) {
        for (int c = 0; c < CLASSES; c++) {
            state = state * 1664525 + 1013904223;
            z[i][c] = (float)(int32_t)(state >> 8) * 0x1p-20f;
        }
        y[i] = i % 7 == 3 ? IGNORED : i % CLASSES;
        counted += y[i] != IGNORED;
    }
    double whole;
    xent_tensor *logits = wrap(XENT_F32, 2, ROWS, CLASSES, z), *target = wrap(XENT_I64, 1, ROWS, 0, y);
    xent_tensor *out = wrap(XENT_F64, 0, 0, 0, &whole);
    must(xent_cross_entropy(logits, target, NULL, out));
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(out);
    for (int64_t workers = 2; workers <= 100; workers++, tried++) {
        double sum = 0;
        for (int64_t k = 0; k < workers; k++) sum += work(z, y, ROWS * k / workers, ROWS * (k + 1) / workers, losses);
        const double mean = reduce(y, losses), added = sum / (double)counted;
        same += memcmp(&mean, &whole, sizeof mean) == 0;
        plain += memcmp(&added, &whole, sizeof added) == 0;
    }
    printf("mean %.6f; the same bits by %d of %d cuts; where workers' sums are added, by %d\n", whole, same, tried, plain);
    return same == tried ? EXIT_SUCCESS : EXIT_FAILURE;
}
