#include "rows/row_special.h"

#include "args/element.h"

/* What is subtracted from, for a class of probability p: (coef + pull) p. */
static double share_of(const struct xent_rescale *rescale, double p) { return p == 0 ? rescale->none : rescale->total * p; }

/* b: factor and slope left out. */
static void store_entry(const struct xent_special *special, double b, size_t c)
{
    const struct xent_row_shape *shape = special->shape;
    if (special->slopes != NULL) {
        double slope = xent_load_float(shape->real, special->slopes + c * shape->real_size);
        b = slope == 0 ? 0 : b * slope;
    }
    b = b == 0 ? 0 : special->gradient->factor * b;
    xent_store_float(special->dtype, special->entries + c * special->step, shape->real == XENT_F32 ? (double)(float)b : b);
}

/* p - 1 of a target that is the row's maximum is -rest / (1 + rest), with all its digits. */
static double less_than_target(const struct xent_special *special, double p)
{
    return special->gradient->pull * p - special->gradient->target_coef * special->rest / (1 + special->rest);
}

/* The coefficient of a class but for target_coef. */
static double coef_of(const struct xent_special *special, size_t c)
{
    return special->coef == NULL ? 0 : special->coef->at[c * special->coef->step];
}

void xent_row_write_special(const struct xent_special *special)
{
    const struct xent_rescale *rescale = special->rescale;
    size_t first = special->first, target = special->target;
    double coef = coef_of(special, first), p = rescale->share;
    if (target == first && special->leads && special->coef == NULL) {
        store_entry(special, less_than_target(special, p), first);
        return;
    }
    if (target == first) coef += special->gradient->target_coef;
    store_entry(special, share_of(rescale, p) - coef, first);
    if (target == first || target == SIZE_MAX) return;
    p *= special->target_term * 0x1p-64 * rescale->unit;
    coef = special->gradient->target_coef + coef_of(special, target);
    store_entry(special, share_of(rescale, p) - coef, target);
}
