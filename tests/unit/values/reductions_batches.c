/* What a batch is made of does not matter beyond its rows: ignored rows may be left out, a batch may be worked through in parts with a
   normalizer, and a class index is the same number in every integer dtype. */
#include <math.h>
#include <string.h>

#include "each_dtype.h"

enum { ROWS = 20, CLASSES = 7 };

/* Every option there is, with one reduction. */
static xent_options options_of(int32_t reduction, const xent_tensor *weight)
{
    xent_options o = XENT_OPTIONS_INIT;
    o.reduction = reduction;
    o.class_weight = weight;
    o.label_smoothing = 0.125;
    o.z_loss = 0.25;
    o.logit_scale = 0.75;
    o.softcap = 3;
    return o;
}

struct batch {
    xent_tensor *z, *y, *weight, *grad;
};

/* Every third row is ignored if `ignored`, else left out. */
static struct batch open_batch(xent_dtype dtype, int ignored)
{
    const int64_t rows = ignored ? ROWS : ROWS - (ROWS + 2) / 3;
    struct batch b = { tensor_new(dtype, SHAPE(rows, CLASSES), ROW_MAJOR), tensor_new(XENT_I32, SHAPE(rows), ROW_MAJOR),
                       tensor_new(XENT_F32, SHAPE(CLASSES), ROW_MAJOR), tensor_new(dtype, SHAPE(rows, CLASSES), ROW_MAJOR) };
    for (int64_t i = 0, row = 0; i < ROWS; i++) {
        if (i % 3 == 0 && !ignored) continue;
        tensor_set(b.y, row, i % 3 == 0 ? -100 : (double)(i * 5 % CLASSES));
        for (int64_t c = 0; c < CLASSES; c++)
            tensor_set(b.z, row * CLASSES + c, i % 3 == 0 && c == 2 ? NAN : (double)((i * 11 + c * 5) % 23) / 4 - 2);
        row++;
    }
    for (int64_t c = 0; c < CLASSES; c++) tensor_set(b.weight, c, (double)(c + 1) / 8);
    return b;
}

static void close_batch(struct batch *b)
{
    tensor_free(b->z);
    tensor_free(b->y);
    tensor_free(b->weight);
    tensor_free(b->grad);
}

/* Losses, gradients and divisors are those of the batch without its ignored rows, bit for bit, also with weights and smoothing. */
static void test_ignored_rows_may_be_left_out(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    struct batch with = open_batch(dtype, 1), without = open_batch(dtype, 0);
    xent_tensor *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR), *want = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    double divisor = 0, without_divisor = 1;
    for (int32_t reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_SUM; reduction++) {
        const xent_options o = options_of(reduction, with.weight);
        expect_ok(xent_cross_entropy_grad(with.z, with.y, &o, NULL, loss, with.grad));
        expect_ok(xent_cross_entropy_grad(without.z, without.y, &o, NULL, want, without.grad));
        assert_int_equal(tensor_bits(loss, 0), tensor_bits(want, 0));
        for (int64_t i = 0, row = 0; i < ROWS; i++) {
            for (int64_t c = 0; c < CLASSES; c++)
                assert_int_equal(tensor_bits(with.grad, i * CLASSES + c),
                                 i % 3 == 0 ? 0 : tensor_bits(without.grad, row * CLASSES + c));
            row += i % 3 != 0;
        }
        expect_ok(xent_mean_divisor(with.y, &o, &divisor));
        expect_ok(xent_mean_divisor(without.y, &o, &without_divisor));
        assert_true(divisor == without_divisor && divisor > 0);
    }
    tensor_free(loss);
    tensor_free(want);
    close_batch(&with);
    close_batch(&without);
}

/* Parts of a batch, each with the whole batch's divisor as normalizer, have the whole batch's gradient, and losses that add up to its
   mean; the mean of the parts' means is another number. */
static void test_parts_with_a_normalizer(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    const size_t size = xent_dtype_size(dtype);
    const int64_t cuts[] = { 0, 1, 9, 13, ROWS };
    struct batch whole = open_batch(dtype, 1);
    xent_options o = options_of(XENT_REDUCTION_MEAN, whole.weight);
    xent_tensor *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR), *mean = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    xent_tensor *grad = tensor_new(dtype, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    double total = 0, sum = 0;
    expect_ok(xent_cross_entropy_grad(whole.z, whole.y, &o, NULL, mean, whole.grad));
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 4; i++) {
            const int64_t from = cuts[i], rows = cuts[i + 1] - from;
            xent_tensor *z = tensor_over(dtype, SHAPE(rows, CLASSES), tensor_at(whole.z, from * CLASSES));
            xent_tensor *y = tensor_over(XENT_I32, SHAPE(rows), tensor_at(whole.y, from));
            xent_tensor *part = tensor_over(dtype, SHAPE(rows, CLASSES), tensor_at(grad, from * CLASSES));
            double divisor = 0;
            if (pass == 0) {
                expect_ok(xent_mean_divisor(y, &o, &divisor));
                total += divisor;
            } else {
                o.normalizer = total;
                expect_ok(xent_cross_entropy_grad(z, y, &o, NULL, loss, part));
                sum += tensor_get(loss, 0);
            }
            xent_tensor *views[] = { z, y, part };
            for (int k = 0; k < 3; k++) xent_tensor_destroy(views[k]);
        }
    }
    assert_true(fabs(sum - tensor_get(mean, 0)) <= 0x1p-50 * sum);
    assert_memory_equal(xent_tensor_data(grad), xent_tensor_data(whole.grad), (size_t)ROWS * CLASSES * size);
    tensor_free(loss);
    tensor_free(mean);
    tensor_free(grad);
    close_batch(&whole);
}

