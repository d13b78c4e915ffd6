/* Tensors: creating, wrapping, pointing elsewhere, destroying, and what they say about themselves. */
#include <stdio.h>
#include <string.h>

#include "support/tensors.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16, XENT_I64, XENT_I32,
                                     XENT_I16, XENT_I8,  XENT_U8,  XENT_U16,  XENT_U32, XENT_U64 };
static const size_t dtype_sizes[] = { 4, 8, 2, 2, 8, 4, 2, 1, 1, 2, 4, 8 };
static const char *const dtype_names[] = { "F32", "F64", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "U16", "U32", "U64" };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

static int64_t aligned[64]; /* memory to wrap */

#define OVERFLOW(dtype) "shape has a product of extents that exceeds 9223372036854775807 bytes of " dtype " elements"
#define STRIDE(dimension, stride)                                                                                              \
    "strides[" dimension "] is " stride ": with extent 3 it reaches offsets that exceed 9223372036854775807 bytes"
static const char no_data[] = "data is NULL, expected memory for 2 elements";

static void test_dtype_size(void **state)
{
    (void)state;
    for (int i = 0; i < DTYPES; i++) assert_int_equal(xent_dtype_size(dtypes[i]), dtype_sizes[i]);
    const int unknown[] = { -1, 0, 5, 15, 24, 1000, XENT_DTYPE_FORCE_INT };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_int_equal(xent_dtype_size((xent_dtype)unknown[i]), 0);
}

/* create: zeroed, 64-byte aligned, row-major memory of every dtype. */
static void test_create(void **state)
{
    (void)state;
    for (int i = 0; i < DTYPES; i++) {
        xent_tensor *t = NULL;
        expect_ok(xent_tensor_create(&t, dtypes[i], SHAPE(3, 2, 5)));
        assert_int_equal(xent_tensor_dtype(t), dtypes[i]);
        assert_int_equal(xent_tensor_ndim(t), 3);
        assert_int_equal(xent_tensor_numel(t), 30);
        assert_memory_equal(xent_tensor_shape(t), ((const int64_t[]){ 3, 2, 5 }), 3 * sizeof(int64_t));
        assert_memory_equal(xent_tensor_strides(t), ((const int64_t[]){ 10, 5, 1 }), 3 * sizeof(int64_t));
        unsigned char *data = xent_tensor_data(t);
        assert_ptr_equal(xent_tensor_const_data(t), data);
        assert_int_equal((uintptr_t)data % 64, 0);
        for (size_t k = 0; k < 30 * dtype_sizes[i]; k++) assert_int_equal(data[k], 0);
        memset(data, 1, 30 * dtype_sizes[i]); /* it is writable throughout */
        xent_tensor_destroy(t);
    }
}

static void test_create_ranks(void **state)
{
    (void)state;
    const int64_t shape[XENT_MAX_NDIM] = { 1, 2, 1, 2, 1, 2, 1, 2 };
    for (int32_t ndim = 0; ndim <= XENT_MAX_NDIM; ndim++) {
        xent_tensor *t = NULL;
        expect_ok(xent_tensor_create(&t, XENT_F32, ndim, ndim == 0 ? NULL : shape));
        assert_int_equal(xent_tensor_ndim(t), ndim);
        assert_int_equal(xent_tensor_numel(t), 1 << ndim / 2);
        xent_tensor_destroy(t);
    }
}

/* A dimension of length zero leaves no elements, whatever the others are as long as they could be addressed. */
static void test_empty(void **state)
{
    (void)state;
    xent_tensor *t = NULL;
    expect_ok(xent_tensor_create(&t, XENT_F64, SHAPE(4, 0, 3)));
    assert_int_equal(xent_tensor_numel(t), 0);
    assert_memory_equal(xent_tensor_shape(t), ((const int64_t[]){ 4, 0, 3 }), 3 * sizeof(int64_t));
    xent_tensor_destroy(t);
    expect_ok(xent_tensor_wrap(&t, XENT_F64, SHAPE(0), NULL, NULL));
    assert_null(xent_tensor_const_data(t));
    assert_int_equal(xent_tensor_numel(t), 0);
    expect_ok(xent_tensor_set_data(t, NULL));
    xent_tensor_destroy(t);
    /* Strides of a tensor without elements reach nothing. */
    expect_ok(xent_tensor_wrap(&t, XENT_F64, SHAPE(0, 3), (const int64_t[]){ INT64_MAX, INT64_MIN }, NULL));
    xent_tensor_destroy(t);
}

