/* Accuracy of softcap itself: v = softcap tanh(x / softcap) and dv/dx, as directly as the interface shows them. A row of one class
   has p = 1, so with a z-loss k its loss is k v^2 and its gradient 2 k v dv/dz, and no exponential comes in. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "everywhere.h"
#include "support/effort.h"
#include "trial.h"

enum { LOGITS = 6000 };
enum result { VALUE, SLOPE, RESULTS };

/* A cap, and the largest and smallest x / softcap to try: both ends of the type's numbers where the cap lies near one. */
struct caps {
    double softcap, scale, least, most;
};
static const struct caps caps_f32[] = { { 30, 1, 1e-30, 1e9 },       { 50.3, 1.3, 1e-8, 100 }, { 1, 1, 1e-37, 1e30 },
                                        { 1e30, 1, 1e-45, 3e8 },     { 1e30, 1, 1e-3, 100 },   { 1e-30, 1, 1e-15, 1e60 },
                                        { 1e-30, 1e-30, 1e-3, 100 }, { 0.7, 1e30, 1e-8, 1e8 } };
static const struct caps caps_f64[] = { { 30, 1, 1e-30, 1e9 },     { 50.3, 1.3, 1e-8, 400 },   { 1, 1, 1e-100, 1e100 },
                                        { 1e30, 1, 1e-100, 1e60 }, { 1e-30, 1, 1e-100, 1e60 }, { 1e-30, 1e-30, 1e-3, 400 },
                                        { 7, 1, 1e-3, 10 },        { 0.7, 1e30, 1e-30, 1e8 } };
static const struct caps caps_16[] = { { 30, 1, 1e-6, 2e3 }, { 50.3, 1.3, 1e-3, 100 }, { 1e-3, 0.1, 1e-2, 100 } };

/* Both signs, all magnitudes alike; every second one where the slope is neither 0 nor 1. */
static double draw(const struct caps *k, int64_t i, struct random *r)
{
    const double low = i % 2 == 0 ? k->least : fmax(k->least, 1e-2), high = i % 2 == 0 ? k->most : fmin(k->most, 60);
    const double u = exp(log(low) + random_uniform(r) * (log(high) - log(low)));
    return (random_chance(r, 2) ? -u : u) * k->softcap / k->scale;
}

/* The rows { z } with softcap, their losses k v^2 as F64 and their gradients. k is a power of two near 1 / softcap: it rounds
   nothing, and keeps the gradient within the type. */
static void solve(xent_dtype dtype, const xent_options *options, int64_t n, double *z, double *loss, double *gradient)
{
    xent_tensor *logits = tensor_new(dtype, SHAPE(n, 1), ROW_MAJOR), *target = tensor_new(XENT_I64, SHAPE(n), ROW_MAJOR);
    xent_tensor *entries = tensor_new(dtype, SHAPE(n, 1), ROW_MAJOR), *losses = tensor_over(XENT_F64, SHAPE(n), loss);
    tensor_fill(logits, z);
    tensor_numbers(logits, z);
    expect_everywhere(xent_cross_entropy_grad(logits, target, options, NULL, losses, entries), losses, entries);
    tensor_numbers(entries, gradient);
    tensor_free(logits);
    tensor_free(target);
    tensor_free(entries);
    xent_tensor_destroy(losses);
}

/* v from the loss, and dv/dx from the gradient divided by that v. */
static void check(struct measure *m, const struct objective *o, double z, double loss, double gradient)
{
    const struct batch nowhere = { .classes = 1, .offset = z };
    const struct precision *storage = precision_of(o->dtype), *arithmetic = arithmetic_of(o->dtype);
    const int wide = o->dtype == XENT_F64;
    const double x = objective_scaled(o, z), k = o->options->z_loss, factor = 2 * k * objective_scale(o);
    const quad softcap = (quad)objective_softcap(o), e = quad_exp(-2 * quad_abs((quad)objective_reduced(o, x)));
    const quad v = softcap * quad_tanh((quad)x / softcap), slope = 4 * e / ((1 + e) * (1 + e));
    /* The sign is that of the gradient, where it has one. */
    const double got = copysign(sqrt(loss / k), gradient == 0 ? z : gradient), size = fabs((double)v);
    const double in_loss = (wide ? 8 * 0x1p-53 : 1.2 * 0x1p-25) / 2, in_v = wide ? 0x1p-50 : 0x1p-22;
    measure(&m[VALUE], got, v, arithmetic->unit * size, (in_v + in_loss) * size + arithmetic->tiny, &nowhere);
    if (got == 0) return;

    const double in_slope = fmax((wide ? 0x1p-49 : 0x1p-21) * (double)slope, wide ? 0x1p-960 : 0x1p-126);
    const double in_entry = ((double)slope + in_slope) * (in_loss + 8 * arithmetic->unit);
    const double entry = fabs(factor * got) * ((double)slope + in_slope + in_entry);
    const double rounding = storage == arithmetic ? storage->tiny : half_ulp(storage, entry);
    const double unit = storage->unit * (double)slope;
    measure(&m[SLOPE], gradient / (factor * got), slope,
            entry * storage->unit < storage->tiny || (double)slope < 0x1p-100 ? 0 : unit,
            in_slope + in_entry + rounding / fabs(factor * got), &nowhere);
}

static void check_cap(struct measure *m, xent_dtype dtype, const struct caps *k, struct random *r)
{
    const int64_t n = effort(LOGITS);
    double *z = numbers_new(n), *loss = numbers_new(n), *gradient = numbers_new(n);
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE;
    options.softcap = k->softcap;
    options.logit_scale = k->scale;
    options.z_loss = ldexp(1, -ilogb(k->softcap) - ilogb(k->scale));
    const struct objective o = { dtype, 1, &options, NULL };
    for (int64_t i = 0; i < n; i++) z[i] = draw(k, i, r);
    solve(dtype, &options, n, z, loss, gradient);
    for (int64_t i = 0; i < n; i++) check(m, &o, z[i], loss[i], gradient[i]);
    free(z);
    free(loss);
    free(gradient);
}

static void softcap_is_accurate(void **state)
{
    const struct precision *p = *state;
    const char *unit = p->dtype == XENT_F64 ? "2^-53" : "2^-24";
    const int sixteen = arithmetic_of(p->dtype) != p;
    const struct caps *caps = sixteen ? caps_16 : p->dtype == XENT_F32 ? caps_f32 : caps_f64;
    const size_t count = sixteen ? sizeof caps_16 / sizeof *caps : sizeof caps_f32 / sizeof *caps;
    struct measure m[RESULTS] = { [VALUE] = { .result = "softcap", .unit = unit },
                                  [SLOPE] = { .result = "its derivative", .unit = sixteen ? "ulp/2" : unit } };
    struct random random = accuracy_stream(5, p->dtype);
    for (size_t i = 0; i < count; i++) check_cap(m, p->dtype, &caps[i], &random);
    assert_int_equal(measures_print(p->name, m, RESULTS), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, softcap_is_accurate, true); }
