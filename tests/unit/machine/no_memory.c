/* XENT_ERROR_NO_MEMORY: every allocation of every function fails once. The linker sends the static library's calls of
   malloc and its kin here (-Wl,--wrap). A call that fails so has written nothing and keeps nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/refusal.h"

static int armed;        /* whether allocations are counted and may fail */
static long allowed;     /* how many succeed before one fails */
static long outstanding; /* allocated while armed, not yet freed */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *memory);

static int refused(void)
{
    if (!armed) return 0;
    if (allowed-- == 0) return 1;
    outstanding++;
    return 0;
}

void *__wrap_malloc(size_t size) { return refused() ? NULL : __real_malloc(size); }

void *__wrap_calloc(size_t count, size_t size) { return refused() ? NULL : __real_calloc(count, size); }

void *__wrap_aligned_alloc(size_t alignment, size_t size) { return refused() ? NULL : __real_aligned_alloc(alignment, size); }

void __wrap_free(void *memory)
{
    if (armed && memory != NULL) outstanding--;
    __real_free(memory);
}

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

enum maker { CREATE, WRAP, WRAP_CONST };

static xent_status make(enum maker maker, xent_tensor **out)
{
    static float memory[6];
    switch (maker) {
    case CREATE: return xent_tensor_create(out, XENT_F32, SHAPE(2, 3));
    case WRAP: return xent_tensor_wrap(out, XENT_F32, SHAPE(2, 3), NULL, memory);
    default: return xent_tensor_wrap_const(out, XENT_F32, SHAPE(2, 3), NULL, memory);
    }
}

static void test_tensors(void **state)
{
    (void)state;
    for (int maker = CREATE; maker <= WRAP_CONST; maker++) {
        xent_status status = XENT_ERROR_NO_MEMORY;
        int failures = 0;
        while (status == XENT_ERROR_NO_MEMORY) {
            xent_tensor *out = (xent_tensor *)&failures;
            outstanding = 0;
            allowed = failures;
            armed = 1;
            status = make((enum maker)maker, &out);
            armed = 0;
            if (status == XENT_ERROR_NO_MEMORY) {
                assert_null(out);
                assert_int_equal(outstanding, 0);
                assert_non_null(strstr(xent_error_message(), "could not be allocated"));
                failures++;
                continue;
            }
            expect_ok(status);
            armed = 1;
            xent_tensor_destroy(out);
            armed = 0;
            assert_int_equal(outstanding, 0);
        }
        assert_true(failures > 0);
    }
}

/* More than there is, though it could be addressed. */
static void test_huge_tensor(void **state)
{
    (void)state;
    xent_tensor *out = (xent_tensor *)&allowed;
    expect_error_naming(xent_tensor_create(&out, XENT_F64, SHAPE(INT64_MAX / 8)), XENT_ERROR_NO_MEMORY, "9223372036854775800",
                        "could not be allocated");
    assert_null(out);
    expect_error_naming(xent_tensor_create(&out, XENT_U8, SHAPE(INT64_MAX)), XENT_ERROR_NO_MEMORY, "9223372036854775807",
                        "could not be allocated");
    assert_null(out);
}

/* ---- Operations ------------------------------------------------------------------------------------------------ */

/* A batch whose class axis is not contiguous and longer than a chunk, so that an operation needs memory to work in. */
struct batch {
    xent_tensor *z, *y, *t, *loss, *losses, *grad;
};

enum { ROWS = 3, CLASSES = 5000 };

static struct batch open_batch(xent_dtype dtype)
{
    struct batch b = {
        tensor_new(dtype, SHAPE(ROWS, CLASSES), TRANSPOSED),       tensor_new(XENT_I64, SHAPE(ROWS), ROW_MAJOR),
        tensor_new(dtype, SHAPE(ROWS, CLASSES), TRANSPOSED),       tensor_of(dtype, SCALAR, ROW_MAJOR, VALUES(7)),
        tensor_of(dtype, SHAPE(ROWS), ROW_MAJOR, VALUES(7, 7, 7)), tensor_new(dtype, SHAPE(ROWS, CLASSES), TRANSPOSED),
    };
    for (int64_t i = 0; i < (int64_t)ROWS * CLASSES; i++) {
        tensor_set(b.t, i, 0.5);
        tensor_set(b.grad, i, 7);
    }
    return b;
}

static void close_batch(struct batch *b)
{
    xent_tensor *all[] = { b->z, b->y, b->t, b->loss, b->losses, b->grad };
    for (int i = 0; i < 6; i++) tensor_free(all[i]);
}

