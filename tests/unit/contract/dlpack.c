/* xent_dlpack.h: tensors over the memory of DLTensors, and which of them it refuses. */
#include <dlpack/dlpack.h>
#include <string.h>

#include "support/tensors.h"
#include "xent_dlpack.h"

static int64_t memory[64];
static int64_t extents[9] = { 1, 2, 1, 2, 1, 2, 1, 2, 1 };

/* A row-major DLTensor over `memory`, on the CPU. */
static DLTensor described(uint8_t code, uint8_t bits, int32_t ndim, int64_t *shape)
{
    DLTensor t;
    memset(&t, 0, sizeof t);
    t.data = memory;
    t.device.device_type = kDLCPU;
    t.dtype.code = code;
    t.dtype.bits = bits;
    t.dtype.lanes = 1;
    t.ndim = ndim;
    t.shape = shape;
    return t;
}

/* The tensor of t, which must be one; to be destroyed. */
static xent_tensor *imported(const DLTensor *t, int writable)
{
    xent_tensor *tensor = NULL;
    expect_ok(xent_tensor_from_dlpack(&tensor, t, writable));
    assert_non_null(tensor);
    return tensor;
}

/* Both kinds of tensor are refused, and *out is NULL. */
static void refused(const DLTensor *t, xent_status status, const char *message)
{
    for (int writable = 0; writable <= 1; writable++) {
        xent_tensor *out = (xent_tensor *)memory;
        expect_error(xent_tensor_from_dlpack(&out, t, writable), status, message);
        assert_null(out);
    }
}

/* The same where no message is set: the last failure's stays. */
static void refused_silently(const DLTensor *t, xent_status status)
{
    assert_int_equal(xent_set_num_threads(-1), XENT_ERROR_INVALID_ARGUMENT);
    refused(t, status, "n is -1, expected 1 to 4096, or 0 for the default");
}

static xent_dtype expected_dtype(unsigned code, unsigned bits)
{
    static const struct {
        unsigned code, bits;
        xent_dtype dtype;
    } known[] = {
        { kDLFloat, 16, XENT_F16 }, { kDLFloat, 32, XENT_F32 }, { kDLFloat, 64, XENT_F64 }, { kDLBfloat, 16, XENT_BF16 },
        { kDLInt, 8, XENT_I8 },     { kDLInt, 16, XENT_I16 },   { kDLInt, 32, XENT_I32 },   { kDLInt, 64, XENT_I64 },
        { kDLUInt, 8, XENT_U8 },    { kDLUInt, 16, XENT_U16 },  { kDLUInt, 32, XENT_U32 },  { kDLUInt, 64, XENT_U64 },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].code == code && known[i].bits == bits) return known[i].dtype;
    return (xent_dtype)0;
}

/* Every code and width there can be. */
static void test_dtypes(void **state)
{
    (void)state;
    int taken = 0;
    for (unsigned code = 0; code < 256; code++) {
        for (unsigned bits = 0; bits < 256; bits++) {
            const DLTensor t = described((uint8_t)code, (uint8_t)bits, 2, extents);
            const xent_dtype dtype = expected_dtype(code, bits);
            assert_int_equal(xent_dtype_from_dlpack(t.dtype), dtype);
            if (dtype == 0) {
                xent_tensor *out = (xent_tensor *)memory;
                assert_int_equal(xent_tensor_from_dlpack(&out, &t, 1), XENT_ERROR_DTYPE);
                assert_null(out);
                continue;
            }
            xent_tensor *tensor = imported(&t, 1);
            assert_int_equal(xent_tensor_dtype(tensor), dtype);
            assert_int_equal(xent_dtype_size(dtype), bits / 8);
            xent_tensor_destroy(tensor);
            taken++;
        }
    }
    assert_int_equal(taken, 12);
}

static void test_lanes(void **state)
{
    (void)state;
    const uint16_t lanes[] = { 0, 2, 4, 257, UINT16_MAX };
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        DLTensor t = described(kDLFloat, 32, 1, extents);
        t.dtype.lanes = lanes[i];
        refused(&t, XENT_ERROR_DTYPE, "dtype is 0, expected an xent_dtype");
    }
}

static void test_devices(void **state)
{
    (void)state;
    for (int device = -1; device < 24; device++) {
        DLTensor t = described(kDLFloat, 32, 2, extents);
        t.device.device_type = (DLDeviceType)device;
        t.device.device_id = 3; /* whichever it is, the CPU reads it */
        if (device == kDLCPU || device == kDLCUDAHost || device == kDLROCMHost)
            xent_tensor_destroy(imported(&t, 1));
        else
            refused_silently(&t, XENT_ERROR_UNSUPPORTED);
    }
}

static void test_ranks(void **state)
{
    (void)state;
    for (int32_t ndim = 0; ndim <= 8; ndim++) {
        const DLTensor t = described(kDLFloat, 32, ndim, ndim == 0 ? NULL : extents);
        xent_tensor *tensor = imported(&t, 1);
        assert_int_equal(xent_tensor_ndim(tensor), ndim);
        assert_int_equal(xent_tensor_numel(tensor), 1 << ndim / 2);
        assert_memory_equal(xent_tensor_shape(tensor), extents, (size_t)ndim * sizeof extents[0]);
        xent_tensor_destroy(tensor);
    }
    DLTensor t = described(kDLFloat, 32, 9, extents);
    refused(&t, XENT_ERROR_SHAPE, "ndim is 9, expected 0 to 8");
    t.ndim = -1;
    refused(&t, XENT_ERROR_SHAPE, "ndim is -1, expected 0 to 8");
    t = described(kDLFloat, 32, 1, NULL);
    refused(&t, XENT_ERROR_INVALID_ARGUMENT, "shape is NULL");
    int64_t negative = -1;
    t.shape = &negative;
    refused(&t, XENT_ERROR_SHAPE, "shape[0] is -1, expected >= 0");
}

