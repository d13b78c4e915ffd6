/* What row weights are: a weight of 1 changes no bit, of 2 doubles the bits, of 0 leaves a row out, and any weight is one factor of the
   row's loss and of its gradient. `identities_weights <seed>` runs other batches. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "everywhere.h"
#include "identity.h"

/* Everything that the options with row weights have a part in, as numbers. */
struct answers {
    int64_t losses, entries;
    double *loss, *gradient, *nll, *nll_gradient;
    double divisor;
};

static struct answers answers_new(const struct trial *t)
{
    const int64_t n = t->rows * t->classes, losses = t->options.reduction == XENT_REDUCTION_NONE ? t->rows : 1;
    return (struct answers){ losses, n, numbers_new(losses), numbers_new(n), numbers_new(losses), numbers_new(n), 0 };
}

static void answers_free(struct answers *a)
{
    free(a->loss);
    free(a->gradient);
    free(a->nll);
    free(a->nll_gradient);
}

/* All functions under these row weights; NULL: none. */
static struct answers solve(const struct trial *t, const xent_tensor *row_weight)
{
    struct answers a = answers_new(t);
    xent_options options = t->options, plain = XENT_OPTIONS_INIT;
    const xent_tensor *upstream = t->options.reduction == XENT_REDUCTION_NONE ? t->upstream_tensor : NULL;
    xent_tensor *losses = tensor_over(XENT_F64, SHAPE(a.losses), a.loss), *nll = tensor_over(XENT_F64, SHAPE(a.losses), a.nll);
    xent_tensor *entries = tensor_new(t->dtype, SHAPE(t->rows, t->classes), ROW_MAJOR);
    options.row_weight = plain.row_weight = row_weight;
    plain.reduction = options.reduction;
    plain.class_weight = options.class_weight;
    plain.ignore_index = options.ignore_index;
    expect_everywhere(xent_cross_entropy(t->logits_tensor, trial_target(t), &options, losses), losses, NULL);
    expect_everywhere(xent_cross_entropy_grad(t->logits_tensor, trial_target(t), &options, upstream, losses, entries), losses,
                      entries);
    tensor_numbers(entries, a.gradient);
    expect_everywhere(xent_nll_loss(t->logits_tensor, trial_target(t), &plain, nll), nll, NULL);
    expect_everywhere(xent_nll_loss_backward(t->logits_tensor, trial_target(t), &plain, upstream, entries), entries, NULL);
    tensor_numbers(entries, a.nll_gradient);
    expect_ok(xent_mean_divisor(trial_target(t), &options, &a.divisor));
    tensor_free(entries);
    xent_tensor_destroy(losses);
    xent_tensor_destroy(nll);
    return a;
}

static xent_tensor *weights_of(const struct trial *t, const double *weights, struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    return tensor_of(dtypes[random_below(r, 4)], SHAPE(t->rows), (enum layout)random_below(r, LAYOUTS), weights);
}

static struct answers solve_with(const struct trial *t, double weight, struct random *r)
{
    double weights[16];
    for (int64_t i = 0; i < t->rows; i++) weights[i] = weight;
    xent_tensor *row_weight = weights_of(t, weights, r);
    struct answers a = solve(t, row_weight);
    tensor_free(row_weight);
    return a;
}

/* The same bits; a factor other than 1 is exact but where a number is subnormal in the dtype or larger than it holds. */
static void expect_times(const double *got, const double *want, int64_t n, double factor, double smallest, const char *what)
{
    for (int64_t i = 0; i < n; i++) {
        const double expected = factor * want[i];
        if (factor != 1 && !(fabs(want[i]) > smallest && isfinite(got[i]))) continue;
        if (memcmp(&got[i], &expected, sizeof expected) != 0 && !(got[i] != got[i] && expected != expected))
            fail_msg("%s %lld is %a, expected %a times %a", what, (long long)i, got[i], factor, want[i]);
        identity_compared();
    }
}

static void expect_all_times(const struct trial *t, const struct answers *got, const struct answers *want, double factor)
{
    static const double smallest[] = {
        [XENT_F32] = 0x1p-126, [XENT_F64] = 0x1p-1022, [XENT_F16] = 0x1p-14, [XENT_BF16] = 0x1p-126
    };
    expect_times(got->loss, want->loss, want->losses, factor, 0x1p-1022, "loss");
    expect_times(got->nll, want->nll, want->losses, factor, 0x1p-1022, "nll");
    expect_times(got->gradient, want->gradient, want->entries, factor, smallest[t->dtype], "gradient");
    expect_times(got->nll_gradient, want->nll_gradient, want->entries, factor, smallest[t->dtype], "gradient of nll");
}

