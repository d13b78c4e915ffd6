/* Statistics of single rows: numbers that are known, ties, special values, rows that are ignored, and what options do to which member. */
#include <math.h>
#include <stdbool.h>

#include "support/backend.h"
#include "support/tensors.h"

/* What is found of one row of F64 logits, alone and as one of many rows side by side. */
struct found {
    double loss, lse, max, argmax, entropy, rank;
};

static struct found find_in(int64_t rows, int64_t classes, const double *z, double target, const xent_options *options)
{
    xent_tensor *logits = tensor_new(XENT_F64, SHAPE(rows, classes), ROW_MAJOR),
                *y = tensor_new(XENT_I64, SHAPE(rows), ROW_MAJOR);
    xent_tensor *out[6];
    xent_stats stats = XENT_STATS_INIT;
    struct found found;
    for (int i = 0; i < 6; i++) out[i] = tensor_new(i == 3 || i == 5 ? XENT_I64 : XENT_F64, SHAPE(rows), ROW_MAJOR);
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(logits, i, z[i % classes]);
    for (int64_t i = 0; i < rows; i++) tensor_set(y, i, target);
    stats.loss = out[0];
    stats.lse = out[1];
    stats.max = out[2];
    stats.argmax = out[3];
    stats.entropy = out[4];
    stats.rank = out[5];
    expect_ok(xent_row_stats(logits, y, options, &stats));
    for (int64_t row = 1; row < rows; row++)
        for (int i = 0; i < 6; i++) assert_true(tensor_bits(out[i], row) == tensor_bits(out[i], 0));
    found = (struct found){ tensor_get(out[0], 0), tensor_get(out[1], 0), tensor_get(out[2], 0),
                            tensor_get(out[3], 0), tensor_get(out[4], 0), tensor_get(out[5], 0) };
    for (int i = 0; i < 6; i++) tensor_free(out[i]);
    tensor_free(logits);
    tensor_free(y);
    return found;
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

#define ROW(...) (int64_t)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), VALUES(__VA_ARGS__)

static struct found find(int64_t classes, const double *z, double target, const xent_options *options)
{
    const struct found alone = find_in(1, classes, z, target, options), many = find_in(70, classes, z, target, options);
    assert_true(same(alone.loss, many.loss) && same(alone.lse, many.lse) && same(alone.max, many.max));
    assert_true(alone.argmax == many.argmax && same(alone.entropy, many.entropy) && alone.rank == many.rank);
    return alone;
}

#define NAN_ (double)NAN
#define INF_ (double)INFINITY

static void near(double got, double want) { assert_true(fabs(got - want) <= 1e-14 * fabs(want)); }

static void test_known_numbers(void **state)
{
    (void)state;
    /* p = 1/2, 1/4, 1/4 */
    struct found f = find(ROW(log(0.25), log(0.5), log(0.25)), 2, NULL);
    near(f.loss, log(4));
    assert_true(fabs(f.lse) < 1e-15);
    near(f.max, log(0.5));
    assert_true(f.argmax == 1 && f.rank == 2);
    near(f.entropy, 1.5 * log(2));
    /* n equal classes */
    f = find(ROW(7, 7, 7, 7, 7), 3, NULL);
    near(f.entropy, log(5));
    assert_true(f.argmax == 0 && f.rank == 3);
    /* one class */
    f = find(ROW(-3), 0, NULL);
    assert_true(f.loss == 0 && f.lse == -3 && f.max == -3 && f.argmax == 0 && f.entropy == 0 && f.rank == 0);
}

/* With one logit ahead by d, entropy = log1p(r) + r d / (1 + r), r = e^-d: what no difference of rounded numbers keeps. */
static void test_confident_row(void **state)
{
    (void)state;
    for (double d = 10; d <= 700; d += 30) {
        const struct found f = find(ROW(0, d), 1, NULL);
        const double r = exp(-d);
        near(f.entropy, log1p(r) + r * d / (1 + r));
        near(f.loss, log1p(r));
    }
}

static void test_ties(void **state)
{
    (void)state;
    for (int y = 0; y < 6; y++) {
        const struct found f = find(ROW(1, 3, 0, 3, 1, 3), y, NULL);
        static const double ranks[] = { 3, 0, 5, 1, 4, 2 };
        assert_true(f.argmax == 1 && f.rank == ranks[y]);
    }
    /* zeros of both signs are equal, and the maximum is +0 */
    assert_true(find(ROW(-0.0, 0.0, -1), 0, NULL).rank == 0);
    assert_true(find(ROW(-0.0, 0.0, -1), 1, NULL).rank == 1);
    assert_true(!signbit(find(ROW(-1, -0.0), 0, NULL).max));
}

static void test_masked_classes(void **state)
{
    (void)state;
    struct found f = find(ROW(-INF_, 2, -INF_, 2), 3, NULL);
    near(f.entropy, log(2));
    assert_true(f.argmax == 1 && f.rank == 1 && f.max == 2);
    f = find(ROW(-INF_, 2, -INF_, 2), 2, NULL);
    assert_true(f.loss == INF_ && f.rank == 3);
    f = find(ROW(-INF_, -INF_, 5), 2, NULL);
    assert_true(f.loss == 0 && f.entropy == 0 && f.rank == 0);
}

static void test_special_rows(void **state)
{
    (void)state;
    struct found f = find(ROW(1, INF_, NAN_, 2, NAN_), 0, NULL);
    assert_true(isnan(f.loss) && isnan(f.lse) && isnan(f.max) && isnan(f.entropy) && f.argmax == 2 && f.rank == -1);
    f = find(ROW(NAN_), 0, NULL);
    assert_true(isnan(f.loss) && isnan(f.lse) && isnan(f.max) && isnan(f.entropy) && f.argmax == 0 && f.rank == -1);
    f = find(ROW(1, INF_, 0, INF_, 3), 3, NULL);
    assert_true(isnan(f.loss) && f.lse == INF_ && f.max == INF_ && isnan(f.entropy) && f.argmax == 1 && f.rank == 1);
    assert_true(find(ROW(1, INF_, 0, INF_, 3), 0, NULL).rank == 3);
    f = find(ROW(-INF_, -INF_, -INF_), 2, NULL);
    assert_true(isnan(f.loss) && f.lse == -INF_ && f.max == -INF_ && isnan(f.entropy) && f.argmax == 0 && f.rank == 2);
}

/* In rows of several chunks too. */
static void test_special_in_a_late_chunk(void **state)
{
    static double z[10000];
    (void)state;
    for (int c = 0; c < 10000; c++) z[c] = c % 7;
    z[9000] = INF_;
    struct found f = find_in(2, 10000, z, 5, NULL);
    assert_true(f.argmax == 9000 && f.max == INF_ && f.lse == INF_ && isnan(f.entropy) && f.rank == 1 + 10000 / 7);
    z[5000] = NAN_;
    z[5001] = NAN_;
    f = find_in(2, 10000, z, 5, NULL);
    assert_true(f.argmax == 5000 && isnan(f.max) && isnan(f.lse) && isnan(f.entropy) && f.rank == -1);
    z[5000] = z[5001] = z[9000] = 0;
    f = find_in(2, 10000, z, 9999, NULL);
    assert_true(f.argmax == 6 && f.max == 6);
    for (int c = 0; c < 10000; c++) z[c] = -INF_;
    f = find_in(2, 10000, z, 4096, NULL);
    assert_true(f.argmax == 0 && f.max == -INF_ && f.lse == -INF_ && isnan(f.entropy) && isnan(f.loss) && f.rank == 4096);
    z[4096] = -4;
    f = find_in(2, 10000, z, 4096, NULL);
    assert_true(f.argmax == 4096 && f.max == -4 && f.lse == -4 && f.entropy == 0 && f.loss == 0 && f.rank == 0);
}

/* A smoothed loss is made in the same pass as the entropy. */
static void test_special_with_smoothing(void **state)
{
    static double z[5000];
    xent_options options = XENT_OPTIONS_INIT;
    (void)state;
    options.label_smoothing = 0.25;
    for (int c = 0; c < 5000; c++) z[c] = c % 7;
    z[4500] = NAN_;
    struct found f = find_in(1, 5000, z, 5, &options);
    assert_true(isnan(f.loss) && isnan(f.entropy) && f.argmax == 4500 && f.rank == -1);
    z[4500] = INF_;
    f = find_in(1, 5000, z, 5, &options);
    assert_true(isnan(f.loss) && isnan(f.entropy) && f.max == INF_ && f.argmax == 4500);
    z[4500] = -INF_;
    f = find_in(1, 5000, z, 5, &options);
    assert_true(f.loss == INF_ && f.entropy > 0 && f.max == 6);
}

/* One class far ahead, at an end of the range or not, has a loss of nothing, smoothed by its share of the distance to the others. */
static void test_far_with_smoothing(void **state)
{
    static double z[5000];
    xent_options options = XENT_OPTIONS_INIT;
    (void)state;
    options.label_smoothing = 0.25;
    for (double far = 0x1p20; far <= 0x1p60; far *= 0x1p20)
        for (int side = -1; side <= 1; side += 2) {
            for (int c = 0; c < 5000; c++) z[c] = side < 0 ? -2 * far : 0;
            z[4242] = side < 0 ? -far : far;
            const struct found f = find_in(1, 5000, z, 4242, &options);
            near(f.loss, 0.25 * far * 4999 / 5000);
            assert_true(f.entropy == 0 && f.argmax == 4242 && f.rank == 0 && f.max == side * far);
        }
}

static void test_ignored_rows(void **state)
{
    (void)state;
    const double weights[] = { 0 };
    xent_options options = XENT_OPTIONS_INIT;
    struct found f = find(ROW(NAN_, 1), -100, NULL);
    assert_true(f.loss == 0 && f.lse == 0 && f.max == 0 && f.argmax == -1 && f.entropy == 0 && f.rank == -1);
    xent_tensor *row_weight = tensor_of(XENT_F64, SHAPE(1), ROW_MAJOR, weights);
    options.row_weight = row_weight;
    f = find_in(1, ROW(NAN_, 1), 1, &options);
    assert_true(f.loss == 0 && f.lse == 0 && f.max == 0 && f.argmax == -1 && f.entropy == 0 && f.rank == -1);
    tensor_set(row_weight, 0, 4);
    f = find_in(1, ROW(0, 0), 1, &options);
    near(f.loss, 4 * log(2));
    near(f.lse, log(2));
    near(f.entropy, log(2));
    tensor_free(row_weight);
}

/* logit_scale and softcap concern all members; label_smoothing and z_loss, the reduction and the normalizer the loss at most. */
static void test_options(void **state)
{
    (void)state;
    const double v[] = { 3 * tanh(0.5 * 1 / 3), 3 * tanh(0.5 * 8 / 3), 3 * tanh(0.5 * 2 / 3) };
    xent_options options = XENT_OPTIONS_INIT;
    options.logit_scale = 0.5;
    options.softcap = 3;
    const struct found want = find(3, v, 2, NULL), f = find(ROW(1, 8, 2), 2, &options);
    assert_true(fabs(f.entropy - want.entropy) < 1e-14 && fabs(f.lse - want.lse) < 1e-14 && fabs(f.max - want.max) < 1e-14);
    assert_true(f.argmax == 1 && f.rank == 1);
    /* a cap that makes all large logits one number: the first is the maximum, and those ahead of the target are before it */
    options.softcap = 1e-3;
    options.logit_scale = 1;
    const struct found capped = find(ROW(500, 700, 600, -1), 2, &options);
    assert_true(capped.argmax == 0 && capped.rank == 2 && capped.max == 1e-3);
    options = (xent_options)XENT_OPTIONS_INIT;
    const struct found plain = find(ROW(1, 8, 2), 2, &options);
    options.label_smoothing = 0.25;
    options.z_loss = 2;
    options.normalizer = 7;
    options.reduction = XENT_REDUCTION_SUM;
    const struct found other = find(ROW(1, 8, 2), 2, &options);
    assert_true(other.loss > plain.loss && other.lse == plain.lse && other.max == plain.max && other.entropy == plain.entropy);
    assert_true(other.argmax == plain.argmax && other.rank == plain.rank);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_numbers),
        cmocka_unit_test(test_confident_row),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_masked_classes),
        cmocka_unit_test(test_special_rows),
        cmocka_unit_test(test_special_in_a_late_chunk),
        cmocka_unit_test(test_ignored_rows),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_special_with_smoothing),
        cmocka_unit_test(test_far_with_smoothing),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
