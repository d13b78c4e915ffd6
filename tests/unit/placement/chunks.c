/* Rows of several chunks of 4096 classes: targets, maxima and the last class on both sides of each border. */
#include <math.h>
#include <stdbool.h>

#include "support/backend.h"
#include "support/tensors.h"

enum { CHUNK = 4096 };

static const int64_t places[] = {
    0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 3 * CHUNK - 1, 3 * CHUNK, 3 * CHUNK + 4
};
enum { PLACES = sizeof places / sizeof places[0] };

/* Multiples of 1/8 below 4, exact in every dtype; `top` is the largest. */
static double logit(int64_t c, int64_t top) { return c == top ? 4.5 : (double)(c * 37 % 32) / 8; }

static double log_sum_exp(int64_t classes, int64_t top)
{
    double sum = 0;
    for (int64_t c = 0; c < classes; c++) sum += exp(logit(c, top));
    return log(sum);
}

/* How far a result of this dtype may be from `want`: a few units in the last place, for F64 those of the plain sum above. */
static double tolerance(xent_dtype dtype, double want)
{
    switch ((int)dtype) {
    case XENT_F64: return 0x1p-38 * fabs(want);
    case XENT_F16: return 0x1p-10 * fabs(want) + 0x1p-25;
    case XENT_BF16: return 0x1p-7 * fabs(want);
    default: return 0x1p-20 * fabs(want);
    }
}

static void check_row(xent_dtype dtype, int64_t classes, int64_t target, int64_t top, bool in_place)
{
    xent_tensor *z = tensor_new(dtype, SHAPE(classes), ROW_MAJOR), *y = tensor_new(XENT_I64, SCALAR, ROW_MAJOR);
    xent_tensor *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR),
                *gradient = in_place ? z : tensor_new(dtype, SHAPE(classes), ROW_MAJOR);
    const double lse = log_sum_exp(classes, top), want_loss = lse - logit(target, top);
    for (int64_t c = 0; c < classes; c++) tensor_set(z, c, logit(c, top));
    tensor_set(y, 0, (double)target);
    expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, loss, gradient));
    if (!(fabs(tensor_get(loss, 0) - want_loss) <= 0x1p-22 * want_loss))
        fail_msg("dtype %d, C %d, target %d: loss %.17g, expected %.17g", (int)dtype, (int)classes, (int)target,
                 tensor_get(loss, 0), want_loss);
    for (int64_t c = 0; c < classes; c++) {
        const double want = exp(logit(c, top) - lse) - (c == target), got = tensor_get(gradient, c);
        if (!(fabs(got - want) <= tolerance(dtype, want)))
            fail_msg("dtype %d, C %d, target %d, largest %d: entry %d is %.9g, expected %.9g", (int)dtype, (int)classes,
                     (int)target, (int)top, (int)c, got, want);
    }
    if (gradient != z) tensor_free(gradient);
    tensor_free(z);
    tensor_free(y);
    tensor_free(loss);
}

static void test_borders(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    (void)state;
    for (int i = 0; i < PLACES; i++)
        for (int k = 0; k < PLACES; k++) check_row(dtypes[(i + k) % 4], 3 * CHUNK + 5, places[i], places[k], (i + k) % 3 == 0);
}

/* The row ends at a border, or one class to either side of it. */
static void test_ends(void **state)
{
    (void)state;
    for (int64_t classes = 2 * CHUNK - 1; classes <= 2 * CHUNK + 1; classes++) {
        check_row(XENT_F32, classes, classes - 1, 0, true);
        check_row(XENT_F32, classes, 0, classes - 1, false);
        check_row(XENT_BF16, classes, classes - 1, classes - 1, true);
        check_row(XENT_F64, classes, CHUNK, classes - 1, false);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_borders), cmocka_unit_test(test_ends) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
