/* Tensors: creating, wrapping, pointing elsewhere, destroying, and what they say about themselves. */
#include <stdio.h>
#include <string.h>

#include "support/tensors.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16, XENT_I64, XENT_I32,
                                     XENT_I16, XENT_I8,  XENT_U8,  XENT_U16,  XENT_U32, XENT_U64 };
static const size_t dtype_sizes[] = { 4, 8, 2, 2, 8, 4, 2, 1, 1, 2, 4, 8 };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

static int64_t aligned[64]; /* memory to wrap */

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
                 "data is misaligned: its address is 2 beyond a multiple of 4, the alignment of F32");
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

/* Arrays that are a struct's members; on i386 those of 8 bytes an element are aligned to 4. */
struct batch {
    char before;
    double z[2 * 1003], grad[2 * 1003];
    int64_t y[2];
};
static void test_members_of_structs(void **state)
{
    (void)state;
    static struct batch batch;
    xent_tensor *z = tensor_over(XENT_F64, SHAPE(2, 1003), batch.z), *grad = tensor_over(XENT_F64, SHAPE(2, 1003), batch.grad);
    xent_tensor *y = tensor_over(XENT_I64, SHAPE(2), batch.y), *want = tensor_new(XENT_F64, SHAPE(2, 1003), ROW_MAJOR);
    for (int64_t i = 0; i < 2006; i++) tensor_set(want, i, batch.z[i] = (double)(i * i % 97) / 16);
    batch.y[1] = 1002;
    expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, NULL, grad));
    expect_ok(xent_cross_entropy_grad(want, y, NULL, NULL, NULL, want));
    assert_memory_equal(batch.grad, xent_tensor_data(want), sizeof batch.grad);
    expect_ok(xent_log_softmax(z, 1, grad));
    expect_ok(xent_log_softmax(z, 1, want));
    assert_memory_equal(batch.grad, xent_tensor_data(want), sizeof batch.grad);
    xent_tensor_destroy(z);
    xent_tensor_destroy(grad);
    xent_tensor_destroy(y);
    tensor_free(want);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtype_size),   cmocka_unit_test(test_create),
        cmocka_unit_test(test_create_ranks), cmocka_unit_test(test_empty),
        cmocka_unit_test(test_wrap),         cmocka_unit_test(test_borrowed_memory_is_left_alone),
        cmocka_unit_test(test_wrap_const),   cmocka_unit_test(test_set_data),
        cmocka_unit_test(test_null_tensor),  cmocka_unit_test(test_members_of_structs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
