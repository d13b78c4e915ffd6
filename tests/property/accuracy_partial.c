/* Accuracy of rows in parts that are cut anywhere, against binary128: loss, log-sum-exp, entropy and gradient, each within the bound of whole
   rows, but for an entropy of F64 logits, to which each doubling of the parts adds as much as one of the chunks. */
#include <math.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "accuracy_reference.h"
#include "support/effort.h"
#include "support/tensors.h"

static const int64_t classes_list[] = { 2, 3, 10, 1000, 4097, 12288, 20000 };
static const double offsets[] = { 0, -3e4, 1e6 };
enum {
    CLASSES = sizeof classes_list / sizeof classes_list[0],
    OFFSETS = sizeof offsets / sizeof offsets[0],
    LOGITS_PER_BATCH = 40000,
    ROWS_PER_BATCH = 200,
    MOST_PARTS = 20
};

enum result { LOSS, LSE, ENTROPY, GRADIENT, GRADIENT_AT_TARGET, RESULTS };

struct cut {
    int32_t parts;
    xent_shard shard[MOST_PARTS];
};

/* At any classes; here and there a part is empty. */
static struct cut draw_cut(const struct batch *b, struct random *r)
{
    struct cut cut = { .parts = (int32_t)(1 + random_below(r, MOST_PARTS)) };
    int64_t first = 0;
    for (int32_t i = 0; i < cut.parts; i++) {
        const int64_t left = b->classes - first, share = 2 * left / (cut.parts - i);
        const int64_t some = share > 0 ? random_below(r, share + 1) : 0,
                      classes = i + 1 == cut.parts || some > left ? left : some;
        cut.shard[i] = (xent_shard){ .first = first, .classes = classes, .of = b->classes, .dtype = (int32_t)b->dtype };
        first += classes;
    }
    return cut;
}

/* ---- Solving -------------------------------------------------------------------------------------------------------- */

struct answers {
    double *loss, *lse, *entropy;
    void *gradient;
};

static xent_tensor *slice(const struct batch *b, void *table, const xent_shard *shard)
{
    char *at = (char *)table + (size_t)shard->first * xent_dtype_size(b->dtype);
    return tensor_strided(b->dtype, SHAPE(b->rows, shard->classes), (const int64_t[]){ b->classes, 1 }, at);
}

static xent_partial *merge(const struct batch *b, const struct cut *cut, const xent_tensor *target, const xent_options *options)
{
    xent_partial *states[MOST_PARTS], *whole = calloc((size_t)b->rows, sizeof *whole);
    assert_non_null(whole);
    for (int32_t i = 0; i < cut->parts; i++) {
        const xent_shard *shard = &cut->shard[i];
        xent_tensor *logits = slice(b, b->logits, shard);
        states[i] = calloc((size_t)(b->rows * xent_partials_per_row(shard)) + 1, sizeof **states);
        assert_non_null(states[i]);
        expect_ok(xent_partial_reduce(logits, shard, target, options, states[i]));
        xent_tensor_destroy(logits);
    }
    expect_ok(xent_partial_merge(cut->parts, cut->shard, (const xent_partial *const *)states, b->rows, whole));
    for (int32_t i = 0; i < cut->parts; i++) free(states[i]);
    return whole;
}

static struct answers solve(const struct batch *b, const struct cut *cut)
{
    struct answers a = { .loss = elements_new(XENT_F64, b->rows),
                         .lse = elements_new(XENT_F64, b->rows),
                         .entropy = elements_new(XENT_F64, b->rows),
                         .gradient = elements_new(b->dtype, b->rows * b->classes) };
    xent_tensor *target = tensor_over(XENT_I64, SHAPE(b->rows), b->target);
    xent_tensor *loss = tensor_over(XENT_F64, SHAPE(b->rows), a.loss);
    xent_options none = XENT_OPTIONS_INIT;
    xent_stats stats = XENT_STATS_INIT;
    xent_partial *whole;
    none.reduction = XENT_REDUCTION_NONE;
    stats.lse = tensor_over(XENT_F64, SHAPE(b->rows), a.lse);
    stats.entropy = tensor_over(XENT_F64, SHAPE(b->rows), a.entropy);
    whole = merge(b, cut, target, &none);
    expect_ok(xent_partial_finish(whole, &cut->shard[0], target, &none, &stats, loss));
    for (int32_t i = 0; i < cut->parts; i++) {
        xent_tensor *logits = slice(b, b->logits, &cut->shard[i]), *gradient = slice(b, a.gradient, &cut->shard[i]);
        expect_ok(xent_partial_grad(logits, &cut->shard[i], target, &none, whole, NULL, gradient));
        xent_tensor_destroy(logits);
        xent_tensor_destroy(gradient);
    }
    free(whole);
    xent_tensor_destroy(target);
    xent_tensor_destroy(loss);
    xent_tensor_destroy(stats.lse);
    xent_tensor_destroy(stats.entropy);
    return a;
}

/* ---- Measuring ------------------------------------------------------------------------------------------------------ */

