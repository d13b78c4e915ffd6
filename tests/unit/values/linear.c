/* A linear layer with its loss against the two steps with the same gemm, whose bits do not depend on how it is cut: all outputs have the
   same bits then, whatever the blocks are. */
#include <stdlib.h>

#include "support/backend.h"
#include "support/linear.h"

static const int64_t block_sizes[] = { 0, 1, 3, 16, 23, 1000 };
enum { BLOCK_SIZES = sizeof block_sizes / sizeof block_sizes[0] };

static void expect_two_steps_with(struct layer l, struct gemm gemm)
{
    struct layer_tensors want = layer_tensors_of(&l);
    layer_two_steps(&l, &want);
    for (int i = 0; i < BLOCK_SIZES; i++) {
        struct layer_tensors got = layer_tensors_of(&l);
        struct gemm own = gemm;
        l.block_rows = block_sizes[i];
        expect_ok(layer_call(&l, &got, gemm_in_order, &own));
        expect_same_outputs(&got, &want);
        if (gemm.only_wide) assert_true(own.narrow <= 3);
        layer_tensors_free(&got);
    }
    layer_tensors_free(&want);
}

/* By a gemm that takes all types, and by one for which they are widened. */
static void expect_two_steps(const struct layer *l)
{
    expect_two_steps_with(*l, (struct gemm){ .only_wide = false });
    expect_two_steps_with(*l, (struct gemm){ .only_wide = true });
}

static const xent_dtype floating[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };

static void test_dtypes(void **state)
{
    (void)state;
    for (int hidden = 0; hidden < 4; hidden++) {
        for (int weight = 0; weight < 4; weight++) {
            struct layer l = layer_of(37, 29, 11, floating[hidden], floating[weight]);
            l.dtype[LAYER_GRAD_HIDDEN] = floating[(hidden + weight) % 4];
            l.dtype[LAYER_BIAS] = floating[(hidden + 2 * weight + 1) % 4];
            l.dtype[LAYER_GRAD_BIAS] = layer_logits_dtype(&l);
            l.dtype[LAYER_LOSS] = floating[weight];
            expect_two_steps(&l);
            l.dtype[LAYER_TARGET] = floating[hidden];
            expect_two_steps(&l);
        }
    }
}

/* More classes than are widened at a time, than a tile of rows has, and than a chunk. */
static void test_many_classes(void **state)
{
    (void)state;
    for (int dtype = 0; dtype < 4; dtype++) {
        struct layer l = layer_of(25, 9001, 3, floating[dtype], floating[dtype]);
        l.dtype[LAYER_GRAD_HIDDEN] = floating[(dtype + 1) % 4];
        expect_two_steps(&l);
    }
}

static struct layer with_everything(xent_dtype dtype, xent_dtype target)
{
    struct layer l = layer_of(41, 33, 7, dtype, dtype);
    l.dtype[LAYER_TARGET] = target;
    l.dtype[LAYER_BIAS] = l.dtype[LAYER_CLASS_WEIGHT] = l.dtype[LAYER_ROW_WEIGHT] = l.dtype[LAYER_GRAD_LOSS] = XENT_F32;
    l.dtype[LAYER_GRAD_BIAS] = layer_logits_dtype(&l);
    l.options.label_smoothing = 0.125;
    l.options.z_loss = 0.25;
    l.options.logit_scale = 1.5;
    l.options.softcap = 4;
    l.options.ignore_index = 5;
    return l;
}

static void test_options(void **state)
{
    (void)state;
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_BF16 }, targets[] = { XENT_I64, XENT_U8, XENT_F32 };
    for (int dtype = 0; dtype < 3; dtype++) {
        for (int target = 0; target < 3; target++) {
            struct layer l = with_everything(dtypes[dtype], targets[target]);
            for (int reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_NONE; reduction++) {
                l.options.reduction = reduction;
                for (int normalizer = 0; normalizer < 2; normalizer++) {
                    l.options.normalizer = normalizer * 3.5;
                    expect_two_steps(&l);
                }
            }
        }
    }
}

