/* Every operation on buffers that end at an unmapped page or begin just after one: nothing outside of them is read,
   nothing outside of the outputs is written, and where they lie does not change a bit. Class counts are those around the
   sizes at which kernels change: 1 to 200 (lanes, groups of 64, rows in the lanes) and 4096 (chunks). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/guarded.h"
#include "support/tensors.h"

enum { Z, CLASS, TARGET, WEIGHT, UPSTREAM, LOSS, OUT, BUFFERS };

enum arrangement {
    ROWS,       /* classes contiguous */
    COLUMNS,    /* rows contiguous, classes strided, as in images */
    SPACED_OUT, /* every second element of a row-major array */
    ARRANGEMENTS
};

struct problem {
    xent_dtype dtype, class_dtype;
    enum arrangement arrangement;
    int64_t rows, classes;
    struct guarded memory[BUFFERS];
    unsigned char *content[BUFFERS]; /* what inputs hold */
    size_t bytes[BUFFERS];
    void *data[BUFFERS];
    xent_tensor *tensor[BUFFERS];
};

/* For the report of a crash. */
static char doing[160];

static void report_crash(int signal_number)
{
    (void)signal_number;
    if (write(STDERR_FILENO, doing, strlen(doing)) >= 0) _exit(EXIT_FAILURE);
    abort();
}

/* ---- Operations ------------------------------------------------------------------------------------------------ */

static xent_options none_options(const struct problem *p)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE;
    options.class_weight = p->tensor[WEIGHT];
    return options;
}

static xent_status run_softmax(struct problem *p) { return xent_softmax(p->tensor[Z], 1, p->tensor[OUT]); }

static xent_status run_log_softmax(struct problem *p) { return xent_log_softmax(p->tensor[Z], 1, p->tensor[OUT]); }

static xent_status run_softmax_in_place(struct problem *p) { return xent_softmax(p->tensor[Z], 1, p->tensor[Z]); }

static xent_status run_logsumexp(struct problem *p) { return xent_logsumexp(p->tensor[Z], 1, p->tensor[LOSS]); }

static xent_status run_log(struct problem *p) { return xent_log(p->tensor[TARGET], p->tensor[OUT]); }

static xent_status run_nll_class(struct problem *p)
{
    const xent_options options = none_options(p);
    return xent_nll_loss(p->tensor[Z], p->tensor[CLASS], &options, p->tensor[LOSS]);
}

static xent_status run_nll_target(struct problem *p)
{
    const xent_options options = none_options(p);
    return xent_nll_loss(p->tensor[Z], p->tensor[TARGET], &options, p->tensor[LOSS]);
}

static xent_status run_class(struct problem *p)
{
    const xent_options options = none_options(p);
    return xent_cross_entropy(p->tensor[Z], p->tensor[CLASS], &options, p->tensor[LOSS]);
}

static xent_status run_class_grad(struct problem *p)
{
    const xent_options options = none_options(p);
    return xent_cross_entropy_grad(p->tensor[Z], p->tensor[CLASS], &options, p->tensor[UPSTREAM], p->tensor[LOSS],
                                   p->tensor[OUT]);
}

static xent_status run_class_grad_in_place(struct problem *p)
{
    const xent_options options = none_options(p);
    return xent_cross_entropy_grad(p->tensor[Z], p->tensor[CLASS], &options, NULL, p->tensor[LOSS], p->tensor[Z]);
}

static xent_status run_target_grad(struct problem *p)
{
    const xent_options options = none_options(p);
    return xent_cross_entropy_grad(p->tensor[Z], p->tensor[TARGET], &options, p->tensor[UPSTREAM], p->tensor[LOSS],
                                   p->tensor[OUT]);
}

static xent_options full_options(const struct problem *p)
{
    xent_options options = none_options(p);
    options.label_smoothing = 0.1;
    options.z_loss = 1e-3;
    options.logit_scale = 0.7;
    options.softcap = 5;
    return options;
}

static xent_status run_full_class(struct problem *p)
{
    const xent_options options = full_options(p);
    return xent_cross_entropy(p->tensor[Z], p->tensor[CLASS], &options, p->tensor[LOSS]);
}

static xent_status run_full_grad(struct problem *p)
{
    const xent_options options = full_options(p);
    return xent_cross_entropy_grad(p->tensor[Z], p->tensor[TARGET], &options, p->tensor[UPSTREAM], p->tensor[LOSS],
                                   p->tensor[OUT]);
}

static xent_status run_full_grad_in_place(struct problem *p)
{
    const xent_options options = full_options(p);
    return xent_cross_entropy_grad(p->tensor[Z], p->tensor[CLASS], &options, p->tensor[UPSTREAM], p->tensor[LOSS],
                                   p->tensor[Z]);
}