/* Every integer dtype, 32 bits and unsigned ones as well, at every alignment that it needs. */
static void test_every_index_dtype(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    static const xent_dtype index_dtypes[] = { XENT_I64, XENT_I32, XENT_I16, XENT_I8, XENT_U64, XENT_U32, XENT_U16, XENT_U8 };
    struct batch b = open_batch(dtype, 0);
    const int64_t rows = xent_tensor_numel(b.y);
    const xent_options none = options_of(XENT_REDUCTION_NONE, b.weight);
    xent_tensor *losses = tensor_new(XENT_F32, SHAPE(rows), ROW_MAJOR), *want = tensor_new(XENT_F32, SHAPE(rows), ROW_MAJOR);
    expect_ok(xent_cross_entropy(b.z, b.y, &none, want));
    for (int i = 0; i < 8; i++) {
        for (int64_t shift = 0; shift < 16; shift++) {
            xent_tensor *memory = tensor_new(index_dtypes[i], SHAPE(rows + 16), ROW_MAJOR);
            for (int64_t row = 0; row < rows; row++) tensor_set(memory, row + shift, tensor_get(b.y, row));
            xent_tensor *y = tensor_over(index_dtypes[i], SHAPE(rows), tensor_at(memory, shift));
            memset(xent_tensor_data(losses), 0x77, (size_t)rows * sizeof(float));
            expect_ok(xent_cross_entropy(b.z, y, &none, losses));
            for (int64_t row = 0; row < rows; row++) assert_int_equal(tensor_bits(losses, row), tensor_bits(want, row));
            xent_tensor_destroy(y);
            tensor_free(memory);
        }
    }
    tensor_free(losses);
    tensor_free(want);
    close_batch(&b);
}

/* Without class weights nothing tells how many classes there are: each index counts that is not ignored. */
static void test_divisor_of_any_index(void **state)
{
    enum { INDICES = 200 };
    xent_tensor *y = tensor_new(XENT_I64, SHAPE(INDICES), ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    double divisor = 0;
    (void)state;
    for (int64_t i = 0; i < INDICES; i++) tensor_set(y, i, (double)(1000 * i));
    tensor_set(y, 7, -1);
    expect_ok(xent_mean_divisor(y, &options, &divisor));
    assert_true(divisor == INDICES);
    options.ignore_index = -1;
    expect_ok(xent_mean_divisor(y, &options, &divisor));
    assert_true(divisor == INDICES - 1);
    tensor_free(y);
}

/* Targets that lie in runs of three rows, apart: sums are made of the same rows in the same order. */
static void test_targets_in_runs(void **state)
{
    enum { OUTER = 400, INNER = 3 };
    const xent_dtype dtype = *(const xent_dtype *)*state;
    xent_tensor *logp = tensor_new(dtype, SHAPE(OUTER, INNER, CLASSES), ROW_MAJOR),
                *y = tensor_new(XENT_I64, SHAPE(OUTER, INNER), ROW_MAJOR),
                *memory = tensor_new(XENT_I64, SHAPE(OUTER, INNER + 2), ROW_MAJOR),
                *apart =
                    tensor_strided(XENT_I64, SHAPE(OUTER, INNER), (const int64_t[]){ INNER + 2, 1 }, xent_tensor_data(memory)),
                *weight = tensor_new(XENT_F64, SHAPE(CLASSES), ROW_MAJOR), *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR),
                *want = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    double divisor[2] = { 1, 2 };
    for (int64_t i = 0; i < OUTER * INNER * CLASSES; i++) tensor_set(logp, i, -(double)(i % 97) / 7);
    for (int64_t i = 0; i < OUTER * INNER; i++) tensor_set(y, i, (double)(i * 7919 % CLASSES));
    for (int64_t i = 0; i < OUTER * INNER; i++) tensor_set(apart, i, (double)(i * 7919 % CLASSES));
    for (int64_t i = 0; i < CLASSES; i++) tensor_set(weight, i, 1.0 / (double)(i + 3));
    options.class_weight = weight;
    options.axis = 2;
    expect_ok(xent_nll_loss(logp, y, &options, want));
    expect_ok(xent_nll_loss(logp, apart, &options, loss));
    assert_true(tensor_bits(loss, 0) == tensor_bits(want, 0));
    expect_ok(xent_mean_divisor(y, &options, &divisor[0]));
    expect_ok(xent_mean_divisor(apart, &options, &divisor[1]));
    assert_true(divisor[0] == divisor[1] && divisor[0] > 0);
    xent_tensor_destroy(apart);
    xent_tensor *const made[] = { logp, y, memory, weight, loss, want };
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) tensor_free(made[i]);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_ignored_rows_may_be_left_out),
        cmocka_unit_test(test_parts_with_a_normalizer),
        cmocka_unit_test(test_every_index_dtype),
        cmocka_unit_test(test_divisor_of_any_index),
        cmocka_unit_test(test_targets_in_runs),
    };
    return run_on_all_dtypes(each, sizeof each / sizeof each[0]);
}
