/* The loss of a linear layer whose classes come in tiles: the bits of whole rows, whatever the tiles and the blocks of rows are. */
#include <math.h>
#include <stdlib.h>

#include "support/backend.h"
#include "support/linear.h"

static const xent_dtype floating[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
static const int64_t block_sizes[] = { 0, 1, 4, 5, 100 }, tile_sizes[] = { 4096, 8192, 12288, 20480, 1 << 20 };
enum { BLOCK_SIZES = sizeof block_sizes / sizeof block_sizes[0], TILE_SIZES = sizeof tile_sizes / sizeof tile_sizes[0] };

static struct layer forward(int64_t rows, int64_t classes, xent_dtype hidden, xent_dtype weight)
{
    struct layer l = layer_of(rows, classes, 2, hidden, weight);
    for (int which = LAYER_GRAD_HIDDEN; which < LAYER_TENSORS; which++) l.dtype[which] = (xent_dtype)0;
    return l;
}

static int64_t pieces(int64_t extent, int64_t most) { return most == 0 || most >= extent ? 1 : (extent - 1) / most + 1; }

static int64_t products_of(const struct layer *l)
{
    if (l->rows == 0 || l->features == 0) return 0;
    return pieces(l->rows, l->block_rows) * pieces(l->classes, l->block_classes);
}

static void expect_whole_rows(struct layer l, bool only_wide)
{
    struct layer_tensors want = layer_tensors_of(&l);
    layer_two_steps(&l, &want);
    for (int i = 0; i < TILE_SIZES; i++) {
        struct layer_tensors got = layer_tensors_of(&l);
        struct gemm gemm = { .only_wide = only_wide };
        l.block_rows = block_sizes[i % BLOCK_SIZES];
        l.block_classes = tile_sizes[i];
        expect_ok(layer_call_forward(&l, &got, gemm_in_order, &gemm));
        expect_same_outputs(&got, &want);
        if (gemm.narrow == 0) assert_int_equal(gemm.calls, products_of(&l));
        layer_tensors_free(&got);
    }
    layer_tensors_free(&want);
}

/* Rows of whole chunks, of one class more, and of one chunk. */
static void test_dtypes(void **state)
{
    (void)state;
    static const int64_t classes[] = { 8192, 8193, 4096 };
    for (int hidden = 0; hidden < 4; hidden++) {
        for (int weight = 0; weight < 4; weight++) {
            struct layer l = forward(5, classes[(hidden + weight) % 3], floating[hidden], floating[weight]);
            l.dtype[LAYER_BIAS] = floating[(hidden + 2 * weight + 1) % 4];
            l.dtype[LAYER_LOSS] = floating[weight];
            expect_whole_rows(l, weight % 2 == 0);
            l.dtype[LAYER_TARGET] = floating[hidden];
            expect_whole_rows(l, weight % 2 != 0);
        }
    }
}

static struct layer with_everything(xent_dtype dtype, xent_dtype target)
{
    struct layer l = forward(9, 25000, dtype, dtype);
    l.dtype[LAYER_TARGET] = target;
    l.dtype[LAYER_BIAS] = l.dtype[LAYER_CLASS_WEIGHT] = l.dtype[LAYER_ROW_WEIGHT] = XENT_F32;
    l.options.label_smoothing = 0.125;
    l.options.z_loss = 0.25;
    l.options.logit_scale = 1.5;
    l.options.softcap = 4;
    return l;
}

/* Seven chunks: tiles that are nodes of the row's tree, and some that are none. */
static void test_options(void **state)
{
    (void)state;
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_BF16 }, targets[] = { XENT_I64, XENT_U16, XENT_F32 };
    for (int dtype = 0; dtype < 3; dtype++) {
        for (int target = 0; target < 3; target++) {
            struct layer l = with_everything(dtypes[dtype], targets[target]);
            struct layer_tensors drawn = layer_tensors_of(&l);
            if (target < 2) l.options.ignore_index = (int64_t)tensor_get(drawn.tensor[LAYER_TARGET], 3);
            layer_tensors_free(&drawn);
            l.options.reduction = (dtype + target) % 3;
            l.options.normalizer = dtype == 1 ? 3.5 : 0;
            expect_whole_rows(l, true);
        }
    }
}

static void test_nothing_counts(void **state)
{
    (void)state;
    for (int reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_NONE; reduction++) {
        struct layer l = forward(3, 9000, XENT_F32, XENT_F32), empty = forward(0, 9000, XENT_F32, XENT_F32);
        l.options.reduction = empty.options.reduction = reduction;
        expect_whole_rows(empty, false);
        l.features = 0;
        expect_whole_rows(l, false);
        l.rows = 1;
        struct layer_tensors drawn = layer_tensors_of(&l);
        l.options.ignore_index = (int64_t)tensor_get(drawn.tensor[LAYER_TARGET], 0);
        layer_tensors_free(&drawn);
        expect_whole_rows(l, false);
    }
}

/* One class of one tile makes logits that are not finite, of either sign as its rows go. */
static void test_special_values(void **state)
{
    (void)state;
    static const double values[] = { (double)NAN, (double)INFINITY, -(double)INFINITY };
    for (int i = 0; i < 3; i++) {
        for (int64_t c = 10; c < 9000; c += 4400) {
            struct layer l = forward(5, 9000, XENT_F32, XENT_F32);
            struct layer_tensors want, got;
            struct gemm gemm = { .calls = 0 };
            l.options.reduction = XENT_REDUCTION_NONE;
            l.block_classes = 4096;
            want = layer_tensors_of(&l);
            got = layer_tensors_of(&l);
            tensor_set(want.tensor[LAYER_WEIGHT], 2 * c, values[i]);
            tensor_set(got.tensor[LAYER_WEIGHT], 2 * c, values[i]);
            layer_two_steps(&l, &want);
            expect_ok(layer_call_forward(&l, &got, gemm_in_order, &gemm));
            expect_same_outputs(&got, &want);
            layer_tensors_free(&want);
            layer_tensors_free(&got);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_nothing_counts),
        cmocka_unit_test(test_special_values),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
