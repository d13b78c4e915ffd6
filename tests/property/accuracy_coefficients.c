/* Accuracy with class weights, probability targets and upstream gradients, against binary128. What a row's loss adds up can be
   of any sizes, so its bound is relative to each term; an entry S p - coefficient can cancel, so its bound is relative to what
   is subtracted. */
#include <math.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "accuracy_reference.h"
#include "everywhere.h"
#include "support/effort.h"
#include "support/tensors.h"

static const int64_t classes_list[] = { 2, 3, 10, 64, 65, 1000, 4097, 20000 };
static const double offsets[] = { 0, -3e4, 4e4, 1e6, 1e9 };
enum {
    CLASSES = sizeof classes_list / sizeof classes_list[0],
    OFFSETS = sizeof offsets / sizeof offsets[0],
    LOGITS_PER_BATCH = 8000,
    ROWS_PER_BATCH = 2000
};

enum result { LOSS, GRADIENT, PROBABILITY_LOSS, PROBABILITY_GRADIENT, RESULTS };

/* A batch with coefficients, and what the library answers. */
struct weighted {
    const struct batch *batch;
    double *weight;   /* per class */
    void *target;     /* per logit, of the logits' dtype */
    double *upstream; /* per row */
    /* The answers, for class indices and for probabilities: losses as F64, gradients in the logits' dtype. */
    double *loss[2];
    void *gradient[2];
};

/* A weight of 0 or in [0, 2). */
static double draw_weight(struct random *r) { return random_chance(r, 8) ? 0 : 2 * random_uniform(r); }

/* Row i has a soft one-hot target, probabilities that do not add up to 1, or few that are not 0. None lies at -inf. */
static void draw_target(const struct weighted *w, int64_t i, struct random *r)
{
    const struct batch *b = w->batch;
    for (int64_t c = 0; c < b->classes; c++) {
        const double soft = c == b->target[i] ? 0.9 : 0.1 / (double)b->classes, u = random_uniform(r);
        const double t = i % 3 == 0 ? soft : i % 3 == 1 || random_chance(r, 16) ? u : 0;
        element_set(b->dtype, w->target, i * b->classes + c, b->exact[i * b->classes + c] == -INFINITY ? 0 : t);
    }
}

static struct weighted weighted_new(const struct batch *b, struct random *r)
{
    const int64_t n = b->rows * b->classes;
    struct weighted w = { b,
                          elements_new(XENT_F64, b->classes),
                          elements_new(b->dtype, n),
                          elements_new(XENT_F64, b->rows),
                          { elements_new(XENT_F64, b->rows), elements_new(XENT_F64, b->rows) },
                          { elements_new(b->dtype, n), elements_new(b->dtype, n) } };
    for (int64_t c = 0; c < b->classes; c++) w.weight[c] = draw_weight(r);
    for (int64_t i = 0; i < b->rows; i++) {
        draw_target(&w, i, r);
        w.upstream[i] = (random_uniform(r) + 0.01) * (random_chance(r, 2) ? -10 : 1);
    }
    return w;
}

static void weighted_free(struct weighted *w)
{
    free(w->weight);
    free(w->target);
    free(w->upstream);
    for (int k = 0; k < 2; k++) {
        free(w->loss[k]);
        free(w->gradient[k]);
    }
}

static void solve(struct weighted *w, int probabilities)
{
    const struct batch *b = w->batch;
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *logits = tensor_over(b->dtype, SHAPE(b->rows, b->classes), b->logits);
    xent_tensor *target = probabilities ? tensor_over(b->dtype, SHAPE(b->rows, b->classes), w->target)
                                        : tensor_over(XENT_I64, SHAPE(b->rows), b->target);
    xent_tensor *weight = tensor_over(XENT_F64, SHAPE(b->classes), w->weight);
    xent_tensor *upstream = tensor_over(XENT_F64, SHAPE(b->rows), w->upstream);
    xent_tensor *loss = tensor_over(XENT_F64, SHAPE(b->rows), w->loss[probabilities]);
    xent_tensor *gradient = tensor_over(b->dtype, SHAPE(b->rows, b->classes), w->gradient[probabilities]);
    options.reduction = XENT_REDUCTION_NONE;
    options.class_weight = weight;
    expect_everywhere(xent_cross_entropy_grad(logits, target, &options, upstream, loss, gradient), loss, gradient);
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(weight);
    xent_tensor_destroy(upstream);
    xent_tensor_destroy(loss);
    xent_tensor_destroy(gradient);
}

