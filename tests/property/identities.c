/* What must hold for probabilities, losses and gradients of any batch, within the error bounds: sums, shifts, permutations, ignored
   rows, one-hot targets. `identities <seed>` runs other batches. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"

/* Loss and gradient of a trial, and the bounds of one of its rows at a time. */
struct solution {
    double *loss, *gradient;
};

static struct solution solution_of(const struct trial *t)
{
    struct solution s = { numbers_new(t->rows), numbers_new(t->rows * t->classes) };
    trial_solve(t, s.loss, s.gradient);
    return s;
}

static void solution_free(struct solution *s)
{
    free(s->loss);
    free(s->gradient);
}

/* Both are the library's answers to questions whose exact answers are the same: they differ by two bounds at most. to: where class c
   of the first stands in the second; NULL: in its own place. */
static void expect_alike(const struct trial *t, const struct solution *got, const struct solution *want, const int64_t *to)
{
    struct bounds b = bounds_new(t->classes);
    for (int64_t i = 0; i < t->rows; i++) {
        const struct row row = trial_row(t, i);
        const double *here = got->gradient + i * t->classes, *there = want->gradient + i * t->classes;
        bounds_of(&b, &t->objective, &row);
        expect_near(got->loss[i], want->loss[i], 2 * b.loss_allowed, "loss", i, -1);
        for (int64_t c = 0; c < t->classes; c++)
            expect_near(here[c], there[to == NULL ? c : to[c]], 2 * b.allowed[c], "gradient", i, c);
    }
    bounds_free(&b);
}

static void probabilities_sum_to_1(struct trial *t, struct random *r)
{
    const struct precision *storage = precision_of(t->dtype), *a = arithmetic_of(t->dtype);
    xent_tensor *p = tensor_new(t->dtype, SHAPE(t->rows, t->classes), ROW_MAJOR);
    (void)r;
    expect_ok(xent_softmax(t->logits_tensor, 1, p));
    for (int64_t i = 0; i < t->rows; i++) {
        const double *z = t->logits + i * t->classes;
        double sum = 0, allowed = 0, max = z[0];
        for (int64_t c = 0; c < t->classes; c++) max = fmax(max, z[c]);
        for (int64_t c = 0; c < t->classes; c++) {
            const double each = tensor_get(p, i * t->classes + c), units = a->dtype == XENT_F32 ? 4 : 6 + (max - z[c]) / 24;
            /* 2 ulp more make the bound relative to p exactly, and the last part is for the addition here. */
            sum += each;
            if (each != 0) allowed += (units + 2) * a->unit * each + 0x1p-53;
            allowed += a->tiny + (storage == a ? 0 : half_ulp(storage, each));
        }
        expect_near(sum, 1, allowed, "sum of the probabilities", i, -1);
    }
    tensor_free(p);
}

/* Divided by dv/dz the entries of a row add up to what the z-loss alone gives, 2 z_loss lse. */
static void gradients_sum_to_0(struct trial *t, struct random *r)
{
    struct solution s = solution_of(t);
    struct bounds b = bounds_new(t->classes);
    (void)r;
    for (int64_t i = 0; i < t->rows; i++) {
        const struct row row = trial_row(t, i);
        const double *entry = s.gradient + i * t->classes;
        double sum = 0, allowed = 0, least = INFINITY;
        bounds_of(&b, &t->objective, &row);
        const double want = row.factor * 2 * t->options.z_loss * b.lse;
        for (int64_t c = 0; c < t->classes; c++) {
            least = fmin(least, b.slope[c]);
            sum += entry[c] / b.slope[c];
            allowed += (b.allowed[c] + 0x1p-51 * fabs(entry[c])) / b.slope[c] + 0x1p-52 * fabs(sum);
        }
        /* A slope that is next to 0 lets nothing through that could be added up. */
        if (least > 0x1p-30) expect_near(sum, want, allowed + 0x1p-48 * fabs(want), "sum of the gradient", i, -1);
    }
    bounds_free(&b);
    solution_free(&s);
}

