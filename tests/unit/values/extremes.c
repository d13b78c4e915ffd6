/* The ends of the range: losses next to nothing and beyond everything, logits that are subnormal, huge, or far from
   zero together, logarithms at every edge, sums of many rows. */
#include <math.h>
#include <string.h>

#include "support/backend.h"
#include "support/tensors.h"

static const double ln2 = 0.69314718055994530942;

/* |value - want| <= ulps of the dtype at want, one subnormal step included. */
static void expect_near(const xent_tensor *t, int64_t i, double want, double ulps)
{
    const int f32 = xent_tensor_dtype(t) == XENT_F32;
    const double allowed = ulps * (f32 ? 0x1p-23 : 0x1p-52) * fabs(want) + (f32 ? 0x1p-149 : 0x1p-1074);
    if (!(fabs(tensor_get(t, i) - want) <= allowed))
        fail_msg("dtype %d: %a, expected %a", (int)xent_tensor_dtype(t), tensor_get(t, i), want);
}

/* The loss of two logits with the given target, in this dtype. */
static xent_tensor *loss_of_two(xent_dtype dtype, double first, double second, double class, xent_dtype loss_dtype)
{
    xent_tensor *z = tensor_of(dtype, SHAPE(2), ROW_MAJOR, VALUES(first, second));
    xent_tensor *y = tensor_of(XENT_I64, SCALAR, ROW_MAJOR, &class), *loss = tensor_new(loss_dtype, SCALAR, ROW_MAJOR);
    expect_ok(xent_cross_entropy(z, y, NULL, loss));
    tensor_free(z);
    tensor_free(y);
    return loss;
}

static void check_loss_of_two(xent_dtype dtype, double first, double second, double class, xent_dtype loss_dtype, double want,
                              double ulps)
{
    xent_tensor *loss = loss_of_two(dtype, first, second, class, loss_dtype);
    if (isinf(want))
        assert_true(tensor_get(loss, 0) == want);
    else
        expect_near(loss, 0, want, ulps);
    tensor_free(loss);
}

/* log(1 + e^-m) keeps its digits down to the subnormals; in double the terms of float logits are good to 1.2 * 2^-25.
   */
static void test_confident_rows(void **state)
{
    (void)state;
    const double margins[] = { 5, 15, 16.625, 17, 30, 50, 69.0775, 87.5, 100, 103 };
    for (int i = 0; i < 10; i++) {
        const double m = (double)(float)margins[i], want = log1p(exp(-m));
        check_loss_of_two(XENT_F32, m, 0, 0, XENT_F32, want, 1);
        check_loss_of_two(XENT_F32, m, 0, 0, XENT_F64, want, 1.2 * 0x1p-25 / 0x1p-52);
        check_loss_of_two(XENT_F64, m, 0, 0, XENT_F64, want, 4);
        check_loss_of_two(XENT_F64, m, 0, 0, XENT_F32, want, 1);
        check_loss_of_two(XENT_F64, m, 0, 1, XENT_F64, m + want, 4);
    }
}

/* Its gradient at the target, -e^-m / (1 + e^-m), keeps its digits as well. */
static void test_confident_gradient(void **state)
{
    (void)state;
    const double margins[] = { 10, 20, 60, 85 };
    const xent_dtype dtypes[] = { XENT_F32, XENT_F64 };
    for (int i = 0; i < 8; i++) {
        const double m = margins[i / 2], want = 1 / (1 + exp(m));
        xent_tensor *z = tensor_of(dtypes[i % 2], SHAPE(2), ROW_MAJOR, VALUES(m, 0)),
                    *y = tensor_new(XENT_U8, SCALAR, ROW_MAJOR);
        expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, NULL, z));
        expect_near(z, 0, -want, 4); /* at most 4 * 2^-24 and 8 * 2^-53 of the entry: 2 and 4 ulp */
        expect_near(z, 1, want, 4);
        tensor_free(z);
        tensor_free(y);
    }
}

/* All but the first of the classes, some of which are masked, lie this far below it. */
static void check_far_below(xent_dtype dtype, int64_t classes, int64_t masked, double depth)
{
    xent_tensor *z = tensor_new(dtype, SHAPE(classes), ROW_MAJOR), *y = tensor_new(XENT_U8, SCALAR, ROW_MAJOR);
    xent_tensor *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR), *lse = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    for (int64_t c = 1; c < classes; c++) tensor_set(z, c, c <= masked ? -INFINITY : -depth);
    const double lost = dtype == XENT_F32 ? (double)classes * 0x1p-190 : (1 + (double)classes * 0x1p-11) * 0x1p-1074;
    /* log and exp here are good to 2^-40 */
    const double want = exp(log((double)(classes - 1 - masked)) + tensor_get(z, classes - 1));
    const double off = (dtype == XENT_F32 ? 0x1p-24 : 0x1p-40) * want + lost;
    expect_ok(xent_cross_entropy(z, y, NULL, loss));
    expect_ok(xent_logsumexp(z, 0, lse));
    assert_true(tensor_get(loss, 0) == tensor_get(lse, 0));
    if (!(fabs(tensor_get(loss, 0) - want) <= off))
        fail_msg("dtype %d, %d classes, %g below: %a, expected %a within %a", (int)dtype, (int)classes, depth,
                 tensor_get(loss, 0), want, off);
    tensor_free(z);
    tensor_free(y);
    tensor_free(loss);
    tensor_free(lse);
}