/* The coefficient of class c in row i: weight times target. */
static quad coefficient(const struct weighted *w, int probabilities, int64_t i, int64_t c)
{
    const struct batch *b = w->batch;
    if (!probabilities) return c == b->target[i] ? (quad)w->weight[c] : 0;
    return (quad)w->weight[c] * (quad)element(b->dtype, w->target, i * b->classes + c);
}

/* total: of the coefficients, with which what is too far below the maximum to count is missing in a loss */
static void check_loss(struct measure *m, const struct precision *p, const struct batch *b, double got, quad exact,
                       double total)
{
    const double unit = p->unit * (double)exact;
    if (p->dtype == XENT_F32)
        measure(m, got, exact, unit / 2, 0.6 * unit + total * (double)b->classes * 0x1p-190, b);
    else
        measure(m, got, exact, unit, 8 * unit + 4 * p->tiny, b);
}

static void check_row(struct measure *m, const struct precision *p, const struct weighted *w, int probabilities, int64_t i,
                      const struct reference *r)
{
    const struct batch *b = w->batch;
    quad loss = 0, total = 0;
    for (int64_t c = 0; c < b->classes; c++) {
        const quad coef = coefficient(w, probabilities, i, c);
        if (coef != 0) loss += coef * -reference_log_probability(r, c);
        total += coef;
    }
    check_loss(&m[probabilities ? PROBABILITY_LOSS : LOSS], p, b, w->loss[probabilities][i], loss, (double)total);
    for (int64_t c = 0; c < b->classes; c++) {
        const quad coef = coefficient(w, probabilities, i, c), factor = (quad)w->upstream[i];
        const quad share = total * reference_probability(r, c);
        const quad entry = coef == total ? coef * reference_probability_less_one(r, c) : share - coef;
        const double unit = p->unit * (double)(quad_abs(factor) * (share + coef));
        measure(&m[probabilities ? PROBABILITY_GRADIENT : GRADIENT],
                element(b->dtype, w->gradient[probabilities], i * b->classes + c), factor * entry,
                unit * p->unit < p->tiny ? 0 : unit, 8 * unit + p->tiny, b);
    }
}

static void check_batch(struct measure *m, const struct precision *p, const struct batch *b, struct random *random)
{
    struct weighted w = weighted_new(b, random);
    quad *term = malloc(2 * (size_t)b->classes * sizeof *term);
    assert_non_null(term);
    solve(&w, 0);
    solve(&w, 1);
    for (int64_t i = 0; i < b->rows; i++) {
        const struct reference r = reference_of_doubles(b->exact + i * b->classes, b->classes, term);
        check_row(m, p, &w, 0, i, &r);
        check_row(m, p, &w, 1, i, &r);
    }
    free(term);
    weighted_free(&w);
}

static void coefficients_are_accurate(void **state)
{
    const struct precision *p = *state;
    const char *unit = p->dtype == XENT_F32 ? "2^-24" : "2^-53", *loss_unit = p->dtype == XENT_F32 ? "2^-25" : "2^-53";
    struct measure m[RESULTS] = {
        [LOSS] = { .result = "weighted loss", .unit = loss_unit },
        [GRADIENT] = { .result = "weighted gradient", .unit = unit },
        [PROBABILITY_LOSS] = { .result = "probabilities: loss", .unit = loss_unit },
        [PROBABILITY_GRADIENT] = { .result = "probabilities: gradient", .unit = unit },
    };
    struct random random = accuracy_stream(2, p->dtype);
    for (int k = 0; k < CLASSES * ROW_KINDS * OFFSETS; k++) {
        const int64_t classes = classes_list[k / (ROW_KINDS * OFFSETS)], fit = effort(LOGITS_PER_BATCH) / classes;
        if (classes > effort(classes_list[CLASSES - 1])) continue;
        const int64_t rows = fit < 1 ? 1 : fit > ROWS_PER_BATCH ? ROWS_PER_BATCH : fit;
        struct batch b =
            batch_new(p->dtype, rows, classes, (enum row_kind)(k / OFFSETS % ROW_KINDS), offsets[k % OFFSETS], &random);
        check_batch(m, p, &b, &random);
        batch_free(&b);
    }
    assert_int_equal(measures_print(p->name, m, RESULTS), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, coefficients_are_accurate, false); }