/* Halves from -7.5 to 7.5 and an offset that all types hold exactly: rounding takes no part, nor does scaling by a power of two. */
static void offsets_do_not_matter(struct trial *t, struct random *r)
{
    const double far = t->dtype == XENT_F64 ? 0x1p40 : t->dtype == XENT_F32 ? 0x1p20 : t->dtype == XENT_F16 ? 512 : 32;
    const double offset = (random_chance(r, 2) ? -1 : 1) * (random_chance(r, 2) ? far : 32);
    if (t->features & FEATURE_SCALE) t->options.logit_scale = random_chance(r, 2) ? 0.25 : 2;
    for (int64_t i = 0; i < t->rows * t->classes; i++) t->logits[i] = (double)(random_below(r, 31) - 15) / 2;
    trial_update(t);
    struct solution near = solution_of(t);
    for (int64_t i = 0; i < t->rows * t->classes; i++) t->logits[i] += offset;
    trial_update(t);
    struct solution away = solution_of(t);
    expect_alike(t, &away, &near, NULL);
    solution_free(&near);
    solution_free(&away);
}

/* values of `rows` rows: class c moves to to[c]. */
static void permute(double *values, int64_t rows, int64_t classes, const int64_t *to)
{
    double *old = numbers_new(rows * classes);
    memcpy(old, values, (size_t)(rows * classes) * sizeof *old);
    for (int64_t i = 0; i < rows * classes; i++) values[i / classes * classes + to[i % classes]] = old[i];
    free(old);
}

static void the_order_of_classes_does_not_matter(struct trial *t, struct random *r)
{
    int64_t *to = (int64_t *)numbers_new(t->classes), *from = (int64_t *)numbers_new(t->classes);
    struct solution first = solution_of(t);
    for (int64_t c = 0; c < t->classes; c++) { /* a shuffle, built up from the left */
        const int64_t other = random_below(r, c + 1);
        to[c] = to[other];
        to[other] = c;
    }
    for (int64_t c = 0; c < t->classes; c++) from[to[c]] = c;
    permute(t->logits, t->rows, t->classes, to);
    if (t->weight != NULL) permute(t->weight, 1, t->classes, to);
    if (t->probabilities != NULL) permute(t->probabilities, t->rows, t->classes, to);
    for (int64_t i = 0; i < t->rows; i++) t->index[i] = to[t->index[i]];
    trial_update(t);
    struct solution second = solution_of(t);
    expect_alike(t, &second, &first, from);
    solution_free(&first);
    solution_free(&second);
    free(from);
    free(to);
}

/* A class index is a one-hot target, of whatever dtype. */
static void one_hot_is_index(struct trial *t, struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    struct solution index = solution_of(t), one_hot;
    t->probabilities = numbers_new(t->rows * t->classes);
    t->probabilities_tensor = tensor_new(dtypes[random_below(r, 4)], SHAPE(t->rows, t->classes), TRANSPOSED);
    for (int64_t i = 0; i < t->rows; i++) t->probabilities[i * t->classes + t->index[i]] = 1;
    trial_update(t);
    one_hot = solution_of(t);
    expect_alike(t, &one_hot, &index, NULL);
    solution_free(&index);
    solution_free(&one_hot);
}

enum { INDEX_OPTIONS = FEATURE_OPTIONS - 1 - FEATURE_PROBABILITIES, ALL_OPTIONS = FEATURE_OPTIONS - 1 };

static const struct identity probabilities = { probabilities_sum_to_1, FEATURE_MASK, 150, 5000, 0 };
static const struct identity sums = { gradients_sum_to_0, ALL_OPTIONS | FEATURE_MASK, 200, 5000, 0 };
static const struct identity offsets = { offsets_do_not_matter,
                                         FEATURE_WEIGHT | FEATURE_PROBABILITIES | FEATURE_SMOOTHING | FEATURE_SCALE, 150, 5000,
                                         0 };
static const struct identity orders = { the_order_of_classes_does_not_matter, ALL_OPTIONS | FEATURE_MASK, 200, 5000, 0 };
static const struct identity one_hots = { one_hot_is_index, INDEX_OPTIONS | FEATURE_MASK, 200, 5000, 0 };

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IDENTITY_TEST("probabilities_sum_to_1", &probabilities),
        IDENTITY_TEST("gradients_sum_to_0", &sums),
        IDENTITY_TEST("offsets_do_not_matter", &offsets),
        IDENTITY_TEST("the_order_of_classes_does_not_matter", &orders),
        IDENTITY_TEST("one_hot_is_index", &one_hots),
    };
    identities_begin(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
