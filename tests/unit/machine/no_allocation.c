/* Calls that need no memory to work in: what is contiguous, or small, cannot fail with XENT_ERROR_NO_MEMORY. Every allocation would fail
   here. */
#include "support/tensors.h"
#include "unit/allocations.h"

/* What is contiguous, or small, needs no memory at all: the common calls cannot fail so. */
static void test_common_calls_allocate_nothing(void **state)
{
    (void)state;
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(20, 1000), ROW_MAJOR), *y = tensor_new(XENT_I64, SHAPE(20), ROW_MAJOR);
    xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR), *grad = tensor_new(XENT_F32, SHAPE(20, 1000), ROW_MAJOR);
    xent_status status[5];
    allocations_begin(0);
    status[0] = xent_cross_entropy(z, y, NULL, loss);
    status[1] = xent_cross_entropy_grad(z, y, NULL, NULL, loss, grad);
    status[2] = xent_cross_entropy_grad(z, y, NULL, NULL, loss, z);
    status[3] = xent_softmax(z, 1, z);
    status[4] = xent_log(z, grad);
    (void)allocations_end();
    for (int i = 0; i < 5; i++) expect_ok(status[i]);
    tensor_free(z);
    tensor_free(y);
    tensor_free(loss);
    tensor_free(grad);
}

/* The longest rows whose gradients do with the stack, as docs/getting-started.md has them. */
static void test_long_rows_allocate_nothing(void **state)
{
    (void)state;
    static const struct {
        xent_dtype dtype;
        int64_t classes;
    } rows[] = { { XENT_F32, 500000 }, { XENT_F64, 500000 }, { XENT_F16, 2000 }, { XENT_BF16, 2000 } };
    xent_options options = XENT_OPTIONS_INIT;
    options.num_threads = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        xent_tensor *z = tensor_new(rows[i].dtype, SHAPE(2, rows[i].classes), ROW_MAJOR);
        xent_tensor *grad = tensor_new(rows[i].dtype, SHAPE(2, rows[i].classes), ROW_MAJOR);
        xent_tensor *y = tensor_new(XENT_I64, SHAPE(2), ROW_MAJOR), *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
        allocations_begin(0);
        xent_status apart = xent_cross_entropy_grad(z, y, &options, NULL, loss, grad);
        xent_status in_place = xent_cross_entropy_grad(z, y, &options, NULL, loss, z);
        (void)allocations_end();
        expect_ok(apart);
        expect_ok(in_place);
        tensor_free(z);
        tensor_free(grad);
        tensor_free(y);
        tensor_free(loss);
    }
}

/* Rows that are computed side by side, of the most classes for which the stack does: row-major, and with the classes apart. */
static void test_short_rows_allocate_nothing(void **state)
{
    (void)state;
    static const struct {
        xent_dtype dtype;
        int64_t classes;
    } rows[] = { { XENT_F32, 32 }, { XENT_F64, 16 }, { XENT_F16, 32 }, { XENT_BF16, 32 } };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const xent_dtype dtype = rows[i / 2].dtype;
        const int32_t apart = (int32_t)(i % 2);
        const int64_t shape[3] = { 20, rows[i / 2].classes, 20 };
        xent_tensor *z = tensor_new(dtype, 2 + apart, shape, ROW_MAJOR), *grad = tensor_new(dtype, 2 + apart, shape, ROW_MAJOR);
        xent_tensor *y = tensor_new(XENT_I64, 1 + apart, (const int64_t[]){ 20, 20 }, ROW_MAJOR);
        xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
        allocations_begin(0);
        xent_status forward = xent_cross_entropy(z, y, NULL, loss);
        xent_status gradient = xent_cross_entropy_grad(z, y, NULL, NULL, loss, grad);
        (void)allocations_end();
        expect_ok(forward);
        expect_ok(gradient);
        tensor_free(z);
        tensor_free(grad);
        tensor_free(y);
        tensor_free(loss);
    }
}

/* The same where a row needs more than one tile: slopes, an upstream gradient, coefficients of its own. */
static void test_several_tiles_allocate_nothing(void **state)
{
    (void)state;
    for (int f64 = 0; f64 < 2; f64++) {
        const xent_dtype dtype = f64 ? XENT_F64 : XENT_F32;
        const int64_t two = f64 ? 8 : 16, own = f64 ? 5 : 8;
        xent_options options = XENT_OPTIONS_INIT;
        xent_tensor *z = tensor_new(dtype, SHAPE(20, two), ROW_MAJOR), *grad = tensor_new(dtype, SHAPE(20, two), ROW_MAJOR);
        xent_tensor *few = tensor_new(dtype, SHAPE(20, own), ROW_MAJOR), *of_few = tensor_new(dtype, SHAPE(20, own), ROW_MAJOR);
        xent_tensor *y = tensor_new(XENT_I64, SHAPE(20), ROW_MAJOR), *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
        xent_status status[4];
        options.softcap = 30;
        allocations_begin(0);
        status[0] = xent_cross_entropy_grad(z, y, &options, NULL, loss, grad);
        status[1] = xent_softmax_backward(z, z, 1, grad);
        status[2] = xent_log_softmax_backward(z, z, 1, grad);
        status[3] = xent_cross_entropy_grad(few, few, NULL, NULL, loss, of_few);
        (void)allocations_end();
        for (int i = 0; i < 4; i++) expect_ok(status[i]);
        tensor_free(z);
        tensor_free(grad);
        tensor_free(few);
        tensor_free(of_few);
        tensor_free(y);
        tensor_free(loss);
    }
}