static void test_wrap(void **state)
{
    (void)state;
    int64_t shape[2] = { 2, 3 }, strides[2] = { 3, 1 };
    xent_tensor *t = NULL;
    expect_ok(xent_tensor_wrap(&t, XENT_I64, 2, shape, NULL, aligned));
    assert_memory_equal(xent_tensor_strides(t), strides, sizeof strides);
    assert_ptr_equal(xent_tensor_data(t), aligned);
    assert_ptr_equal(xent_tensor_const_data(t), aligned);
    xent_tensor_destroy(t);

    /* Shape and strides are copied: what happens to the caller's arrays does not matter. */
    strides[0] = -1;
    strides[1] = 0;
    expect_ok(xent_tensor_wrap(&t, XENT_I64, 2, shape, strides, aligned + 1));
    memset(shape, 0, sizeof shape);
    memset(strides, 0, sizeof strides);
    assert_memory_equal(xent_tensor_shape(t), ((const int64_t[]){ 2, 3 }), sizeof shape);
    assert_memory_equal(xent_tensor_strides(t), ((const int64_t[]){ -1, 0 }), sizeof strides);
    assert_int_equal(xent_tensor_numel(t), 6);
    assert_ptr_equal(xent_tensor_data(t), aligned + 1);
    xent_tensor_destroy(t);

    expect_ok(xent_tensor_wrap(&t, XENT_U8, SCALAR, NULL, (unsigned char *)aligned + 3)); /* a byte is always aligned */
    assert_int_equal(xent_tensor_numel(t), 1);
    xent_tensor_destroy(t);
}

/* Borrowed memory is not written by creation or destruction. */
static void test_borrowed_memory_is_left_alone(void **state)
{
    (void)state;
    unsigned char before[sizeof aligned];
    memset(aligned, 0x5A, sizeof aligned);
    memcpy(before, aligned, sizeof aligned);
    xent_tensor *t = tensor_over(XENT_F64, SHAPE(8, 8), aligned);
    xent_tensor_destroy(t);
    assert_memory_equal(aligned, before, sizeof aligned);
}

static void test_wrap_const(void **state)
{
    (void)state;
    static const float values[6] = { 1, 2, 3, 4, 5, 6 };
    xent_tensor *t = NULL;
    expect_ok(xent_tensor_wrap_const(&t, XENT_F32, SHAPE(2, 3), NULL, values));
    assert_null(xent_tensor_data(t));
    assert_ptr_equal(xent_tensor_const_data(t), values);
    expect_ok(xent_tensor_set_data(t, aligned)); /* stays read-only, though this memory is not */
    assert_null(xent_tensor_data(t));
    assert_ptr_equal(xent_tensor_const_data(t), aligned);
    expect_error_naming(xent_softmax(t, 1, t), XENT_ERROR_INVALID_ARGUMENT, "read-only");
    xent_tensor_destroy(t);
}

