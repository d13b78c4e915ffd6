/* The backwards of softmax and log-softmax over the rows of a tile. Assumes the arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_TILE_BACKWARD_INC_H
#define XENT_KERNELS_TILE_BACKWARD_INC_H

#include "backward.inc.h"
#include "tile_sums.inc.h"

/* p g, but 0 where g is 0. */
static inline vf64 tile_product(const struct tile_rows *rows, size_t c)
{
    vf64 upstream = tile_number_beside(rows, c);
    return vf64_unless_zero(upstream, vf64_mul(tile_number(rows, c), upstream));
}

static void tile_dot(const void *p, const void *upstream, size_t rows, size_t classes, const struct xent_tile_ahead *ahead,
                     double *dot)
{
    struct tile_rows of_rows = { p, upstream, classes, NULL, vf64_set(0.0), ahead, 0 };
    double sum[XENT_TILE];
    for (size_t r = 0; r < rows; r += VF64_WIDTH, of_rows.row += VF64_WIDTH) {
        tile_store_total(p == NULL ? tile_tree(&of_rows, tile_number_beside) : tile_tree(&of_rows, tile_product), sum + r);
        of_rows.beside += VF64_WIDTH;
        if (p != NULL) of_rows.tile += VF64_WIDTH;
    }
    /* a row alone takes it for what a gap lacks to 0, and so is a sum of 0 negative */
    for (size_t r = 0; r < whole_rows(rows); r++) dot[r] = p == NULL ? sum[r] : -(0 - sum[r]);
}

/* Entries in double become reals, NaN the canonical one. */
static inline void store_entries(real *to, const vf64 *entry) { v_store(to, v_canonical(v_narrow(entry))); }

static void tile_softmax_backward(void *tile, const void *upstream, size_t rows, size_t classes, const double *dot)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        real *p = (real *)tile + r;
        const real *g = (const real *)upstream + r;
        vf64 dots[PARTS], entry[PARTS];
        load_row_doubles(dot + r, rows - r, dots);
        for (size_t c = 0; c < classes; c++, p += XENT_TILE, g += XENT_TILE) {
            const vector of_p = v_load(p), of_g = v_load(g);
            EACH (k, PARTS) entry[k] = softmax_entry(v_widen(of_p, k), v_widen(of_g, k), dots[k]);
            store_entries(p, entry);
        }
    }
}

static void tile_log_softmax_backward(void *tile, const void *upstream, size_t rows, size_t classes, const double *sum)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        real *logp = (real *)tile + r;
        const real *g = (const real *)upstream + r;
        vf64 sums[PARTS], entry[PARTS];
        load_row_doubles(sum + r, rows - r, sums);
        for (size_t c = 0; c < classes; c++, logp += XENT_TILE, g += XENT_TILE) {
            const vector x = v_load(logp), of_g = v_load(g);
            vector scale, low;
            exp_of_log_probs(1, &x, &scale, &low);
            EACH (k, PARTS) entry[k] = share_of(v_widen(scale, k), v_widen(low, k), sums[k]);
            if (__builtin_expect(is_far(reach_of(no_reach(), x)), 0)) find_far_shares(x, sums, entry);
            EACH (k, PARTS) entry[k] = vf64_sub(v_widen(of_g, k), entry[k]);
            store_entries(logp, entry);
        }
    }
}

#endif
