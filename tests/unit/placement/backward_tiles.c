/* The backwards of many classes whose rows stand side by side in memory, as those of images do, against the same rows one by one, bit by
 * bit: sums of products that a tile makes of more classes than a row's sum has lanes. */
#include "support/backend.h"
#include "support/random.h"
#include "support/tensors.h"

enum { ROWS = 70 };

typedef xent_status backward(const xent_tensor *result, const xent_tensor *upstream, int32_t axis, xent_tensor *out);

/* Classes along the first axis; the same tensor with them along the last. */
static xent_tensor *turned(const xent_tensor *t)
{
    const int64_t classes = xent_tensor_shape(t)[0];
    xent_tensor *made = tensor_new(xent_tensor_dtype(t), SHAPE(ROWS, classes), ROW_MAJOR);
    for (int64_t row = 0; row < ROWS; row++)
        for (int64_t c = 0; c < classes; c++) tensor_set(made, row * classes + c, tensor_get(t, c * ROWS + row));
    return made;
}

static void expect_same(backward *call, xent_dtype dtype, int64_t classes, const xent_tensor *result,
                        const xent_tensor *upstream)
{
    xent_tensor *out = tensor_new(dtype, SHAPE(classes, ROWS), ROW_MAJOR),
                *one_by_one = tensor_new(dtype, SHAPE(ROWS, classes), ROW_MAJOR);
    xent_tensor *rows = turned(result), *upstream_rows = turned(upstream);
    expect_ok(call(result, upstream, 0, out));
    for (int64_t row = 0; row < ROWS; row++) {
        xent_tensor *views[3], *const whole[3] = { rows, upstream_rows, one_by_one };
        for (int i = 0; i < 3; i++) views[i] = tensor_over(dtype, SHAPE(classes), tensor_at(whole[i], row * classes));
        expect_ok(call(views[0], views[1], 0, views[2]));
        for (int i = 0; i < 3; i++) xent_tensor_destroy(views[i]);
        for (int64_t c = 0; c < classes; c++)
            if (tensor_bits(out, c * ROWS + row) != tensor_bits(one_by_one, row * classes + c))
                fail_msg("dtype %d, %d classes: entry %d of row %d is %.17g, alone %.17g", (int)dtype, (int)classes, (int)c,
                         (int)row, tensor_get(out, c * ROWS + row), tensor_get(one_by_one, row * classes + c));
    }
    tensor_free(upstream_rows);
    tensor_free(rows);
    tensor_free(one_by_one);
    tensor_free(out);
}

static void test_bits(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    static const int64_t class_counts[] = { 64, 65, 128, 129, 192, 200, 257, 1000 };
    (void)state;
    for (int i = 0; i < 4; i++)
        for (size_t k = 0; k < sizeof class_counts / sizeof class_counts[0]; k++) {
            const int64_t classes = class_counts[k];
            struct random r = random_stream(23, (uint64_t)classes);
            xent_tensor *z = tensor_new(dtypes[i], SHAPE(classes, ROWS), ROW_MAJOR),
                        *result = tensor_new(dtypes[i], SHAPE(classes, ROWS), ROW_MAJOR),
                        *upstream = tensor_new(dtypes[i], SHAPE(classes, ROWS), ROW_MAJOR);
            for (int64_t at = 0; at < classes * ROWS; at++) tensor_set(z, at, 3 * random_normal(&r));
            for (int64_t at = 0; at < classes * ROWS; at++) tensor_set(upstream, at, random_normal(&r));
            expect_ok(xent_softmax(z, 0, result));
            expect_same(xent_softmax_backward, dtypes[i], classes, result, upstream);
            expect_ok(xent_log_softmax(z, 0, result));
            expect_same(xent_log_softmax_backward, dtypes[i], classes, result, upstream);
            tensor_free(upstream);
            tensor_free(result);
            tensor_free(z);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_bits) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
