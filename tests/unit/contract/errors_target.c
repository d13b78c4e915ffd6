/* Class indices outside [0, C), and bad row weights: the first one in row-major order is named with its position, and nothing has been
   written, on every backend. */
#include <math.h>
#include <string.h>

#include "support/backend.h"
#include "support/operations.h"
#include "support/refusal.h"

static const xent_dtype index_dtypes[] = { XENT_I64, XENT_I32, XENT_I16, XENT_I8, XENT_U64, XENT_U32, XENT_U16, XENT_U8 };

/* One for each row of logits with the class axis 1, or their only axis. */
static xent_tensor *rank_like(const xent_tensor *logits)
{
    const int32_t ndim = xent_tensor_ndim(logits), axis = ndim > 1;
    int64_t batch[XENT_MAX_NDIM] = { 0 };
    for (int32_t d = 0; d < ndim; d++)
        if (d != axis) batch[d - (d > axis)] = xent_tensor_shape(logits)[d];
    return tensor_new(XENT_I64, ndim - 1, batch, ROW_MAJOR);
}

/* The operation refuses this target of logits with the class axis 1. */
static void refused_by(const struct operation *o, const xent_tensor *logits, const xent_tensor *target,
                       const xent_options *options, const char *message)
{
    xent_tensor *loss = operation_takes(o, ROLE_LOSS) ? tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(7)) : NULL, *grad = NULL;
    xent_tensor *rank = operation_takes(o, ROLE_RANK) ? rank_like(logits) : NULL;
    struct arguments a = { .options = options };
    if (operation_takes(o, ROLE_OUTPUT)) {
        grad = tensor_new(XENT_F32, xent_tensor_ndim(logits), xent_tensor_shape(logits), ROW_MAJOR);
        for (int64_t i = 0; i < xent_tensor_numel(grad); i++) tensor_set(grad, i, 7);
    }
    a.tensor[ROLE_INPUT] = a.tensor[ROLE_UPSTREAM] = (xent_tensor *)(uintptr_t)logits;
    a.tensor[ROLE_CLASSES] = (xent_tensor *)(uintptr_t)target;
    a.tensor[ROLE_OUTPUT] = grad;
    a.tensor[ROLE_LOSS] = loss;
    a.tensor[ROLE_RANK] = rank;
    expect_refused(o->call(&a), XENT_ERROR_TARGET, message, loss, grad, rank);
    a.tensor[ROLE_LOSS] = NULL;
    if (o->optional & ROLE_BIT(ROLE_LOSS)) expect_refused(o->call(&a), XENT_ERROR_TARGET, message, grad);
    tensor_free(loss);
    tensor_free(grad);
    tensor_free(rank);
}

/* So does every operation that takes class indices beside logits. */
static void refused_by_all(const xent_tensor *logits, const xent_tensor *target, const xent_options *options,
                           const char *message)
{
    for (int op = 0; op < OPS; op++)
        if (operation_takes_target(&operations[op]) && operation_takes(&operations[op], ROLE_INPUT))
            refused_by(&operations[op], logits, target, options, message);
}

static void test_one_too_large(void **state)
{
    (void)state;
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(3, 5), ROW_MAJOR);
    for (int i = 0; i < 8; i++) {
        xent_tensor *target = tensor_of(index_dtypes[i], SHAPE(3), SPACED, VALUES(4, 5, 6));
        refused_by_all(logits, target, NULL, "target[1] = 5 is outside [0, 5)");
        tensor_set(target, 1, 0);
        refused_by_all(logits, target, NULL, "target[2] = 6 is outside [0, 5)");
        tensor_free(target);
    }
    tensor_free(logits);
}

/* Among rows that are checked together. */
static void test_far_in_a_batch(void **state)
{
    enum { ROWS = 200, BAD = 150 };
    (void)state;
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(ROWS, 5), ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    for (int i = 0; i < 8; i++) {
        xent_tensor *target = tensor_new(index_dtypes[i], SHAPE(ROWS), ROW_MAJOR);
        tensor_set(target, BAD, 5);
        tensor_set(target, BAD + 1, 6);
        options.ignore_index = -100;
        refused_by_all(logits, target, &options, "target[150] = 5 is outside [0, 5)");
        options.ignore_index = 5;
        refused_by_all(logits, target, &options, "target[151] = 6 is outside [0, 5)");
        tensor_free(target);
    }
    tensor_free(logits);
}

