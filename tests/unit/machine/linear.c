/* A linear layer with its loss on threads, on a caller's pool, called from its own gemm, without memory, and on little stack. */
#include <stdlib.h>

#include "support/backend.h"
#include "support/linear.h"
#include "support/stack.h"
#include "unit/allocations.h"

/* Blocks that are worth several tasks, and whose last one has another number of rows. */
static struct layer large(xent_dtype dtype, int64_t classes)
{
    struct layer l = layer_of(75, classes, 2, dtype, dtype);
    l.dtype[LAYER_BIAS] = l.dtype[LAYER_CLASS_WEIGHT] = l.dtype[LAYER_ROW_WEIGHT] = l.dtype[LAYER_GRAD_LOSS] = XENT_F32;
    l.dtype[LAYER_GRAD_BIAS] = layer_logits_dtype(&l);
    l.options.label_smoothing = 0.1;
    l.options.softcap = 5;
    l.block_rows = 33;
    return l;
}

/* The same without gradients, its classes in tiles. */
static struct layer tiled(xent_dtype dtype)
{
    struct layer l = large(dtype, 9000);
    l.dtype[LAYER_GRAD_LOSS] = (xent_dtype)0;
    for (int which = LAYER_GRAD_HIDDEN; which < LAYER_TENSORS; which++) l.dtype[which] = (xent_dtype)0;
    l.block_classes = 4096;
    return l;
}

static void expect_same_on(const struct layer *of, int32_t threads, const struct layer_tensors *want)
{
    struct layer l = *of;
    struct layer_tensors t = layer_tensors_of(&l);
    struct gemm gemm = { .only_wide = true };
    l.options.num_threads = threads;
    expect_ok(layer_call(&l, &t, gemm_in_order, &gemm));
    expect_same_outputs(&t, want);
    layer_tensors_free(&t);
}

static void test_threads(void **state)
{
    (void)state;
    static const int64_t classes[] = { 300, 9000 };
    for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
        for (int i = 0; i < 2; i++) {
            const struct layer l = large((xent_dtype)dtype, classes[i]);
            struct layer_tensors want = layer_tensors_of(&l);
            layer_two_steps(&l, &want);
            for (int32_t threads = 1; threads <= 5; threads++) expect_same_on(&l, threads, &want);
            layer_tensors_free(&want);
        }
    }
}

static void test_threads_of_tiles(void **state)
{
    (void)state;
    for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
        const struct layer l = tiled((xent_dtype)dtype);
        struct layer_tensors want = layer_tensors_of(&l);
        layer_two_steps(&l, &want);
        for (int32_t threads = 1; threads <= 5; threads++) expect_same_on(&l, threads, &want);
        layer_tensors_free(&want);
    }
}

/* ---- A caller's pool --------------------------------------------------------------------------------------------------- */

static int passes, gemm_is_running, pass_is_running;

static void backwards(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    (void)user;
    assert_false(gemm_is_running);
    passes++;
    pass_is_running = 1;
    for (int64_t i = n; i-- > 0;) body(ctx, i);
    pass_is_running = 0;
}

static int gemm_alone(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                      int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc)
{
    assert_false(pass_is_running);
    gemm_is_running = 1;
    const int answer = gemm_in_order(user, transpose, m, n, k, a_type, a, lda, b_type, b, ldb, beta, c, ldc);
    gemm_is_running = 0;
    return answer;
}

/* Threads of the library and threads of gemm are never both at work. */
static void test_parallel_for(void **state)
{
    (void)state;
    struct layer l = large(XENT_BF16, 9000);
    struct layer_tensors want = layer_tensors_of(&l), t = layer_tensors_of(&l);
    struct gemm gemm = { .only_wide = true };
    layer_two_steps(&l, &want);
    l.options.num_threads = 3;
    passes = 0;
    expect_ok(xent_set_parallel_for(backwards, NULL));
    expect_ok(layer_call(&l, &t, gemm_alone, &gemm));
    expect_ok(xent_set_parallel_for(NULL, NULL));
    assert_true(passes > 3);
    expect_same_outputs(&t, &want);
    layer_tensors_free(&t);
    layer_tensors_free(&want);
}

