/* The first pass over a chunk: its maximum m, and the sum of the others over e^m. Assumes the elements of a variant (element.h).
 *
 * The first maximum is left out of the sum (Blanchard, Higham and Higham 2021, "Accurately computing the log-sum-exp and
 * softmax functions", Algorithm 4.1), so nothing tiny is ever added to 1. That costs nothing in the loop: its group of 64
 * classes is read from a copy in which it is -inf. Equal logits further on are ordinary terms. */
#ifndef XENT_KERNELS_REDUCE_INC_H
#define XENT_KERNELS_REDUCE_INC_H

#include <math.h>
#include <string.h>

#include "element.h"
#include "equal.h"
#include "exp.inc.h"
#include "logits.inc.h"
#include "relate.h"
#include "stretches.inc.h"
#include "sum.inc.h"
#include "sweep.inc.h"

/* A sweep of terms, in the order of memory. */
static inline __attribute__((always_inline)) void store_sweep(real *to, size_t sweep, vector *x)
{
    if (PAIRED)
        for (size_t v = 0; v < sweep; v += 2) interleave(&x[v]);
    EACH (v, sweep) v_store(to + v * WIDTH, x[v]);
}

/* As the vectors stand in the registers (lane_vector). */
static inline __attribute__((always_inline)) void store_sums(const struct sum *sum, size_t sweep, struct lanes *lanes,
                                                             size_t lane)
{
    EACH (v, sweep)
        EACH (part, PARTS) vf64_store(lanes->sum + lane + lane_vector(v, part, PAIRED) * VF64_WIDTH, sum[v].sum[part]);
    if (COMPENSATED)
        EACH (v, sweep) vf64_store(lanes->error + lane + v * WIDTH, sum[v].sum[ERROR]);
}

/* The maxima of a group, lane by lane of one vector. */
static inline vector maximum_of_group(const stored *p)
{
    vector x[XENT_LANES / WIDTH];
    for (size_t v = 0; v < XENT_LANES / WIDTH; v += SWEEP) load_sweep(p + v * WIDTH, SWEEP, &x[v]);
    for (size_t half = XENT_LANES / WIDTH / 2; half >= 1; half /= 2)
        for (size_t v = 0; v < half; v++) x[v] = v_max(x[v], x[v + half]);
    return x[0];
}

/* The largest logit, +0 for -0; `of_group` receives each group's vector of maxima. A NaN can be missed, and a logit beside
   one. */
static inline real maximum(const struct groups *groups, vector *of_group)
{
    vector all = v_set(-(real)INFINITY);
    for (size_t g = 0; g < groups->whole; g++) {
        of_group[g] = maximum_of_group(groups->z + XENT_LANES * g);
        all = v_max(all, of_group[g]);
    }
    if (groups->count > groups->whole) {
        of_group[groups->whole] = maximum_of_group(groups->tail);
        all = v_max(all, of_group[groups->whole]);
    }
    return v_max_lane(all) + (real)0;
}

/* Finds the first class at the maximum and takes it out of the sum. Among NaN there may be none; then nothing is taken out, so
   that no NaN is. */
static inline size_t take_out(struct groups *groups, const vector *of_group, real max)
{
    vector wanted = v_set(max);
    uint64_t at_maximum = 0; /* by lanes */
    size_t g = 0, lane;
    while (g + 1 < groups->count && v_equal(of_group[g], wanted) == 0) g++;
    memcpy(groups->patch, group_at(groups, g), sizeof groups->patch);
    groups->replaced = g;
    for (size_t v = 0; v < XENT_LANES / WIDTH; v++)
        at_maximum |= (uint64_t)v_equal(load(groups->patch + v * WIDTH), wanted) << (v * WIDTH);
    if (at_maximum == 0) return 0;
    lane = (size_t)__builtin_ctzll(at_maximum);
    groups->patch[lane] = minus_infinity;
    return XENT_LANES * g + lane;
}

/* How a chunk's terms are made and whether they are kept. Compilers make a loop of each: all that `flags` says is constant
   there. */
struct recipe {
    struct reference reference;
    vector base; /* what SUBTRACTS takes from the logits: the maximum */
};

/* SUMS_LOGITS adds up the logits as well. One loop does for that, and one for SUBTRACTS, which is seldom: there a stretch says whether
   terms are kept. */