static void test_negative(void **state)
{
    (void)state;
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(2, 5), ROW_MAJOR);
    for (int i = 0; i < 4; i++) {
        xent_tensor *target = tensor_of(index_dtypes[i], SHAPE(2), ROW_MAJOR, VALUES(-1, -100));
        refused_by_all(logits, target, NULL, "target[0] = -1 is outside [0, 5)");
        xent_options options = XENT_OPTIONS_INIT;
        options.ignore_index = -1;
        refused_by_all(logits, target, &options, "target[1] = -100 is outside [0, 5)");
        tensor_free(target);
    }
    tensor_free(logits);
}

/* The ends of every dtype's range, and bits that another dtype would read as a good index. */
static void test_extremes(void **state)
{
    (void)state;
    static const struct {
        xent_dtype dtype;
        uint64_t bits;
        const char *message;
    } extremes[] = {
        { XENT_I64, UINT64_C(1) << 63, "target = -9223372036854775808 is outside [0, 5)" },
        { XENT_I64, UINT64_MAX >> 1, "target = 9223372036854775807 is outside [0, 5)" },
        { XENT_I64, (UINT64_C(1) << 32) + 2, "target = 4294967298 is outside [0, 5)" },
        { XENT_U64, UINT64_MAX, "target = 18446744073709551615 is outside [0, 5)" },
        { XENT_U64, (uint64_t)-100, "target = 18446744073709551516 is outside [0, 5)" },
        { XENT_I32, UINT32_C(1) << 31, "target = -2147483648 is outside [0, 5)" },
        { XENT_U32, UINT32_MAX, "target = 4294967295 is outside [0, 5)" },
        { XENT_U32, (uint32_t)-100, "target = 4294967196 is outside [0, 5)" },
        { XENT_I16, 0x8000, "target = -32768 is outside [0, 5)" },
        { XENT_U16, 0xFFFF, "target = 65535 is outside [0, 5)" },
        { XENT_I8, 0x80, "target = -128 is outside [0, 5)" },
        { XENT_U8, 0xFF, "target = 255 is outside [0, 5)" },
        { XENT_U8, (uint8_t)-100, "target = 156 is outside [0, 5)" },
    };
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(5), ROW_MAJOR);
    for (size_t i = 0; i < sizeof extremes / sizeof extremes[0]; i++) {
        xent_tensor *target = tensor_new(extremes[i].dtype, SCALAR, ROW_MAJOR);
        unsigned char *at = tensor_at(target, 0);
        for (size_t k = 0; k < xent_dtype_size(extremes[i].dtype); k++) { /* integers of this machine's byte order */
            const uint16_t order = 1;
            const size_t place = *(const unsigned char *)&order ? k : xent_dtype_size(extremes[i].dtype) - 1 - k;
            at[place] = (unsigned char)(extremes[i].bits >> 8 * k);
        }
        refused_by_all(logits, target, NULL, extremes[i].message);
        tensor_free(target);
    }
    tensor_free(logits);
}

/* Row-major order of the index, whatever order the memory has. */
static void test_first_in_row_major_order(void **state)
{
    (void)state;
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(2, 5, 3, 4), ROW_MAJOR);
    for (int layout = 0; layout < LAYOUTS; layout++) {
        xent_tensor *target = tensor_new(XENT_I16, SHAPE(2, 3, 4), (enum layout)layout);
        tensor_set(target, 23, 9);
        refused_by_all(logits, target, NULL, "target[1][2][3] = 9 is outside [0, 5)");
        tensor_set(target, 12, 8);
        refused_by_all(logits, target, NULL, "target[1][0][0] = 8 is outside [0, 5)");
        tensor_set(target, 7, -7);
        refused_by_all(logits, target, NULL, "target[0][1][3] = -7 is outside [0, 5)");
        tensor_set(target, 0, 5);
        refused_by_all(logits, target, NULL, "target[0][0][0] = 5 is outside [0, 5)");
        tensor_free(target);
    }
    tensor_free(logits);
}

static void test_largest_rank(void **state)
{
    (void)state;
    const int64_t shape[8] = { 1, 3, 1, 1, 2, 1, 1, 2 }, batch[7] = { 1, 1, 1, 2, 1, 1, 2 };
    xent_tensor *logits = tensor_new(XENT_F32, 8, shape, ROW_MAJOR), *target = tensor_new(XENT_I64, 7, batch, ROW_MAJOR);
    tensor_set(target, 3, 3);
    refused_by_all(logits, target, NULL, "target[0][0][0][1][0][0][1] = 3 is outside [0, 3)");
    tensor_free(logits);
    tensor_free(target);
}

