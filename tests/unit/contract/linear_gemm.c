/* What a linear layer's functions promise of the caller's gemm: what becomes of each of its answers, in which environment it runs, and what
   it is never asked for. */
#include <fenv.h>
#include <string.h>

#include "support/linear.h"

/* Bytes of all outputs, to compare. */
static int changed(const struct layer_tensors *a, const struct layer_tensors *b, enum layer_tensor which)
{
    size_t bytes;
    const void *x = tensor_span(a->tensor[which], &bytes), *y = tensor_span(b->tensor[which], &bytes);
    return memcmp(x, y, bytes) != 0;
}

static struct layer with_bias(xent_dtype dtype)
{
    struct layer l = layer_of(10, 9, 4, dtype, dtype);
    l.dtype[LAYER_BIAS] = l.dtype[LAYER_GRAD_BIAS] = layer_logits_dtype(&l);
    l.block_rows = 4;
    return l;
}

enum { PRODUCTS = 9 }; /* three blocks */

/* Each product fails once. Loss and grad_bias are written at the end; until the first product is done, nothing is. */
static void test_every_product_fails(void **state)
{
    (void)state;
    static const struct {
        int answer;
        xent_status status;
    } answers[] = { { -1, XENT_ERROR_UNSUPPORTED },
                    { 1, XENT_ERROR_UNSUPPORTED },
                    { 2, XENT_ERROR_UNSUPPORTED },
                    { XENT_ERROR_OVERFLOW, XENT_ERROR_OVERFLOW },
                    { XENT_ERROR_NO_MEMORY, XENT_ERROR_NO_MEMORY } };
    static const char *const names[] = { "the logits", "grad_hidden", "grad_weight" };
    const struct layer l = with_bias(XENT_F32);
    struct layer_tensors before = layer_tensors_of(&l);
    for (size_t a = 0; a < sizeof answers / sizeof answers[0]; a++) {
        for (int n = 1; n <= PRODUCTS + 1; n++) {
            struct layer_tensors t = layer_tensors_of(&l);
            struct gemm gemm = { .fail_at = n, .answer = answers[a].answer };
            if (n > PRODUCTS) {
                expect_ok(layer_call(&l, &t, gemm_in_order, &gemm));
                assert_int_equal(gemm.calls, PRODUCTS);
            } else {
                expect_error_naming(layer_call(&l, &t, gemm_in_order, &gemm), answers[a].status, names[(n - 1) % 3]);
                assert_int_equal(gemm.calls, n);
                assert_false(changed(&t, &before, LAYER_LOSS) || changed(&t, &before, LAYER_GRAD_BIAS));
                if (n <= 2) assert_false(changed(&t, &before, LAYER_GRAD_HIDDEN));
                if (n <= 3) assert_false(changed(&t, &before, LAYER_GRAD_WEIGHT));
            }
            layer_tensors_free(&t);
        }
    }
    layer_tensors_free(&before);
}

/* The classes in tiles: each product is one for logits, and nothing is written before the last one. */
static void test_every_tile_fails(void **state)
{
    (void)state;
    enum { TILES = 3, BLOCKS = 2 };
    struct layer l = layer_of(3, 9000, 1, XENT_F32, XENT_F32);
    for (int which = LAYER_GRAD_HIDDEN; which < LAYER_TENSORS; which++) l.dtype[which] = (xent_dtype)0;
    l.block_rows = 2;
    l.block_classes = 4096;
    for (int n = 1; n <= TILES * BLOCKS; n++) {
        struct layer_tensors t = layer_tensors_of(&l), before = layer_tensors_of(&l);
        struct gemm gemm = { .fail_at = n, .answer = -1 };
        expect_error(layer_call_forward(&l, &t, gemm_in_order, &gemm), XENT_ERROR_UNSUPPORTED,
                     "layer->gemm returned -1 for the logits");
        assert_int_equal(gemm.calls, n);
        expect_same_outputs(&t, &before);
        layer_tensors_free(&t);
        layer_tensors_free(&before);
    }
}

/* A gemm that does not do 16 bits is asked once for each of the three, whatever number of blocks there is, and once more on wide
   copies; if it cannot do these either, the call fails. */
