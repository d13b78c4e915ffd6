/* Of several things wrong with a call the first in the header's order is reported: NULL arguments; options; element
   types; ranks, axis and shapes; size overflow; outputs and overlap; values; backend; memory. Everything is wrong at
   first; each step repairs what has just been reported. (The last two are in runtime.c and no_memory.c.) */
#include "support/refusal.h"

struct arguments {
    const xent_tensor *logits, *target, *grad_loss;
    xent_tensor *loss, *grad;
    xent_options options;
};

static void expect_next(const struct arguments *a, xent_status status, const char *message)
{
    expect_refused(xent_cross_entropy_grad(a->logits, a->target, &a->options, a->grad_loss, a->loss, a->grad), status, message,
                   a->loss, a->grad);
}

/* What the steps put in place of what was wrong; memory is where overlapping tensors lie. */
struct supply {
    float memory[24], constant[1];
    xent_tensor *logits, *target, *weight, *grad_loss; /* right, but for the values of target and weight */
};

static struct arguments everything_wrong(void)
{
    struct arguments a = {
        NULL, NULL, tensor_new(XENT_I8, SHAPE(2), ROW_MAJOR), tensor_new(XENT_I64, SHAPE(2), ROW_MAJOR), NULL, XENT_OPTIONS_INIT
    };
    a.options.reserved = 1;
    a.options.axis = 5;
    a.options.class_weight = tensor_new(XENT_I32, SHAPE(2), ROW_MAJOR);
    return a;
}

static void null_arguments(struct arguments *a)
{
    expect_next(a, XENT_ERROR_INVALID_ARGUMENT, "logits is NULL");
    a->logits = tensor_new(XENT_U16, SHAPE(2, 3), ROW_MAJOR);
    expect_next(a, XENT_ERROR_INVALID_ARGUMENT, "target is NULL");
    a->target = tensor_of(XENT_I32, SHAPE(3), ROW_MAJOR, VALUES(2, 9, 9));
    expect_next(a, XENT_ERROR_INVALID_ARGUMENT, "grad_logits is NULL");
    a->grad = tensor_new(XENT_F64, SHAPE(3, 2), ROW_MAJOR);
}

static void options(struct arguments *a)
{
    expect_next(a, XENT_ERROR_INVALID_ARGUMENT, "options->reserved is 1, expected 0");
    a->options.reserved = 0;
}

static void free_const(const xent_tensor *t) { tensor_free((xent_tensor *)(uintptr_t)t); }

static void dtypes(struct arguments *a)
{
    expect_next(a, XENT_ERROR_DTYPE, "logits has dtype U16, expected a floating one");
    free_const(a->logits);
    a->logits = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
    expect_next(a, XENT_ERROR_DTYPE, "class_weight has dtype I32, expected a floating one");
    free_const(a->options.class_weight);
    a->options.class_weight = tensor_of(XENT_F32, SHAPE(2), ROW_MAJOR, VALUES(-1, -1));
    expect_next(a, XENT_ERROR_DTYPE, "grad_loss has dtype I8, expected a floating one");
    free_const(a->grad_loss);
    a->grad_loss = tensor_new(XENT_F64, SHAPE(2), ROW_MAJOR);
    expect_next(a, XENT_ERROR_DTYPE, "loss has dtype I64, expected a floating one");
    tensor_free(a->loss);
    a->loss = tensor_new(XENT_F32, SHAPE(2), ROW_MAJOR);
    expect_next(a, XENT_ERROR_DTYPE, "grad_logits has dtype F64, expected F32, that of logits");
    tensor_free(a->grad);
    a->grad = tensor_new(XENT_F32, SHAPE(3, 2), ROW_MAJOR);
}

static void shapes(struct arguments *a, struct supply *s)
{
    expect_next(a, XENT_ERROR_SHAPE, "logits has rank 0, expected 1 to 8: it has no class axis");
    free_const(a->logits);
    a->logits = s->logits;
    expect_next(a, XENT_ERROR_SHAPE, "axis is 5, expected -2 to 1: logits has rank 2");
    a->options.axis = 1;
    expect_next(a, XENT_ERROR_SHAPE, "target has shape (3), expected (2), the batch shape, for class indices");
    free_const(a->target);
    a->target = s->target;
    expect_next(a, XENT_ERROR_SHAPE, "class_weight has shape (2), expected (3), one for each class");
    free_const(a->options.class_weight);
    a->options.class_weight = s->weight;
    expect_next(a, XENT_ERROR_SHAPE, "grad_loss has 2 elements, expected exactly 1, for reduction MEAN");
    free_const(a->grad_loss);
    a->grad_loss = s->grad_loss;
    expect_next(a, XENT_ERROR_SHAPE, "loss has 2 elements, expected exactly 1, for reduction MEAN");
    tensor_free(a->loss);
    expect_ok(xent_tensor_wrap_const(&a->loss, XENT_F32, SCALAR, NULL, s->constant));
    expect_next(a, XENT_ERROR_SHAPE, "grad_logits has shape (3, 2), expected (2, 3), that of the logits");
    tensor_free(a->grad);
    const int64_t no_strides[2] = { 0, 0 };
    a->grad = tensor_strided(XENT_F32, SHAPE(2, 3), no_strides, s->memory + 7);
}

