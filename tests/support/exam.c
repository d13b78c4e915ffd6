#include "support/exam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"

/* Numbers at the ends of a dtype's range. */
struct range {
    double tiny;    /* times a logit of about 1: subnormal */
    double large;   /* near the largest */
    double certain; /* a class with this logit leaves subnormal probabilities to others with 0 */
};

static struct range range_of(xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F64: return (struct range){ 0x1p-1060, 0x1.8p1023, 740 };
    case XENT_F16: return (struct range){ 0x1p-20, 0x1.8p15, 14 };
    case XENT_BF16: return (struct range){ 0x1p-131, 0x1.8p127, 91 };
    default: return (struct range){ 0x1p-140, 0x1.8p127, 100 };
    }
}

/* Makes row `row` of the logits a special one. */
static void make_special(struct exam *e, int64_t row, int64_t classes)
{
    const struct range range = range_of(xent_tensor_dtype(e->logits));
    for (int64_t c = 0; c < classes; c++) {
        const double z = tensor_get(e->logits, row * classes + c);
        const double special[] = { z * range.tiny, c == 1 ? range.certain : 0, c % 2 ? range.large : -range.large,
                                   c == 2 ? NAN : z, c % 3 ? z : -INFINITY };
        if (row < 5) tensor_set(e->logits, row * classes + c, special[row]);
    }
    if (row == 5) tensor_set(e->classes, row, -100);
}

struct exam exam_new(xent_dtype dtype, int64_t rows, int64_t classes, bool special)
{
    struct random r = random_stream(2026, (uint64_t)(rows * classes));
    const size_t size = xent_dtype_size(dtype), table = (size_t)(rows * classes) * size, row = (size_t)rows * size;
    struct exam e = {
        .logits = tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR),
        .classes = tensor_new(XENT_I32, SHAPE(rows), ROW_MAJOR),
        .target = tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR),
        .weight = tensor_new(dtype, SHAPE(classes), ROW_MAJOR),
        .grad_loss = tensor_new(dtype, SCALAR, ROW_MAJOR),
        .size = 11 * table + 7 * row + 6 * size + sizeof(double), /* as exam_solve cuts it up */
    };
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(e.logits, i, 3 * random_normal(&r));
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(e.target, i, random_uniform(&r));
    for (int64_t i = 0; i < rows; i++) tensor_set(e.classes, i, (double)random_below(&r, classes));
    for (int64_t i = 0; i < classes; i++) tensor_set(e.weight, i, random_uniform(&r) + 0.25);
    tensor_set(e.grad_loss, 0, 0.7);
    for (int64_t i = 0; special && i < rows; i++) make_special(&e, i, classes);
    e.answers = calloc(e.size, 1);
    assert_non_null(e.answers);
    return e;
}

void exam_free(struct exam *e)
{
    tensor_free(e->logits);
    tensor_free(e->classes);
    tensor_free(e->target);
    tensor_free(e->weight);
    tensor_free(e->grad_loss);
    free(e->answers);
}

/* The next piece of the answers as a tensor. */
static xent_tensor *next(struct exam *e, size_t *used, int32_t ndim)
{
    xent_tensor *t = tensor_over(xent_tensor_dtype(e->logits), ndim, xent_tensor_shape(e->logits), e->answers + *used);
    *used += (size_t)xent_tensor_numel(t) * xent_dtype_size(xent_tensor_dtype(t));
    return t;
}

static void free_all(xent_tensor *const *all, size_t n)
{
    for (size_t i = 0; i < n; i++) xent_tensor_destroy(all[i]);
}

static void solve_plain(struct exam *e, const xent_tensor *target, size_t *used)
{
    xent_tensor *nll = next(e, used, 1), *losses = next(e, used, 1), *mean = next(e, used, 0), *sum = next(e, used, 0);
    xent_tensor *total = next(e, used, 0), *gradient = next(e, used, 2), *backward = next(e, used, 2);
    xent_options options = XENT_OPTIONS_INIT;
    options.class_weight = e->weight;
    options.reduction = XENT_REDUCTION_NONE;
    expect_ok(xent_nll_loss(e->logits, target, &options, nll));
    expect_ok(xent_cross_entropy(e->logits, target, &options, losses));
    options.reduction = XENT_REDUCTION_MEAN;
    expect_ok(xent_cross_entropy_grad(e->logits, target, &options, e->grad_loss, mean, gradient));
    expect_ok(xent_nll_loss_backward(e->logits, target, &options, e->grad_loss, backward));
    options.reduction = XENT_REDUCTION_SUM;
    expect_ok(xent_nll_loss(e->logits, target, &options, sum));
    expect_ok(xent_cross_entropy(e->logits, target, &options, total));
    xent_tensor *all[] = { nll, losses, mean, sum, total, gradient, backward };
    free_all(all, sizeof all / sizeof all[0]);
}

/* All options at once. */
static void solve_full(struct exam *e, const xent_tensor *target, size_t *used)
{
    xent_tensor *losses = next(e, used, 1), *gradient = next(e, used, 2);
    xent_options options = XENT_OPTIONS_INIT;
    options.class_weight = e->weight;
    options.label_smoothing = 0.1;
    options.z_loss = 1e-3;
    options.logit_scale = 0.7;
    options.softcap = 20;
    options.reduction = XENT_REDUCTION_NONE;
    expect_ok(xent_cross_entropy(e->logits, target, &options, losses));
    options.reduction = XENT_REDUCTION_SUM;
    expect_ok(xent_cross_entropy_grad(e->logits, target, &options, e->grad_loss, NULL, gradient));
    xent_tensor *all[] = { losses, gradient };
    free_all(all, sizeof all / sizeof all[0]);
}

static void solve_divisor(struct exam *e, size_t *used)
{
    xent_options options = XENT_OPTIONS_INIT;
    double divisor;
    options.class_weight = e->weight;
    expect_ok(xent_mean_divisor(e->classes, &options, &divisor));
    memcpy(e->answers + *used, &divisor, sizeof divisor);
    *used += sizeof divisor;
}

static void solve_softmax(struct exam *e, size_t *used)
{
    xent_tensor *softmax = next(e, used, 2), *log_softmax = next(e, used, 2), *logarithm = next(e, used, 2);
    xent_tensor *lse = next(e, used, 1), *grad = next(e, used, 2), *log_grad = next(e, used, 2);
    expect_ok(xent_softmax(e->logits, 1, softmax));
    expect_ok(xent_log_softmax(e->logits, 1, log_softmax));
    expect_ok(xent_log(e->target, logarithm));
    expect_ok(xent_logsumexp(e->logits, 1, lse));
    expect_ok(xent_softmax_backward(softmax, e->logits, 1, grad));
    expect_ok(xent_log_softmax_backward(log_softmax, e->target, 1, log_grad));
    xent_tensor *all[] = { softmax, log_softmax, logarithm, lse, grad, log_grad };
    free_all(all, sizeof all / sizeof all[0]);
}

void exam_solve(struct exam *e)
{
    const xent_tensor *targets[] = { e->classes, e->target };
    size_t used = 0;
    memset(e->answers, 0xA5, e->size);
    solve_softmax(e, &used);
    for (int i = 0; i < 2; i++) {
        solve_plain(e, targets[i], &used);
        solve_full(e, targets[i], &used);
    }
    solve_divisor(e, &used);
    assert_int_equal(used, e->size);
}