/* ---- Calls from within ------------------------------------------------------------------------------------------------- */

struct caller {
    struct gemm gemm;
    const struct layer *layer;
    struct layer_tensors own;
};

/* Fails in the library, changes its settings, and has it compute, another layer among it. */
static int gemm_that_calls_back(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type,
                                const void *a, int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c,
                                int64_t ldc)
{
    struct caller *caller = user;
    struct gemm inner = { .calls = 0 };
    expect_error_naming(xent_softmax(NULL, 1, NULL), XENT_ERROR_INVALID_ARGUMENT, "NULL");
    if (caller->gemm.calls % 4 == 0) expect_ok(layer_call(caller->layer, &caller->own, gemm_in_order, &inner));
    expect_ok(xent_set_num_threads(1 + caller->gemm.calls % 5));
    xent_set_error_message("that of a gemm");
    return gemm_in_order(&caller->gemm, transpose, m, n, k, a_type, a, lda, b_type, b, ldb, beta, c, ldc);
}

static void expect_calls_back(struct layer l, int products)
{
    struct layer_tensors want = layer_tensors_of(&l);
    layer_two_steps(&l, &want);
    l.block_rows = 14;
    for (int fail_at = 0; fail_at <= products; fail_at += products) {
        struct layer_tensors got = layer_tensors_of(&l);
        struct caller caller = { .gemm = { .fail_at = fail_at, .answer = -1 }, .layer = &l, .own = layer_tensors_of(&l) };
        const xent_status status = layer_call(&l, &got, gemm_that_calls_back, &caller);
        expect_ok(xent_set_num_threads(0));
        assert_int_equal(caller.gemm.calls, products);
        if (fail_at == 0) {
            expect_ok(status);
            expect_same_outputs(&got, &want);
        } else {
            expect_error_naming(status, XENT_ERROR_UNSUPPORTED, "layer->gemm returned -1 for ");
        }
        expect_same_outputs(&caller.own, &want);
        layer_tensors_free(&caller.own);
        layer_tensors_free(&got);
    }
    layer_tensors_free(&want);
}

/* Blocks that are worth several threads, the number of which the gemm changes in between. */
static void test_calls_back(void **state)
{
    (void)state;
    struct layer l = layer_of(40, 9000, 1, XENT_F32, XENT_F32);
    l.options.softcap = 5;
    expect_calls_back(l, 9);
    for (int which = LAYER_GRAD_HIDDEN; which < LAYER_TENSORS; which++) l.dtype[which] = (xent_dtype)0;
    l.block_classes = 4096;
    expect_calls_back(l, 9);
}

/* ---- Memory and stack -------------------------------------------------------------------------------------------------- */

enum { ALLOCATIONS = 2 };

/* All of them come before the first product, and nothing is kept, whether the call succeeds or not. */
static void expect_all_or_nothing(const struct layer *l, int products)
{
    struct layer_tensors t = layer_tensors_of(l), before = layer_tensors_of(l);
    for (int fail_at = 0; fail_at <= products; fail_at++) {
        struct gemm gemm = { .fail_at = fail_at, .answer = -1 };
        allocations_begin(ALLOCATIONS);
        const xent_status status = layer_call(l, &t, gemm_in_order, &gemm);
        assert_int_equal(allocations_end(), 0);
        assert_int_equal(status, fail_at == 0 ? XENT_OK : XENT_ERROR_UNSUPPORTED);
    }
    layer_tensors_free(&t);
    t = layer_tensors_of(l);
    for (int n = 0; n < ALLOCATIONS; n++) {
        struct gemm gemm = { .calls = 0 };
        allocations_begin(n);
        const xent_status status = layer_call(l, &t, gemm_in_order, &gemm);
        assert_int_equal(allocations_end(), 0);
        expect_error_naming(status, XENT_ERROR_NO_MEMORY, "bytes of working memory could not be allocated");
        assert_int_equal(gemm.calls, 0);
        expect_same_outputs(&t, &before);
    }
    layer_tensors_free(&t);
    layer_tensors_free(&before);
}