enum { SUBTRACTS = 1, KEEPS = 2, SUMS_LOGITS = 4 };

/* Adds the terms of a stretch to a sweep's vectors of lanes. What is not PAIRED is loaded where it is needed: early loads would
   spill. Terms may go to an output that no cache holds, whose lines stores would wait for: they are fetched as the logits are. */
static inline __attribute__((always_inline)) void add_stretch(const struct groups *groups, const struct stretch *stretch,
                                                              size_t lane, struct recipe recipe, unsigned flags,
                                                              struct sum *sum, struct logit_sum *logits)
{
    const bool subtracts = (flags & SUBTRACTS) != 0, sums = (flags & SUMS_LOGITS) != 0;
    const bool keeps = (flags & KEEPS) != 0, by_stretch = sums || subtracts;
    const size_t sweep = sums ? SUMS_SWEEP : SWEEP, staged = STAGED < sweep ? STAGED : sweep, stages = sweep / staged;
    const stored *p = stretch->z + lane, *end = stretch->end + lane, *z = stretch->logits + lane;
    real *out = keeps && (!by_stretch || stretch->terms != NULL) ? stretch->terms + lane : NULL;
    const stored *replaced = groups->z + XENT_LANES * groups->replaced + lane, *patch = groups->patch + lane;
    for (; p != end; p += XENT_LANES) {
        vector x[SWEEP], scale[STAGED], low[STAGED];
        const stored *group = p == replaced ? patch : p;
        prefetch_sweep(p + stretch->ahead, sweep * WIDTH, lane);
        if (keeps && STORED_REALS && (!by_stretch || out != NULL))
            prefetch_sweep((const void *)(out + XENT_CHUNK), sweep * WIDTH, lane);
        if (PAIRED) load_sweep(group, sweep, x);
        if (sums) {
            add_logits(logits, sweep * PARTS, z);
            z += XENT_LANES;
        }
        EACH (stage, stages) {
            const size_t from = stage * staged;
            EACH (v, staged)
                if (!PAIRED) x[from + v] = load(group + (from + v) * WIDTH);
            EACH (v, staged)
                if (subtracts) x[from + v] = v_sub(x[from + v], recipe.base);
            exp_staged(recipe.reference, staged, x + from, scale, low);
            EACH (v, staged) sum_add(&sum[from + v], scale[v], low[v]);
            EACH (v, staged)
                if (keeps) x[from + v] = v_fma(scale[v], low[v], scale[v]);
        }
        if (!keeps || (by_stretch && out == NULL)) continue;
        store_sweep(out, sweep, x);
        out += XENT_LANES;
    }
    if (!stretch->ends_block) return;
    EACH (v, sweep) sum_flush(&sum[v]);
}

/* The sums over a chunk's lanes. */
struct chunk_sums {
    struct lanes terms, logits; /* the latter undefined unless SUMS_LOGITS */
};

/* Adds the terms of all stretches, SWEEP vectors of each group at a time. left: classes of the partial group, which is the last
   stretch. Sweeps behind the last class leave it out, since its terms there are +0. */
static inline __attribute__((always_inline)) void add_stretches(const struct groups *groups, const struct stretch *stretches,
                                                                size_t count, size_t left, struct recipe recipe, unsigned flags,
                                                                struct chunk_sums *sums)
{
    const bool sums_logits = (flags & SUMS_LOGITS) != 0;
    const size_t sweep = sums_logits ? SUMS_SWEEP : SWEEP;
    for (size_t lane = 0; lane < XENT_LANES; lane += sweep * WIDTH) {
        struct sum sum[SWEEP];
        struct logit_sum logits;
        EACH (v, sweep) sum[v] = sum_none();
        no_logits(&logits, sweep * PARTS);
        if (left > 0 && left <= lane) {
            count--;
            left = 0;
        }
        for (size_t i = 0; i < count; i++) add_stretch(groups, &stretches[i], lane, recipe, flags, sum, &logits);
        EACH (v, sweep) sum_flush(&sum[v]);
        store_sums(sum, sweep, &sums->terms, lane);
        if (sums_logits) store_logits(&logits, sweep * PARTS, &sums->logits, lane);
    }
}

