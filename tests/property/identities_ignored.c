/* Ignored rows may as well not be there: without them the other rows have the same bits, and sums and means the same values within
   rounding. `identities_ignored <seed>` runs other batches. */
#include <math.h>
#include <stdlib.h>

#include "identity.h"

/* A batch of index targets. */
struct batch {
    int64_t rows, classes;
    xent_tensor *logits, *index, *upstream;
};

static struct batch batch_of(const struct trial *t)
{
    return (struct batch){ t->rows, t->classes, t->logits_tensor, t->index_tensor, t->upstream_tensor };
}

/* The rows of the trial for which kept is not 0. */
static struct batch batch_without(const struct trial *t, const int *kept)
{
    struct batch b = { 0, t->classes, NULL, NULL, NULL };
    for (int64_t i = 0; i < t->rows; i++) b.rows += kept[i];
    b.logits = tensor_new(t->dtype, SHAPE(b.rows, t->classes), ROW_MAJOR);
    b.index = tensor_new(XENT_I64, SHAPE(b.rows), ROW_MAJOR);
    b.upstream = tensor_new(xent_tensor_dtype(t->upstream_tensor), SHAPE(b.rows), ROW_MAJOR);
    for (int64_t i = 0, k = 0; i < t->rows; i++) {
        if (!kept[i]) continue;
        for (int64_t c = 0; c < t->classes; c++) tensor_set(b.logits, k * t->classes + c, t->logits[i * t->classes + c]);
        tensor_set(b.index, k, (double)t->index[i]);
        tensor_set(b.upstream, k, t->upstream[i]);
        k++;
    }
    return b;
}

/* Losses (one number where they are reduced) and gradient. */
static void solve(const struct trial *t, const struct batch *b, double *loss, double *gradient)
{
    const int none = t->options.reduction == XENT_REDUCTION_NONE;
    xent_tensor *losses = tensor_over(XENT_F64, SHAPE(none ? b->rows : 1), loss);
    xent_tensor *entries = tensor_new(t->dtype, SHAPE(b->rows, b->classes), ROW_MAJOR);
    expect_ok(xent_cross_entropy_grad(b->logits, b->index, &t->options, none ? b->upstream : NULL, losses, entries));
    tensor_numbers(entries, gradient);
    tensor_free(entries);
    xent_tensor_destroy(losses);
}

/* The answers for the whole batch and for the kept rows. */
struct answers {
    double *loss, *gradient, *loss_of_kept, *gradient_of_kept;
};

/* NONE and SUM: row by row the same bits, zeros where a row is ignored. */
static void expect_same_bits(const struct trial *t, const int *kept, const struct answers *a)
{
    const int none = t->options.reduction == XENT_REDUCTION_NONE;
    for (int64_t i = 0, k = 0; i < t->rows; k += kept[i++]) {
        if (none) expect_near(a->loss[i], kept[i] ? a->loss_of_kept[k] : 0, 0, "loss", i, -1);
        for (int64_t c = 0; c < t->classes; c++)
            expect_near(a->gradient[i * t->classes + c], kept[i] ? a->gradient_of_kept[k * t->classes + c] : 0, 0, "gradient",
                        i, c);
    }
}

/* MEAN: the divisor is a sum of weights too, which other rows beside it may round differently. */
static void expect_same_mean(const struct trial *t, const int *kept, double divisor, const struct answers *a)
{
    struct bounds b = bounds_new(t->classes);
    for (int64_t i = 0, k = 0; i < t->rows; k += kept[i++]) {
        struct row row = trial_row(t, i);
        row.factor = 1 / divisor;
        bounds_of(&b, &t->objective, &row);
        for (int64_t c = 0; c < t->classes; c++) {
            const double want = kept[i] ? a->gradient_of_kept[k * t->classes + c] : 0;
            expect_near(a->gradient[i * t->classes + c], want, kept[i] ? 2 * b.allowed[c] + 0x1p-50 * fabs(want) : 0,
                        "gradient of the mean", i, c);
        }
    }
    bounds_free(&b);
}

/* All reductions, for a batch in which some row is kept. */
static void compare(struct trial *t, const int *kept, const struct batch *all, const struct batch *rest, struct answers *a)
{
    double size = 0, divisor = 0;
    solve(t, all, a->loss, a->gradient);
    solve(t, rest, a->loss_of_kept, a->gradient_of_kept);
    expect_same_bits(t, kept, a);
    for (int64_t i = 0; i < t->rows; i++) {
        size += fabs(a->loss[i]);
        if (kept[i]) divisor += t->weight == NULL ? 1 : t->weight[t->index[i]];
    }
    t->options.reduction = XENT_REDUCTION_SUM;
    solve(t, all, a->loss, a->gradient);
    solve(t, rest, a->loss_of_kept, a->gradient_of_kept);
    expect_same_bits(t, kept, a);
    expect_near(a->loss[0], a->loss_of_kept[0], 0x1p-50 * size, "sum of the losses", -1, -1);
    if (divisor == 0) return;
    t->options.reduction = XENT_REDUCTION_MEAN;
    solve(t, all, a->loss, a->gradient);
    solve(t, rest, a->loss_of_kept, a->gradient_of_kept);
    expect_same_mean(t, kept, divisor, a);
    expect_near(a->loss[0], a->loss_of_kept[0], 0x1p-49 * size / divisor, "mean of the losses", -1, -1);
}

/* One class is the one to ignore, or none of the classes; rows that have it anyway are ignored as well. */
static void ignored_rows_may_be_removed(struct trial *t, struct random *r)
{
    int kept[16], any = 0;
    t->options.ignore_index = random_chance(r, 2) ? -100 : random_below(r, t->classes);
    for (int64_t i = 0; i < t->rows; i++) {
        if (random_chance(r, 3)) t->index[i] = t->options.ignore_index;
        kept[i] = t->index[i] != t->options.ignore_index;
        any += kept[i];
        /* What stands in an ignored row is not looked at. */
        if (!kept[i] && random_chance(r, 2)) t->logits[i * t->classes] = NAN;
    }
    if (any == 0) return;
    trial_update(t);
    const struct batch all = batch_of(t), rest = batch_without(t, kept);
    const int64_t n = t->rows * t->classes;
    struct answers a = { numbers_new(t->rows), numbers_new(n), numbers_new(t->rows), numbers_new(n) };
    compare(t, kept, &all, &rest, &a);
    tensor_free(rest.logits);
    tensor_free(rest.index);
    tensor_free(rest.upstream);
    free(a.loss);
    free(a.gradient);
    free(a.loss_of_kept);
    free(a.gradient_of_kept);
}

static const struct identity ignored = { ignored_rows_may_be_removed,
                                         (FEATURE_OPTIONS - 1 - FEATURE_PROBABILITIES) | FEATURE_MASK, 250, 5000, 0 };

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { IDENTITY_TEST("ignored_rows_may_be_removed", &ignored) };
    identities_begin(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