static void test_types_are_widened(void **state)
{
    (void)state;
    for (int dtype = XENT_F16; dtype <= XENT_BF16; dtype++) {
        const struct layer l = with_bias((xent_dtype)dtype);
        struct layer_tensors t = layer_tensors_of(&l), narrow = layer_tensors_of(&l);
        struct gemm gemm = { .only_wide = true }, takes_all = { .calls = 0 };
        expect_ok(layer_call(&l, &t, gemm_in_order, &gemm));
        assert_int_equal(gemm.calls, PRODUCTS + 3);
        assert_int_equal(gemm.narrow, 3);
        expect_ok(layer_call(&l, &narrow, gemm_in_order, &takes_all));
        assert_int_equal(takes_all.calls, PRODUCTS);
        assert_int_equal(takes_all.narrow, PRODUCTS);
        expect_same_outputs(&t, &narrow);
        gemm = (struct gemm){ .only_wide = true, .fail_at = 2, .answer = 1 };
        expect_error(layer_call(&l, &t, gemm_in_order, &gemm), XENT_ERROR_UNSUPPORTED,
                     "layer->gemm returned 1 for the logits: it cannot multiply F32, which every gemm must");
        gemm = (struct gemm){ .only_wide = true, .fail_at = 7, .answer = 1 }; /* the second block's */
        expect_error(layer_call(&l, &t, gemm_in_order, &gemm), XENT_ERROR_UNSUPPORTED,
                     "layer->gemm returned 1 for the logits: it cannot multiply F32, which every gemm must");
        assert_int_equal(gemm.calls, 7);
        layer_tensors_free(&t);
        layer_tensors_free(&narrow);
    }
}

/* Of more classes than are widened at a time a product is made in parts. */
static void test_every_part_fails(void **state)
{
    static const struct {
        int fail_at;
        const char *name;
    } parts[] = { { 2, "the logits" }, { 3, "the logits" }, { 5, "grad_hidden" }, { 6, "grad_hidden" } };
    const struct layer l = layer_of(3, 5000, 2, XENT_BF16, XENT_BF16);
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct layer_tensors t = layer_tensors_of(&l);
        struct gemm gemm = { .only_wide = true, .fail_at = parts[i].fail_at, .answer = -1 };
        expect_error_naming(layer_call(&l, &t, gemm_in_order, &gemm), XENT_ERROR_UNSUPPORTED, "layer->gemm returned -1 for ",
                            parts[i].name);
        assert_int_equal(gemm.calls, parts[i].fail_at);
        layer_tensors_free(&t);
    }
}

/* ---- Environment ------------------------------------------------------------------------------------------------------- */

struct watched {
    struct gemm gemm;
    int calls_in_callers_rounding;
};

static int gemm_that_changes_rounding(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type,
                                      const void *a, int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta,
                                      void *c, int64_t ldc)
{
    struct watched *w = user;
    int answer;
    w->calls_in_callers_rounding += fegetround() == FE_UPWARD;
    (void)fesetround(FE_TONEAREST);
    answer = gemm_in_order(&w->gemm, transpose, m, n, k, a_type, a, lda, b_type, b, ldb, beta, c, ldc);
    (void)fesetround(FE_DOWNWARD);
    return answer;
}

static void test_environment(void **state)
{
    (void)state;
    const struct layer l = with_bias(XENT_F32);
    struct layer_tensors t = layer_tensors_of(&l), want = layer_tensors_of(&l);
    struct watched watched = { .calls_in_callers_rounding = 0 };
    layer_two_steps(&l, &want);
    assert_int_equal(fesetround(FE_UPWARD), 0);
    const xent_status status = layer_call(&l, &t, gemm_that_changes_rounding, &watched);
    const int rounding = fegetround();
    (void)fesetround(FE_TONEAREST);
    expect_ok(status);
    assert_int_equal(rounding, FE_UPWARD);
    assert_int_equal(watched.calls_in_callers_rounding, PRODUCTS);
    expect_same_outputs(&t, &want);
    layer_tensors_free(&t);
    layer_tensors_free(&want);
}

/* ---- What the table of errors has no room for --------------------------------------------------------------------------- */

/* Where there are as many rows as classes, the other axis has a shape that fits. */
static void test_class_axis(void **state)
{
    (void)state;
    struct layer l = layer_of(6, 6, 2, XENT_F32, XENT_F32);
    struct layer_tensors t = layer_tensors_of(&l);
    struct gemm gemm = { .calls = 0 };
    l.options.axis = 0;
    expect_error(layer_call(&l, &t, gemm_in_order, &gemm), XENT_ERROR_SHAPE,
                 "axis is 0, expected 1: the classes of the logits are the rows of weight");
    l.options.axis = -2;
    expect_error_naming(layer_call(&l, &t, gemm_in_order, &gemm), XENT_ERROR_SHAPE, "axis is -2, expected 1");
    l.options.axis = -1;
    expect_ok(layer_call(&l, &t, gemm_in_order, &gemm));
    l.options.axis = 1;
    expect_ok(layer_call(&l, &t, gemm_in_order, &gemm));
    layer_tensors_free(&t);
}

