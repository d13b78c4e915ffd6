/* The sums of the terms of the rows of a tile (tile.inc.h). Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_TILE_TERMS_INC_H
#define XENT_KERNELS_TILE_TERMS_INC_H

#include "heat.inc.h"
#include "kernels.h"
#include "tile_rows.inc.h"

/* What becomes of the terms beside that they are summed: nothing; they take the logits' places; their heat is summed as well. */
enum fate { DROPPED, KEPT, HEATED };

/* Two lanes that are joined go side by side: each is a long chain, as in exp_staged. */
enum { PAIR = 2 };

/* The sums of a lane of vectors of rows: of the terms and, where they are HEATED, of the heat. */
enum { TERMS, HEAT, MOST_SUMMED };
typedef struct sum tile_lane_sums[MOST_SUMMED][PAIR * BESIDE];

static inline __attribute__((always_inline)) size_t summed(enum fate fate) { return fate == HEATED ? MOST_SUMMED : HEAT; }

/* Rows on their way through the terms. What a compiler must know to keep vectors in registers is handed over beside it: how many vectors
   of rows there are, n, BESIDE or one, and what becomes of the terms. */
struct tile_term_rows {
    real *tile;
    size_t classes;
    struct reference shared[BESIDE];
    vector top[BESIDE]; /* the maxima, of terms that are HEATED */
    struct tile_lines ahead;
};

/* The terms of `count` classes, first all rows of one class: scale + scale * low, and where they are HEATED how far the logits are from the
   maxima. */
struct tile_class_terms {
    vector scale[PAIR * BESIDE], low[PAIR * BESIDE], distance[PAIR * BESIDE];
};

static inline __attribute__((always_inline)) void tile_terms_of(const struct tile_term_rows *of, size_t n, enum fate fate,
                                                                const size_t *c, size_t count, struct tile_class_terms *terms)
{
    vector x[PAIR * BESIDE];
    EACH (v, count * n) x[v] = v_load(of->tile + c[v / n] * XENT_TILE + v % n * WIDTH);
    EACH (k, count) fetch_lines(&of->ahead, c[k]);
    EACH (v, (count * n + STAGED - 1) / STAGED) {
        const size_t from = v * STAGED, left = count * n - from;
        exp_staged_by(of->shared + from % n, n, left < STAGED ? left : STAGED, x + from, terms->scale + from,
                      terms->low + from);
    }
    EACH (v, count * n) {
        if (fate == KEPT)
            v_store(of->tile + c[v / n] * XENT_TILE + v % n * WIDTH, v_fma(terms->scale[v], terms->low[v], terms->scale[v]));
        if (fate == HEATED) terms->distance[v] = distance(of->shared[v % n], of->top[v % n], x[v]);
    }
}

static inline __attribute__((always_inline)) void tile_add(const struct tile_class_terms *terms, size_t count, enum fate fate,
                                                           tile_lane_sums sum)
{
    EACH (v, count) {
        if (fate == HEATED)
            heat_add(&sum[TERMS][v], &sum[HEAT][v], terms->scale[v], terms->low[v], terms->distance[v]);
        else
            sum_add(&sum[TERMS][v], terms->scale[v], terms->low[v]);
    }
}

static inline __attribute__((always_inline)) void tile_flush(size_t count, enum fate fate, tile_lane_sums sum)
{
    EACH (k, summed(fate))
        EACH (v, count) sum_flush(&sum[k][v]);
}

/* Adds up `count` lanes, of which each has several classes; the last may have one class less. */
static inline __attribute__((always_inline)) void tile_lanes_of_many(const struct tile_term_rows *of, size_t n, enum fate fate,
                                                                     size_t *c, size_t count, tile_lane_sums sum)
{
    struct tile_class_terms terms;
    EACH (k, summed(fate))
        EACH (v, count * n) sum[k][v] = sum_none();
    for (size_t group = 0; c[0] < of->classes; group++) {
        if (group > 0 && group % BLOCK_GROUPS == 0) tile_flush(count * n, fate, sum);
        if (c[count - 1] < of->classes) {
            tile_terms_of(of, n, fate, c, count, &terms);
            tile_add(&terms, count * n, fate, sum);
        } else {
            tile_terms_of(of, n, fate, c, 1, &terms);
            tile_add(&terms, n, fate, sum);
        }
        EACH (k, count) c[k] += XENT_LANES;
    }
    tile_flush(count * n, fate, sum);
}

/* The sums of lane i or, where count is PAIR, of that and the one `half` lanes on, joined. few: each has one class. */
static inline __attribute__((always_inline)) void tile_lane(const struct tile_term_rows *of, size_t n, enum fate fate, bool few,
                                                            size_t i, size_t half, size_t count, tile_lane_sums sum)
{
    size_t c[PAIR] = { i, i + half };
    if (few) {
        struct tile_class_terms terms;
        tile_terms_of(of, n, fate, c, count, &terms);
        EACH (v, count * n) {
            if (fate == HEATED)
                heat_one(&sum[TERMS][v], &sum[HEAT][v], terms.scale[v], terms.low[v], terms.distance[v]);
            else
                sum[TERMS][v] = sum_one(terms.scale[v], terms.low[v]);
        }
    } else {
        tile_lanes_of_many(of, n, fate, c, count, sum);
    }
    EACH (k, summed(fate))
        EACH (v, (count - 1) * n) sum_join(&sum[k][v], &sum[k][v + n]);
}

/* Sums that wait for their other halves, or one of them. */
typedef vf64 tile_waiting[MOST_SUMMED][BESIDE][SUMS];

static inline __attribute__((always_inline)) struct sum tile_waited(const vf64 *waiting)
{
    struct sum sum;
    EACH (j, SUMS) sum.sum[j] = waiting[j];
    return sum;
}

/* The sums of all classes: the lanes are added by halves, as in the tree of a chunk. Lanes behind the last class would be 0. total[TERMS]
   and total[HEAT] are those of the rows. */
static inline __attribute__((always_inline)) void tile_sum(const struct tile_term_rows *of, size_t n, enum fate fate, bool few,
                                                           double *const *total)
{
    const size_t lanes = few ? of->classes : XENT_LANES, half = tile_half(lanes);
    tile_waiting waiting[TREE_LEVELS];
    size_t level = 0;
    for (size_t k = 0, i = 0; k < half; k++, i = tree_next(i, half, level)) {
        tile_lane_sums sum;
        if (i + half < lanes)
            tile_lane(of, n, fate, few, i, half, PAIR, sum);
        else
            tile_lane(of, n, fate, few, i, half, 1, sum);
        level = 0;
        for (size_t b = k; b % 2 != 0; b /= 2, level++)
            EACH (s, summed(fate))
                EACH (v, n) {
                    struct sum left = tile_waited(waiting[level][s][v]);
                    sum_join(&left, &sum[s][v]);
                    EACH (j, SUMS) sum[s][v].sum[j] = left.sum[j];
                }
        EACH (s, summed(fate))
            EACH (v, n)
                EACH (j, SUMS) waiting[level][s][v][j] = sum[s][v].sum[j];
    }
    EACH (s, summed(fate))
        EACH (v, n) {
            const struct sum sum = tile_waited(waiting[level][s][v]);
            sum_total(&sum, total[s] + v * WIDTH);
        }
}

#endif