static void test_set_data(void **state)
{
    (void)state;
    const int64_t shape[2] = { 2, 3 }, strides[2] = { 1, 2 };
    xent_tensor *t = tensor_strided(XENT_F32, 2, shape, strides, aligned);
    expect_ok(xent_tensor_set_data(t, aligned + 7));
    assert_ptr_equal(xent_tensor_data(t), aligned + 7);
    assert_memory_equal(xent_tensor_shape(t), shape, sizeof shape);
    assert_memory_equal(xent_tensor_strides(t), strides, sizeof strides);

    const xent_status invalid = XENT_ERROR_INVALID_ARGUMENT;
    expect_error(xent_tensor_set_data(t, NULL), invalid, "data is NULL, expected memory for 6 elements");
    assert_ptr_equal(xent_tensor_data(t), aligned + 7);
    expect_error(xent_tensor_set_data(t, (char *)aligned + 2), invalid,
                 "data is misaligned: its address is 2 beyond a multiple of 4, the size of F32");
    assert_ptr_equal(xent_tensor_data(t), aligned + 7);
    xent_tensor_destroy(t);

    expect_error(xent_tensor_set_data(NULL, aligned), invalid, "t is NULL");
    expect_ok(xent_tensor_create(&t, XENT_F32, SHAPE(2)));
    const void *owned = xent_tensor_data(t);
    expect_error(xent_tensor_set_data(t, aligned), invalid,
                 "t owns its memory (made by xent_tensor_create), expected a wrapped tensor");
    assert_ptr_equal(xent_tensor_data(t), owned);
    xent_tensor_destroy(t);
}

static void test_null_tensor(void **state)
{
    (void)state;
    assert_int_equal(xent_tensor_dtype(NULL), 0);
    assert_int_equal(xent_tensor_ndim(NULL), 0);
    assert_null(xent_tensor_shape(NULL));
    assert_null(xent_tensor_strides(NULL));
    assert_int_equal(xent_tensor_numel(NULL), 0);
    assert_null(xent_tensor_data(NULL));
    assert_null(xent_tensor_const_data(NULL));
    xent_tensor_destroy(NULL);
}

/* What the three functions that make tensors refuse, each with *out set to NULL. */
static void refuse(xent_status status, const char *message, xent_dtype dtype, int32_t ndim, const int64_t *shape)
{
    xent_tensor *out = (xent_tensor *)aligned;
    expect_error(xent_tensor_create(&out, dtype, ndim, shape), status, message);
    assert_null(out);
    out = (xent_tensor *)aligned;
    expect_error(xent_tensor_wrap(&out, dtype, ndim, shape, NULL, aligned), status, message);
    assert_null(out);
    out = (xent_tensor *)aligned;
    expect_error(xent_tensor_wrap_const(&out, dtype, ndim, shape, NULL, aligned), status, message);
    assert_null(out);
}

