/* xent_dnnl_gemm: the layer and its loss by it, in every dtype, within what its roundings may do; what it refuses. */
#include <math.h>
#include <xent_dnnl.h>

#include "support/linear.h"

/* In F32 the order of sums is all that differs; gradients of 16-bit layers are rounded to them before their products. */
static double bound_of(const struct layer *l, enum layer_tensor which)
{
    const xent_dtype narrow = l->dtype[LAYER_HIDDEN];
    if (which == LAYER_LOSS || which == LAYER_GRAD_BIAS || narrow == XENT_F32) return 1e-5;
    return narrow == XENT_F16 ? 1e-3 : 8e-3;
}

static void expect_near(const struct layer *l, const struct layer_tensors *t, const struct layer_tensors *want)
{
    for (int which = LAYER_LOSS; which < LAYER_TENSORS; which++) {
        double largest = 1;
        for (int64_t i = 0; i < xent_tensor_numel(want->tensor[which]); i++)
            largest = fmax(largest, fabs(tensor_get(want->tensor[which], i)));
        for (int64_t i = 0; i < xent_tensor_numel(want->tensor[which]); i++)
            assert_true(fabs(tensor_get(t->tensor[which], i) - tensor_get(want->tensor[which], i)) <=
                        largest * bound_of(l, (enum layer_tensor)which));
    }
}

static void test_layer(void **state)
{
    (void)state;
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F16, XENT_BF16, XENT_F64 };
    for (int dtype = 0; dtype < 4; dtype++) {
        for (int64_t gap = 0; gap < 8; gap += 7) {
            struct layer l = layer_of(50, 70, 40, dtypes[dtype], dtypes[dtype]);
            l.dtype[LAYER_BIAS] = l.dtype[LAYER_GRAD_BIAS] = layer_logits_dtype(&l);
            l.block_rows = 17;
            l.gap = gap;
            l.accumulate = gap > 0;
            struct layer_tensors t = layer_tensors_of(&l), want = layer_tensors_of(&l);
            if (dtypes[dtype] == XENT_F64) {
                expect_error_naming(layer_call(&l, &t, xent_dnnl_gemm, NULL), XENT_ERROR_UNSUPPORTED, "it cannot multiply F64");
            } else {
                expect_ok(layer_call(&l, &t, xent_dnnl_gemm, NULL));
                layer_two_steps(&l, &want);
                expect_near(&l, &t, &want);
            }
            layer_tensors_free(&t);
            layer_tensors_free(&want);
        }
    }
}

static void test_types(void **state)
{
    (void)state;
    static const xent_dtype pairs[][2] = {
        { XENT_F64, XENT_F64 },  { XENT_F32, XENT_F64 }, { XENT_F64, XENT_BF16 },
        { XENT_F16, XENT_BF16 }, { XENT_I32, XENT_I32 },
    };
    double a = 1, b = 1, c = 7;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_int_equal(xent_dnnl_gemm(NULL, 0, 1, 1, 1, pairs[i][0], &a, 1, pairs[i][1], &b, 1, 0, &c, 1), 1);
    assert_true(c == 7);
}

/* With beta 0 nothing of c is read, though it be a NaN. */
static void test_overwrites(void **state)
{
    (void)state;
    const float a = 3, b = 2;
    float c = (float)NAN;
    assert_int_equal(xent_dnnl_gemm(NULL, 0, 1, 1, 1, XENT_F32, &a, 1, XENT_F32, &b, 1, 0, &c, 1), 0);
    assert_true(c == 6);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_overwrites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
