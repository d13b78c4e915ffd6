/* Elements of 16 bits: what users of other libraries lose in them, and the ends of their ranges. That results are those of F32, rounded
   once, is in rounded_once.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/half.h"
#include "support/random.h"
#include "support/tensors.h"

static const xent_dtype halves[] = { XENT_F16, XENT_BF16 };

/* ---- What others lose -------------------------------------------------------------------------------------------------- */

static void expect_within(double value, double want, double relative)
{
    if (!(fabs(value - want) <= relative * fabs(want))) fail_msg("%a, expected %a within %a", value, want, relative);
}

/* One logit of 15 against 999 zeros: 3.06e-4, of which bfloat16 arithmetic leaves nothing, in the loss and in the gradient. */
static void test_confident_row(void **state)
{
    (void)state;
    const double rest = 999 * exp(-15), want = log1p(rest);
    for (int i = 0; i < 2; i++) {
        const double ulp = halves[i] == XENT_F16 ? 0x1p-10 : 0x1p-7;
        xent_tensor *z = tensor_new(halves[i], SHAPE(1000), ROW_MAJOR),
                    *y = tensor_of(XENT_I64, SCALAR, ROW_MAJOR, VALUES(371));
        xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR), *coarse = tensor_new(halves[i], SCALAR, ROW_MAJOR);
        tensor_set(z, 371, 15);
        expect_ok(xent_cross_entropy(z, y, NULL, coarse));
        expect_within(tensor_get(coarse, 0), want, 0.51 * ulp);
        expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, loss, z));
        expect_within(tensor_get(loss, 0), want, 0x1p-23);
        expect_within(tensor_get(z, 371), -rest / (1 + rest), 0.51 * ulp);
        tensor_free(z);
        tensor_free(y);
        tensor_free(loss);
        tensor_free(coarse);
    }
}

/* A gradient at a probability of 0.999, where p and 1 agree in all the digits that bfloat16 has. */
static void test_gradient_of_confident_target(void **state)
{
    (void)state;
    const double z = 6.90625, want = -1 / (1 + exp(z)); /* p = 0.999 */
    for (int i = 0; i < 2; i++) {
        xent_tensor *logits = tensor_of(halves[i], SHAPE(2), ROW_MAJOR, VALUES(z, 0)),
                    *y = tensor_new(XENT_I8, SCALAR, ROW_MAJOR);
        expect_ok(xent_cross_entropy_grad(logits, y, NULL, NULL, NULL, logits));
        expect_within(tensor_get(logits, 0), want, halves[i] == XENT_F16 ? 0x1.04p-11 : 0x1.04p-8);
        tensor_free(logits);
        tensor_free(y);
    }
}

/* The mean of many rows, each of them added up in double by libm's exp and log. */
static void test_mean_of_random_rows(void **state)
{
    (void)state;
    enum { CLASSES = 1000 };
    const int64_t rows = effort(4096);
    for (int i = 0; i < 2; i++) {
        struct random r = random_stream(7, (uint64_t)i);
        double sum = 0;
        xent_tensor *z = tensor_new(halves[i], SHAPE(rows, CLASSES), ROW_MAJOR),
                    *y = tensor_new(XENT_I64, SHAPE(rows), ROW_MAJOR);
        xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
        uint16_t *bits = xent_tensor_data(z);
        for (int64_t row = 0; row < rows; row++) {
            const int64_t target = random_below(&r, CLASSES);
            double total = 0, of_target = 0;
            tensor_set(y, row, (double)target);
            for (int64_t c = 0; c < CLASSES; c++) {
                const uint16_t logit = half_encode(halves[i], 2 * random_normal(&r));
                const double value = half_decode(halves[i], logit);
                bits[row * CLASSES + c] = logit;
                total += exp(value);
                if (c == target) of_target = value;
            }
            sum += log(total) - of_target;
        }
        expect_ok(xent_cross_entropy(z, y, NULL, loss));
        expect_within(tensor_get(loss, 0), sum / (double)rows, 1e-7);
        tensor_free(z);
        tensor_free(y);
        tensor_free(loss);
    }
}

