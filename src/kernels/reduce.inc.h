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
#include "exp.inc.h"
#include "relate.h"
#include "stretches.inc.h"
#include "sum.inc.h"

/* SWEEP vectors of elements. Where PAIRED, they are not in the order of memory, but every lane of a chunk's sums still adds up
   its own classes (store_sums). */
static inline void load_sweep(const stored *p, vector *x)
{
    if (PAIRED)
        for (size_t v = 0; v < SWEEP; v += 2) load_pair(p + v * WIDTH, &x[v]);
    else
        EACH (v, SWEEP) x[v] = load(p + v * WIDTH);
}

/* A sweep of terms, in the order of memory. */
static inline void store_sweep(real *to, vector *x)
{
    if (PAIRED)
        for (size_t v = 0; v < SWEEP; v += 2) interleave(&x[v]);
    EACH (v, SWEEP) v_store(to + v * WIDTH, x[v]);
}

static inline void store_sums(const struct sum *sum, struct lanes *lanes, size_t lane)
{
    if (PAIRED) {
        struct lanes sorted;
        EACH (v, SWEEP) sum_store(&sum[v], &sorted, v * WIDTH);
        for (size_t v = 0; v < SWEEP; v++)
            for (size_t i = 0; i < WIDTH; i++) lanes->sum[lane + v / 2 * 2 * WIDTH + 2 * i + v % 2] = sorted.sum[v * WIDTH + i];
    } else {
        EACH (v, SWEEP) sum_store(&sum[v], lanes, lane + v * WIDTH);
    }
}

/* The maxima of a group, lane by lane of one vector. */
static inline vector maximum_of_group(const stored *p)
{
    vector x[XENT_LANES / WIDTH];
    for (size_t v = 0; v < XENT_LANES / WIDTH; v += SWEEP) load_sweep(p + v * WIDTH, &x[v]);
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
    size_t g = 0;
    while (g + 1 < groups->count && v_equal(of_group[g], wanted) == 0) g++;
    memcpy(groups->patch, group_at(groups, g), sizeof groups->patch);
    groups->replaced = g;
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) {
        unsigned equal = v_equal(load(groups->patch + lane), wanted);
        if (equal == 0) continue;
        lane += (size_t)__builtin_ctz(equal);
        groups->patch[lane] = minus_infinity;
        return XENT_LANES * g + lane;
    }
    return 0;
}

/* How a chunk's terms are made and whether they are kept. Compilers make a loop of each: all that `flags` says is constant
   there. */
struct recipe {
    struct reference reference;
    vector base; /* what SUBTRACTS takes from the logits: the maximum */
};

enum { SUBTRACTS = 1, KEEPS = 2 };

/* Adds the terms of a stretch to SWEEP vectors of lanes. What is not PAIRED is loaded where it is needed: early loads would
   spill. */
static inline __attribute__((always_inline)) void add_stretch(const struct stretch *stretch, size_t lane, struct recipe recipe,
                                                              unsigned flags, struct sum *sum)
{
    const bool subtracts = (flags & SUBTRACTS) != 0, keeps = (flags & KEEPS) != 0;
    const stored *p = stretch->z + lane, *end = stretch->end + lane;
    real *out = keeps ? stretch->terms + lane : NULL;
    for (; p != end; p += XENT_LANES) {
        vector x[SWEEP], scale[STAGED], low[STAGED];
        prefetch_sweep(p + stretch->ahead, lane);
        if (PAIRED) load_sweep(p, x);
        EACH (stage, SWEEP / STAGED) {
            const size_t from = stage * STAGED;
            EACH (v, STAGED)
                if (!PAIRED) x[from + v] = load(p + (from + v) * WIDTH);
            EACH (v, STAGED)
                if (subtracts) x[from + v] = v_sub(x[from + v], recipe.base);
            exp_staged(recipe.reference, STAGED, x + from, scale, low);
            EACH (v, STAGED) sum_add(&sum[from + v], scale[v], low[v]);
            EACH (v, STAGED)
                if (keeps) x[from + v] = v_fma(scale[v], low[v], scale[v]);
        }
        if (!keeps) continue;
        store_sweep(out, x);
        out += XENT_LANES;
    }
    if (!stretch->ends_block) return;
    EACH (v, SWEEP) sum_flush(&sum[v]);
}

