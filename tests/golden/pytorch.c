/* The library against PyTorch: every case of cases.inc, in every layout, with results in float and double and class
   indices of every dtype. generate.py says where the cases come from. */
#include <math.h>
#include <stdbool.h>

#include "support/backend.h"
#include "support/tensors.h"

enum operation { SOFTMAX, LOG_SOFTMAX, LOGSUMEXP, NLL_LOSS, CROSS_ENTROPY };

struct golden_case {
    const char *name;
    enum operation operation;
    xent_dtype dtype; /* of the logits, which for NLL_LOSS are log-probabilities */
    int32_t axis, ndim;
    int64_t shape[5];
    const double *logits, *result;

    /* For losses. One of classes and probabilities is not NULL; class_weight, grad_loss and gradient may be. */
    int32_t reduction;
    int64_t ignore_index;
    double normalizer, divisor; /* divisor: the automatic one */
    const int64_t *classes;
    const double *probabilities, *class_weight, *grad_loss, *gradient;
};

static const struct golden_case cases[] = {
#include "cases.inc"
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* How a case is put to the library. */
struct variant {
    enum layout layout;
    xent_dtype index, other; /* of class indices; of losses, weights, probabilities and grad_loss */
    bool in_place;           /* the gradient replaces the logits */
};

static const struct variant variants[] = {
    { ROW_MAJOR, XENT_I64, XENT_F32, false }, { TRANSPOSED, XENT_I32, XENT_F32, false },
    { SPACED, XENT_I16, XENT_F32, true },     { REVERSED, XENT_I8, XENT_F32, true },
    { ROW_MAJOR, XENT_U64, XENT_F64, true },  { TRANSPOSED, XENT_U32, XENT_F64, true },
    { SPACED, XENT_U16, XENT_F64, false },    { REVERSED, XENT_U8, XENT_F64, false },
};

/* ---- The geometry of a case ------------------------------------------------------------------------------------ */

static int32_t class_axis(const struct golden_case *g)
{
    if (g->axis == XENT_AXIS_DEFAULT) return g->ndim > 1 ? 1 : 0;
    return g->axis < 0 ? g->axis + g->ndim : g->axis;
}

static int64_t class_count(const struct golden_case *g) { return g->shape[class_axis(g)]; }

/* The batch shape; returns the number of rows. */
static int64_t batch_shape(const struct golden_case *g, int64_t *shape)
{
    int64_t rows = 1;
    for (int32_t d = 0, k = 0; d < g->ndim; d++) {
        if (d == class_axis(g)) continue;
        shape[k++] = g->shape[d];
        rows *= g->shape[d];
    }
    return rows;
}

/* Where the i-th logit belongs. */
static void locate(const struct golden_case *g, int64_t i, int64_t *row, int64_t *class)
{
    int64_t inner = 1;
    for (int32_t d = class_axis(g) + 1; d < g->ndim; d++) inner *= g->shape[d];
    *class = i / inner % class_count(g);
    *row = i / inner / class_count(g) * inner + i % inner;
}

/* Weight times target of the i-th logit. */
static double coefficient(const struct golden_case *g, int64_t i)
{
    int64_t row, class;
    locate(g, i, &row, &class);
    const double weight = g->class_weight != NULL ? g->class_weight[class] : 1;
    if (g->probabilities != NULL) return weight * g->probabilities[i];
    return g->classes[row] == class && class != g->ignore_index ? weight : 0;
}

/* The sum of the coefficients of one row, or of all for row -1. */
static double coefficient_sum(const struct golden_case *g, int64_t row, int64_t numel)
{
    double sum = 0;
    for (int64_t i = 0; i < numel; i++) {
        int64_t its_row, class;
        locate(g, i, &its_row, &class);
        if (row < 0 || row == its_row) sum += coefficient(g, i);
    }
    return sum;
}

static double used_divisor(const struct golden_case *g)
{
    if (g->reduction != XENT_REDUCTION_MEAN) return 1;
    return g->normalizer != 0 ? g->normalizer : g->divisor;
}

/* ---- Bounds ---------------------------------------------------------------------------------------------------- */

/* The library's part is what the header and docs/numerics.md promise. PyTorch's part, in float64: q = (z - m) -
   log(sum) has an absolute error of a few 2^-53 * (|q| + 1), where 1 stands for the relative error of the sum; exp of
   that, or of z - m, has the same relative error, for the |z - m| < 64 of these cases. 2^-49 is 16 units of 2^-53. */
static const double pytorch = 0x1p-49, pytorch_exp = 0x1p-47;

static double pointwise_bound(const struct golden_case *g, xent_dtype out, double want)
{
    const bool f32 = g->dtype == XENT_F32;
    const double rounding = out == XENT_F32 ? 0x1p-23 : 0x1p-52; /* an ulp is at most this part of a number */
    switch (g->operation) {
    case SOFTMAX: return (f32 ? 4 * 0x1p-24 : 8 * 0x1p-53) * want + pytorch_exp * want + (f32 ? 0x1p-149 : 0);
    case LOG_SOFTMAX: return (f32 ? 2 : 4) * rounding * fabs(want) + pytorch * (fabs(want) + 1);
    default: /* log1p(r) <= log(classes); m, added in PyTorch, is at most 10^4 here */
        return rounding * fabs(want) + (f32 ? 0x1p-24 : 0x1p-51) * log((double)class_count(g)) + 0x1p-53 * 1e4 + pytorch;
    }
}

/* mass: the coefficients that the loss adds up, over the divisor. All terms have one sign: errors stay relative. */
static double loss_bound(const struct golden_case *g, xent_dtype out, double want, double mass)
{
    const double rounding = out == XENT_F32 ? 0x1p-24 : 0x1p-53;
    const double term = g->operation == NLL_LOSS ? 0x1p-51 : g->dtype == XENT_F32 ? 1.2 * 0x1p-25 : 4 * 0x1p-52;
    return (rounding + term) * fabs(want) + pytorch * (fabs(want) + mass);
}

/* factor: grad_loss over the divisor. S p - coef may cancel, so the bound is on what is subtracted; a gradient
   without weights and grad_loss is relative to the entry itself. */
static double gradient_bound(const struct golden_case *g, int64_t i, double factor, double row_sum)
{
    const double unit = g->dtype == XENT_F32 ? 0x1p-24 : 0x1p-53, want = fabs(g->gradient[i]);
    const bool plain = g->classes != NULL && g->class_weight == NULL && g->grad_loss == NULL && g->normalizer == 0;
    const double ours =
        plain ? (g->dtype == XENT_F32 ? 4 : 8) * unit * want : 8 * unit * (want + 2 * fabs(factor) * coefficient(g, i));
    return ours + pytorch * fabs(factor) * row_sum;
}

static void check(const struct golden_case *g, const struct variant *v, const xent_tensor *got, int64_t i, double want,
                  double bound)
{
    const double value = tensor_get(got, i);
    if (isnan(want) ? isnan(value) : value == want || fabs(value - want) <= bound) return;
    fail_msg("%s, %s, result dtype %d: element %lld is %a, expected %a, within %g", g->name, layout_names[v->layout],
             (int)xent_tensor_dtype(got), (long long)i, value, want, bound);
}

/* ---- Running a case -------------------------------------------------------------------------------------------- */

static void run_pointwise(const struct golden_case *g, const struct variant *v)
{
    int64_t shape[XENT_MAX_NDIM];
    const int64_t rows = batch_shape(g, shape);
    xent_tensor *z = tensor_of(g->dtype, g->ndim, g->shape, v->layout, g->logits), *out;
    if (g->operation == LOGSUMEXP) {
        out = tensor_new(v->other, g->ndim - 1, shape, v->layout);
        expect_ok(xent_logsumexp(z, g->axis, out));
        assert_int_equal(xent_tensor_numel(out), rows);
    } else {
        out = v->in_place ? z : tensor_new(g->dtype, g->ndim, g->shape, v->layout);
        expect_ok((g->operation == SOFTMAX ? xent_softmax : xent_log_softmax)(z, g->axis, out));
    }
    for (int64_t i = 0; i < xent_tensor_numel(out); i++)
        check(g, v, out, i, g->result[i], pointwise_bound(g, xent_tensor_dtype(out), g->result[i]));
    if (out != z) tensor_free(out);
    tensor_free(z);
}

/* The class indices; unsigned where no index is negative, else as signed ones of the same size. */
static xent_tensor *new_target(const struct golden_case *g, const struct variant *v, const int64_t *shape, int64_t rows)
{
    if (g->probabilities != NULL) return tensor_of(v->other, g->ndim, g->shape, v->layout, g->probabilities);
    bool negative = false;
    for (int64_t i = 0; i < rows; i++) negative = negative || g->classes[i] < 0;
    const xent_dtype signed_dtypes[] = { XENT_I8, XENT_I16, XENT_I32, XENT_I64 };
    const bool is_unsigned = v->index >= XENT_U8;
    const xent_dtype dtype = negative && is_unsigned ? signed_dtypes[v->index - XENT_U8] : v->index;
    xent_tensor *t = tensor_new(dtype, g->ndim - 1, shape, v->layout);
    for (int64_t i = 0; i < rows; i++) tensor_set(t, i, (double)g->classes[i]);
    return t;
}

static void check_loss(const struct golden_case *g, const struct variant *v, const xent_tensor *loss)
{
    int64_t shape[XENT_MAX_NDIM];
    const int64_t numel = class_count(g) * batch_shape(g, shape);
    for (int64_t i = 0; i < xent_tensor_numel(loss); i++) {
        const int64_t row = g->reduction == XENT_REDUCTION_NONE ? i : -1;
        const double mass = coefficient_sum(g, row, numel) / used_divisor(g);
        check(g, v, loss, i, g->result[i], loss_bound(g, xent_tensor_dtype(loss), g->result[i], mass));
    }
}

static void check_gradient(const struct golden_case *g, const struct variant *v, const xent_tensor *gradient)
{
    for (int64_t i = 0; i < xent_tensor_numel(gradient); i++) {
        int64_t row, class;
        locate(g, i, &row, &class);
        const double upstream = g->grad_loss == NULL ? 1 : g->grad_loss[g->reduction == XENT_REDUCTION_NONE ? row : 0];
        const double factor = used_divisor(g) == 0 ? 0 : upstream / used_divisor(g); /* 0: all rows are ignored */
        check(g, v, gradient, i, g->gradient[i],
              gradient_bound(g, i, factor, coefficient_sum(g, row, xent_tensor_numel(gradient))));
    }
}

static void run_gradient(const struct golden_case *g, const struct variant *v, xent_tensor *logits, xent_tensor *target,
                         const xent_options *options, const xent_tensor *loss)
{
    const int32_t ndim = xent_tensor_ndim(loss);
    const int64_t *shape = xent_tensor_shape(loss);
    xent_tensor *grad_loss = g->grad_loss ? tensor_of(v->other, ndim, shape, v->layout, g->grad_loss) : NULL;
    xent_tensor *again = tensor_new(v->other, ndim, shape, v->layout);
    xent_tensor *gradient = v->in_place ? logits : tensor_new(g->dtype, g->ndim, g->shape, v->layout);
    expect_ok(xent_cross_entropy_grad(logits, target, options, grad_loss, again, gradient));
    for (int64_t i = 0; i < xent_tensor_numel(loss); i++) assert_int_equal(tensor_bits(again, i), tensor_bits(loss, i));
    check_gradient(g, v, gradient);
    if (gradient != logits) tensor_free(gradient);
    tensor_free(again);
    tensor_free(grad_loss);
}

static void run_loss(const struct golden_case *g, const struct variant *v)
{
    int64_t shape[XENT_MAX_NDIM];
    const int64_t rows = batch_shape(g, shape), classes = class_count(g);
    xent_tensor *logits = tensor_of(g->dtype, g->ndim, g->shape, v->layout, g->logits);
    xent_tensor *target = new_target(g, v, shape, rows);
    xent_tensor *weight = g->class_weight ? tensor_of(v->other, 1, &classes, v->layout, g->class_weight) : NULL;
    xent_tensor *loss = tensor_new(v->other, g->reduction == XENT_REDUCTION_NONE ? g->ndim - 1 : 0, shape, v->layout);
    xent_options options = XENT_OPTIONS_INIT;
    double divisor;

    options.axis = g->axis;
    options.reduction = g->reduction;
    options.ignore_index = g->ignore_index;
    options.normalizer = g->normalizer;
    options.class_weight = weight;
    expect_ok((g->operation == NLL_LOSS ? xent_nll_loss : xent_cross_entropy)(logits, target, &options, loss));
    check_loss(g, v, loss);
    expect_ok(xent_mean_divisor(target, &options, &divisor));
    if (divisor != g->divisor) fail_msg("%s: divisor %a, expected %a", g->name, divisor, g->divisor);
    if (g->gradient != NULL) run_gradient(g, v, logits, target, &options, loss);
    tensor_free(loss);
    tensor_free(weight);
    tensor_free(target);
    tensor_free(logits);
}

static void test_case(void **state)
{
    const struct golden_case *g = *state;
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        if (g->operation <= LOGSUMEXP)
            run_pointwise(g, &variants[i]);
        else
            run_loss(g, &variants[i]);
    }
}

int main(void)
{
    struct CMUnitTest tests[CASES];
    require_backend();
    for (int i = 0; i < CASES; i++)
        tests[i] = (struct CMUnitTest){ cases[i].name, test_case, NULL, NULL, (void *)(uintptr_t)&cases[i] };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