/* Rows that go backwards in memory are no matrix, and those of no features nothing to multiply. */
static void test_what_is_no_matrix(void **state)
{
    (void)state;
    const struct layer l = with_bias(XENT_F32), empty = layer_of(3, 5, 0, XENT_BF16, XENT_BF16);
    struct layer_tensors t = layer_tensors_of(&l), want = layer_tensors_of(&l), none = layer_tensors_of(&empty);
    struct gemm gemm = { .calls = 0 };
    xent_tensor *forwards = t.tensor[LAYER_GRAD_HIDDEN];
    layer_two_steps(&l, &want);
    t.tensor[LAYER_GRAD_HIDDEN] = tensor_strided(XENT_F32, SHAPE(l.rows, l.features), (const int64_t[]){ -l.features, 1 },
                                                 tensor_at(forwards, (l.rows - 1) * l.features));
    expect_ok(layer_call(&l, &t, gemm_in_order, &gemm));
    expect_same_outputs(&t, &want);
    xent_tensor_destroy(t.tensor[LAYER_GRAD_HIDDEN]);
    t.tensor[LAYER_GRAD_HIDDEN] = forwards;
    gemm.calls = 0;
    expect_ok(layer_call(&empty, &none, gemm_in_order, &gemm));
    assert_int_equal(gemm.calls, 0);
    layer_tensors_free(&none);
    layer_tensors_free(&want);
    layer_tensors_free(&t);
}

static void test_no_classes(void **state)
{
    (void)state;
    const struct layer l = layer_of(3, 0, 2, XENT_F32, XENT_F32);
    struct gemm gemm = { .calls = 0 };
    struct layer_tensors t = { { NULL } };
    struct layer drawn = l;
    drawn.dtype[LAYER_TARGET] = (xent_dtype)0;
    t = layer_tensors_of(&drawn);
    t.tensor[LAYER_TARGET] = tensor_new(XENT_I64, SHAPE(3), ROW_MAJOR);
    expect_error(layer_call(&l, &t, gemm_in_order, &gemm), XENT_ERROR_SHAPE,
                 "logits has no classes: axis 1 has extent 0, expected at least 1");
    layer_tensors_free(&t);
}

/* Rows that take no memory, more than can be counted together. */
static void test_overflow(void **state)
{
    (void)state;
#if PTRDIFF_MAX == INT64_MAX
    static const int64_t empty[2] = { (int64_t)1 << 33, 0 }, rows[1] = { (int64_t)1 << 33 }, none[1] = { 0 };
    static int64_t index;
    struct gemm gemm = { .calls = 0 };
    xent_linear layer = XENT_LINEAR_INIT;
    static const int64_t many[2] = { ((int64_t)1 << 43) + 1, 0 }, no_rows[2] = { 0, 0 };
    xent_tensor *features, *target, *classes, *none_of_them, *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
    xent_tensor *no_target = tensor_new(XENT_I64, SHAPE(0), ROW_MAJOR);
    expect_ok(xent_tensor_wrap(&features, XENT_F32, 2, empty, NULL, NULL));
    expect_ok(xent_tensor_wrap(&target, XENT_I64, 1, rows, none, &index));
    layer.hidden = layer.weight = features;
    layer.gemm = gemm_in_order;
    layer.user = &gemm;
    expect_error(xent_linear_cross_entropy(&layer, target, NULL, loss), XENT_ERROR_OVERFLOW,
                 "hidden has 8589934592 rows and weight 8589934592, whose product exceeds 9223372036854775807");
    expect_ok(xent_tensor_wrap(&classes, XENT_F32, 2, many, NULL, NULL));
    expect_ok(xent_tensor_wrap(&none_of_them, XENT_F32, 2, no_rows, NULL, NULL));
    layer.hidden = none_of_them;
    layer.weight = classes;
    layer.block_classes = 4096;
    expect_error(xent_linear_cross_entropy(&layer, no_target, NULL, loss), XENT_ERROR_OVERFLOW,
                 "layer->block_classes is 4096 of 8796093022209 classes: more than 2147483647 blocks a row");
    xent_tensor_destroy(none_of_them);
    xent_tensor_destroy(classes);
    tensor_free(no_target);
    xent_tensor_destroy(features);
    xent_tensor_destroy(target);
    tensor_free(loss);
#else
    skip();
#endif
}

static void test_init(void **state)
{
    (void)state;
    union {
        xent_linear layer;
        unsigned char bytes[sizeof(xent_linear) + 16];
    } u;
    memset(&u, 0x77, sizeof u);
    xent_linear_init(&u.layer, sizeof(xent_linear) - 1);
    assert_int_equal(u.bytes[0], 0x77);
    xent_linear_init(NULL, sizeof(xent_linear));
    xent_linear_init(&u.layer, sizeof(xent_linear) + 8);
    assert_int_equal(u.layer.struct_size, sizeof(xent_linear) + 8);
    for (size_t i = sizeof(size_t); i < sizeof(xent_linear) + 8; i++) assert_int_equal(u.bytes[i], 0);
    assert_int_equal(u.bytes[sizeof(xent_linear) + 8], 0x77);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_product_fails),
        cmocka_unit_test(test_every_tile_fails),
        cmocka_unit_test(test_types_are_widened),
        cmocka_unit_test(test_every_part_fails),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_what_is_no_matrix),
        cmocka_unit_test(test_class_axis),
        cmocka_unit_test(test_no_classes),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_init),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
