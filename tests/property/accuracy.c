/* Accuracy of rows with a class index, against binary128: loss, gradient, softmax, log-softmax and log-sum-exp. Prints the
   largest errors, and asserts the bounds that docs/numerics.md promises. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "accuracy_reference.h"
#include "everywhere.h"
#include "support/effort.h"
#include "support/tensors.h"

static const int64_t classes_list[] = { 2, 3, 10, 64, 65, 1000, 4096, 4097, 10000, 128256, 256000 };
static const double offsets[] = { 0, -3e4, 4e4, 1e6, 1e9 }, offsets_of_f16[] = { 0, -30, 100, 1e3, 4e4 };
enum {
    CLASSES = sizeof classes_list / sizeof classes_list[0],
    OFFSETS = sizeof offsets / sizeof offsets[0],
    LOGITS_PER_BATCH = 12000,
    LOGITS_OF_16_BITS = 1500, /* the arithmetic is that of F32 */
    ROWS_PER_BATCH = 4000,
    LARGE = 100000,        /* classes from here on: two of the offsets for each kind of rows */
    MOST_OF_16_BITS = 5000 /* classes */
};

enum result { LOSS, LOSS_IN_DOUBLE, GRADIENT, GRADIENT_AT_TARGET, SOFTMAX, LOG_SOFTMAX, LOGSUMEXP, LOSS_IN_STORAGE, RESULTS };

/* The logits' type, and the one that the library computes in, which is another for 16 bits. */
struct types {
    const struct precision *storage, *arithmetic;
};

/* What the library answers for one batch: `loss` in the type of its arithmetic, all else in the logits' where nothing else is said. */
struct answers {
    void *loss, *loss_in_storage, *gradient, *softmax, *log_softmax, *logsumexp;
    double *loss_in_double;
};

static void solve_losses(const struct batch *b, xent_tensor *logits, struct answers *a)
{
    const xent_dtype arithmetic = arithmetic_of(b->dtype)->dtype;
    xent_options none = XENT_OPTIONS_INIT;
    none.reduction = XENT_REDUCTION_NONE;
    xent_tensor *target = tensor_over(XENT_I64, SHAPE(b->rows), b->target);
    xent_tensor *loss = tensor_over(arithmetic, SHAPE(b->rows), a->loss);
    xent_tensor *in_storage = tensor_over(b->dtype, SHAPE(b->rows), a->loss_in_storage);
    xent_tensor *in_double = tensor_over(XENT_F64, SHAPE(b->rows), a->loss_in_double);
    xent_tensor *gradient = tensor_over(b->dtype, SHAPE(b->rows, b->classes), a->gradient);
    expect_everywhere(xent_cross_entropy(logits, target, &none, loss), loss);
    expect_everywhere(xent_cross_entropy(logits, target, &none, in_storage), in_storage);
    expect_everywhere(xent_cross_entropy_grad(logits, target, &none, NULL, in_double, gradient), in_double, gradient);
    xent_tensor_destroy(target);
    xent_tensor_destroy(loss);
    xent_tensor_destroy(in_storage);
    xent_tensor_destroy(in_double);
    xent_tensor_destroy(gradient);
}

static struct answers solve(const struct batch *b)
{
    const int64_t n = b->rows * b->classes;
    struct answers a = { .loss = elements_new(arithmetic_of(b->dtype)->dtype, b->rows),
                         .loss_in_storage = elements_new(b->dtype, b->rows),
                         .gradient = elements_new(b->dtype, n),
                         .softmax = elements_new(b->dtype, n),
                         .log_softmax = elements_new(b->dtype, n),
                         .logsumexp = elements_new(b->dtype, b->rows),
                         .loss_in_double = elements_new(XENT_F64, b->rows) };
    xent_tensor *logits = tensor_over(b->dtype, SHAPE(b->rows, b->classes), b->logits);
    xent_tensor *per_row = tensor_over(b->dtype, SHAPE(b->rows), a.logsumexp);
    xent_tensor *per_logit = tensor_over(b->dtype, SHAPE(b->rows, b->classes), a.softmax);
    solve_losses(b, logits, &a);
    expect_everywhere(xent_softmax(logits, 1, per_logit), per_logit);
    expect_ok(xent_tensor_set_data(per_logit, a.log_softmax));
    expect_everywhere(xent_log_softmax(logits, 1, per_logit), per_logit);
    expect_everywhere(xent_logsumexp(logits, 1, per_row), per_row);
    xent_tensor_destroy(logits);
    xent_tensor_destroy(per_row);
    xent_tensor_destroy(per_logit);
    return a;
}

