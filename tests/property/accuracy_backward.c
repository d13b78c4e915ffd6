/* Accuracy of the backward passes of softmax, log_softmax and nll_loss, against binary128, for the numbers that they are given. An
   entry of the first two can cancel, so its bound is relative to what is subtracted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "everywhere.h"
#include "support/effort.h"
#include "trial.h"

static const int64_t classes_list[] = { 1, 2, 3, 10, 65, 1000, 4097, 9000 };
enum { CLASSES = sizeof classes_list / sizeof classes_list[0], LOGITS_PER_BATCH = 3000, ROUNDS = 2 };

enum result { SOFTMAX, LOG_SOFTMAX, NLL_LOSS, NLL_LOSS_OF_PROBABILITIES, RESULTS };

/* What comes from upstream. */
enum upstream {
    UPSTREAM_NORMAL,
    UPSTREAM_EQUAL, /* with softmax: everything cancels */
    UPSTREAM_ONE,   /* a single class, as nll_loss gives */
    UPSTREAM_WIDE,  /* magnitudes from 2^-12 to 2^12 */
    UPSTREAM_ENDS,  /* the same from 1e-300 to 1e300, of F32 from 1e-30 to 1e30, rows apart: far from 1 together */
    UPSTREAMS
};

/* Powers of two between which the rows of UPSTREAM_ENDS lie, up and down. */
static int reach_of(xent_dtype dtype) { return dtype == XENT_F64 ? 996 : dtype == XENT_F16 ? 8 : 99; }

static double draw_upstream(enum upstream kind, int64_t c, int64_t one, struct random *r)
{
    const double normal = random_normal(r);
    switch (kind) {
    case UPSTREAM_EQUAL: return 0.7;
    case UPSTREAM_ONE: return c == one ? normal : 0;
    case UPSTREAM_WIDE: return ldexp(normal, (int)random_below(r, 25) - 12);
    default: return normal;
    }
}

/* Rows x classes, in the dtype and as numbers. */
struct matrix {
    xent_tensor *tensor;
    double *values;
};

static struct matrix matrix_new(xent_dtype dtype, int64_t rows, int64_t classes)
{
    return (struct matrix){ tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR), numbers_new(rows * classes) };
}

static void matrix_free(struct matrix *m)
{
    tensor_free(m->tensor);
    free(m->values);
}

static void matrix_fill(struct matrix *m, enum upstream kind, struct random *r)
{
    const int64_t rows = xent_tensor_shape(m->tensor)[0], classes = xent_tensor_shape(m->tensor)[1];
    const int reach = reach_of(xent_tensor_dtype(m->tensor));
    for (int64_t i = 0; i < rows; i++) {
        const int64_t one = random_below(r, classes);
        const int power = kind == UPSTREAM_ENDS ? (int)random_below(r, 2 * reach + 1) - reach : 0;
        for (int64_t c = 0; c < classes; c++) m->values[i * classes + c] = ldexp(draw_upstream(kind, c, one, r), power);
    }
    tensor_fill(m->tensor, m->values);
    tensor_numbers(m->tensor, m->values);
}

/* An entry a - b, computed in the type of the arithmetic with an error relative to |a| + |b|, then stored. */
static void check_entry(struct measure *m, xent_dtype dtype, double got, quad exact, quad size, const struct batch *b)
{
    const struct precision *storage = precision_of(dtype), *a = arithmetic_of(dtype);
    const double unit = a->unit * (double)size, own = (a->dtype == XENT_F64 ? 5 : 4) * unit + a->tiny;
    const double allowed = own + (storage == a ? 0 : half_ulp(storage, (double)quad_abs(exact) + own));
    measure(m, got, exact, storage != a ? allowed : unit < a->tiny ? 0 : unit, allowed, b);
}

static void check_softmax(struct measure *m, const struct batch *b, const double *p, const double *g, const double *got)
{
    quad sum = 0, size = 0;
    for (int64_t c = 0; c < b->classes; c++) {
        sum += (quad)p[c] * (quad)g[c];
        size += quad_abs((quad)p[c] * (quad)g[c]);
    }
    for (int64_t c = 0; c < b->classes; c++)
        check_entry(m, b->dtype, got[c], (quad)p[c] * ((quad)g[c] - sum), (quad)p[c] * (quad_abs((quad)g[c]) + size), b);
}

static void check_log_softmax(struct measure *m, const struct batch *b, const double *logp, const double *g, const double *got)
{
    quad sum = 0, size = 0;
    for (int64_t c = 0; c < b->classes; c++) {
        sum += (quad)g[c];
        size += quad_abs((quad)g[c]);
    }
    for (int64_t c = 0; c < b->classes; c++) {
        const quad p = quad_exp((quad)logp[c]);
        check_entry(m, b->dtype, got[c], (quad)g[c] - p * sum, quad_abs((quad)g[c]) + p * size, b);
    }
}

