/* Statistics of rows against the answers of PyTorch, which row_stats.py records. */
#include <math.h>
#include <stdbool.h>

#include "support/backend.h"
#include "support/tensors.h"

struct recorded {
    xent_dtype dtype;
    int64_t rows, classes;
    double logit_scale, softcap;
    const double *logits, *target, *loss, *lse, *max, *argmax, *entropy, *rank;
};

/* The numbers of C's strtod, as row_stats.inc has them. */
#define inf ((double)INFINITY)
#define nan ((double)NAN)
#include "row_stats.inc"

/* PyTorch's entropy is a sum of products of rounded numbers. */
enum answer { LOSS, LSE, MAX, ARGMAX, ENTROPY, RANK, ANSWERS };

static void expect(const struct recorded *r, enum answer answer, int64_t row, double got, double want)
{
    static const char *const names[ANSWERS] = { "loss", "lse", "max", "argmax", "entropy", "rank" };
    const double relative = r->dtype == XENT_F64 ? 1e-13 : 3e-7;
    const bool exact = answer == ARGMAX || answer == RANK || (answer == MAX && r->softcap == 0);
    if (exact ? got == want : fabs(got - want) <= relative * fabs(want) + 1e-14) return;
    if (isnan(want) ? isnan(got) : got == want) return;
    fail_msg("%s of row %d of %d classes, dtype %d, is %.17g; PyTorch: %.17g", names[answer], (int)row, (int)r->classes,
             (int)r->dtype, got, want);
}

static void check(const struct recorded *r)
{
    const double *const wants[ANSWERS] = { r->loss, r->lse, r->max, r->argmax, r->entropy, r->rank };
    xent_tensor *logits = tensor_of(r->dtype, SHAPE(r->rows, r->classes), ROW_MAJOR, r->logits);
    xent_tensor *target = tensor_of(XENT_I64, SHAPE(r->rows), ROW_MAJOR, r->target), *out[ANSWERS];
    xent_options options = XENT_OPTIONS_INIT;
    xent_stats stats = XENT_STATS_INIT;
    for (int a = 0; a < ANSWERS; a++)
        out[a] = tensor_new(a == ARGMAX || a == RANK ? XENT_I64 : XENT_F64, SHAPE(r->rows), ROW_MAJOR);
    options.logit_scale = r->logit_scale;
    options.softcap = r->softcap;
    stats.loss = out[LOSS];
    stats.lse = out[LSE];
    stats.max = out[MAX];
    stats.argmax = out[ARGMAX];
    stats.entropy = out[ENTROPY];
    stats.rank = out[RANK];
    expect_ok(xent_row_stats(logits, target, &options, &stats));
    for (int a = 0; a < ANSWERS; a++) {
        for (int64_t row = 0; row < r->rows; row++) expect(r, (enum answer)a, row, tensor_get(out[a], row), wants[a][row]);
        tensor_free(out[a]);
    }
    tensor_free(logits);
    tensor_free(target);
}

static void as_pytorch_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) check(&recorded[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(as_pytorch_answers) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
