#include "accuracy_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "precision.h"
#include "support/backend.h"
#include "support/expect.h"
#include "support/half.h"

const char *const row_kind_names[ROW_KINDS] = { "random", "confident", "dominated", "equal", "runner-up" };

void *elements_new(xent_dtype dtype, int64_t n)
{
    void *memory = calloc((size_t)n, xent_dtype_size(dtype));
    if (memory == NULL) {
        perror("accuracy");
        exit(EXIT_FAILURE);
    }
    return memory;
}

double element(xent_dtype dtype, const void *data, int64_t i)
{
    if (dtype == XENT_F16 || dtype == XENT_BF16) return half_decode(dtype, ((const uint16_t *)data)[i]);
    return dtype == XENT_F32 ? (double)((const float *)data)[i] : ((const double *)data)[i];
}

void element_set(xent_dtype dtype, void *data, int64_t i, double value)
{
    if (dtype == XENT_F16 || dtype == XENT_BF16)
        ((uint16_t *)data)[i] = half_encode(dtype, value);
    else if (dtype == XENT_F32)
        ((float *)data)[i] = (float)value;
    else
        ((double *)data)[i] = value;
}

/* By how much the leader leads; half of the equal rows stay close, where all terms count. */
static double lead(enum row_kind kind, struct random *r)
{
    const double u = random_uniform(r);
    switch (kind) {
    case ROWS_CONFIDENT: return 5 + 95 * u;
    case ROWS_DOMINATED: return 5 + 30 * u;
    case ROWS_EQUAL: return random_chance(r, 2) ? u : 30 * u;
    default: return random_chance(r, 2) ? 5 * u : 100 * u;
    }
}

/* One row before offset and rounding; returns its target. */
static int64_t fill_row(enum row_kind kind, double *z, int64_t classes, struct random *r)
{
    const int64_t leader = random_below(r, classes);
    int64_t other = classes > 1 ? random_below(r, classes - 1) : 0;
    if (classes > 1 && other >= leader) other++;
    double max = -INFINITY;
    for (int64_t c = 0; c < classes; c++) {
        if (kind == ROWS_RUNNER_UP)
            z[c] = c == other ? 0 : -INFINITY;
        else if (kind == ROWS_EQUAL)
            z[c] = 0;
        else
            z[c] = (kind == ROWS_DOMINATED ? 1 : 4) * random_normal(r);
        if (c != leader && z[c] > max) max = z[c];
    }
    if (kind != ROWS_RANDOM) z[leader] = max + lead(kind, r);
    return random_chance(r, 4) ? other : leader;
}

static uint64_t seed;

int accuracy_main(int argc, char **argv, void (*test)(void **state), bool sixteen)
{
    const struct CMUnitTest wide[] = {
        { "F32", test, NULL, NULL, (void *)&precision_f32 },
        { "F64", test, NULL, NULL, (void *)&precision_f64 },
    };
    const struct CMUnitTest half[] = {
        { "F16", test, NULL, NULL, (void *)&precision_f16 },
        { "BF16", test, NULL, NULL, (void *)&precision_bf16 },
    };
    require_backend();
    if (argc > 1) seed = strtoull(argv[1], NULL, 0);
    const int failed = cmocka_run_group_tests(wide, NULL, NULL);
    return failed + (sixteen ? cmocka_run_group_tests(half, NULL, NULL) : 0);
}

struct random accuracy_stream(uint64_t program, xent_dtype dtype)
{
    return random_stream(seed << 8 | program, (uint64_t)dtype);
}

struct batch batch_new(xent_dtype dtype, int64_t rows, int64_t classes, enum row_kind kind, double offset, struct random *r)
{
    struct batch b = { dtype, rows, classes, kind, offset, NULL, NULL, NULL };
    b.logits = elements_new(dtype, rows * classes);
    b.exact = elements_new(XENT_F64, rows * classes);
    b.target = elements_new(XENT_F64, rows); /* as wide as an int64_t */
    for (int64_t i = 0; i < rows; i++) b.target[i] = fill_row(kind, b.exact + i * classes, classes, r);
    for (int64_t i = 0; i < rows * classes; i++) {
        element_set(dtype, b.logits, i, b.exact[i] + offset);
        b.exact[i] = element(dtype, b.logits, i);
    }
    return b;
}

void batch_free(struct batch *b)
{
    free(b->logits);
    free(b->exact);
    free(b->target);
}