static void check_batch(struct measure *m, const struct batch *b, enum upstream kind, struct random *r)
{
    const int64_t n = b->classes;
    struct matrix p = matrix_new(b->dtype, b->rows, n), g = matrix_new(b->dtype, b->rows, n);
    struct matrix out = matrix_new(b->dtype, b->rows, n);
    xent_tensor *logits = tensor_over(b->dtype, SHAPE(b->rows, n), b->logits);
    matrix_fill(&g, kind, r);

    expect_everywhere(xent_softmax(logits, 1, p.tensor), p.tensor);
    expect_everywhere(xent_softmax_backward(p.tensor, g.tensor, 1, out.tensor), out.tensor);
    tensor_numbers(p.tensor, p.values);
    tensor_numbers(out.tensor, out.values);
    for (int64_t i = 0; i < b->rows * n; i += n) check_softmax(&m[SOFTMAX], b, p.values + i, g.values + i, out.values + i);

    expect_everywhere(xent_log_softmax(logits, 1, p.tensor), p.tensor);
    expect_everywhere(xent_log_softmax_backward(p.tensor, g.tensor, 1, out.tensor), out.tensor);
    tensor_numbers(p.tensor, p.values);
    tensor_numbers(out.tensor, out.values);
    for (int64_t i = 0; i < b->rows * n; i += n)
        check_log_softmax(&m[LOG_SOFTMAX], b, p.values + i, g.values + i, out.values + i);

    xent_tensor_destroy(logits);
    matrix_free(&p);
    matrix_free(&g);
    matrix_free(&out);
}

/* -w t g: products in double, each rounded, then one rounding to the type of the arithmetic and one to storage. */
static void check_nll_loss(struct measure *m, const struct batch *b, const struct trial *t, const double *got)
{
    const struct precision *storage = precision_of(b->dtype), *a = arithmetic_of(b->dtype);
    for (int64_t i = 0; i < b->rows; i++) {
        const struct row row = trial_row(t, i);
        for (int64_t c = 0; c < b->classes; c++) {
            const quad target = row.probabilities != NULL ? (quad)row.probabilities[c] : c == row.target;
            const quad exact = -(t->weight == NULL ? 1 : (quad)t->weight[c]) * target * (quad)row.factor;
            const double size = fabs((double)exact);
            double allowed = 2 * 0x1p-53 * size + (a->dtype == XENT_F64 ? 2 * a->tiny : half_ulp(a, size));
            if (storage != a) allowed += half_ulp(storage, size + allowed);
            measure(m, got[i * b->classes + c], exact, 2 * half_ulp(storage, size), allowed, b);
        }
    }
}

static void solve_nll_loss(struct measure *m, const struct batch *b, unsigned features, struct random *r)
{
    struct trial *t = trial_new(r, b->dtype, b->rows, b->classes, features, b->exact, b->target);
    struct matrix out = matrix_new(b->dtype, b->rows, b->classes);
    expect_everywhere(xent_nll_loss_backward(t->logits_tensor, trial_target(t), &t->options, t->upstream_tensor, out.tensor),
                      out.tensor);
    tensor_numbers(out.tensor, out.values);
    check_nll_loss(&m[features & FEATURE_PROBABILITIES ? NLL_LOSS_OF_PROBABILITIES : NLL_LOSS], b, t, out.values);
    matrix_free(&out);
    trial_free(t);
}

static void backward_is_accurate(void **state)
{
    const struct precision *p = *state;
    const char *unit = arithmetic_of(p->dtype) != p ? "bound" : p->dtype == XENT_F32 ? "2^-24" : "2^-53";
    struct measure m[RESULTS] = {
        [SOFTMAX] = { .result = "softmax_backward", .unit = unit },
        [LOG_SOFTMAX] = { .result = "log_softmax_backward", .unit = unit },
        [NLL_LOSS] = { .result = "nll_loss_backward", .unit = "ulp" },
        [NLL_LOSS_OF_PROBABILITIES] = { .result = "  of probabilities", .unit = "ulp" },
    };
    struct random random = accuracy_stream(7, p->dtype);
    for (int k = 0; k < CLASSES * ROW_KINDS * ROUNDS; k++) {
        const int64_t classes = classes_list[k / (ROW_KINDS * ROUNDS)], fit = effort(LOGITS_PER_BATCH) / classes;
        const enum row_kind kind = classes == 1 ? ROWS_RANDOM : (enum row_kind)(k / ROUNDS % ROW_KINDS);
        struct batch b = batch_new(p->dtype, fit < 1 ? 1 : fit, classes, kind, 0, &random);
        check_batch(m, &b, (enum upstream)((k / ROUNDS + k) % UPSTREAMS), &random);
        if (classes <= 1000) solve_nll_loss(m, &b, (unsigned)k % FEATURE_SMOOTHING, &random);
        batch_free(&b);
    }
    assert_int_equal(measures_print(p->name, m, RESULTS), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, backward_is_accurate, true); }