/* Adds up all terms and, where `sums_logits`, all logits; answers the sum of the terms. */
static inline double sum_terms(const struct groups *groups, size_t n, struct reference reference, real base, bool subtracts,
                               real *terms, bool sums_logits, struct chunk_sums *sums)
{
    struct stretch stretches[MOST_STRETCHES];
    _Alignas(XENT_LINE) real tail_terms[XENT_LANES];
    size_t left = n % XENT_LANES, count = set_stretches(groups, terms, tail_terms, stretches);
    const struct recipe recipe = { reference, v_set(base) };
    if (sums_logits && subtracts) sum_logits(groups, &sums->logits);
    if (subtracts)
        add_stretches(groups, stretches, count, left, recipe, SUBTRACTS | KEEPS, sums);
    else if (sums_logits)
        add_stretches(groups, stretches, count, left, recipe, SUMS_LOGITS | KEEPS, sums);
    else if (terms != NULL)
        add_stretches(groups, stretches, count, left, recipe, KEEPS, sums);
    else
        add_stretches(groups, stretches, count, left, recipe, 0, sums);
    if (terms != NULL) memcpy(terms + XENT_LANES * groups->whole, tail_terms, left * sizeof(real));
    return tree_of(&sums->terms, PAIRED);
}

/* A chunk of nothing but -inf, or one that holds a NaN or +inf, which are their own terms. */
static void reduce_special(const stored *z, size_t n, real *terms, struct xent_chunk *chunk)
{
    double others = 0;
    for (size_t i = 0; i < n; i++) {
        real x = real_of(z[i]);
        bool special = !(x < (real)INFINITY);
        if (x != x)
            others = (double)NAN;
        else if (special && others == 0)
            others = (double)INFINITY;
        if (terms != NULL) terms[i] = special ? x : (real)0;
    }
    chunk->state = (struct xent_state){ .max = others == 0 ? -(double)INFINITY : (double)INFINITY, .rest = others };
    chunk->unit = 1;
    chunk->first = 0;
}

/* What a state has of n classes that all have the same coefficient. */
static inline void weigh_equally(double coef, size_t n, double sum, double error, struct xent_state *state)
{
    state->coef = coef * (double)n;
    state->gap = equal_gap(coef, (double)n, state->max, sum, error);
    state->coef_peak = fabs(coef);
}

/* equal: NULL, or the coefficient that all classes have. noinline: one body for both kernels. */
static __attribute__((noinline)) void reduce_chunk(const stored *z, size_t n, const double *equal, real *terms,
                                                   struct xent_chunk *chunk)
{
    struct groups groups;
    struct chunk_sums sums;
    vector of_group[XENT_CHUNK / XENT_LANES];
    real max, magnitude, exponent;
    double sum;
    bool large;
    set_groups(&groups, z, n);
    max = maximum(&groups, of_group);
    magnitude = max < 0 ? -max : max;
    if (!(magnitude < (real)INFINITY)) {
        reduce_special(z, n, terms, chunk);
        if (equal != NULL) weigh_equally(*equal, n, chunk->state.max, 0, &chunk->state);
        return;
    }
    if (equal != NULL) set_zero_tail(&groups, n);
    large = magnitude > LARGE;
    exponent = large ? (real)0 : (real)rint((double)(max * LOG2E));
    chunk->first = take_out(&groups, of_group, max);
    sum = sum_terms(&groups, n, reference(exponent), max, large, terms, equal != NULL, &sums);
    chunk->unit = large ? 1 : unit_of((double)exponent, (double)max);
    chunk->state = (struct xent_state){ .max = (double)max, .rest = sum * (0x1p-64 * chunk->unit) };
    if (equal == NULL) return;
    (void)tree(&sums.logits);
    weigh_equally(*equal, n, sums.logits.sum[0], COMPENSATED ? sums.logits.error[0] : 0, &chunk->state);
}

static void reduce(const void *z, size_t n, void *terms, struct xent_chunk *chunk) { reduce_chunk(z, n, NULL, terms, chunk); }

static void reduce_equal(const void *z, size_t n, double coef, void *terms, struct xent_chunk *chunk)
{
    reduce_chunk(z, n, &coef, terms, chunk);
}

#endif
