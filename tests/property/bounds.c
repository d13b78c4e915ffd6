#include "bounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct bound_units units_f32 = { 1.2 * 0x1p-25,  0x1p-190, 1,       8 * 0x1p-24,
                                              0x1.6a09e6p-25, 0x1p-22,  0x1p-21, 0x1p-126 };
static const struct bound_units units_f64 = {
    8 * 0x1p-53, 0x1p-1074, 0x1p-11, 8 * 0x1p-53, 0x1p-51, 0x1p-50, 0x1p-49, 0x1p-960
};

const struct bound_units *bound_units_of(xent_dtype dtype) { return dtype == XENT_F64 ? &units_f64 : &units_f32; }

double objective_scale(const struct objective *o) { return rounded(arithmetic_of(o->dtype), o->options->logit_scale); }

double objective_softcap(const struct objective *o) { return rounded(arithmetic_of(o->dtype), o->options->softcap); }

double objective_scaled(const struct objective *o, double z)
{
    /* The product of two floats is exact in double. */
    return rounded(arithmetic_of(o->dtype), objective_scale(o) * z);
}

double objective_reduced(const struct objective *o, double x)
{
    if (o->dtype == XENT_F64) return x / o->options->softcap;
    return (double)((float)x / (float)o->options->softcap);
}

double objective_coefficient(const struct objective *o, const struct row *row, int64_t c)
{
    const double e = o->options->label_smoothing, weight = o->weight == NULL ? 1 : o->weight[c];
    const double target = row->probabilities != NULL ? row->probabilities[c] : c == row->target;
    return weight * ((1 - e) * target + e / (double)o->classes);
}

struct bounds bounds_new(int64_t classes)
{
    double *memory = malloc(6 * (size_t)classes * sizeof *memory);
    if (memory == NULL) {
        perror("bounds");
        exit(EXIT_FAILURE);
    }
    return (struct bounds){ .capped = memory,
                            .probability = memory + classes,
                            .coefficient = memory + 2 * classes,
                            .slope = memory + 3 * classes,
                            .entry = memory + 4 * classes,
                            .allowed = memory + 5 * classes };
}

void bounds_free(struct bounds *b) { free(b->capped); }

/* v and dv/dz of each class; returns the class of the first maximum. */
static int64_t cap(struct bounds *b, const struct objective *o, const struct row *row)
{
    const double softcap = objective_softcap(o), scale = objective_scale(o);
    int64_t first = 0;
    for (int64_t c = 0; c < o->classes; c++) {
        const double x = objective_scaled(o, row->logits[c]);
        b->capped[c] = x;
        b->slope[c] = scale;
        if (softcap != 0 && x > -INFINITY) {
            const double e = exp(-2 * fabs(objective_reduced(o, x)));
            b->capped[c] = softcap * tanh(x / softcap);
            b->slope[c] = scale * (4 * e / ((1 + e) * (1 + e)));
        }
        if (b->capped[c] > b->capped[first]) first = c;
    }
    return first;
}

static void reduce(struct bounds *b, const struct objective *o, const struct row *row, int64_t first)
{
    const double max = b->max = b->capped[first];
    double rest = 0;
    b->total = 0;
    for (int64_t c = 0; c < o->classes; c++) {
        b->probability[c] = exp(b->capped[c] - max);
        if (c != first) rest += b->probability[c];
        b->coefficient[c] = objective_coefficient(o, row, c);
        b->total += b->coefficient[c];
    }
    for (int64_t c = 0; c < o->classes; c++) b->probability[c] /= 1 + rest;
    b->log1p_rest = log1p(rest);
    b->lse = max + b->log1p_rest;
    b->loss = 0;
    for (int64_t c = 0; c < o->classes; c++) {
        if (b->coefficient[c] != 0) b->loss += b->coefficient[c] * ((max - b->capped[c]) + b->log1p_rest);
    }
}

/* What the library's capped logits, each off by a little, do to a row: their probabilities stay within a factor of 1 + growth,
   its lse within `lse`, and its loss, without the z-loss, within `loss`. */
struct shift {
    double growth, lse, loss;
};

static struct shift shift_of(const struct bounds *b, const struct objective *o, const struct bound_units *u)
{
    struct shift s = { 0, 0, 0 };
    double most = 0;
    if (o->options->softcap == 0) return s;
    for (int64_t c = 0; c < o->classes; c++) {
        if (b->capped[c] > -INFINITY) most = fmax(most, u->capped * fabs(b->capped[c]));
    }
    s.growth = expm1(2 * most);
    for (int64_t c = 0; c < o->classes; c++) {
        if (b->capped[c] == -INFINITY) continue;
        const double off = u->capped * fabs(b->capped[c]), share = b->probability[c] * s.growth;
        s.lse += (b->probability[c] + share) * off;
        s.loss += (fabs(b->total * b->probability[c] - b->coefficient[c]) + b->total * share) * off;
    }
    return s;
}

static void bound_loss(struct bounds *b, const struct objective *o, const struct bound_units *u, const struct shift *s)
{
    const double lost = (1 + u->lost * (double)o->classes) * u->small;
    const double z_loss = o->options->z_loss, off = s->lse + u->through_log1p * b->log1p_rest + lost, far = fabs(b->lse) + off;
    b->loss_allowed = u->loss * (b->loss + s->loss) + s->loss + b->total * lost + 0x1p-1074;
    if (z_loss == 0) return;
    b->loss_allowed += z_loss * off * (far + fabs(b->lse)) + u->loss * z_loss * far * far;
    b->loss += z_loss * b->lse * b->lse;
}

static void bound_entry(struct bounds *b, const struct objective *o, const struct row *row, const struct bound_units *u,
                        const struct shift *s, int64_t c)
{
    const double p = b->probability[c], z_loss = 2 * o->options->z_loss, scale = objective_scale(o);
    const double inner = b->total * p - b->coefficient[c] + z_loss * b->lse * p;
    const double size = b->total * p + b->coefficient[c] + z_loss * (fabs(b->lse) + b->log1p_rest) * p;
    const double moved = p * (b->total * s->growth + z_loss * (fabs(b->lse) * s->growth + s->lse * (1 + s->growth))) +
                         u->small * (b->total + z_loss * (fabs(b->lse) + b->log1p_rest));
    const double slope = b->slope[c];
    const double steeper = o->options->softcap == 0 ? 0 : fmax(u->slope * slope, scale * u->slope_floor);
    const double off = (slope + steeper) * (u->entry * size + moved) + steeper * fabs(inner);
    const struct precision *arithmetic = arithmetic_of(o->dtype), *storage = precision_of(o->dtype);
    b->entry[c] = slope == 0 || inner == 0 ? 0 : row->factor * slope * inner;
    b->allowed[c] = fabs(row->factor) * off + 2 * arithmetic->tiny; /* what is subnormal is rounded up to three times */
    if (storage != arithmetic) b->allowed[c] += half_ulp(storage, fabs(b->entry[c]) + b->allowed[c]);
}

void bounds_of(struct bounds *b, const struct objective *o, const struct row *row)
{
    const struct bound_units *u = bound_units_of(o->dtype);
    reduce(b, o, row, cap(b, o, row));
    const struct shift s = shift_of(b, o, u);
    bound_loss(b, o, u, &s);
    for (int64_t c = 0; c < o->classes; c++) bound_entry(b, o, row, u, &s, c);
}