/* A class more than 190 octaves below the maximum (F64: 1086) counts as 0, and no other does, however many there are: also where one
   of them is subnormal, and where none shares a chunk with the maximum. */
static void test_many_far_below(void **state)
{
    static const double octaves[] = { 180, 189, 190, 190.5, 191, 191.5, 192, 200 };
    static const double octaves_f64[] = { 1021, 1029, 1060, 1073, 1074.5, 1075.5, 1080, 1085, 1086, 1087 };
    static const int64_t masked[] = { 0, 100, 4095, 4096 };
    (void)state;
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 8; i++) check_far_below(XENT_F32, 2 * 4096 + 7, masked[k], octaves[i] * ln2);
        for (int i = 0; i < 10; i++) check_far_below(XENT_F64, 5 * 4096 + 9, masked[k], octaves_f64[i] * ln2);
    }
}

static void test_common_offset(void **state)
{
    (void)state;
    const double offsets[] = { 0, 1e6, -1e6, 4e4, -3e4, 65536 }; /* sixteenths are exact beside all of them */
    for (int i = 0; i < 6; i++) {
        for (int class = 0; class < 2; class ++) {
            const double want = class == 0 ? 1.0625 + log1p(exp(-1.0625)) : log1p(exp(-1.0625));
            check_loss_of_two(XENT_F32, offsets[i], offsets[i] + 1.0625, class, XENT_F32, want, 1);
            check_loss_of_two(XENT_F64, offsets[i], offsets[i] + 1.0625, class, XENT_F64, want, 4);
        }
    }
    check_loss_of_two(XENT_F32, 1e8, 1e8, 0, XENT_F32, ln2, 1);
    check_loss_of_two(XENT_F32, -3e38, -3e38, 1, XENT_F32, ln2, 1);
    check_loss_of_two(XENT_F32, 3.4028234663852886e38, 3.4028234663852886e38, 1, XENT_F32, ln2, 1);
    check_loss_of_two(XENT_F64, 1.7976931348623157e308, 1.7976931348623157e308, 1, XENT_F64, ln2, 4);
    check_loss_of_two(XENT_F64, -1e300, -1e300, 1, XENT_F64, ln2, 4);
}

/* The difference overflows float but not the double that the loss may be; no result is NaN. */
static void test_overflow(void **state)
{
    (void)state;
    const double big = (double)3e38f;
    check_loss_of_two(XENT_F32, big, -big, 1, XENT_F32, INFINITY, 0);
    check_loss_of_two(XENT_F32, big, -big, 1, XENT_F64, 2 * big, 4);
    check_loss_of_two(XENT_F32, big, -big, 0, XENT_F32, 0, 0);
    check_loss_of_two(XENT_F64, 1.7e308, -1.7e308, 1, XENT_F64, INFINITY, 0);
    check_loss_of_two(XENT_F64, 1.7e308, -1.7e308, 0, XENT_F64, 0, 0);
    check_loss_of_two(XENT_F64, 1e300, 0, 1, XENT_F32, INFINITY, 0);
    check_loss_of_two(XENT_F64, 1e300, 0, 1, XENT_F64, 1e300, 4);
}

static void test_subnormal(void **state)
{
    (void)state;
    xent_tensor *z = tensor_of(XENT_F32, SHAPE(3), ROW_MAJOR, VALUES(0, -100, -103)),
                *p = tensor_new(XENT_F32, SHAPE(3), ROW_MAJOR);
    check_loss_of_two(XENT_F32, 0x1p-149, 0, 1, XENT_F32, ln2, 1);
    check_loss_of_two(XENT_F64, 0x1p-1074, -0x1p-1074, 1, XENT_F64, ln2, 4);
    expect_ok(xent_softmax(z, 0, p));
    expect_near(p, 1, exp(-100.0), 4);
    expect_near(p, 2, exp(-103.0), 4);
    assert_true(tensor_get(p, 1) > 0 && tensor_get(p, 2) > 0);
    /* A log-probability of log1p(e^-100) with its sign. */
    tensor_set(z, 2, -INFINITY);
    expect_ok(xent_log_softmax(z, 0, p));
    expect_near(p, 0, -log1p(exp(-100.0)), 2);
    tensor_free(z);
    tensor_free(p);
}

