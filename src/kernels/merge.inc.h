/* Sums over lanes that may hold anything, and the merging of two runs of classes. A template, included once per element type.
 * Expects lanes.inc.h and exp.inc.h; defines F(accumulate), F(total), F(merge). */

/* *sum += x, and *error += what the rounding lost where the sums carry that (Knuth's TwoSum) */
static inline void F(accumulate)(vf64 *sum, vf64 *error, vf64 x)
{
    vf64 old = *sum, new = vf64_add(old, x);
    *sum = new;
    if (COMPENSATED) {
        vf64 back = vf64_sub(new, old);
        *error = vf64_add(*error, vf64_add(vf64_sub(old, vf64_sub(new, back)), vf64_sub(x, back)));
    }
}

/* The plain sum where the compensated one is NaN: TwoSum makes NaN of an infinity, which is what a positive coefficient against
   -inf comes to. (The sum of the terms has no such rule: there a NaN may stand in the errors alone.) */
static inline double F(total)(struct lanes *lanes)
{
    double total = F(tree)(lanes);
    return total == total ? total : lanes->sum[0];
}

/* The gaps of the lower run are measured from its own maximum: lifted to the other's, unless there is nothing to lift. */
static double F(merge_gaps)(const struct xent_state *upper, const struct xent_state *lower)
{
    double lift = upper->max - lower->max;
    if (lower->max == -(double)INFINITY || lower->coef == 0 || lift == 0) return upper->gap + lower->gap;
    return upper->gap + (lower->gap + lower->coef * lift);
}

static void F(merge)(struct xent_state *left, const struct xent_state *right)
{
    struct xent_state a = *left, b = *right;
    const struct xent_state *upper = b.max > a.max ? &b : &a, *lower = b.max > a.max ? &a : &b;
    left->max = upper->max;
    if (lower->max == (double)INFINITY)
        left->rest = upper->rest + lower->rest;
    else if (lower->max == -(double)INFINITY)
        left->rest = upper->rest;
    else
        left->rest = upper->rest + F(scaled)(lower->rest + 1, lower->max, upper->max);
    left->gap = F(merge_gaps)(upper, lower);
    left->coef = a.coef + b.coef;
    left->coef_peak = a.coef_peak > b.coef_peak ? a.coef_peak : b.coef_peak;
}
