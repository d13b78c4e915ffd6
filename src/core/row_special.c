#include "core/row_special.h"

#include "core/element.h"

/* What is subtracted from, for a class of probability p: (coef + pull) p. */
static double share_of(const struct xent_rescale *rescale, double p) { return p == 0 ? rescale->none : rescale->total * p; }

/* A single entry from double, where its class has no term or most of p - coef cancels. b: factor and slope left out. */
static void store_entry(const struct xent_second_pass *pass, const struct xent_part *part, double b, size_t c)
{
    const struct xent_row_shape *shape = pass->shape;
    double slope = pass->slopes == NULL ? 1 : xent_load_float(shape->real, pass->slopes + c * shape->real_size);
    b = slope == 0 ? 0 : b * slope;
    xent_store_float(shape->real, part->terms + c * part->step, b == 0 ? 0 : pass->gradient->factor * b);
}

/* p - 1 of a target that is the row's maximum is -rest / (1 + rest), with all its digits. */
static double less_than_target(const struct xent_second_pass *pass, double p)
{
    return pass->gradient->pull * p - pass->gradient->target_coef * pass->state->rest / (1 + pass->state->rest);
}

void xent_row_write_special(const struct xent_second_pass *pass, const struct xent_part *part,
                            const struct xent_rescale *rescale, double target_term)
{
    const struct xent_row_gradient *gradient = pass->gradient;
    size_t first = part->chunk->first, target = part->target;
    double coef = pass->coef == NULL ? 0 : pass->coef[first], p = rescale->share;
    if (target == first && part->leads && pass->coef == NULL) {
        store_entry(pass, part, less_than_target(pass, p), first);
        return;
    }
    if (target == first) coef += gradient->target_coef;
    store_entry(pass, part, share_of(rescale, p) - coef, first);
    if (target == first || target == SIZE_MAX) return;
    p *= target_term * 0x1p-64 * part->chunk->unit;
    coef = gradient->target_coef + (pass->coef == NULL ? 0 : pass->coef[target]);
    store_entry(pass, part, share_of(rescale, p) - coef, target);
}