/* Replaces an output over the test's own memory. */
static void replace(xent_tensor **output, xent_tensor *by)
{
    xent_tensor_destroy(*output);
    *output = by;
}

static void outputs(struct arguments *a, struct supply *s)
{
    expect_next(a, XENT_ERROR_INVALID_ARGUMENT, "loss is read-only (made by xent_tensor_wrap_const), expected an output");
    replace(&a->loss, tensor_over(XENT_F32, SCALAR, s->memory + 2));
    expect_next(a, XENT_ERROR_OVERLAP, "loss overlaps logits");
    replace(&a->loss, tensor_over(XENT_F32, SCALAR, s->memory + 20));
    expect_next(a, XENT_ERROR_OVERLAP, "grad_logits overlaps itself: by its strides, elements may share memory");
    replace(&a->grad, tensor_over(XENT_F32, SHAPE(2, 3), s->memory + 7));
    expect_next(a, XENT_ERROR_OVERLAP, "grad_logits overlaps target");
    replace(&a->grad, tensor_over(XENT_F32, SHAPE(2, 3), s->memory + 18));
    expect_next(a, XENT_ERROR_OVERLAP, "grad_logits overlaps loss");
    replace(&a->grad, tensor_over(XENT_F32, SHAPE(2, 3), s->memory + 14));
}

static void values(struct arguments *a, struct supply *s)
{
    expect_next(a, XENT_ERROR_INVALID_ARGUMENT, "class_weight[2] = -1, expected a finite number >= 0");
    tensor_set(s->weight, 2, 1);
    expect_next(a, XENT_ERROR_TARGET, "target[1] = 9 is outside [0, 3)");
    tensor_set(s->target, 1, 1);
    expect_ok(xent_cross_entropy_grad(a->logits, a->target, &a->options, a->grad_loss, a->loss, a->grad));
}

static void test_gradient(void **state)
{
    (void)state;
    struct supply s = { .constant = { 7 } };
    s.logits = tensor_over(XENT_F32, SHAPE(2, 3), s.memory);
    s.target = tensor_over(XENT_I32, SHAPE(2), s.memory + 6);
    s.weight = tensor_over(XENT_F32, SHAPE(3), s.memory + 8);
    s.grad_loss = tensor_over(XENT_F32, SCALAR, s.memory + 11);
    tensor_set(s.target, 1, 9);
    tensor_set(s.weight, 2, -1);

    struct arguments a = everything_wrong();
    null_arguments(&a);
    options(&a);
    dtypes(&a);
    shapes(&a, &s);
    outputs(&a, &s);
    values(&a, &s);
    xent_tensor *all[] = { s.logits, s.target, s.weight, s.grad_loss, a.loss, a.grad };
    for (int i = 0; i < 6; i++) xent_tensor_destroy(all[i]);
}

/* The same for softmax, which has fewer things to be wrong. */
static void test_softmax(void **state)
{
    (void)state;
    float memory[8] = { 7, 7, 7, 7, 7, 7, 7, 7 };
    xent_tensor *integers = tensor_new(XENT_I32, SCALAR, ROW_MAJOR), *scalar = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
    xent_tensor *z = tensor_over(XENT_F32, SHAPE(2, 3), memory), *wide = tensor_new(XENT_F64, SHAPE(6), ROW_MAJOR);
    xent_tensor *flat = tensor_new(XENT_F32, SHAPE(6), ROW_MAJOR), *constant;
    xent_tensor *next = tensor_over(XENT_F32, SHAPE(2, 3), memory + 1);
    expect_ok(xent_tensor_wrap_const(&constant, XENT_F32, SHAPE(2, 3), NULL, memory + 1));
    expect_refused(xent_softmax(NULL, 5, NULL), XENT_ERROR_INVALID_ARGUMENT, "z is NULL", NULL);
    expect_refused(xent_softmax(integers, 5, NULL), XENT_ERROR_INVALID_ARGUMENT, "p is NULL", NULL);
    expect_refused(xent_softmax(integers, 5, wide), XENT_ERROR_DTYPE, "z has dtype I32, expected a floating one", wide);
    expect_refused(xent_softmax(scalar, 5, wide), XENT_ERROR_DTYPE, "p has dtype F64, expected F32, that of z", wide);
    expect_refused(xent_softmax(scalar, 5, flat), XENT_ERROR_SHAPE, "z has rank 0, expected 1 to 8: it has no class axis",
                   flat);
    expect_refused(xent_softmax(z, 5, flat), XENT_ERROR_SHAPE, "axis is 5, expected -2 to 1: z has rank 2", flat);
    expect_refused(xent_softmax(z, 1, flat), XENT_ERROR_SHAPE, "p has shape (6), expected (2, 3), that of z", flat);
    expect_refused(xent_softmax(z, 1, constant), XENT_ERROR_INVALID_ARGUMENT,
                   "p is read-only (made by xent_tensor_wrap_const), expected an output", constant);
    expect_refused(xent_softmax(z, 1, next), XENT_ERROR_OVERLAP,
                   "p overlaps z but is not in its place: data, dtype, shape and strides must agree", next);
    tensor_free(integers);
    tensor_free(scalar);
    tensor_free(wide);
    tensor_free(flat);
    xent_tensor_destroy(z);
    xent_tensor_destroy(next);
    xent_tensor_destroy(constant);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_gradient), cmocka_unit_test(test_softmax) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
