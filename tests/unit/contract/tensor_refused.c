/* What the functions that make tensors refuse, by message: shapes, dtypes, strides and data. */
#include <stdio.h>

#include "support/tensors.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16, XENT_I64, XENT_I32,
                                     XENT_I16, XENT_I8,  XENT_U8,  XENT_U16,  XENT_U32, XENT_U64 };
static const size_t dtype_sizes[] = { 4, 8, 2, 2, 8, 4, 2, 1, 1, 2, 4, 8 };
static const char *const dtype_names[] = { "F32", "F64", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "U16", "U32", "U64" };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

static int64_t aligned[64]; /* memory to wrap */

#if PTRDIFF_MAX == INT64_MAX
#define MOST "9223372036854775807"
#else
#define MOST "2147483647"
#endif
#define OVERFLOW(dtype) "shape has a product of extents that exceeds " MOST " bytes of " dtype " elements"
static const char no_data[] = "data is NULL, expected memory for 2 elements";

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
        int at; /* which of them is too long; 2: both together */
    } refused[] = {
        { { INT64_MAX, 0 }, 0 },
        { { 0, INT64_MIN }, 1 },
        { { PTRDIFF_MAX / 8, 1 }, 0 },
        { { PTRDIFF_MIN / 8, 0 }, 0 },
        { { PTRDIFF_MAX / 32, PTRDIFF_MAX / 16 }, 1 },
        { { PTRDIFF_MAX / 32, -(PTRDIFF_MAX / 16) }, 2 },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        xent_tensor *out = (xent_tensor *)aligned;
        char message[128] = "strides span more than " MOST " bytes";
        if (refused[i].at < 2)
            snprintf(message, sizeof message,
                     "strides[%d] is %lld: with extent 3 it reaches offsets that exceed " MOST " bytes", refused[i].at,
                     (long long)refused[i].strides[refused[i].at]);
        expect_error(xent_tensor_wrap(&out, XENT_F64, SHAPE(3, 3), refused[i].strides, aligned), XENT_ERROR_OVERFLOW, message);
        assert_null(out);
    }
    /* The last element begins where it can be addressed and ends beyond. */
    const int64_t last[1] = { PTRDIFF_MAX / 8 };
    xent_tensor *out = (xent_tensor *)aligned;
    expect_error(xent_tensor_wrap(&out, XENT_F64, SHAPE(2), last, aligned), XENT_ERROR_OVERFLOW,
                 "strides span more than " MOST " bytes");
    assert_null(out);
    /* A dimension of length one reaches nothing. */
    xent_tensor *t = tensor_strided(XENT_F64, SHAPE(1, 3), (const int64_t[]){ INT64_MAX, 1 }, aligned);
    xent_tensor_destroy(t);
}

/* What an array needs that is a struct's member: on i386 4 bytes, where an element has 8. */
struct f64_member {
    char before;
    double element;
};
struct i64_member {
    char before;
    int64_t element;
};
struct f32_member {
    char before;
    float element;
};
struct half_member {
    char before;
    uint16_t element;
};

static size_t alignment_of(int dtype)
{
    const size_t size = dtype_sizes[dtype];
    if (dtypes[dtype] == XENT_F64) return offsetof(struct f64_member, element);
    return size == 8   ? offsetof(struct i64_member, element)
           : size == 4 ? offsetof(struct f32_member, element)
           : size == 2 ? offsetof(struct half_member, element)
                       : 1;
}

static void test_refused_data(void **state)
{
    (void)state;
    const xent_status invalid = XENT_ERROR_INVALID_ARGUMENT;
    for (int i = 0; i < DTYPES; i++) {
        xent_tensor *out = (xent_tensor *)aligned;
        expect_error(xent_tensor_wrap(&out, dtypes[i], SHAPE(2), NULL, NULL), invalid, no_data);
        assert_null(out);
        const size_t alignment = alignment_of(i);
        if (alignment == 1) continue;
        char message[128];
        snprintf(message, sizeof message,
                 "data is misaligned: its address is %zu beyond a multiple of %zu, the alignment of %s", alignment / 2,
                 alignment, dtype_names[i]);
        out = (xent_tensor *)aligned;
        expect_error(xent_tensor_wrap(&out, dtypes[i], SHAPE(2), NULL, (char *)aligned + alignment / 2), invalid, message);
        assert_null(out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_shapes_and_dtypes),
        cmocka_unit_test(test_refused_in_order),
        cmocka_unit_test(test_null_out),
        cmocka_unit_test(test_refused_strides),
        cmocka_unit_test(test_refused_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
