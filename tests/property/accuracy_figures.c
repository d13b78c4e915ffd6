/* Single figures that docs/numerics.md names: losses that vanish elsewhere, batches of BF16, and the one rounding from double to the
   type of the result. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "everywhere.h"
#include "support/backend.h"
#include "support/effort.h"
#include "support/half.h"
#include "support/tensors.h"

/* The loss of the row { high, low } with target 0, in the precision of the logits or, for F32 logits, as F64. */
static double loss_of_two(xent_dtype dtype, xent_dtype loss_dtype, double high, double low)
{
    void *memory = elements_new(dtype, 2), *loss = elements_new(loss_dtype, 1);
    int64_t first = 0;
    element_set(dtype, memory, 0, high);
    element_set(dtype, memory, 1, low);
    xent_tensor *logits = tensor_over(dtype, SHAPE(2), memory), *target = tensor_over(XENT_I64, SCALAR, &first);
    xent_tensor *out = tensor_over(loss_dtype, SCALAR, loss);
    expect_everywhere(xent_cross_entropy(logits, target, NULL, out), out);
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(out);
    const double value = element(loss_dtype, loss, 0);
    free(memory);
    free(loss);
    return value;
}

/* 69.07755... = -ln(expm1(1e-30)), given as the difference of two numbers because no float comes close enough to it. */
static void a_loss_of_1e_30_comes_back(void **state)
{
    (void)state;
    const double gap = 0x1.144f69ff9ffc4p+6, low = (double)(float)-gap, high = (double)(float)(gap + low);
    const double single = loss_of_two(XENT_F32, XENT_F32, high, low), wide = loss_of_two(XENT_F32, XENT_F64, high, low);
    const double whole = loss_of_two(XENT_F64, XENT_F64, gap, 0);
    printf("1e-30 from F32 logits: %.9g, as F64 %.12g; from F64 logits: %.17g\n", single, wide, whole);
    assert_true(fabs(single - 1e-30) <= 0x1p-24 * 1e-30);
    assert_true(fabs(wide - 1e-30) <= 1.3 * 0x1p-25 * 1e-30);
    assert_true(fabs(whole - 1e-30) <= 0x1p-46 * 1e-30); /* gap itself is rounded by 2^-47 */
}

/* Losses down into the subnormal numbers, by the margin: 3.8e-44 is 27 of the smallest float. */
static void faint_losses_keep_what_their_type_holds(void **state)
{
    (void)state;
    for (double margin = 80; margin <= 103; margin += 0.0625) {
        const quad exact = quad_log1p(quad_exp(-(quad)margin));
        const double got = loss_of_two(XENT_F32, XENT_F32, margin, 0), half = ulp(&precision_f32, exact) / 2;
        if (!((double)quad_abs((quad)got - exact) <= half + 0x1.3p-25 * (double)exact))
            fail_msg("margin %g: the loss is %.9g, exactly %.9g", margin, got, (double)exact);
    }
    for (double margin = 80; margin <= 744; margin += 0.25) {
        const quad exact = quad_log1p(quad_exp(-(quad)margin));
        const double got = loss_of_two(XENT_F64, XENT_F64, 1000, 1000 - margin);
        if (!((double)quad_abs((quad)got - exact) <= 4 * ulp(&precision_f64, exact)))
            fail_msg("margin %g: the loss is %.17g, exactly %.17g", margin, got, (double)exact);
    }
}

/* The mean loss of a batch of BF16 logits, as F32, in numbers: targets and logits of random_stream(6). */
static double mean_loss_of_bf16(int64_t rows, int64_t classes, const uint16_t *logits, int64_t *target)
{
    float loss;
    xent_tensor *from = tensor_over(XENT_BF16, SHAPE(rows, classes), (void *)(uintptr_t)logits);
    xent_tensor *indices = tensor_over(XENT_I64, SHAPE(rows), target), *to = tensor_over(XENT_F32, SCALAR, &loss);
    expect_everywhere(xent_cross_entropy(from, indices, NULL, to), to);
    xent_tensor_destroy(from);
    xent_tensor_destroy(indices);
    xent_tensor_destroy(to);
    return (double)loss;
}