/* Adds the terms of all stretches, SWEEP vectors of each group at a time. left: classes of the partial group, which is the last
   stretch. Sweeps behind the last class leave it out, since its terms there are +0. */
static inline __attribute__((always_inline)) void add_stretches(const struct stretch *stretches, size_t count, size_t left,
                                                                struct recipe recipe, unsigned flags, struct lanes *lanes)
{
    for (size_t lane = 0; lane < XENT_LANES; lane += SWEEP_ELEMENTS) {
        struct sum sum[SWEEP];
        EACH (v, SWEEP) sum[v] = sum_none();
        if (left > 0 && left <= lane) {
            count--;
            left = 0;
        }
        for (size_t i = 0; i < count; i++) add_stretch(&stretches[i], lane, recipe, flags, sum);
        EACH (v, SWEEP) sum_flush(&sum[v]);
        store_sums(sum, lanes, lane);
    }
}

/* The sum of all terms. */
static inline double sum_terms(const struct groups *groups, size_t n, struct reference reference, real base, bool subtracts,
                               real *terms)
{
    struct lanes lanes;
    struct stretch stretches[MOST_STRETCHES];
    real tail_terms[XENT_LANES];
    size_t left = n % XENT_LANES, count = set_stretches(groups, terms, tail_terms, stretches);
    const struct recipe recipe = { reference, v_set(base) };
    if (subtracts && terms != NULL)
        add_stretches(stretches, count, left, recipe, SUBTRACTS | KEEPS, &lanes);
    else if (subtracts)
        add_stretches(stretches, count, left, recipe, SUBTRACTS, &lanes);
    else if (terms != NULL)
        add_stretches(stretches, count, left, recipe, KEEPS, &lanes);
    else
        add_stretches(stretches, count, left, recipe, 0, &lanes);
    if (terms != NULL) memcpy(terms + XENT_LANES * groups->whole, tail_terms, left * sizeof(real));
    return tree(&lanes);
}

/* A chunk of nothing but -inf, or one that holds a NaN or +inf. */
static void reduce_special(const stored *z, size_t n, real *terms, struct xent_chunk *chunk)
{
    double others = 0;
    for (size_t i = 0; i < n; i++) {
        real x = real_of(z[i]);
        if (x != x)
            others = (double)NAN;
        else if (x == (real)INFINITY && others == 0)
            others = (double)INFINITY;
    }
    if (terms != NULL) memset(terms, 0, n * sizeof(real));
    chunk->state = (struct xent_state){ .max = others == 0 ? -(double)INFINITY : (double)INFINITY, .rest = others };
    chunk->unit = 1;
    chunk->first = 0;
}

static void reduce(const void *logits, size_t n, void *terms, struct xent_chunk *chunk)
{
    const stored *z = logits;
    struct groups groups;
    vector of_group[XENT_CHUNK / XENT_LANES];
    real max, magnitude, exponent;
    double sum;
    bool large;
    set_groups(&groups, z, n);
    max = maximum(&groups, of_group);
    magnitude = max < 0 ? -max : max;
    if (!(magnitude < (real)INFINITY)) {
        reduce_special(z, n, terms, chunk);
        return;
    }
    large = magnitude > LARGE;
    exponent = large ? (real)0 : (real)rint((double)(max * LOG2E));
    chunk->first = take_out(&groups, of_group, max);
    sum = sum_terms(&groups, n, reference(exponent), max, large, terms);
    chunk->unit = large ? 1 : unit_of((double)exponent, (double)max);
    chunk->state = (struct xent_state){ .max = (double)max, .rest = sum * (0x1p-64 * chunk->unit) };
}

#endif