/* NULL is row-major; others are taken as they are, and copied. */
static void test_strides(void **state)
{
    (void)state;
    int64_t shape[2] = { 2, 3 }, strides[2] = { -3, -1 };
    const int64_t row_major[2] = { 3, 1 }, reversed[2] = { -3, -1 };
    DLTensor t = described(kDLInt, 64, 2, shape);
    xent_tensor *tensor = imported(&t, 1);
    assert_memory_equal(xent_tensor_strides(tensor), row_major, sizeof row_major);
    xent_tensor_destroy(tensor);

    for (int64_t i = 0; i < 6; i++) memory[i] = i;
    t.strides = strides;
    t.byte_offset = 5 * sizeof memory[0];
    tensor = imported(&t, 1);
    memset(strides, 0, sizeof strides);
    memset(shape, 0, sizeof shape);
    assert_memory_equal(xent_tensor_strides(tensor), reversed, sizeof reversed);
    for (int i = 0; i < 6; i++) assert_true(tensor_get(tensor, i) == 5 - i);
    xent_tensor_destroy(tensor);

    int64_t far[2] = { PTRDIFF_MAX / 8, 1 }, column[2] = { 3, 1 };
    t.shape = column;
    t.strides = far;
    xent_tensor *out = (xent_tensor *)memory;
    assert_int_equal(xent_tensor_from_dlpack(&out, &t, 1), XENT_ERROR_OVERFLOW);
    assert_null(out);
}

static void test_byte_offset(void **state)
{
    (void)state;
    DLTensor t = described(kDLFloat, 32, 1, &extents[1]);
    t.byte_offset = 12;
    xent_tensor *tensor = imported(&t, 1);
    assert_ptr_equal(xent_tensor_data(tensor), (char *)memory + 12);
    xent_tensor_destroy(tensor);
    t.byte_offset = 2;
    refused(&t, XENT_ERROR_INVALID_ARGUMENT,
            "data is misaligned: its address is 2 beyond a multiple of 4, the alignment of F32");
    t.byte_offset = (uint64_t)PTRDIFF_MAX + 1;
    refused_silently(&t, XENT_ERROR_OVERFLOW);
    t.byte_offset = UINT64_MAX - 3;
    refused_silently(&t, XENT_ERROR_OVERFLOW);
    t.data = NULL; /* an offset from nothing leads nowhere */
    t.byte_offset = 16;
    refused(&t, XENT_ERROR_INVALID_ARGUMENT, "data is NULL, expected memory for 2 elements");
}

static void test_zero_sized(void **state)
{
    (void)state;
    int64_t shape[3] = { 2, 0, 3 };
    DLTensor t = described(kDLBfloat, 16, 3, shape);
    for (int with_data = 0; with_data <= 1; with_data++) {
        t.data = with_data ? memory : NULL;
        t.byte_offset = with_data ? 4 : 0;
        xent_tensor *tensor = imported(&t, 1);
        assert_int_equal(xent_tensor_numel(tensor), 0);
        assert_memory_equal(xent_tensor_shape(tensor), shape, sizeof shape);
        xent_tensor_destroy(tensor);
    }
}

static void test_read_only(void **state)
{
    (void)state;
    const DLTensor t = described(kDLFloat, 32, 2, extents);
    xent_tensor *tensor = imported(&t, 0);
    assert_null(xent_tensor_data(tensor));
    assert_ptr_equal(xent_tensor_const_data(tensor), memory);
    expect_error_naming(xent_softmax(tensor, 1, tensor), XENT_ERROR_INVALID_ARGUMENT, "read-only");
    xent_tensor_destroy(tensor);

    memset(memory, 0, sizeof memory);
    tensor = imported(&t, 2); /* anything but 0 */
    expect_ok(xent_softmax(tensor, 1, tensor));
    assert_true(tensor_get(tensor, 0) == 0.5);
    assert_true(tensor_get(tensor, 1) == 0.5);
    xent_tensor_destroy(tensor);
}

static void test_null(void **state)
{
    (void)state;
    const DLTensor t = described(kDLFloat, 32, 2, extents);
    refused_silently(NULL, XENT_ERROR_INVALID_ARGUMENT);
    assert_int_equal(xent_tensor_from_dlpack(NULL, NULL, 1), XENT_ERROR_INVALID_ARGUMENT);
    expect_error(xent_tensor_from_dlpack(NULL, &t, 1), XENT_ERROR_INVALID_ARGUMENT, "out is NULL");
    expect_error(xent_tensor_from_dlpack(NULL, &t, 0), XENT_ERROR_INVALID_ARGUMENT, "out is NULL");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes),     cmocka_unit_test(test_lanes),     cmocka_unit_test(test_devices),
        cmocka_unit_test(test_ranks),      cmocka_unit_test(test_strides),   cmocka_unit_test(test_byte_offset),
        cmocka_unit_test(test_zero_sized), cmocka_unit_test(test_read_only), cmocka_unit_test(test_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
