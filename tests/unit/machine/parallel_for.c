/* xent_set_parallel_for: whatever a caller's thread pool does with the tasks, the bits stay, and the rules that the
   header gives for fn and body hold. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/exam.h"

enum { THREADS = 3, ROWS = 135, CLASSES = 1000 }; /* enough for four tasks, which get different shares */

/* What a runner saw. */
struct record {
    pthread_t caller;
    int calls, wrong_thread;
    int64_t largest;
};

static struct record new_record(void) { return (struct record){ pthread_self(), 0, 0, 0 }; }

static void note(void *user, int64_t n)
{
    struct record *r = user;
    r->calls++;
    r->wrong_thread += !pthread_equal(pthread_self(), r->caller);
    if (n > r->largest) r->largest = n;
}

static void run_in_order(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    note(user, n);
    for (int64_t i = 0; i < n; i++) body(ctx, i);
}

static void run_reversed(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    note(user, n);
    for (int64_t i = n; i-- > 0;) body(ctx, i);
}

struct shared {
    xent_parallel_body body;
    void *ctx;
    int64_t n;
    atomic_llong taken;
};

static void *take_tasks(void *argument)
{
    struct shared *s = argument;
    for (int64_t i; (i = (int64_t)atomic_fetch_add(&s->taken, 1)) < s->n;) s->body(s->ctx, i);
    return NULL;
}

static void run_on_threads(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    struct shared s = { body, ctx, n, 0 };
    pthread_t threads[THREADS];
    note(user, n);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, take_tasks, &s) != 0) abort();
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static const struct runner {
    const char *name;
    xent_parallel_for fn;
} runners[] = { { "in order", run_in_order }, { "reversed", run_reversed }, { "on threads", run_on_threads } };
enum { RUNNERS = sizeof runners / sizeof runners[0] };

static int reset(void **state)
{
    (void)state;
    return xent_set_parallel_for(NULL, NULL) != XENT_OK || xent_set_num_threads(4) != XENT_OK;
}

static void check_same_bits(xent_dtype dtype, bool special)
{
    struct exam e = exam_new(dtype, ROWS, CLASSES, special);
    unsigned char *want = malloc(e.size);
    assert_non_null(want);
    exam_solve(&e);
    memcpy(want, e.answers, e.size);
    for (int i = 0; i < RUNNERS; i++) {
        struct record r = new_record();
        expect_ok(xent_set_parallel_for(runners[i].fn, &r));
        const int operations = exam_solve(&e);
        if (memcmp(want, e.answers, e.size) != 0) fail_msg("%s: other bits", runners[i].name);
        assert_in_range(r.calls, 1, operations);
        assert_int_equal(r.wrong_thread, 0);
        assert_in_range(r.largest, 2, 4);
        expect_ok(xent_set_parallel_for(NULL, NULL));
    }
    free(want);
    exam_free(&e);
}

static void test_same_bits(void **state)
{
    (void)state;
    static const struct {
        xent_dtype dtype;
        bool special;
    } exams[] = { { XENT_F32, true },  { XENT_F16, true },   { XENT_F64, true },
                  { XENT_F32, false }, { XENT_BF16, false }, { XENT_F64, false } };
    for (int64_t i = 0; i < 1 + effort(5); i++) check_same_bits(exams[i].dtype, exams[i].special);
}

/* Where every thread has rows of its own, an operation calls fn once at most; this one is large enough to call it. */
static void test_called_once(void **state)
{
    (void)state;
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR), *y = tensor_new(XENT_I64, SHAPE(ROWS), ROW_MAJOR);
    xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR), *grad = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    struct record r = new_record();
    expect_ok(xent_set_parallel_for(run_in_order, &r));
    expect_ok(xent_cross_entropy(z, y, NULL, loss));
    assert_int_equal(r.calls, 1);
    expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, loss, grad));
    assert_int_equal(r.calls, 2);
    expect_ok(xent_softmax(z, 1, grad));
    assert_int_equal(r.calls, 3);
    expect_ok(xent_softmax_backward(grad, z, 1, grad));
    expect_ok(xent_log_softmax_backward(grad, z, 1, grad));
    assert_int_equal(r.calls, 5);
    /* A call that fails calls nobody, and neither does one whose pool has been taken back. */
    tensor_set(y, 0, CLASSES);
    assert_int_equal(xent_cross_entropy(z, y, NULL, loss), XENT_ERROR_TARGET);
    expect_ok(xent_set_parallel_for(NULL, NULL));
    expect_ok(xent_softmax(z, 1, grad));
    assert_int_equal(r.calls, 5);
    tensor_free(z);
    tensor_free(y);
    tensor_free(loss);
    tensor_free(grad);
}

