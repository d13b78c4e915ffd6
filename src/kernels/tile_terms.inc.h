/* The sums of the terms of the rows of a tile (tile.inc.h). Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_TILE_TERMS_INC_H
#define XENT_KERNELS_TILE_TERMS_INC_H

#include <math.h>

#include "exp.inc.h"
#include "kernels.h"
#include "sum.inc.h"
#include "tile_rows.inc.h"

/* What becomes of the terms once they are summed. */
enum fate { DROPPED, KEPT };

/* Two lanes that are joined go side by side: each is a long chain, as in exp_staged. */
enum { PAIR = 2 };

/* Rows on their way through the terms. What a compiler must know to keep vectors in registers is handed over beside it: how many vectors
   of rows there are, n, BESIDE or one, and what becomes of the terms. */
struct tile_term_rows {
    real *tile;
    size_t classes;
    struct reference shared[BESIDE];
    vector first[BESIDE]; /* the classes at the maxima, which have no terms */
    struct tile_lines ahead;
};

/* The terms of `count` classes, which take the logits' places if they are KEPT; first all rows of one class. */
static inline __attribute__((always_inline)) void tile_terms_of(const struct tile_term_rows *of, size_t n, enum fate fate,
                                                                const size_t *c, size_t count, vector *scale, vector *low)
{
    vector x[PAIR * BESIDE];
    EACH (k, count) {
        const vector number = v_set((real)(int32_t)c[k]), *first = of->first;
        const real *logits = of->tile + c[k] * XENT_TILE;
        EACH (v, n) x[k * n + v] = v_where_equal(first[v], number, v_set(-(real)INFINITY), v_load(logits + v * WIDTH));
    }
    EACH (k, count) fetch_lines(&of->ahead, c[k]);
    EACH (v, (count * n + STAGED - 1) / STAGED) {
        const size_t from = v * STAGED, left = count * n - from;
        exp_staged_by(of->shared + from % n, n, left < STAGED ? left : STAGED, x + from, scale + from, low + from);
    }
    EACH (v, count * n)
        if (fate == KEPT) v_store(of->tile + c[v / n] * XENT_TILE + v % n * WIDTH, v_fma(scale[v], low[v], scale[v]));
}

/* Adds up `count` lanes, of which each has several classes; the last may have one class less. */
static inline __attribute__((always_inline)) void tile_lanes_of_many(const struct tile_term_rows *of, size_t n, enum fate fate,
                                                                     size_t *c, size_t count, struct sum *sum)
{
    vector scale[PAIR * BESIDE], low[PAIR * BESIDE];
    EACH (v, count * n) sum[v] = sum_none();
    for (size_t group = 0; c[0] < of->classes; group++) {
        if (group > 0 && group % BLOCK_GROUPS == 0)
            EACH (v, count * n) sum_flush(&sum[v]);
        if (c[count - 1] < of->classes) {
            tile_terms_of(of, n, fate, c, count, scale, low);
            EACH (v, count * n) sum_add(&sum[v], scale[v], low[v]);
        } else {
            tile_terms_of(of, n, fate, c, 1, scale, low);
            EACH (v, n) sum_add(&sum[v], scale[v], low[v]);
        }
        EACH (k, count) c[k] += XENT_LANES;
    }
    EACH (v, count * n) sum_flush(&sum[v]);
}

/* The sums of the terms of lane i or, where count is PAIR, of that and the one `half` lanes on, joined. few: each has one class. */
static inline __attribute__((always_inline)) void tile_lane(const struct tile_term_rows *of, size_t n, enum fate fate, bool few,
                                                            size_t i, size_t half, size_t count, struct sum *sum)
{
    size_t c[PAIR] = { i, i + half };
    if (few) {
        vector scale[PAIR * BESIDE], low[PAIR * BESIDE];
        tile_terms_of(of, n, fate, c, count, scale, low);
        EACH (v, count * n) sum[v] = sum_one(scale[v], low[v]);
    } else {
        tile_lanes_of_many(of, n, fate, c, count, sum);
    }
    EACH (v, (count - 1) * n) sum_join(&sum[v], &sum[v + n]);
}

/* The sum of all terms: the lanes are added by halves, as in the tree of a chunk. Lanes behind the last class would be 0. */
static inline __attribute__((always_inline)) void tile_sum(const struct tile_term_rows *of, size_t n, enum fate fate, bool few,
                                                           double *total)
{
    const size_t lanes = few ? of->classes : XENT_LANES, half = tile_half(lanes);
    vf64 waiting[TREE_LEVELS][BESIDE][SUMS];
    size_t level = 0;
    for (size_t k = 0, i = 0; k < half; k++, i = tree_next(i, half, level)) {
        struct sum sum[PAIR * BESIDE];
        if (i + half < lanes)
            tile_lane(of, n, fate, few, i, half, PAIR, sum);
        else
            tile_lane(of, n, fate, few, i, half, 1, sum);
        level = 0;
        for (size_t b = k; b % 2 != 0; b /= 2, level++)
            EACH (v, n) {
                struct sum left;
                EACH (j, SUMS) left.sum[j] = waiting[level][v][j];
                sum_join(&left, &sum[v]);
                EACH (j, SUMS) sum[v].sum[j] = left.sum[j];
            }
        EACH (v, n)
            EACH (j, SUMS) waiting[level][v][j] = sum[v].sum[j];
    }
    EACH (v, n) {
        struct sum sum;
        EACH (j, SUMS) sum.sum[j] = waiting[level][v][j];
        sum_total(&sum, total + v * WIDTH);
    }
}

#endif