static void answers_free(struct answers *a)
{
    free(a->loss);
    free(a->loss_in_storage);
    free(a->gradient);
    free(a->softmax);
    free(a->log_softmax);
    free(a->logsumexp);
    free(a->loss_in_double);
}

/* Loss and log-sum-exp of row i. The double behind the loss of F32 arithmetic has no error from rounding to storage; terms that lie
   190 octaves below the maximum do not reach it, one for each class. */
static void check_row(struct measure *m, const struct types *t, const struct batch *b, const struct answers *a,
                      const struct reference *r, int64_t i)
{
    const quad loss = -reference_log_probability(r, b->target[i]), lse = r->max + r->log1p_rest;
    const int wide = t->arithmetic->dtype == XENT_F64;
    const double loss_ulp = ulp(t->arithmetic, loss), lse_ulp = ulp(t->storage, lse), relative = 0x1p-25 * (double)loss;
    const double in_double = wide ? 4 * loss_ulp : 1.2 * relative + (double)b->classes * 0x1p-190;
    measure(&m[LOSS], element(t->arithmetic->dtype, a->loss, i), loss, loss_ulp, wide ? 4 * loss_ulp : loss_ulp, b);
    measure(&m[LOSS_IN_DOUBLE], a->loss_in_double[i], loss, wide ? loss_ulp : loss < 0x1p-149 ? 0 : relative, in_double, b);
    const double through_log1p = (wide ? 0x1p-51 : 0x1.6a09e6p-25) * (double)r->log1p_rest;
    measure(&m[LOGSUMEXP], element(b->dtype, a->logsumexp, i), lse, lse_ulp, lse_ulp + through_log1p, b);

    /* Rounded once, from the double: never by way of F32. */
    const double stored = element(b->dtype, a->loss_in_storage, i);
    assert_true(stored == rounded(t->storage, a->loss_in_double[i]));
    if (t->storage == t->arithmetic) return;
    measure(&m[LOSS_IN_STORAGE], stored, loss, ulp(t->storage, loss),
            half_ulp(t->storage, (double)loss + in_double) + in_double, b);
}

/* What is relative to its own size: gradient and probability of class c at distance d below the maximum. */
static void check_relative(struct measure *m, const struct types *t, const struct batch *b, double got, quad exact, double d)
{
    const struct precision *a = t->arithmetic;
    const double size = a->unit * fabs((double)exact), units = a->dtype == XENT_F32 ? 4 : 6 + d / 24;
    const double allowed = units * size + a->tiny;
    if (t->storage == a)
        measure(m, got, exact, size < a->tiny ? 0 : size, allowed, b);
    else
        measure(m, got, exact, ulp(t->storage, exact), allowed + half_ulp(t->storage, fabs((double)exact) + allowed), b);
}

static void check_log_softmax(struct measure *m, const struct types *t, const struct batch *b, double got, quad exact)
{
    const struct precision *a = t->arithmetic;
    const double size = fabs((double)exact), in_f32 = 3 * a->unit * size + a->tiny;
    if (t->storage == a)
        measure(m, got, exact, ulp(a, exact), (a->dtype == XENT_F32 ? 2 : 4) * ulp(a, exact), b);
    else
        measure(m, got, exact, ulp(t->storage, exact), in_f32 + half_ulp(t->storage, size + in_f32), b);
}