static xent_options full_options(void)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.label_smoothing = 0.1;
    options.z_loss = 1e-4;
    options.logit_scale = 0.7;
    options.softcap = 30;
    return options;
}

static xent_status softmax(struct batch *b) { return xent_softmax(b->z, 1, b->grad); }
static xent_status log_softmax(struct batch *b) { return xent_log_softmax(b->z, 1, b->grad); }
static xent_status logsumexp(struct batch *b) { return xent_logsumexp(b->z, 1, b->losses); }
static xent_status logarithm(struct batch *b) { return xent_log(b->z, b->grad); }
static xent_status softmax_backward(struct batch *b) { return xent_softmax_backward(b->t, b->z, 1, b->grad); }
static xent_status softmax_backward_in_place(struct batch *b) { return xent_softmax_backward(b->t, b->z, 1, b->z); }
static xent_status log_softmax_backward(struct batch *b) { return xent_log_softmax_backward(b->z, b->t, 1, b->grad); }
static xent_status nll_loss(struct batch *b) { return xent_nll_loss(b->z, b->t, NULL, b->loss); }
static xent_status nll_loss_backward(struct batch *b) { return xent_nll_loss_backward(b->z, b->t, NULL, NULL, b->grad); }
static xent_status cross_entropy(struct batch *b) { return xent_cross_entropy(b->z, b->y, NULL, b->loss); }
static xent_status soft_cross_entropy(struct batch *b) { return xent_cross_entropy(b->z, b->t, NULL, b->loss); }
static xent_status gradient(struct batch *b) { return xent_cross_entropy_grad(b->z, b->y, NULL, NULL, b->loss, b->grad); }
static xent_status soft_gradient(struct batch *b) { return xent_cross_entropy_grad(b->z, b->t, NULL, NULL, b->loss, b->grad); }
static xent_status in_place(struct batch *b) { return xent_cross_entropy_grad(b->z, b->t, NULL, NULL, b->loss, b->z); }

static xent_status full_cross_entropy(struct batch *b)
{
    const xent_options full = full_options();
    return xent_cross_entropy(b->z, b->y, &full, b->loss);
}

static xent_status full_gradient(struct batch *b)
{
    const xent_options full = full_options();
    return xent_cross_entropy_grad(b->z, b->y, &full, NULL, b->loss, b->grad);
}

static xent_status full_in_place(struct batch *b)
{
    const xent_options full = full_options();
    return xent_cross_entropy_grad(b->z, b->t, &full, NULL, b->loss, b->z);
}

static const struct operation {
    const char *name;
    xent_status (*run)(struct batch *b);
    int chunk_alone; /* needs a chunk of elements and no more; of 16-bit ones the stack has it */
} operations[] = {
    { "softmax", softmax, 0 },
    { "log_softmax", log_softmax, 1 },
    { "logsumexp", logsumexp, 1 },
    { "log", logarithm, 1 },
    { "softmax_backward", softmax_backward, 0 },
    { "softmax_backward in place", softmax_backward_in_place, 0 },
    { "log_softmax_backward", log_softmax_backward, 0 },
    { "nll_loss", nll_loss, 0 },
    { "nll_loss_backward", nll_loss_backward, 0 },
    { "cross_entropy", cross_entropy, 1 },
    { "cross_entropy, probabilities", soft_cross_entropy, 0 },
    { "cross_entropy, all options", full_cross_entropy, 0 },
    { "cross_entropy_grad", gradient, 0 },
    { "cross_entropy_grad, probabilities", soft_gradient, 0 },
    { "cross_entropy_grad in place", in_place, 0 },
    { "cross_entropy_grad, all options", full_gradient, 0 },
    { "cross_entropy_grad, all options, in place", full_in_place, 0 },
};

/* Fails the first allocation, then the second, until the operation succeeds; returns how many failed. */
static int fail_each_allocation(const struct operation *o, struct batch *b)
{
    for (int failures = 0;; failures++) {
        const xent_tensor *const outputs[] = { b->loss, b->losses, b->grad };
        struct refusal untouched = refusal_begin(outputs, 3);
        outstanding = 0;
        allowed = failures;
        armed = 1;
        const xent_status status = o->run(b);
        armed = 0;
        if (outstanding != 0) fail_msg("%s keeps %ld allocations", o->name, outstanding);
        if (status != XENT_ERROR_NO_MEMORY) {
            for (size_t i = 0; i < untouched.count; i++) free(untouched.before[i]);
            expect_ok(status);
            return failures;
        }
        refusal_end(&untouched, o->name, __FILE__, __LINE__);
        assert_non_null(strstr(xent_error_message(), "bytes of working memory could not be allocated"));
        for (int64_t i = 0; i < (int64_t)ROWS * CLASSES; i++) assert_true(tensor_get(b->z, i) == 0);
    }
}