static void test_row_strides(void **state)
{
    (void)state;
    for (int64_t gap = -1; gap <= 5; gap += 2) {
        struct layer l = layer_of(19, 21, 8, XENT_F32, XENT_F32);
        l.gap = gap;
        expect_two_steps(&l);
        l.dtype[LAYER_HIDDEN] = XENT_BF16;
        expect_two_steps(&l);
    }
}

/* Two micro-batches and their joint divisor. */
static void test_accumulate(void **state)
{
    (void)state;
    for (int dtype = 0; dtype < 2; dtype++) {
        struct layer l = with_everything(floating[dtype], XENT_I64);
        l.accumulate = 1;
        l.options.normalizer = 80;
        expect_two_steps(&l);
    }
}

static void test_outputs_alone(void **state)
{
    (void)state;
    const struct layer all = with_everything(XENT_F32, XENT_I64);
    for (int wanted = 1; wanted < 16; wanted++) {
        struct layer l = all;
        for (int i = 0; i < 4; i++)
            if (!(wanted & 1 << i)) l.dtype[LAYER_LOSS + i] = (xent_dtype)0;
        expect_two_steps(&l);
    }
}

static void test_forward(void **state)
{
    (void)state;
    for (int reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_NONE; reduction++) {
        struct layer l = with_everything(XENT_F16, XENT_I64);
        l.options.reduction = reduction;
        for (int which = LAYER_GRAD_HIDDEN; which < LAYER_TENSORS; which++) l.dtype[which] = (xent_dtype)0;
        struct layer_tensors want = layer_tensors_of(&l);
        layer_two_steps(&l, &want);
        for (int i = 0; i < BLOCK_SIZES; i++) {
            struct layer_tensors got = layer_tensors_of(&l);
            struct gemm gemm = { .calls = 0 };
            l.block_rows = block_sizes[i];
            expect_ok(layer_call_forward(&l, &got, gemm_in_order, &gemm));
            expect_same_outputs(&got, &want);
            layer_tensors_free(&got);
        }
        layer_tensors_free(&want);
    }
}

/* No rows, no features, no classes: what is left of a layer. */
static void test_empty(void **state)
{
    (void)state;
    static const int64_t extents[][3] = { { 0, 5, 3 }, { 7, 5, 0 }, { 0, 5, 0 }, { 0, 0, 3 }, { 1, 1, 1 }, { 0, 0, 0 } };
    for (size_t i = 0; i < sizeof extents / sizeof extents[0]; i++) {
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            for (int reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_NONE; reduction++) {
                struct layer l = layer_of(extents[i][0], extents[i][1], extents[i][2], XENT_F32, XENT_BF16);
                l.dtype[LAYER_BIAS] = l.dtype[LAYER_GRAD_BIAS] = XENT_F32;
                l.options.reduction = reduction;
                l.accumulate = accumulate;
                expect_two_steps(&l);
            }
        }
    }
}

/* Of a dimension with one element: any stride will do. */
static void test_strides_that_lead_nowhere(void **state)
{
    static const struct {
        int64_t rows, features, strides[2];
    } of[] = { { 1, 4, { 0, 1 } }, { 5, 1, { 1, 9 } } };
    (void)state;
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        const struct layer l = layer_of(of[i].rows, 7, of[i].features, XENT_F32, XENT_F32);
        struct layer_tensors t = layer_tensors_of(&l), expected = layer_tensors_of(&l);
        struct gemm gemm = { 0 };
        xent_tensor *hidden = t.tensor[LAYER_HIDDEN];
        t.tensor[LAYER_HIDDEN] =
            tensor_strided(XENT_F32, SHAPE(of[i].rows, of[i].features), of[i].strides, xent_tensor_data(hidden));
        expect_ok(layer_call(&l, &expected, gemm_in_order, &gemm));
        expect_ok(layer_call(&l, &t, gemm_in_order, &gemm));
        expect_same_outputs(&t, &expected);
        xent_tensor_destroy(t.tensor[LAYER_HIDDEN]);
        t.tensor[LAYER_HIDDEN] = hidden;
        layer_tensors_free(&t);
        layer_tensors_free(&expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes),
        cmocka_unit_test(test_many_classes),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_row_strides),
        cmocka_unit_test(test_accumulate),
        cmocka_unit_test(test_outputs_alone),
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_strides_that_lead_nowhere),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