/* Rows that do not go round are shared, if they are long: fn is called again for what needs a second pass over them. */
static void test_called_twice(void **state)
{
    static const struct {
        int64_t rows, classes;
        int twice;
    } batches[] = { { 1, 300000, 1 }, { 2, 150000, 1 }, { 3, 100000, 1 }, { 7, 100000, 1 }, { 8, 50000, 0 }, { 1000, 500, 0 } };
    (void)state;
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        const int64_t rows = batches[i].rows, classes = batches[i].classes;
        const int extra = batches[i].twice;
        xent_tensor *z = tensor_new(XENT_F32, SHAPE(rows, classes), ROW_MAJOR),
                    *y = tensor_new(XENT_I64, SHAPE(rows), ROW_MAJOR);
        xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR), *lse = tensor_new(XENT_F32, SHAPE(rows), ROW_MAJOR);
        struct record r = new_record();
        expect_ok(xent_set_parallel_for(run_reversed, &r));
        expect_ok(xent_cross_entropy(z, y, NULL, loss));
        expect_ok(xent_logsumexp(z, 1, lse));
        expect_ok(xent_log(z, z));
        assert_int_equal(r.calls, 3);
        expect_ok(xent_softmax(z, 1, z));
        expect_ok(xent_log_softmax(z, 1, z));
        assert_int_equal(r.calls, 5 + 2 * extra);
        expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, loss, z));
        expect_ok(xent_log_softmax_backward(z, z, 1, z));
        assert_int_equal(r.calls, 7 + 4 * extra);
        expect_ok(xent_nll_loss_backward(z, y, NULL, NULL, z)); /* has no pass but the one that writes */
        assert_int_equal(r.calls, 8 + 4 * extra);
        assert_int_equal(r.largest, 4);
        expect_ok(xent_set_parallel_for(NULL, NULL));
        tensor_free(z);
        tensor_free(y);
        tensor_free(loss);
        tensor_free(lse);
    }
}

/* n is bounded by the number of threads that the call sets, or else by that of the process. */
static void test_threads_bound_n(void **state)
{
    (void)state;
    const int32_t process[] = { 1, 2, 4, 4096, 2, 4096 }, call[] = { 0, 0, 3, 2, 7, 1 }, bound[] = { 1, 2, 3, 2, 7, 1 };
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR), *y = tensor_new(XENT_I64, SHAPE(ROWS), ROW_MAJOR);
    xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
    for (int i = 0; i < 6; i++) {
        struct record r = new_record();
        xent_options options = XENT_OPTIONS_INIT;
        options.num_threads = call[i];
        expect_ok(xent_set_parallel_for(run_in_order, &r));
        expect_ok(xent_set_num_threads(process[i]));
        expect_ok(xent_cross_entropy(z, y, &options, loss));
        assert_in_range(r.largest, bound[i] > 1 ? 2 : 0, bound[i]);
        if (process[i] == 1) expect_ok(xent_softmax(z, 1, z)); /* which takes no options */
        if (process[i] == 1) assert_in_range(r.largest, 0, 1);
    }
    tensor_free(z);
    tensor_free(y);
    tensor_free(loss);
}

/* A pool that uses the library itself before it has run all tasks, and so is called once more. */
struct nested {
    struct record record;
    struct exam *inner;
    int depth, deepest;
};

static void run_nested(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    struct nested *s = user;
    note(&s->record, n);
    s->depth++;
    if (s->depth > s->deepest) s->deepest = s->depth;
    for (int64_t i = 0; i < n; i++) {
        if (s->deepest == 1) exam_solve(s->inner);
        body(ctx, i);
    }
    s->depth--;
}

static void test_operation_inside_fn(void **state)
{
    (void)state;
    struct exam outer = exam_new(XENT_F32, ROWS, CLASSES, true), inner = exam_new(XENT_F64, ROWS, CLASSES, true);
    unsigned char *want = malloc(outer.size), *want_inner = malloc(inner.size);
    assert_non_null(want);
    assert_non_null(want_inner);
    exam_solve(&outer);
    exam_solve(&inner);
    memcpy(want, outer.answers, outer.size);
    memcpy(want_inner, inner.answers, inner.size);
    memset(inner.answers, 0, inner.size);

    struct nested s = { new_record(), &inner, 0, 0 };
    expect_ok(xent_set_parallel_for(run_nested, &s));
    exam_solve(&outer);
    assert_memory_equal(want, outer.answers, outer.size);
    assert_memory_equal(want_inner, inner.answers, inner.size);
    assert_int_equal(s.deepest, 2);
    free(want);
    free(want_inner);
    exam_free(&outer);
    exam_free(&inner);
}

/* While one thread changes fn and user, others see a pair that belongs together. */
static atomic_int stop, mismatches;
static int first_user, second_user;

static void run_first(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    if (user != &first_user) atomic_fetch_add(&mismatches, 1);
    for (int64_t i = 0; i < n; i++) body(ctx, i);
}

static void run_second(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    if (user != &second_user) atomic_fetch_add(&mismatches, 1);
    for (int64_t i = 0; i < n; i++) body(ctx, i);
}

static void *keep_changing(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        xent_set_parallel_for(run_first, &first_user);
        xent_set_parallel_for(run_second, &second_user);
    }
    return NULL;
}

static void test_fn_and_user_change_together(void **state)
{
    (void)state;
    pthread_t changer;
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    assert_int_equal(pthread_create(&changer, NULL, keep_changing, NULL), 0);
    for (int64_t calls = effort(100); calls > 0; calls--) expect_ok(xent_softmax(z, 1, z));
    atomic_store(&stop, 1);
    pthread_join(changer, NULL);
    assert_int_equal(atomic_load(&mismatches), 0);
    tensor_free(z);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_same_bits, reset),
        cmocka_unit_test_setup(test_called_once, reset),
        cmocka_unit_test_setup(test_called_twice, reset),
        cmocka_unit_test_setup(test_threads_bound_n, reset),
        cmocka_unit_test_setup(test_operation_inside_fn, reset),
        cmocka_unit_test_setup(test_fn_and_user_change_together, reset),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
