/* The largest classes of the rows of a tile, side by side in the lanes. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_TILE_TOP_INC_H
#define XENT_KERNELS_TILE_TOP_INC_H

#include "kernels.h"
#include "tile_rows.inc.h"

/* The best classes of WIDTH rows so far, in their order: logits, and classes as reals, which hold whole numbers of that size. */
struct best_of_rows {
    size_t count;
    vector logit[XENT_TILE_TOP], at[XENT_TILE_TOP];
};

/* Puts a class that comes behind all others in the last place, in the lanes where it is better than what is there, and moves it up: ahead of
   what is less, behind equals. */
static inline __attribute__((always_inline)) void insert_class(struct best_of_rows *best, size_t last, vector logit, vector at)
{
    vector moved = logit, moved_at = at;
    if (last < best->count) {
        moved = v_where_less(best->logit[last], logit, logit, best->logit[last]);
        moved_at = v_where_less(best->logit[last], logit, at, best->at[last]);
    }
    for (size_t i = last; i > 0; i--) {
        const vector above = best->logit[i - 1], above_at = best->at[i - 1];
        best->logit[i] = v_where_less(above, logit, above, moved);
        best->at[i] = v_where_less(above, logit, above_at, moved_at);
        moved = v_where_less(above, logit, logit, above);
        moved_at = v_where_less(above, logit, at, above_at);
    }
    best->logit[0] = moved;
    best->at[0] = moved_at;
}

/* Answers 1 for a row of numbers, 0 for one with a NaN, of which the best are not right. */
static inline vector find_best(const real *tile, size_t classes, size_t k, struct best_of_rows *best)
{
    const vector one = v_set((real)1), none = v_set((real)0);
    vector numbers = one, at = none;
    best->count = 0;
    for (const real *end = tile + classes * XENT_TILE; tile != end; tile += XENT_TILE) {
        const vector logit = v_load(tile);
        numbers = v_where_equal(logit, logit, numbers, none);
        if (best->count < k) {
            insert_class(best, best->count, logit, at);
            best->count++;
        } else if (v_less(best->logit[k - 1], logit) != 0) {
            insert_class(best, k - 1, logit, at);
        }
        at = v_add(at, one);
    }
    return numbers;
}

static inline void store_classes(vector at, int32_t *classes)
{
    real of_row[WIDTH];
    v_store(of_row, at);
    _Pragma("GCC unroll 1") for (size_t r = 0; r < WIDTH; r++) classes[r] = (int32_t)of_row[r];
}

static size_t tile_top(const void *logits, size_t rows, size_t classes, size_t k, void *best, int32_t *at,
                       struct xent_tile *state)
{
    real *to = best;
    size_t regular = 0;
    for (size_t r = 0; r < rows; r += WIDTH) {
        struct best_of_rows found;
        const vector numbers = find_best((const real *)logits + r, classes, k, &found);
        for (size_t i = 0; i < k; i++) {
            v_store(to + i * XENT_TILE + r, found.logit[i]);
            store_classes(found.at[i], at + i * XENT_TILE + r);
        }
        store_row_doubles(state->max + r, v_add(found.logit[0], v_set((real)0)));
        store_classes(found.at[0], state->first + r);
        store_classes(numbers, state->regular + r);
    }
    for (size_t r = 0; r < rows; r++) regular += (size_t)state->regular[r];
    return regular;
}

#endif