/* The mean of equal rows is one of them, however many: neither the sum nor the count is kept in 16 bits. */
static void test_mean_of_many_rows(void **state)
{
    (void)state;
    enum { MANY = 100003 };
    const int64_t broadcast[2] = { 0, 1 }, zero[1] = { 0 };
    const uint8_t class = 2;
    for (int i = 0; i < 4; i++) {
        const xent_dtype dtype = halves[i % 2], loss_dtype = i < 2 ? dtype : XENT_F32;
        xent_tensor *row = tensor_of(dtype, SHAPE(3), ROW_MAJOR, VALUES(2, 0.75, -0.25)), *y;
        xent_tensor *z = tensor_strided(dtype, SHAPE(MANY, 3), broadcast, xent_tensor_data(row));
        xent_tensor *one = tensor_over(XENT_U8, SCALAR, (void *)(uintptr_t) & class);
        xent_tensor *want = tensor_new(loss_dtype, SCALAR, ROW_MAJOR), *mean = tensor_new(loss_dtype, SCALAR, ROW_MAJOR);
        xent_options sum = XENT_OPTIONS_INIT;
        y = tensor_strided(XENT_U8, SHAPE(MANY), zero, (void *)(uintptr_t) & class);
        sum.reduction = XENT_REDUCTION_SUM;
        expect_ok(xent_cross_entropy(row, one, NULL, want));
        expect_ok(xent_cross_entropy(z, y, NULL, mean));
        assert_int_equal(tensor_bits(mean, 0), tensor_bits(want, 0));
        expect_ok(xent_cross_entropy(z, y, &sum, mean));
        if (loss_dtype == XENT_F16) /* it holds nothing beyond 65504 */
            assert_true(tensor_get(mean, 0) == INFINITY);
        else
            expect_within(tensor_get(mean, 0), MANY * tensor_get(want, 0), loss_dtype == XENT_F32 ? 0x1p-22 : 0x1p-7);
        xent_tensor *views[] = { z, one, y };
        for (int k = 0; k < 3; k++) xent_tensor_destroy(views[k]);
        tensor_free(row);
        tensor_free(want);
        tensor_free(mean);
    }
}

/* ---- Ends of the range ------------------------------------------------------------------------------------------------- */

/* Differences and results beyond what F16 holds: infinite in F16 alone. */
static void test_overflow(void **state)
{
    (void)state;
    xent_tensor *z = tensor_of(XENT_F16, SHAPE(2), ROW_MAJOR, VALUES(65504, -65504)),
                *y = tensor_of(XENT_U8, SCALAR, ROW_MAJOR, VALUES(1));
    xent_tensor *logp = tensor_new(XENT_F16, SHAPE(2), ROW_MAJOR);
    const xent_dtype dtypes[] = { XENT_F16, XENT_BF16, XENT_F32, XENT_F64 };
    const double want[] = { INFINITY, 131072, 131008, 131008 };
    for (int i = 0; i < 4; i++) {
        xent_tensor *loss = tensor_new(dtypes[i], SCALAR, ROW_MAJOR);
        expect_ok(xent_cross_entropy(z, y, NULL, loss));
        assert_true(tensor_get(loss, 0) == want[i]);
        tensor_free(loss);
    }
    expect_ok(xent_log_softmax(z, 0, logp));
    assert_true(tensor_get(logp, 0) == 0 && tensor_get(logp, 1) == -INFINITY);
    xent_tensor *grad_loss = tensor_of(XENT_F32, SCALAR, ROW_MAJOR, VALUES(1e6));
    tensor_set(z, 0, 1);
    tensor_set(z, 1, 1);
    expect_ok(xent_cross_entropy_grad(z, y, NULL, grad_loss, NULL, z));
    assert_true(tensor_get(z, 0) == INFINITY && tensor_get(z, 1) == -INFINITY);
    tensor_free(z);
    tensor_free(y);
    tensor_free(logp);
    tensor_free(grad_loss);
}

/* Subnormal numbers are kept, read and written. */
static void test_subnormal(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const double least = halves[i] == XENT_F16 ? 0x1p-24 : 0x1p-133, step = halves[i] == XENT_F16 ? 16 : 90;
        xent_tensor *z = tensor_of(halves[i], SHAPE(3), ROW_MAJOR, VALUES(0, -step, -INFINITY));
        xent_tensor *x = tensor_of(halves[i], SHAPE(2), ROW_MAJOR, VALUES(least, 3 * least));
        expect_ok(xent_softmax(z, 0, z));
        assert_true(fabs(tensor_get(z, 1) - exp(-step)) <= 0.51 * least && tensor_get(z, 1) > 0);
        assert_true(tensor_get(z, 2) == 0);
        expect_ok(xent_log(x, x));
        expect_within(tensor_get(x, 0), log(least), 0.51 * 0x1p-7);
        expect_within(tensor_get(x, 1), log(3 * least), 0.51 * 0x1p-7);
        tensor_free(z);
        tensor_free(x);
    }
}

static void test_log(void **state)
{
    (void)state;
    const double edges[] = { 1, 0, -0.0, INFINITY, -1, -INFINITY, NAN, -NAN };
    const double want[] = { 0, -INFINITY, -INFINITY, INFINITY, NAN, NAN, NAN, NAN };
    for (int i = 0; i < 2; i++) {
        xent_tensor *x = tensor_of(halves[i], SHAPE(8), ROW_MAJOR, edges),
                    *out = tensor_of(halves[i], SHAPE(8), ROW_MAJOR, want);
        expect_ok(xent_log(x, x));
        for (int64_t k = 0; k < 8; k++) assert_int_equal(tensor_bits(x, k), tensor_bits(out, k));
        tensor_free(x);
        tensor_free(out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confident_row),
        cmocka_unit_test(test_gradient_of_confident_target),
        cmocka_unit_test(test_mean_of_random_rows),
        cmocka_unit_test(test_mean_of_many_rows),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_subnormal),
        cmocka_unit_test(test_log),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
