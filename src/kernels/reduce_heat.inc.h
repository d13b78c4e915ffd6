/* The first pass over a chunk that finds the heat beside the sum of the terms, which has the bits that it has without (reduce.inc.h).
 * Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_REDUCE_HEAT_INC_H
#define XENT_KERNELS_REDUCE_HEAT_INC_H

#include "heat.inc.h"
#include "reduce.inc.h"

/* Two sums of each lane take as many registers as those of terms and logits. */
enum { HEAT_SWEEP = SUMS_SWEEP, HEAT_STAGED = STAGED < HEAT_SWEEP ? STAGED : HEAT_SWEEP };

struct heat_sums {
    struct sum terms[HEAT_SWEEP], heat[HEAT_SWEEP];
};

static inline __attribute__((always_inline)) void heat_flush(struct heat_sums *sums)
{
    EACH (v, HEAT_SWEEP) sum_flush(&sums->terms[v]);
    EACH (v, HEAT_SWEEP) sum_flush(&sums->heat[v]);
}

/* top: the maximum of what is left of the logits once the base has been subtracted from them. */
static inline __attribute__((always_inline)) void heat_stretch(const struct groups *groups, const struct stretch *stretch,
                                                               size_t lane, struct recipe recipe, vector top, bool subtracts,
                                                               struct heat_sums *sums)
{
    const stored *p = stretch->z + lane, *end = stretch->end + lane;
    const stored *replaced = groups->z + XENT_LANES * groups->replaced + lane, *patch = groups->patch + lane;
    for (; p != end; p += XENT_LANES) {
        vector x[HEAT_SWEEP], scale[HEAT_STAGED], low[HEAT_STAGED];
        const stored *group = p == replaced ? patch : p;
        prefetch_sweep(p + stretch->ahead, HEAT_SWEEP * WIDTH, lane);
        load_sweep(group, HEAT_SWEEP, x);
        EACH (v, HEAT_SWEEP)
            if (subtracts) x[v] = v_sub(x[v], recipe.base);
        EACH (stage, HEAT_SWEEP / HEAT_STAGED) {
            const size_t from = stage * HEAT_STAGED;
            exp_staged(recipe.reference, HEAT_STAGED, x + from, scale, low);
            EACH (v, HEAT_STAGED)
                heat_add(&sums->terms[from + v], &sums->heat[from + v], scale[v], low[v],
                         distance(recipe.reference, top, x[from + v]));
        }
    }
    if (stretch->ends_block) heat_flush(sums);
}

/* As add_stretches. */
static inline __attribute__((always_inline)) void heat_stretches(const struct groups *groups, const struct stretch *stretches,
                                                                 size_t count, size_t left, struct recipe recipe, vector top,
                                                                 bool subtracts, struct lanes *terms, struct lanes *heat)
{
    for (size_t lane = 0; lane < XENT_LANES; lane += HEAT_SWEEP * WIDTH) {
        struct heat_sums sums;
        EACH (v, HEAT_SWEEP) sums.terms[v] = sum_none();
        EACH (v, HEAT_SWEEP) sums.heat[v] = sum_none();
        if (left > 0 && left <= lane) {
            count--;
            left = 0;
        }
        for (size_t i = 0; i < count; i++) heat_stretch(groups, &stretches[i], lane, recipe, top, subtracts, &sums);
        heat_flush(&sums);
        store_sums(sums.terms, HEAT_SWEEP, terms, lane);
        store_sums(sums.heat, HEAT_SWEEP, heat, lane);
    }
}

/* The steps of reduce_chunk, which is not made of this one so that losses stay the code that they are. */
static void reduce_with_heat(const void *z, size_t n, const double *equal, struct xent_chunk *chunk)
{
    struct groups groups;
    struct lanes terms, heat;
    struct stretch stretches[MOST_STRETCHES];
    vector of_group[XENT_CHUNK / XENT_LANES];
    struct recipe recipe;
    size_t count;
    real max, exponent;
    bool large;
    set_groups(&groups, z, n);
    max = maximum(&groups, of_group);
    if (!(max - max == 0)) {
        if (equal != NULL)
            reduce_equal(z, n, *equal, NULL, chunk);
        else
            reduce(z, n, NULL, chunk);
        return;
    }
    large = max > LARGE || max < -LARGE;
    exponent = large ? (real)0 : (real)rint((double)(max * LOG2E));
    recipe = (struct recipe){ reference(exponent), v_set(max) };
    chunk->first = take_out(&groups, of_group, max);
    count = set_stretches(&groups, NULL, NULL, stretches);
    if (large)
        heat_stretches(&groups, stretches, count, n % XENT_LANES, recipe, v_set((real)0), true, &terms, &heat);
    else
        heat_stretches(&groups, stretches, count, n % XENT_LANES, recipe, v_set(max), false, &terms, &heat);
    chunk->unit = large ? 1 : unit_of((double)exponent, (double)max);
    chunk->state = (struct xent_state){ .max = (double)max,
                                        .rest = tree_of(&terms, PAIRED) * (0x1p-64 * chunk->unit),
                                        .heat = tree_of(&heat, PAIRED) * (0x1p-64 * chunk->unit) };
    if (equal == NULL) return;
    set_zero_tail(&groups, n);
    sum_logits(&groups, &terms);
    (void)tree(&terms);
    weigh_equally(*equal, n, terms.sum[0], COMPENSATED ? terms.error[0] : 0, &chunk->state);
}

#endif
