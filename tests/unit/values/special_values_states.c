/* The state of a run of classes with a NaN among them says so, and nothing that depends on where it has lain in a kernel's vectors; that of an
   ignored row has no target, whatever number says that it is ignored. */
#include <math.h>
#include <string.h>

#include "support/backend.h"
#include "support/tensors.h"

enum { CHUNK = 4096, CLASSES = 2 * CHUNK + 70 };

/* The first state of the row, which is of two chunks, with a NaN of class `at`; all coefficients are positive, or the target's alone. */
static xent_partial state_of(xent_dtype dtype, int64_t at, double smoothing)
{
    xent_options options = XENT_OPTIONS_INIT;
    const xent_shard shard = { 0, CLASSES, CLASSES, (int32_t)dtype, 0 };
    xent_tensor *logits = tensor_new(dtype, SHAPE(1, CLASSES), ROW_MAJOR),
                *target = tensor_of(XENT_I64, SHAPE(1), ROW_MAJOR, VALUES(3));
    xent_partial states[4];
    options.label_smoothing = smoothing;
    for (int64_t c = 0; c < CLASSES; c++) tensor_set(logits, c, (double)(c * 7919 % 256) / 8);
    tensor_set(logits, at, (double)NAN);
    assert_in_range(xent_partials_per_row(&shard), 1, 4);
    expect_ok(xent_partial_reduce(logits, &shard, target, &options, states));
    tensor_free(target);
    tensor_free(logits);
    return states[0];
}

static void expect_none(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    assert_true(bits == canonical_nan(XENT_F64));
}

static void test_nan_anywhere(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    (void)state;
    for (size_t d = 0; d < sizeof dtypes / sizeof dtypes[0]; d++)
        for (int64_t at = 0; at < CHUNK; at = at < 70 || at >= CHUNK - 70 ? at + 1 : at + 97)
            for (int smoothed = 0; smoothed < 2; smoothed++) {
                const xent_partial got = state_of(dtypes[d], at, smoothed ? 0.125 : 0);
                assert_true(got.max == (double)INFINITY);
                expect_none(got.rest);
                expect_none(got.heat);
                expect_none(got.gap);
                assert_int_equal(got.argmax, at);
            }
}

static void test_any_ignore_index(void **state)
{
    static const int64_t numbers[] = { INT64_MAX, INT64_MIN, CLASSES, -1 };
    const xent_shard second = { CHUNK, 70, CHUNK + 70, XENT_F32, 0 };
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(1, 70), ROW_MAJOR), *target;
    (void)state;
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
        xent_options options = XENT_OPTIONS_INIT;
        xent_partial got;
        options.ignore_index = numbers[k];
        expect_ok(xent_tensor_wrap_const(&target, XENT_I64, SHAPE(1), NULL, &numbers[k]));
        assert_int_equal(xent_partials_per_row(&second), 1);
        expect_ok(xent_partial_reduce(logits, &second, target, &options, &got));
        expect_none(got.target);
        assert_int_equal(got.argmax, CHUNK);
        xent_tensor_destroy(target);
    }
    tensor_free(logits);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_nan_anywhere), cmocka_unit_test(test_any_ignore_index) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