static void equal_weights(struct trial *t, struct random *r)
{
    for (int32_t reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_NONE; reduction++) {
        t->options.reduction = reduction;
        struct answers none = solve(t, NULL), ones = solve_with(t, 1, r), twos = solve_with(t, 2, r);
        expect_all_times(t, &ones, &none, 1);
        expect_all_times(t, &twos, &none, reduction == XENT_REDUCTION_MEAN ? 1 : 2);
        assert_true(ones.divisor == none.divisor && twos.divisor == 2 * none.divisor);
        answers_free(&none);
        answers_free(&ones);
        answers_free(&twos);
    }
}

/* Ignored by weight or by index: the same bits of everything, whatever stands in the row. */
static void weight_0_is_ignored(struct trial *t, struct random *r)
{
    double weights[16];
    for (int64_t i = 0; i < t->rows; i++) {
        weights[i] = random_chance(r, 3) ? 0 : 1;
        if (weights[i] == 0 && random_chance(r, 2)) t->logits[i * t->classes] = NAN;
    }
    trial_update(t);
    xent_tensor *row_weight = weights_of(t, weights, r);
    for (int32_t reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_NONE; reduction++) {
        t->options.reduction = reduction;
        struct answers by_weight = solve(t, row_weight);
        for (int64_t i = 0; i < t->rows; i++)
            if (weights[i] == 0) tensor_set(t->index_tensor, i, -100);
        struct answers by_index = solve(t, NULL);
        expect_all_times(t, &by_weight, &by_index, 1);
        assert_true(by_weight.divisor == by_index.divisor);
        trial_update(t);
        answers_free(&by_weight);
        answers_free(&by_index);
    }
    tensor_free(row_weight);
}

/* One rounding of the loss; of the gradient those of the factor. */
static void any_weight_is_a_factor(struct trial *t, struct random *r)
{
    static const double step[] = {
        [XENT_F32] = FLT_EPSILON, [XENT_F64] = DBL_EPSILON, [XENT_F16] = 0x1p-10, [XENT_BF16] = 0x1p-7
    };
    static const double least[] = {
        [XENT_F32] = 0x1p-149, [XENT_F64] = 0x1p-1074, [XENT_F16] = 0x1p-24, [XENT_BF16] = 0x1p-133
    };
    double weights[16], sum = 0;
    for (int64_t i = 0; i < t->rows; i++) weights[i] = random_chance(r, 5) ? 0 : 3 * random_uniform(r);
    xent_tensor *row_weight = weights_of(t, weights, r);
    tensor_numbers(row_weight, weights);
    struct answers none = solve(t, NULL), some = solve(t, row_weight);
    for (int64_t i = 0; i < t->rows; i++) {
        double most = 0;
        for (int64_t c = 0; c < t->classes; c++) most = fmax(most, fabs(none.gradient[i * t->classes + c]));
        expect_near(some.loss[i], weights[i] * none.loss[i], 0, "loss", i, -1);
        expect_near(some.nll[i], weights[i] * none.nll[i], 0, "nll", i, -1);
        for (int64_t c = 0; c < t->classes; c++)
            expect_near(some.gradient[i * t->classes + c], weights[i] * none.gradient[i * t->classes + c],
                        4 * weights[i] * (step[t->dtype] * most + least[t->dtype]) + least[t->dtype], "gradient", i, c);
        if (t->probabilities != NULL)
            sum += weights[i];
        else
            sum += weights[i] * (t->weight == NULL ? 1 : t->weight[t->index[i]]);
        identity_compared();
    }
    expect_near(some.divisor, sum, 0x1p-48 * sum, "divisor", -1, -1);
    answers_free(&none);
    answers_free(&some);
    tensor_free(row_weight);
}

static const struct identity equal = { equal_weights, FEATURE_OPTIONS - 1, 80, 5000, 0 };
static const struct identity ignored = { weight_0_is_ignored, FEATURE_OPTIONS - 1 - FEATURE_PROBABILITIES, 80, 5000, 0 };
static const struct identity any = { any_weight_is_a_factor, FEATURE_OPTIONS - 1, 80, 5000, 0 };

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { IDENTITY_TEST("equal_weights", &equal), IDENTITY_TEST("weight_0_is_ignored", &ignored),
                                        IDENTITY_TEST("any_weight_is_a_factor", &any) };
    identities_begin(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
