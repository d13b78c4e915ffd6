/* The second pass of the backwards over the rows of a tile. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_TILE_BACKWARD_INC_H
#define XENT_KERNELS_TILE_BACKWARD_INC_H

#include "backward.inc.h"
#include "tile_rows.inc.h"

/* Marks the rows whose sums do not fit. */
static inline size_t find_alone(const double *sum, size_t rows, bool *alone)
{
    size_t count = 0;
    for (size_t r = 0; r < rows; r++) count += alone[r] = !sum_fits(sum[r]);
    return count;
}

static size_t tile_softmax_backward(void *tile, const void *upstream, size_t rows, size_t classes, const double *dot,
                                    bool *alone)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        real *p = (real *)tile + r;
        const real *g = (const real *)upstream + r;
        vf64 dots[PARTS];
        load_row_doubles(dot + r, rows - r, dots);
        const struct negative minus = negative_of(dots);
        for (size_t c = 0; c < classes; c++, p += XENT_TILE, g += XENT_TILE)
            v_store(p, softmax_entry(v_load(p), v_load(g), minus));
    }
    return find_alone(dot, rows, alone);
}

/* So many classes of WIDTH rows, 1 or STAGED. */
static inline __attribute__((always_inline)) void tile_log_softmax_classes(size_t count, real *logp, const real *upstream,
                                                                           const vf64 *sum, struct negative minus)
{
    struct reach reach = no_reach();
    vector x[STAGED], g[STAGED], scale[STAGED], low[STAGED];
    EACH (v, count) x[v] = v_load(logp + v * XENT_TILE);
    EACH (v, count) g[v] = v_load(upstream + v * XENT_TILE);
    EACH (v, count) reach = reach_of(reach, x[v]);
    exp_of_log_probs(count, x, scale, low);
    EACH (v, count) scale[v] = log_softmax_entry(scale[v], low[v], g[v], minus);
    if (__builtin_expect(is_far(reach), 0))
        EACH (v, count) scale[v] = put_far_entries(x[v], g[v], sum, scale[v]);
    EACH (v, count) v_store(logp + v * XENT_TILE, v_canonical(scale[v]));
}

static size_t tile_log_softmax_backward(void *tile, const void *upstream, size_t rows, size_t classes, const double *sum,
                                        bool *alone)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        real *logp = (real *)tile + r;
        const real *g = (const real *)upstream + r;
        vf64 sums[PARTS];
        size_t c = 0;
        load_row_doubles(sum + r, rows - r, sums);
        const struct negative minus = over_terms(negative_of(sums));
        for (; c + STAGED <= classes; c += STAGED)
            tile_log_softmax_classes(STAGED, logp + c * XENT_TILE, g + c * XENT_TILE, sums, minus);
        for (; c < classes; c++) tile_log_softmax_classes(1, logp + c * XENT_TILE, g + c * XENT_TILE, sums, minus);
    }
    return find_alone(sum, rows, alone);
}

#endif