/* e^z of every BF16 number that occurs, so that a batch of four million needs a few thousand exponentials. */
static quad exponential_of_bf16(quad *table, uint16_t bits)
{
    if (table[bits] == 0) table[bits] = quad_exp((quad)half_decode(XENT_BF16, bits));
    return table[bits];
}

static void a_batch_of_bf16_has_an_f32_loss(void **state)
{
    (void)state;
    const int64_t rows = effort(4096), classes = 1000;
    struct random r = random_stream(6, 0);
    uint16_t *logits = elements_new(XENT_BF16, rows * classes);
    int64_t *target = elements_new(XENT_F64, rows);
    quad *table = calloc(65536, sizeof *table), sum = 0;
    assert_non_null(table);
    for (int64_t i = 0; i < rows; i++) {
        quad row = 0;
        target[i] = random_below(&r, classes);
        for (int64_t c = 0; c < classes; c++) {
            logits[i * classes + c] = half_encode(XENT_BF16, random_normal(&r));
            row += exponential_of_bf16(table, logits[i * classes + c]);
        }
        sum += quad_log(row) - (quad)half_decode(XENT_BF16, logits[i * classes + target[i]]);
    }
    const quad exact = sum / (quad)rows;
    const double got = mean_loss_of_bf16(rows, classes, logits, target), error = (double)(quad_abs((quad)got - exact) / exact);
    printf("BF16 logits, %d x %d, mean loss as F32: %.9g, exactly %.12g: off by %.2g\n", (int)rows, (int)classes, got,
           (double)exact, error);
    assert_true(error < 1e-7);
    free(logits);
    free(target);
    free(table);
}

static void a_confident_row_of_bf16_has_a_loss(void **state)
{
    (void)state;
    enum { ROW = 1000 };
    uint16_t logits[ROW] = { [7] = half_encode(XENT_BF16, 15) };
    int64_t target = 7;
    const quad exact = quad_log1p((ROW - 1) * quad_exp(-15));
    const double got = mean_loss_of_bf16(1, ROW, logits, &target);
    printf("BF16 logits, 15 against %d zeros: %.9g, exactly %.12g\n", ROW - 1, got, (double)exact);
    assert_true((double)quad_abs((quad)got - exact) <= ulp(&precision_f32, exact));
    assert_true(got > 3.05e-4 && got < 3.06e-4);
}

/* A number just above the middle between two of 16 bits: by way of F32 it would become that middle, and then the even neighbour
   below instead of the one above. One row of one class has its logit as log-sum-exp, and minus its log-probability as loss. */
static void doubles_are_rounded_once(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F16, XENT_BF16 };
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct precision *p = precision_of(dtypes[i % 2]);
        double number = (1 + p->unit + 0x1p-40) * (i < 2 ? 1 : 8), negated = -number;
        const double above = (1 + 2 * p->unit) * (i < 2 ? 1 : 8);
        uint16_t out;
        int64_t first = 0;
        xent_tensor *logit = tensor_over(XENT_F64, SHAPE(1), &number),
                    *log_probability = tensor_over(XENT_F64, SHAPE(1), &negated);
        xent_tensor *target = tensor_over(XENT_I64, SCALAR, &first), *to = tensor_over(p->dtype, SCALAR, &out);
        xent_options z_loss = XENT_OPTIONS_INIT;
        expect_everywhere(xent_logsumexp(logit, 0, to), to);
        assert_true(half_decode(p->dtype, out) == above);
        expect_everywhere(xent_nll_loss(log_probability, target, NULL, to), to);
        assert_true(half_decode(p->dtype, out) == above);
        z_loss.z_loss = 1 / number;
        expect_everywhere(xent_cross_entropy(logit, target, &z_loss, to), to);
        assert_true(half_decode(p->dtype, out) == above);
        xent_tensor_destroy(logit);
        xent_tensor_destroy(log_probability);
        xent_tensor_destroy(target);
        xent_tensor_destroy(to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_of_1e_30_comes_back),      cmocka_unit_test(faint_losses_keep_what_their_type_holds),
        cmocka_unit_test(a_batch_of_bf16_has_an_f32_loss), cmocka_unit_test(a_confident_row_of_bf16_has_a_loss),
        cmocka_unit_test(doubles_are_rounded_once),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