static void test_log(void **state)
{
    (void)state;
    static const struct {
        double x, want;
    } edges[] = { { 1, 0 },
                  { 0, -INFINITY },
                  { -0.0, -INFINITY },
                  { INFINITY, INFINITY },
                  { 0x1p-149, -103.27892990343185 },
                  { 0x1.fffffep127, 88.722839052068353 },
                  { 0x1p-126, -87.336544750553105 },
                  { 1.5, 0.40546510810816438 },
                  { 0x1.000002p0, 1.1920928244535446e-07 },
                  { 0x1.fffffep-1, -5.960464655174753e-08 },
                  { 2, ln2 },
                  { 0.5, -ln2 } };
    const double invalid[] = { -1, -INFINITY, NAN, -NAN, -0x1p-149 };
    const xent_dtype dtypes[] = { XENT_F32, XENT_F64 };
    enum { EDGES = sizeof edges / sizeof edges[0] };
    for (int k = 0; k < 2; k++) {
        xent_tensor *x = tensor_new(dtypes[k], SHAPE(EDGES + 5), ROW_MAJOR);
        for (int i = 0; i < EDGES + 5; i++) tensor_set(x, i, i < EDGES ? edges[i].x : invalid[i - EDGES]);
        expect_ok(xent_log(x, x));
        assert_int_equal(tensor_bits(x, 0), 0); /* ln 1 is +0.0 */
        for (int i = 1; i < EDGES; i++) {
            if (isinf(edges[i].want))
                assert_true(tensor_get(x, i) == edges[i].want);
            else
                expect_near(x, i, edges[i].want, k == 0 ? 2 : 4);
        }
        for (int i = EDGES; i < EDGES + 5; i++) assert_int_equal(tensor_bits(x, i), canonical_nan(dtypes[k]));
        tensor_free(x);
    }
    xent_tensor *x = tensor_of(XENT_F64, SHAPE(2), ROW_MAJOR, VALUES(0x1p-1074, 0x1.fffffffffffffp1023));
    expect_ok(xent_log(x, x));
    expect_near(x, 0, -744.44007192138127, 4);
    expect_near(x, 1, 709.78271289338400, 4);
    tensor_free(x);
}

/* Beside a logit of 0, what is left of a logarithm of the sum keeps its digits: of one other logit, of many, of a tie. */
static void test_logsumexp_next_to_nothing(void **state)
{
    (void)state;
    static const struct {
        double z[4], want;
    } rows[] = { { { 0, -40, -INFINITY, -INFINITY }, 4.248354255291588995e-18 },
                 { { -40, 0, -40, -40 }, 1.2745062765874766985e-17 },
                 { { 0, 0, -40, -INFINITY }, 0.69314718055994530942 },
                 { { -INFINITY, -100, -INFINITY, 0 }, 3.7200759760208359630e-44 } };
    const xent_dtype dtypes[] = { XENT_F32, XENT_F64 };
    for (int i = 0; i < 8; i++) {
        xent_tensor *z = tensor_of(dtypes[i % 2], SHAPE(4), ROW_MAJOR, rows[i / 2].z);
        xent_tensor *lse = tensor_new(dtypes[i % 2], SCALAR, ROW_MAJOR);
        expect_ok(xent_logsumexp(z, 0, lse));
        expect_near(lse, 0, rows[i / 2].want, 2);
        tensor_free(z);
        tensor_free(lse);
    }
}

/* A hundred thousand equal rows have the mean of one of them: nothing drifts in float, as a running sum would. */
static void test_mean_of_many_rows(void **state)
{
    (void)state;
    enum { ROWS = 100003 };
    const int64_t broadcast[2] = { 0, 1 }, zero[1] = { 0 };
    float row[3] = { 0.1f, 0.7f, -0.3f };
    uint8_t class = 2;
    xent_tensor *z = tensor_strided(XENT_F32, SHAPE(ROWS, 3), broadcast, row);
    xent_tensor *y = tensor_strided(XENT_U8, SHAPE(ROWS), zero, &class);
    xent_tensor *one = tensor_over(XENT_F32, SHAPE(1, 3), row), *its_class = tensor_over(XENT_U8, SHAPE(1), &class);
    xent_tensor *mean = tensor_new(XENT_F32, SCALAR, ROW_MAJOR), *want = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    expect_ok(xent_cross_entropy(one, its_class, NULL, want));
    expect_ok(xent_cross_entropy(z, y, NULL, mean));
    expect_near(mean, 0, tensor_get(want, 0), 0.5);
    xent_options sum = XENT_OPTIONS_INIT;
    sum.reduction = XENT_REDUCTION_SUM;
    expect_ok(xent_cross_entropy(z, y, &sum, mean));
    expect_near(mean, 0, ROWS * tensor_get(want, 0), 0.5);
    xent_tensor *over[] = { z, y, one, its_class };
    for (int i = 0; i < 4; i++) xent_tensor_destroy(over[i]);
    tensor_free(mean);
    tensor_free(want);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confident_rows),
        cmocka_unit_test(test_confident_gradient),
        cmocka_unit_test(test_many_far_below),
        cmocka_unit_test(test_common_offset),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_subnormal),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_mean_of_many_rows),
        cmocka_unit_test(test_logsumexp_next_to_nothing),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