static xent_status run_softmax_backward(struct problem *p)
{
    return xent_softmax_backward(p->tensor[TARGET], p->tensor[Z], 1, p->tensor[OUT]);
}

static xent_status run_softmax_backward_in_place(struct problem *p)
{
    return xent_softmax_backward(p->tensor[TARGET], p->tensor[Z], 1, p->tensor[Z]);
}

static xent_status run_log_softmax_backward(struct problem *p)
{
    return xent_log_softmax_backward(p->tensor[Z], p->tensor[TARGET], 1, p->tensor[OUT]);
}

static xent_status run_log_softmax_backward_in_place(struct problem *p)
{
    return xent_log_softmax_backward(p->tensor[Z], p->tensor[TARGET], 1, p->tensor[Z]);
}

static xent_status run_nll_class_backward(struct problem *p)
{
    const xent_options options = none_options(p);
    return xent_nll_loss_backward(p->tensor[Z], p->tensor[CLASS], &options, p->tensor[UPSTREAM], p->tensor[OUT]);
}

static xent_status run_nll_target_backward(struct problem *p)
{
    const xent_options options = none_options(p);
    return xent_nll_loss_backward(p->tensor[Z], p->tensor[TARGET], &options, p->tensor[UPSTREAM], p->tensor[OUT]);
}

static xent_status run_mean_divisor(struct problem *p)
{
    const xent_options options = none_options(p);
    double divisor;
    return xent_mean_divisor(p->tensor[CLASS], &options, &divisor);
}