static void test_refused_shapes_and_dtypes(void **state)
{
    (void)state;
    const int64_t ones[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    const xent_status overflow = XENT_ERROR_OVERFLOW;
    refuse(XENT_ERROR_INVALID_ARGUMENT, "shape is NULL", XENT_F32, 1, NULL);
    refuse(XENT_ERROR_DTYPE, "dtype is 5, expected an xent_dtype", (xent_dtype)5, SHAPE(2));
    refuse(XENT_ERROR_DTYPE, "dtype is 0, expected an xent_dtype", (xent_dtype)0, SHAPE(2));
    refuse(XENT_ERROR_SHAPE, "ndim is 9, expected 0 to 8", XENT_F32, 9, ones);
    refuse(XENT_ERROR_SHAPE, "ndim is -1, expected 0 to 8", XENT_F32, -1, ones);
    refuse(XENT_ERROR_SHAPE, "shape[1] is -3, expected >= 0", XENT_F32, SHAPE(2, -3));
    refuse(XENT_ERROR_SHAPE, "shape[0] is -1, expected >= 0", XENT_F32, SHAPE(-1, 0));
    refuse(overflow, OVERFLOW("F32"), XENT_F32, SHAPE(INT64_MAX / 4 + 1));
    refuse(overflow, OVERFLOW("F64"), XENT_F64, SHAPE(INT64_C(1) << 30, INT64_C(1) << 30));
    /* A zero-length dimension does not excuse the others. */
    refuse(overflow, OVERFLOW("F64"), XENT_F64, SHAPE(INT64_C(1) << 32, 0, INT64_C(1) << 32));
}

static void test_refused_in_order(void **state)
{
    (void)state;
    const int64_t negative[1] = { -1 }, huge[1] = { INT64_MAX };
    refuse(XENT_ERROR_INVALID_ARGUMENT, "shape is NULL", (xent_dtype)5, 9, NULL);
    refuse(XENT_ERROR_DTYPE, "dtype is 5, expected an xent_dtype", (xent_dtype)5, 9, negative);
    refuse(XENT_ERROR_DTYPE, "dtype is 5, expected an xent_dtype", (xent_dtype)5, 1, negative);
    xent_tensor *out = (xent_tensor *)aligned;
    expect_error(xent_tensor_wrap(&out, XENT_F32, 1, huge, NULL, NULL), XENT_ERROR_OVERFLOW, OVERFLOW("F32"));
    assert_null(out);
}

static void test_null_out(void **state)
{
    (void)state;
    const xent_status invalid = XENT_ERROR_INVALID_ARGUMENT;
    expect_error(xent_tensor_create(NULL, XENT_F32, SHAPE(2)), invalid, "out is NULL");
    expect_error(xent_tensor_wrap(NULL, XENT_F32, SHAPE(2), NULL, aligned), invalid, "out is NULL");
    expect_error(xent_tensor_wrap_const(NULL, XENT_F32, SHAPE(2), NULL, aligned), invalid, "out is NULL");
}

/* Every offset that the strides reach must be addressable, on either side and in sum. */
static void test_refused_strides(void **state)
{
    (void)state;
    static const struct {
        int64_t strides[2];
        const char *message;
    } refused[] = {
        { { INT64_MAX, 0 }, STRIDE("0", "9223372036854775807") },
        { { 0, INT64_MIN }, STRIDE("1", "-9223372036854775808") },
        { { INT64_MAX / 8, 1 }, STRIDE("0", "1152921504606846975") },
        { { INT64_MIN / 8, 0 }, STRIDE("0", "-1152921504606846976") },
        { { INT64_MAX / 32, INT64_MAX / 16 }, STRIDE("1", "576460752303423487") },
        { { INT64_MAX / 32, -(INT64_MAX / 16) }, "strides span more than 9223372036854775807 bytes" },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        xent_tensor *out = (xent_tensor *)aligned;
        expect_error(xent_tensor_wrap(&out, XENT_F64, SHAPE(3, 3), refused[i].strides, aligned), XENT_ERROR_OVERFLOW,
                     refused[i].message);
        assert_null(out);
    }
    /* A dimension of length one reaches nothing. */
    xent_tensor *t = tensor_strided(XENT_F64, SHAPE(1, 3), (const int64_t[]){ INT64_MAX, 1 }, aligned);
    xent_tensor_destroy(t);
}

static void test_refused_data(void **state)
{
    (void)state;
    const xent_status invalid = XENT_ERROR_INVALID_ARGUMENT;
    for (int i = 0; i < DTYPES; i++) {
        xent_tensor *out = (xent_tensor *)aligned;
        expect_error(xent_tensor_wrap(&out, dtypes[i], SHAPE(2), NULL, NULL), invalid, no_data);
        assert_null(out);
        if (dtype_sizes[i] == 1) continue;
        char message[96];
        snprintf(message, sizeof message, "data is misaligned: its address is %zu beyond a multiple of %zu, the size of %s",
                 dtype_sizes[i] / 2, dtype_sizes[i], dtype_names[i]);
        out = (xent_tensor *)aligned;
        expect_error(xent_tensor_wrap(&out, dtypes[i], SHAPE(2), NULL, (char *)aligned + dtype_sizes[i] / 2), invalid, message);
        assert_null(out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtype_size),
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_create_ranks),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_borrowed_memory_is_left_alone),
        cmocka_unit_test(test_wrap_const),
        cmocka_unit_test(test_set_data),
        cmocka_unit_test(test_null_tensor),
        cmocka_unit_test(test_refused_shapes_and_dtypes),
        cmocka_unit_test(test_refused_in_order),
        cmocka_unit_test(test_null_out),
        cmocka_unit_test(test_refused_strides),
        cmocka_unit_test(test_refused_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