static void test_operations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
            struct batch b = open_batch((xent_dtype)dtype);
            const int spared = operations[i].chunk_alone && dtype > XENT_F64;
            const int failures = fail_each_allocation(&operations[i], &b);
            if ((failures == 0) != spared) fail_msg("%s of dtype %d allocates %d times", operations[i].name, dtype, failures);
            close_batch(&b);
        }
    }
}

/* What is contiguous, or small, needs no memory at all: the common calls cannot fail so. */
static void test_common_calls_allocate_nothing(void **state)
{
    (void)state;
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(20, 1000), ROW_MAJOR), *y = tensor_new(XENT_I64, SHAPE(20), ROW_MAJOR);
    xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR), *grad = tensor_new(XENT_F32, SHAPE(20, 1000), ROW_MAJOR);
    xent_status status[5];
    allowed = 0;
    armed = 1;
    status[0] = xent_cross_entropy(z, y, NULL, loss);
    status[1] = xent_cross_entropy_grad(z, y, NULL, NULL, loss, grad);
    status[2] = xent_cross_entropy_grad(z, y, NULL, NULL, loss, z);
    status[3] = xent_softmax(z, 1, z);
    status[4] = xent_log(z, grad);
    armed = 0;
    for (int i = 0; i < 5; i++) expect_ok(status[i]);
    tensor_free(z);
    tensor_free(y);
    tensor_free(loss);
    tensor_free(grad);
}

/* The longest rows whose gradients do with the stack, as docs/getting-started.md has them. */
static void test_long_rows_allocate_nothing(void **state)
{
    (void)state;
    static const struct {
        xent_dtype dtype;
        int64_t classes;
    } rows[] = { { XENT_F32, 500000 }, { XENT_F64, 500000 }, { XENT_F16, 2000 }, { XENT_BF16, 2000 } };
    xent_options options = XENT_OPTIONS_INIT;
    options.num_threads = 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        xent_tensor *z = tensor_new(rows[i].dtype, SHAPE(2, rows[i].classes), ROW_MAJOR);
        xent_tensor *grad = tensor_new(rows[i].dtype, SHAPE(2, rows[i].classes), ROW_MAJOR);
        xent_tensor *y = tensor_new(XENT_I64, SHAPE(2), ROW_MAJOR), *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
        allowed = 0;
        armed = 1;
        xent_status apart = xent_cross_entropy_grad(z, y, &options, NULL, loss, grad);
        xent_status in_place = xent_cross_entropy_grad(z, y, &options, NULL, loss, z);
        armed = 0;
        expect_ok(apart);
        expect_ok(in_place);
        tensor_free(z);
        tensor_free(grad);
        tensor_free(y);
        tensor_free(loss);
    }
}

/* Rows that are computed 32 at a time, of the most classes for which the stack does: row-major, and with the classes apart. */
static void test_short_rows_allocate_nothing(void **state)
{
    (void)state;
    static const struct {
        xent_dtype dtype;
        int64_t classes;
    } rows[] = { { XENT_F32, 64 }, { XENT_F64, 32 }, { XENT_F16, 64 }, { XENT_BF16, 64 } };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const xent_dtype dtype = rows[i / 2].dtype;
        const int32_t apart = (int32_t)(i % 2);
        const int64_t shape[3] = { 20, rows[i / 2].classes, 20 };
        xent_tensor *z = tensor_new(dtype, 2 + apart, shape, ROW_MAJOR), *grad = tensor_new(dtype, 2 + apart, shape, ROW_MAJOR);
        xent_tensor *y = tensor_new(XENT_I64, 1 + apart, (const int64_t[]){ 20, 20 }, ROW_MAJOR);
        xent_tensor *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
        allowed = 0;
        armed = 1;
        xent_status forward = xent_cross_entropy(z, y, NULL, loss);
        xent_status gradient = xent_cross_entropy_grad(z, y, NULL, NULL, loss, grad);
        armed = 0;
        expect_ok(forward);
        expect_ok(gradient);
        tensor_free(z);
        tensor_free(grad);
        tensor_free(y);
        tensor_free(loss);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors),
        cmocka_unit_test(test_huge_tensor),
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_common_calls_allocate_nothing),
        cmocka_unit_test(test_long_rows_allocate_nothing),
        cmocka_unit_test(test_short_rows_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