/* The last of many, where every row before it could have been written. */
static void test_last_of_many(void **state)
{
    (void)state;
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(5000, 3), ROW_MAJOR),
                *target = tensor_new(XENT_U16, SHAPE(5000), ROW_MAJOR);
    xent_tensor *losses = tensor_new(XENT_F32, SHAPE(5000), ROW_MAJOR);
    xent_options none = XENT_OPTIONS_INIT;
    none.reduction = XENT_REDUCTION_NONE;
    for (int64_t i = 0; i < 5000; i++) tensor_set(losses, i, 7);
    tensor_set(target, 4999, 3);
    expect_refused(xent_cross_entropy(logits, target, &none, losses), XENT_ERROR_TARGET, "target[4999] = 3 is outside [0, 3)",
                   losses);
    expect_refused(xent_cross_entropy_grad(logits, target, &none, NULL, losses, logits), XENT_ERROR_TARGET,
                   "target[4999] = 3 is outside [0, 3)", losses, logits);
    tensor_free(logits);
    tensor_free(target);
    tensor_free(losses);
}

/* An index equal to ignore_index is no error, wherever it lies; it is compared as an integer of the target's own
   dtype. */
static void test_ignored_is_allowed(void **state)
{
    (void)state;
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(2, 3), ROW_MAJOR), *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
    xent_tensor *bytes = tensor_of(XENT_U8, SHAPE(2), ROW_MAJOR, VALUES(255, 0));
    xent_options options = XENT_OPTIONS_INIT;
    options.ignore_index = -1;
    refused_by_all(logits, bytes, &options, "target[0] = 255 is outside [0, 3)");
    options.ignore_index = 255;
    expect_ok(xent_cross_entropy(logits, bytes, &options, loss));
    options.ignore_index = 256;
    refused_by_all(logits, bytes, &options, "target[0] = 255 is outside [0, 3)");
    tensor_free(logits);
    tensor_free(loss);
    tensor_free(bytes);
}

/* Row weights are looked at before targets. */
static void test_row_weights(void **state)
{
    (void)state;
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(4, 5, 18), ROW_MAJOR),
                *target = tensor_new(XENT_I16, SHAPE(4, 18), ROW_MAJOR);
    xent_tensor *losses = tensor_new(XENT_F32, SHAPE(4, 18), ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE;
    tensor_set(target, 0, 5);
    for (int layout = 0; layout < LAYOUTS; layout++) {
        xent_tensor *weight = tensor_new(XENT_F16, SHAPE(4, 18), (enum layout)layout);
        double divisor = 7;
        options.row_weight = weight;
        tensor_set(weight, 3 * 18 + 17, -1);
        expect_refused(xent_cross_entropy(logits, target, &options, losses), XENT_ERROR_INVALID_ARGUMENT,
                       "row_weight[3][17] = -1, expected a finite number >= 0", losses);
        tensor_set(weight, 19, (double)INFINITY);
        expect_refused(xent_nll_loss(logits, target, &options, losses), XENT_ERROR_INVALID_ARGUMENT,
                       "row_weight[1][1] = inf, expected a finite number >= 0", losses);
        expect_refused(xent_mean_divisor(target, &options, &divisor), XENT_ERROR_INVALID_ARGUMENT,
                       "row_weight[1][1] = inf, expected a finite number >= 0", NULL);
        assert_true(divisor == 7);
        for (int64_t i = 0; i < 72; i++) tensor_set(weight, i, 0);
        expect_refused(xent_cross_entropy(logits, target, &options, losses), XENT_ERROR_TARGET,
                       "target[0][0] = 5 is outside [0, 5)", losses);
        tensor_free(weight);
    }
    tensor_free(logits);
    tensor_free(target);
    tensor_free(losses);
}

/* mean_divisor knows the number of classes from the weights alone. */
static void test_mean_divisor(void **state)
{
    (void)state;
    xent_tensor *target = tensor_of(XENT_I32, SHAPE(2, 2), TRANSPOSED, VALUES(1, 3, -100, 4));
    xent_tensor *weight = tensor_of(XENT_F32, SHAPE(3), ROW_MAJOR, VALUES(1, 2, 4));
    xent_options options = XENT_OPTIONS_INIT;
    double divisor = 7;
    expect_ok(xent_mean_divisor(target, &options, &divisor));
    assert_true(divisor == 3);
    divisor = 7;
    options.class_weight = weight;
    expect_refused(xent_mean_divisor(target, &options, &divisor), XENT_ERROR_TARGET, "target[0][1] = 3 is outside [0, 3)",
                   NULL);
    assert_true(divisor == 7);
    tensor_free(target);
    tensor_free(weight);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_too_large),
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_far_in_a_batch),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_first_in_row_major_order),
        cmocka_unit_test(test_largest_rank),
        cmocka_unit_test(test_last_of_many),
        cmocka_unit_test(test_ignored_is_allowed),
        cmocka_unit_test(test_mean_divisor),
        cmocka_unit_test(test_row_weights),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