static void test_no_memory(void **state)
{
    (void)state;
    const struct layer whole = large(XENT_BF16, 9000), tiles = tiled(XENT_BF16);
    expect_all_or_nothing(&whole, 9);
    expect_all_or_nothing(&tiles, 9);
}

static size_t asked_for(const struct layer *l)
{
    struct layer_tensors t = layer_tensors_of(l);
    struct gemm gemm = { .only_wide = true };
    allocations_begin(ALLOCATIONS);
    const xent_status status = layer_call(l, &t, gemm_in_order, &gemm);
    assert_int_equal(allocations_end(), 0);
    expect_ok(status);
    layer_tensors_free(&t);
    return allocations_bytes();
}

/* As xent.h has it, beside what a task of any call may take: a row, some chunks. */
static void test_memory(void **state)
{
    (void)state;
    enum { SMALL = 128 << 10, CHUNKS = 3 };
    for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
        struct layer whole = large((xent_dtype)dtype, 9000), tiles = tiled((xent_dtype)dtype);
        const size_t real = xent_dtype_size(layer_logits_dtype(&whole)), rows = (size_t)whole.block_rows;
        const size_t wide = dtype >= XENT_F16 ? (rows + 4096) * (size_t)whole.features * real : 0;
        const size_t losses = (size_t)whole.rows * sizeof(double), states = rows * (CHUNKS + 1) * sizeof(xent_partial);
        const size_t row = 9000 * real, grad_bias = 9000 * sizeof(double);
        whole.options.num_threads = tiles.options.num_threads = 1;
        const size_t of_whole = asked_for(&whole), of_tiles = asked_for(&tiles);
        print_message("dtype %d: %lld and %lld bytes\n", dtype, (long long)of_whole, (long long)of_tiles);
        assert_in_range(of_whole, rows * row, (rows + 1) * row + grad_bias + wide + losses + SMALL);
        assert_in_range(of_tiles, rows * 4096 * real, rows * 4096 * real + states + wide + losses + SMALL);
    }
}

struct call {
    const struct layer *layer;
    const struct layer_tensors *tensors;
    xent_status status;
};

static void *run(void *argument)
{
    struct call *c = argument;
    struct gemm gemm = { .only_wide = true };
    c->status = layer_call(c->layer, c->tensors, gemm_in_order, &gemm);
    return NULL;
}

static void expect_little_stack(const struct layer *l)
{
    struct layer_tensors t = layer_tensors_of(l);
    struct call call = { l, &t, XENT_OK };
    const size_t used = stack_used(run, &call);
    expect_ok(call.status);
    print_message("%lld classes of dtype %d: %llu bytes of stack\n", (long long)l->classes, (int)l->dtype[LAYER_HIDDEN],
                  (unsigned long long)used);
    assert_in_range(used, 1, STACK_PROMISED);
    layer_tensors_free(&t);
}

static void test_stack(void **state)
{
    (void)state;
    static const int64_t classes[] = { 3, 300, 9000 };
    if (!stack_can_be_measured()) skip();
    for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
        const struct layer tiles = tiled((xent_dtype)dtype);
        for (int i = 0; i < 3; i++) {
            const struct layer l = large((xent_dtype)dtype, classes[i]);
            expect_little_stack(&l);
        }
        expect_little_stack(&tiles);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads),    cmocka_unit_test(test_threads_of_tiles), cmocka_unit_test(test_parallel_for),
        cmocka_unit_test(test_calls_back), cmocka_unit_test(test_no_memory),        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_stack),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
