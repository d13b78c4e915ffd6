/* A linear layer with its loss against binary128: losses and gradients of every dtype, each within what the roundings of a product in
   order, of the logits' type, may do. */
#include <math.h>
#include <stdlib.h>

#include "support/linear.h"
#include "support/quad.h"

enum { ROWS = 23, CLASSES = 31, FEATURES = 9 };

/* What is exact, and how far from it a result may be. */
struct near {
    quad value;
    double bound;
};

struct exact {
    quad p[ROWS][CLASSES]; /* probabilities */
    double logit_bound[ROWS];
    struct near loss;
};

static double value(const struct layer_tensors *t, enum layer_tensor which, int64_t i)
{
    return tensor_get(t->tensor[which], i);
}

static quad sum_of(const struct layer_tensors *t, int64_t row, int64_t c, double *sizes)
{
    quad sum = (quad)value(t, LAYER_BIAS, c);
    *sizes = fabs(value(t, LAYER_BIAS, c));
    for (int64_t d = 0; d < FEATURES; d++) {
        const quad product = (quad)value(t, LAYER_HIDDEN, row * FEATURES + d) * (quad)value(t, LAYER_WEIGHT, c * FEATURES + d);
        sum += product;
        *sizes += (double)quad_abs(product);
    }
    return sum;
}

static void find_exact(const struct layer_tensors *t, double unit, struct exact *e)
{
    double bounds = 0;
    e->loss.value = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        const int64_t target = (int64_t)value(t, LAYER_TARGET, row);
        quad total = 0, logit[CLASSES];
        e->logit_bound[row] = 0;
        for (int64_t c = 0; c < CLASSES; c++) {
            double sizes;
            logit[c] = sum_of(t, row, c, &sizes);
            e->logit_bound[row] = fmax(e->logit_bound[row], (FEATURES + 2) * unit * sizes);
            total += quad_exp(logit[c]);
        }
        for (int64_t c = 0; c < CLASSES; c++) e->p[row][c] = quad_exp(logit[c]) / total;
        e->loss.value += quad_log(total) - logit[target];
        bounds += 2 * e->logit_bound[row];
    }
    e->loss.value /= ROWS;
    e->loss.bound = bounds / ROWS + 4 * unit * fabs((double)e->loss.value);
}

/* d(loss)/d(logit), and how far that of logits within their bounds may be. */
static struct near gradient(const struct exact *e, const struct layer_tensors *t, double unit, int64_t row, int64_t c)
{
    const bool hot = c == (int64_t)value(t, LAYER_TARGET, row);
    const double p = (double)e->p[row][c];
    return (struct near){ (e->p[row][c] - (hot ? 1 : 0)) / ROWS,
                          (p * (exp(2 * e->logit_bound[row]) - 1) + 4 * unit * (p + hot)) / ROWS };
}

static void expect_near(const xent_tensor *t, int64_t i, struct near want, double unit, const char *name)
{
    const double step = xent_tensor_dtype(t) == XENT_F16 ? 0x1p-25 : 0; /* half of that between its smallest numbers */
    const double error = fabs((double)((quad)tensor_get(t, i) - want.value));
    const double bound = want.bound + unit * fabs((double)want.value) + step;
    if (!(error <= bound)) fail_msg("%s[%lld] is off by %g, more than %g", name, (long long)i, error, bound);
}

/* The sum over `count` products of a gradient's entry and an element. */
static struct near sum_products(const struct exact *e, const struct layer_tensors *t, double unit, int64_t row, int64_t c,
                                int64_t feature)
{
    struct near sum = { 0, 0 };
    const int64_t count = row < 0 ? ROWS : CLASSES;
    double sizes = 0;
    for (int64_t i = 0; i < count; i++) {
        const struct near g = gradient(e, t, unit, row < 0 ? i : row, row < 0 ? c : i);
        const double x = feature < 0 ? 1
                         : row < 0   ? value(t, LAYER_HIDDEN, i * FEATURES + feature)
                                     : value(t, LAYER_WEIGHT, i * FEATURES + feature);
        sum.value += g.value * (quad)x;
        sum.bound += g.bound * fabs(x);
        sizes += fabs((double)g.value * x);
    }
    sum.bound += (double)(count + 1) * unit * sizes;
    return sum;
}

static double unit_of(xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F64: return 0x1p-53;
    case XENT_F16: return 0x1p-11;
    case XENT_BF16: return 0x1p-8;
    default: return 0x1p-24;
    }
}

static void expect_exact(const struct layer *l)
{
    static struct exact e;
    const double unit = unit_of(layer_logits_dtype(l));
    struct layer_tensors t = layer_tensors_of(l);
    struct gemm gemm = { .calls = 0 };
    expect_ok(layer_call(l, &t, gemm_in_order, &gemm));
    find_exact(&t, unit, &e);
    expect_near(t.tensor[LAYER_LOSS], 0, e.loss, unit_of(l->dtype[LAYER_LOSS]), "loss");
    for (int64_t row = 0; row < ROWS; row++)
        for (int64_t d = 0; d < FEATURES; d++)
            expect_near(t.tensor[LAYER_GRAD_HIDDEN], row * FEATURES + d, sum_products(&e, &t, unit, row, 0, d),
                        unit_of(l->dtype[LAYER_GRAD_HIDDEN]), "grad_hidden");
    for (int64_t c = 0; c < CLASSES; c++) {
        expect_near(t.tensor[LAYER_GRAD_BIAS], c, sum_products(&e, &t, unit, -1, c, -1), unit, "grad_bias");
        for (int64_t d = 0; d < FEATURES; d++)
            expect_near(t.tensor[LAYER_GRAD_WEIGHT], c * FEATURES + d, sum_products(&e, &t, unit, -1, c, d), unit,
                        "grad_weight");
    }
    layer_tensors_free(&t);
}

static void test_every_dtype(void **state)
{
    (void)state;
    static const xent_dtype floating[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    for (int hidden = 0; hidden < 4; hidden++) {
        for (int weight = 0; weight < 4; weight++) {
            struct layer l = layer_of(ROWS, CLASSES, FEATURES, floating[hidden], floating[weight]);
            l.seed = (uint64_t)(4 * hidden + weight);
            l.block_rows = 10;
            l.dtype[LAYER_BIAS] = l.dtype[LAYER_GRAD_BIAS] = layer_logits_dtype(&l);
            l.dtype[LAYER_GRAD_HIDDEN] = floating[hidden];
            l.dtype[LAYER_LOSS] = floating[weight];
            expect_exact(&l);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_dtype) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