static void check_entries(struct measure *m, const struct types *t, const struct batch *b, const struct answers *a,
                          const struct reference *r, int64_t i)
{
    for (int64_t c = 0; c < b->classes; c++) {
        const int64_t at = i * b->classes + c;
        const double gradient = element(b->dtype, a->gradient, at), softmax = element(b->dtype, a->softmax, at);
        const double log_softmax = element(b->dtype, a->log_softmax, at), distance = (double)(r->max - r->z[c]);
        if (r->z[c] == -INFINITY) {
            assert_true(gradient == 0 && softmax == 0 && log_softmax == -INFINITY);
            continue;
        }
        const quad probability = reference_probability(r, c);
        if (c == b->target[i])
            check_relative(&m[GRADIENT_AT_TARGET], t, b, gradient, reference_probability_less_one(r, c), distance);
        else
            check_relative(&m[GRADIENT], t, b, gradient, probability, distance);
        check_relative(&m[SOFTMAX], t, b, softmax, probability, distance);
        check_log_softmax(&m[LOG_SOFTMAX], t, b, log_softmax, reference_log_probability(r, c));
    }
}

static void check_batch(struct measure *m, const struct types *t, const struct batch *b)
{
    struct answers a = solve(b);
    quad *room = malloc(2 * (size_t)b->classes * sizeof *room);
    assert_non_null(room);
    for (int64_t i = 0; i < b->rows; i++) {
        const struct reference r = reference_of_doubles(b->exact + i * b->classes, b->classes, room);
        check_row(m, t, b, &a, &r, i);
        check_entries(m, t, b, &a, &r, i);
    }
    free(room);
    answers_free(&a);
}

static void check_all(struct measure *m, const struct types *t)
{
    const int sixteen = t->storage != t->arithmetic;
    struct random random = accuracy_stream(1, t->storage->dtype);
    for (int k = 0; k < CLASSES * ROW_KINDS * OFFSETS; k++) {
        const int c = k / (ROW_KINDS * OFFSETS), kind = k / OFFSETS % ROW_KINDS, o = k % OFFSETS;
        const int64_t classes = classes_list[c], fit = effort(sixteen ? LOGITS_OF_16_BITS : LOGITS_PER_BATCH) / classes;
        if (classes >= LARGE && o != 0 && o != 1 + (c + kind) % (OFFSETS - 1)) continue;
        if (classes > effort(classes_list[CLASSES - 1]) || (classes > MOST_OF_16_BITS && sixteen)) continue;
        const int64_t rows = fit < 1 ? 1 : fit > ROWS_PER_BATCH ? ROWS_PER_BATCH : fit;
        const double offset = t->storage->dtype == XENT_F16 ? offsets_of_f16[o] : offsets[o];
        struct batch b = batch_new(t->storage->dtype, rows, classes, (enum row_kind)kind, offset, &random);
        check_batch(m, t, &b);
        batch_free(&b);
    }
}

/* All kinds of rows, numbers of classes and offsets, for the precision of *state. */
static void rows_are_accurate(void **state)
{
    const struct types t = { *state, arithmetic_of(((const struct precision *)*state)->dtype) };
    const int sixteen = t.storage != t.arithmetic;
    const char *relative = sixteen ? "ulp" : t.storage->dtype == XENT_F32 ? "2^-24" : "2^-53";
    struct measure m[RESULTS] = {
        [LOSS] = { .result = sixteen ? "loss as F32" : "loss", .unit = "ulp" },
        [LOSS_IN_DOUBLE] = { .result = "loss as F64", .unit = t.arithmetic->dtype == XENT_F32 ? "2^-25" : "ulp" },
        [GRADIENT] = { .result = "gradient", .unit = relative },
        [GRADIENT_AT_TARGET] = { .result = "gradient at the target", .unit = relative },
        [SOFTMAX] = { .result = "softmax", .unit = relative },
        [LOG_SOFTMAX] = { .result = "log_softmax", .unit = "ulp" },
        [LOGSUMEXP] = { .result = "logsumexp", .unit = "ulp" },
        [LOSS_IN_STORAGE] = { .result = "loss in 16 bits", .unit = "ulp" },
    };
    check_all(m, &t);
    assert_int_equal(measures_print(t.storage->name, m, sixteen ? RESULTS : LOSS_IN_STORAGE), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, rows_are_accurate, true); }