static const struct operation {
    const char *name;
    xent_status (*run)(struct problem *p);
    int in_place;
} operations[] = {
    { "softmax", run_softmax, 0 },
    { "log_softmax", run_log_softmax, 0 },
    { "softmax in place", run_softmax_in_place, 1 },
    { "logsumexp", run_logsumexp, 0 },
    { "log", run_log, 0 },
    { "nll_loss, classes", run_nll_class, 0 },
    { "nll_loss, probabilities", run_nll_target, 0 },
    { "cross_entropy, classes", run_class, 0 },
    { "gradient, classes", run_class_grad, 0 },
    { "gradient in place", run_class_grad_in_place, 1 },
    { "gradient, probabilities", run_target_grad, 0 },
    { "mean_divisor", run_mean_divisor, 0 },
    { "cross_entropy with all options", run_full_class, 0 },
    { "gradient with all options", run_full_grad, 0 },
    { "gradient with all options in place", run_full_grad_in_place, 1 },
    { "softmax_backward", run_softmax_backward, 0 },
    { "softmax_backward in place", run_softmax_backward_in_place, 1 },
    { "log_softmax_backward", run_log_softmax_backward, 0 },
    { "log_softmax_backward in place", run_log_softmax_backward_in_place, 1 },
    { "nll_loss_backward, classes", run_nll_class_backward, 0 },
    { "nll_loss_backward, probabilities", run_nll_target_backward, 0 },
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

/* ---- Problems -------------------------------------------------------------------------------------------------- */

/* The shape and strides of a buffer; returns the number of bytes from its first element to the end of its last. */
static size_t geometry(const struct problem *p, int buffer, xent_dtype *dtype, int32_t *ndim, int64_t *shape, int64_t *strides)
{
    const int64_t step = p->arrangement == SPACED_OUT ? 2 : 1;
    const int table = buffer == Z || buffer == TARGET || buffer == OUT;
    *dtype = buffer == CLASS ? p->class_dtype : p->dtype;
    *ndim = table ? 2 : 1;
    shape[0] = buffer == WEIGHT ? p->classes : p->rows;
    shape[1] = p->classes;
    strides[0] = step * (table && p->arrangement != COLUMNS ? p->classes : 1);
    strides[1] = step * (p->arrangement == COLUMNS ? p->rows : 1);
    const int64_t numel = table ? p->rows * p->classes : shape[0];
    return (size_t)((numel - 1) * step + 1) * xent_dtype_size(*dtype);
}

/* Fills the content of a buffer, gaps included. */
static void fill(const struct problem *p, int buffer)
{
    int64_t shape[2], strides[2];
    int32_t ndim;
    xent_dtype dtype;
    memset(p->content[buffer], GUARDED_PATTERN, p->bytes[buffer]);
    if (buffer == LOSS || buffer == OUT) return;
    geometry(p, buffer, &dtype, &ndim, shape, strides);
    xent_tensor *t = tensor_strided(dtype, ndim, shape, strides, p->content[buffer]);
    for (int64_t i = 0; i < xent_tensor_numel(t); i++)
        tensor_set(t, i, buffer == CLASS ? (double)((i * 5 + 1) % p->classes) : (double)(1 + i * 7 % 11) / 8);
    xent_tensor_destroy(t);
}

static struct problem open_problem(xent_dtype dtype, enum arrangement arrangement, int64_t rows, int64_t classes)
{
    const xent_dtype class_dtypes[] = { XENT_I8, XENT_U8, XENT_I16, XENT_U16, XENT_I32, XENT_U32, XENT_I64, XENT_U64 };
    struct problem p = { .dtype = dtype, .arrangement = arrangement, .rows = rows, .classes = classes };
    p.class_dtype = class_dtypes[classes <= 128 ? classes % 8 : 2 + classes % 6];
    for (int b = 0; b < BUFFERS; b++) {
        int64_t shape[2], strides[2];
        int32_t ndim;
        xent_dtype its_dtype;
        p.bytes[b] = geometry(&p, b, &its_dtype, &ndim, shape, strides);
        p.memory[b] = guarded_new(p.bytes[b]);
        p.content[b] = malloc(p.bytes[b]);
        assert_non_null(p.content[b]);
        fill(&p, b);
    }
    return p;
}

static void close_problem(struct problem *p)
{
    for (int b = 0; b < BUFFERS; b++) {
        free(p->content[b]);
        guarded_free(&p->memory[b]);
    }
}

/* Places every buffer against one unmapped page or the other, outputs against the one that inputs are not, and wraps it. */
static void place(struct problem *p, int inputs_at_end)
{
    for (int b = 0; b < BUFFERS; b++) {
        int64_t shape[2], strides[2];
        int32_t ndim;
        xent_dtype dtype;
        geometry(p, b, &dtype, &ndim, shape, strides);
        const int at_end = b == LOSS || b == OUT ? !inputs_at_end : inputs_at_end;
        p->data[b] = (at_end ? guarded_at_end : guarded_at_start)(&p->memory[b], p->bytes[b]);
        memcpy(p->data[b], p->content[b], p->bytes[b]);
        p->tensor[b] = tensor_strided(dtype, ndim, shape, strides, p->data[b]);
    }
}

/* Nothing around the buffers was written, no input was, and no gap between the elements of an output. */
static void check_untouched(const struct problem *p, const struct operation *o)
{
    for (int b = 0; b < BUFFERS; b++) {
        const int output = b == LOSS || b == OUT || (b == Z && o->in_place);
        const size_t size = xent_dtype_size(xent_tensor_dtype(p->tensor[b]));
        if (!guarded_intact(&p->memory[b], p->data[b], p->bytes[b])) fail_msg("%s: writes around buffer %d", doing, b);
        if (!output && memcmp(p->data[b], p->content[b], p->bytes[b]) != 0) fail_msg("%s: writes input %d", doing, b);
        for (size_t i = size; p->arrangement == SPACED_OUT && i < p->bytes[b]; i += 2 * size) {
            const unsigned char *gap = (const unsigned char *)p->data[b] + i;
            for (size_t k = 0; k < size; k++)
                if (gap[k] != GUARDED_PATTERN) fail_msg("%s: writes between the elements of buffer %d", doing, b);
        }
    }
}

/* One operation in both placements. */
static void check_operation(struct problem *p, const struct operation *o)
{
    static const int outputs[] = { Z, LOSS, OUT };
    unsigned char *first[3];
    for (int i = 0; i < 3; i++) assert_non_null(first[i] = malloc(p->bytes[outputs[i]]));
    for (int placement = 0; placement < 2; placement++) {
        snprintf(doing, sizeof doing, "%s, dtype %d, %d rows of %d classes, arrangement %d, placement %d\n", o->name,
                 (int)p->dtype, (int)p->rows, (int)p->classes, (int)p->arrangement, placement);
        place(p, placement);
        expect_ok(o->run(p));
        check_untouched(p, o);
        for (int i = 0; i < 3; i++) {
            const size_t bytes = p->bytes[outputs[i]];
            if (placement == 0) memcpy(first[i], p->data[outputs[i]], bytes);
            if (memcmp(first[i], p->data[outputs[i]], bytes) != 0) fail_msg("%s: other bits than elsewhere", doing);
        }
        for (int b = 0; b < BUFFERS; b++) xent_tensor_destroy(p->tensor[b]);
    }
    for (int i = 0; i < 3; i++) free(first[i]);
}

static const struct parameters {
    const char *name;
    xent_dtype dtype;
    enum arrangement arrangement;
} parameters[] = {
    { "F32, rows", XENT_F32, ROWS },   { "F32, columns", XENT_F32, COLUMNS },   { "F32, spaced", XENT_F32, SPACED_OUT },
    { "F64, rows", XENT_F64, ROWS },   { "F64, columns", XENT_F64, COLUMNS },   { "F64, spaced", XENT_F64, SPACED_OUT },
    { "F16, rows", XENT_F16, ROWS },   { "F16, columns", XENT_F16, COLUMNS },   { "F16, spaced", XENT_F16, SPACED_OUT },
    { "BF16, rows", XENT_BF16, ROWS }, { "BF16, columns", XENT_BF16, COLUMNS }, { "BF16, spaced", XENT_BF16, SPACED_OUT },
};
enum { PARAMETERS = sizeof parameters / sizeof parameters[0] };

static void check_shape(void **state, int64_t rows, int64_t classes)
{
    const struct parameters *its = *state;
    struct problem p = open_problem(its->dtype, its->arrangement, rows, classes);
    for (int i = 0; i < OPERATIONS; i++) check_operation(&p, &operations[i]);
    close_problem(&p);
}

static void test_all_operations(void **state)
{
    const struct parameters *its = *state;
    const int64_t thinned = 10 / effort(10), first = (its - parameters) % thinned; /* other counts for other parameters */
    const int64_t step = thinned * (its->arrangement == ROWS ? 1 : 3); /* gathered classes: kernels see no buffer's end */
    signal(SIGSEGV, report_crash);
    signal(SIGBUS, report_crash);
    for (int64_t classes = 1 + first; classes <= 70; classes += thinned) {
        check_shape(state, 1, classes);
        check_shape(state, 17, classes); /* one more than the rows that are taken together */
    }
    for (int64_t classes = 71 + first; classes <= 200; classes += step) check_shape(state, 2, classes);
    for (int64_t classes = 4090 + first; classes <= 4102; classes += step) check_shape(state, 1, classes);
}

/* The second of two rows lies wholly in the unmapped page; being ignored it is not read, and its gradient is 0. */
static void check_ignored_row(xent_dtype dtype, const xent_options *options)
{
    const int64_t page = sysconf(_SC_PAGESIZE), classes = 40, stride = page / (int64_t)xent_dtype_size(dtype);
    struct guarded memory = guarded_new(1);
    const int64_t shape[2] = { 2, classes }, strides[2] = { stride, 1 };
    xent_tensor *z = tensor_strided(dtype, 2, shape, strides, guarded_at_start(&memory, (size_t)page));
    xent_tensor *y = tensor_of(XENT_I32, SHAPE(2), ROW_MAJOR, VALUES(3, -100)), *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
    xent_tensor *grad = tensor_new(dtype, 2, shape, ROW_MAJOR), *backward = tensor_new(dtype, 2, shape, ROW_MAJOR);
    for (int64_t c = 0; c < classes; c++) tensor_set(z, c, (double)c);
    tensor_set(grad, classes, 7);
    tensor_set(backward, classes, 7);
    expect_ok(xent_cross_entropy(z, y, options, loss));
    expect_ok(xent_cross_entropy_grad(z, y, options, NULL, loss, grad));
    expect_ok(xent_nll_loss(z, y, NULL, loss));
    expect_ok(xent_nll_loss_backward(z, y, NULL, NULL, backward));
    for (int64_t c = 0; c < classes; c++) assert_true(tensor_get(grad, classes + c) == 0);
    for (int64_t c = 0; c < classes; c++) assert_true(tensor_get(backward, classes + c) == 0);
    xent_tensor_destroy(z);
    tensor_free(grad);
    tensor_free(backward);
    tensor_free(y);
    tensor_free(loss);
    guarded_free(&memory);
}

static void test_ignored_row_is_not_read(void **state)
{
    const struct problem without_weights = { .dtype = XENT_F32 };
    const xent_options plain = XENT_OPTIONS_INIT;
    xent_options full = full_options(&without_weights);
    (void)state;
    full.reduction = XENT_REDUCTION_MEAN;
    signal(SIGSEGV, report_crash);
    signal(SIGBUS, report_crash);
    for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
        snprintf(doing, sizeof doing, "an ignored row of dtype %d is read\n", dtype);
        check_ignored_row((xent_dtype)dtype, &plain);
        check_ignored_row((xent_dtype)dtype, &full);
    }
}

int main(void)
{
    struct CMUnitTest tests[PARAMETERS + 1] = { [PARAMETERS] = cmocka_unit_test(test_ignored_row_is_not_read) };
    require_backend();
    for (int i = 0; i < PARAMETERS; i++)
        tests[i] =
            (struct CMUnitTest){ parameters[i].name, test_all_operations, NULL, NULL, (void *)(uintptr_t)&parameters[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