/* All statistics of rows: long, short and side by side, with the classes apart. */
static void test_statistics_allocate_nothing(void **state)
{
    (void)state;
    static const struct {
        xent_dtype dtype;
        int64_t rows, classes;
        enum layout layout;
    } batches[] = { { XENT_F32, 2, 500000, ROW_MAJOR }, { XENT_F64, 2, 500000, ROW_MAJOR }, { XENT_BF16, 2, 500000, ROW_MAJOR },
                    { XENT_F32, 20, 1000, ROW_MAJOR },  { XENT_F32, 100, 32, ROW_MAJOR },   { XENT_F64, 100, 16, ROW_MAJOR },
                    { XENT_F32, 100, 32, TRANSPOSED },  { XENT_F16, 100, 32, TRANSPOSED } };
    xent_options options = XENT_OPTIONS_INIT;
    options.num_threads = 1;
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        xent_stats stats = XENT_STATS_INIT;
        xent_tensor *z = tensor_new(batches[i].dtype, SHAPE(batches[i].rows, batches[i].classes), batches[i].layout);
        xent_tensor *y = tensor_new(XENT_I64, SHAPE(batches[i].rows), ROW_MAJOR);
        xent_tensor **const numbers[] = { &stats.loss, &stats.lse, &stats.max, &stats.entropy };
        for (int k = 0; k < 4; k++) *numbers[k] = tensor_new(XENT_F32, SHAPE(batches[i].rows), ROW_MAJOR);
        stats.argmax = tensor_new(XENT_I64, SHAPE(batches[i].rows), ROW_MAJOR);
        stats.rank = tensor_new(XENT_I64, SHAPE(batches[i].rows), ROW_MAJOR);
        allocations_begin(0);
        xent_status status = xent_row_stats(z, y, &options, &stats);
        (void)allocations_end();
        expect_ok(status);
        for (int k = 0; k < 4; k++) tensor_free(*numbers[k]);
        tensor_free(stats.argmax);
        tensor_free(stats.rank);
        tensor_free(z);
        tensor_free(y);
    }
}

/* Negative log likelihood, which reads a class of each row or is a sum of products, and divisors. */
static void test_likelihoods_allocate_nothing(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    (void)state;
    for (int i = 0; i < 4; i++) {
        xent_tensor *q = tensor_new(dtypes[i], SHAPE(2, 50000), ROW_MAJOR),
                    *few = tensor_new(dtypes[i], SHAPE(20, 1100), ROW_MAJOR);
        xent_tensor *y = tensor_new(XENT_I64, SHAPE(2), ROW_MAJOR), *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
        xent_tensor *grad = tensor_new(dtypes[i], SHAPE(20, 1100), ROW_MAJOR);
        xent_status status[7];
        double divisor;
        allocations_begin(0);
        status[0] = xent_nll_loss(q, y, NULL, loss);
        status[1] = xent_nll_loss_backward(q, y, NULL, NULL, q);
        status[2] = xent_nll_loss(few, few, NULL, loss);
        status[3] = xent_nll_loss_backward(few, few, NULL, NULL, grad);
        status[4] = xent_log(q, q);
        status[5] = xent_mean_divisor(y, NULL, &divisor);
        status[6] = xent_mean_divisor(few, NULL, &divisor);
        (void)allocations_end();
        for (int k = 0; k < 7; k++) expect_ok(status[k]);
        tensor_free(q);
        tensor_free(grad);
        tensor_free(few);
        tensor_free(y);
        tensor_free(loss);
    }
}

/* Divergences, whose rows are not so short that they go through tiles. */
static void test_divergences_allocate_nothing(void **state)
{
    static const struct {
        xent_dtype p, q;
        double scale;
        int64_t classes;
    } batches[] = { { XENT_F32, XENT_F32, 1, 1100 }, { XENT_BF16, XENT_BF16, 1, 1100 }, { XENT_F64, XENT_F64, 1, 550 },
                    { XENT_F32, XENT_BF16, 1, 550 }, { XENT_F32, XENT_F32, 0.5, 550 },  { XENT_F64, XENT_F64, 0.5, 280 },
                    { XENT_F64, XENT_F32, 1, 280 } };
    (void)state;
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        xent_options options = XENT_OPTIONS_INIT;
        xent_tensor *p = tensor_new(batches[i].p, SHAPE(2, batches[i].classes), ROW_MAJOR);
        xent_tensor *q = tensor_new(batches[i].q, SHAPE(2, batches[i].classes), ROW_MAJOR);
        xent_tensor *grad = tensor_new(batches[i].q, SHAPE(2, batches[i].classes), ROW_MAJOR),
                    *kl = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
        xent_status status[3];
        options.logit_scale = batches[i].scale;
        allocations_begin(0);
        status[0] = xent_kl_div(p, q, NULL, &options, kl);
        status[1] = xent_kl_div_grad(p, q, NULL, &options, NULL, kl, grad);
        status[2] = xent_kl_div_grad(p, q, NULL, &options, NULL, kl, q);
        (void)allocations_end();
        for (int k = 0; k < 3; k++) expect_ok(status[k]);
        tensor_free(p);
        tensor_free(q);
        tensor_free(grad);
        tensor_free(kl);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common_calls_allocate_nothing), cmocka_unit_test(test_long_rows_allocate_nothing),
        cmocka_unit_test(test_short_rows_allocate_nothing),   cmocka_unit_test(test_several_tiles_allocate_nothing),
        cmocka_unit_test(test_statistics_allocate_nothing),   cmocka_unit_test(test_likelihoods_allocate_nothing),
        cmocka_unit_test(test_divergences_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