/* What xent.h allows the double of an entropy. */
static double allowed_entropy(const struct precision *p, const struct batch *b, const struct cut *cut, double entropy)
{
    const bool wide = p->dtype == XENT_F64;
    double units = wide ? 16 : 3;
    for (int64_t most = 4096; wide && most < b->classes; most *= 2) units += 5;
    for (int32_t parts = 1; wide && parts < cut->parts; parts *= 2) units += 5;
    return units * p->unit * entropy + (double)b->classes * (wide ? 0x1p-1063 : 0x1p-182);
}

static void check_row(struct measure *m, const struct precision *p, const struct batch *b, const struct cut *cut,
                      const struct answers *a, const struct reference *r, int64_t i)
{
    const quad loss = -reference_log_probability(r, b->target[i]), lse = r->max + r->log1p_rest;
    const bool wide = p->dtype == XENT_F64;
    const double loss_unit = wide ? ulp(p, loss) : 0x1p-25 * (double)loss;
    const double lse_unit = wide ? ulp(p, lse) : 0x1.6a09e6p-25 * (double)r->log1p_rest;
    quad entropy = r->log1p_rest;
    for (int64_t c = 0; c < b->classes; c++)
        if (c != r->first && r->term[c] != 0) entropy += r->term[c] * (r->max - r->z[c]) * r->inverse;
    measure(&m[LOSS], a->loss[i], loss, loss < 0x1p-149 ? 0 : loss_unit,
            wide ? 4 * loss_unit : 1.2 * loss_unit + (double)b->classes * 0x1p-190, b);
    measure(&m[LSE], a->lse[i], lse, 0,
            (wide ? lse_unit + 0x1p-51 * (double)r->log1p_rest : lse_unit) + ulp(&precision_f64, lse), b);
    measure(&m[ENTROPY], a->entropy[i], entropy, entropy < 0x1p-149 ? 0 : p->unit * (double)entropy,
            allowed_entropy(p, b, cut, (double)entropy), b);
}

static void check_entries(struct measure *m, const struct precision *p, const struct batch *b, const struct answers *a,
                          const struct reference *r, int64_t i)
{
    for (int64_t c = 0; c < b->classes; c++) {
        const bool hot = c == b->target[i];
        const quad exact = hot ? reference_probability_less_one(r, c) : reference_probability(r, c);
        const double got = element(b->dtype, a->gradient, i * b->classes + c), size = p->unit * fabs((double)exact);
        const double units = p->dtype == XENT_F32 ? 4 : 6 + (double)(r->max - r->z[c]) / 24;
        if (r->z[c] == -INFINITY)
            assert_true(got == 0);
        else
            measure(&m[hot ? GRADIENT_AT_TARGET : GRADIENT], got, exact, size < p->tiny ? 0 : size, units * size + p->tiny, b);
    }
}

static void check_batch(struct measure *m, const struct precision *p, const struct batch *b, struct random *random)
{
    const struct cut cut = draw_cut(b, random);
    struct answers a = solve(b, &cut);
    quad *room = malloc(2 * (size_t)b->classes * sizeof *room);
    assert_non_null(room);
    for (int64_t i = 0; i < b->rows; i++) {
        const struct reference r = reference_of_doubles(b->exact + i * b->classes, b->classes, room);
        check_row(m, p, b, &cut, &a, &r, i);
        check_entries(m, p, b, &a, &r, i);
    }
    free(room);
    free(a.loss);
    free(a.lse);
    free(a.entropy);
    free(a.gradient);
}

static void rows_in_parts_are_accurate(void **state)
{
    const struct precision *p = *state;
    const char *relative = p->dtype == XENT_F32 ? "2^-24" : "2^-53";
    struct random random = accuracy_stream(9, p->dtype);
    struct measure m[RESULTS] = {
        [LOSS] = { .result = "loss as F64, in parts", .unit = p->dtype == XENT_F32 ? "2^-25" : "ulp" },
        [LSE] = { .result = "lse as F64, in parts", .unit = "-" },
        [ENTROPY] = { .result = "entropy as F64, in parts", .unit = relative },
        [GRADIENT] = { .result = "gradient, in parts", .unit = relative },
        [GRADIENT_AT_TARGET] = { .result = "gradient at the target, in parts", .unit = relative },
    };
    for (int k = 0; k < CLASSES * ROW_KINDS * OFFSETS; k++) {
        const int64_t classes = classes_list[k / (ROW_KINDS * OFFSETS)], fit = effort(LOGITS_PER_BATCH) / classes;
        const int64_t rows = fit < 1 ? 1 : fit > ROWS_PER_BATCH ? ROWS_PER_BATCH : fit;
        struct batch b =
            batch_new(p->dtype, rows, classes, (enum row_kind)(k / OFFSETS % ROW_KINDS), offsets[k % OFFSETS], &random);
        check_batch(m, p, &b, &random);
        batch_free(&b);
    }
    assert_int_equal(measures_print(p->name, m, RESULTS), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, rows_in_parts_are_accurate, false); }
