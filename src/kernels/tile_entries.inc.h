/* The second pass over the rows of a tile where not only targets have coefficients, or where entries have slopes. Assumes
 * the arithmetic of a variant (real.h). Rows go through the operations of the kernels for a chunk. */
#ifndef XENT_KERNELS_TILE_ENTRIES_INC_H
#define XENT_KERNELS_TILE_ENTRIES_INC_H

#include "entry.inc.h"
#include "formulas.h"
#include "kernels.h"
#include "scale.inc.h"
#include "tile_finish.inc.h"
#include "tile_sums.inc.h"

/* ---- The two entries of each row that come one by one, as rows/write.c has them ------------------------------------ */

static inline double tile_coef_at(const struct xent_tile_coef *coef, size_t row, int32_t class_index)
{
    return coef->at == NULL ? 0 : coef->at[(size_t)class_index * coef->class_step + row * coef->row_step];
}

/* factor * slope * bracket */
static inline double sloped_entry(const real *slopes, size_t row, int32_t class_index, double factor, double bracket)
{
    if (slopes != NULL) {
        double slope = (double)slopes[(size_t)class_index * XENT_TILE + row];
        bracket = slope == 0 ? 0 : bracket * slope;
    }
    return entry_of(factor, bracket);
}

static void tile_special_entries(struct xent_tile *state, size_t rows, const struct xent_tile_coef *coef, const void *slopes,
                                 double z_loss, const double *factor, double *total)
{
    clear_last(state->scale, rows);
    clear_last(total, rows);
    for (size_t r = 0; r < rows; r++) {
        double rest = state->rest[r], share = 1 / (1 + rest), of_target = state->target_coef[r];
        double sum = coef->at == NULL ? of_target : state->coef[r] + of_target, none = sum * 0;
        double pull = pull_of(z_loss, state->max[r] + state->log1p_rest[r]);
        double p = share * (state->target_term[r] * 0x1p-64 * state->unit[r]);
        int32_t first = state->first[r], target = state->target[r];
        bool leads = target == first;
        double coef_of_first = tile_coef_at(coef, r, first) + (leads ? of_target : 0);
        double coef_of_target = of_target + tile_coef_at(coef, r, target), at_first, at_target;
        total[r] = sum + pull;
        at_first = bracket_of(total[r], none, share, coef_of_first);
        if (leads && coef->at == NULL) at_first = bracket_of_leading_target(pull, share, of_target, rest);
        at_target = bracket_of(total[r], none, p, coef_of_target);
        state->scale[r] = factor[r] * total[r] * share * state->unit[r];
        state->first_entry[r] = sloped_entry(slopes, r, first, factor[r], at_first);
        state->target_entry[r] = leads ? state->first_entry[r] : sloped_entry(slopes, r, target, factor[r], at_target);
    }
}

/* ---- All the others ----------------------------------------------------------------------------------------------- */

/* The coefficients of one class of WIDTH rows from r on; 0 where classes have none. */
static inline __attribute__((always_inline)) void load_coefs(const struct xent_tile_coef *coef, size_t c, size_t r, vf64 *parts)
{
    static const double none = 0;
    const double *at = coef->at == NULL ? &none : coef->at + c * coef->class_step;
    for (size_t k = 0; k < PARTS; k++) parts[k] = coef->row_step == 0 ? vf64_set(*at) : vf64_load(at + r + k * VF64_WIDTH);
}

/* -F coef, rounded to reals. */
static inline __attribute__((always_inline)) vector tile_subtrahend(const struct xent_tile_coef *coef, size_t c, size_t r,
                                                                    const vf64 *minus_factor)
{
    vf64 parts[PARTS];
    load_coefs(coef, c, r, parts);
    for (size_t k = 0; k < PARTS; k++) parts[k] = vf64_mul(parts[k], minus_factor[k]);
    return v_narrow(parts);
}

static void rescale_with_coefs(real *tile, size_t rows, size_t classes, const struct xent_tile_coef *coef, const double *factor,
                               const struct xent_tile *state)
{
    struct tile_scaling by;
    double minus[XENT_TILE];
    set_scaling(&by, state->scale, rows);
    EACH_ROW (r, rows) minus[r] = -factor[r];
    for (size_t r = 0; r < rows; r += WIDTH) {
        const vector lower = v_load(by.lower + r), upper = v_load(by.factor + r);
        vf64 minus_factor[PARTS];
        load_row_doubles(minus + r, rows - r, minus_factor);
        if (coef->class_step == 0) {
            const vector equal = tile_subtrahend(coef, 0, r, minus_factor);
            for (real *x = tile + r; x != tile + r + classes * XENT_TILE; x += XENT_TILE)
                v_store(x, v_fma(v_mul(v_load(x), lower), upper, equal));
        } else {
            for (size_t c = 0; c < classes; c++) {
                real *x = tile + r + c * XENT_TILE;
                v_store(x, v_fma(v_mul(v_load(x), lower), upper, tile_subtrahend(coef, c, r, minus_factor)));
            }
        }
    }
}

static void rescale_with_slopes(real *tile, size_t rows, size_t classes, const struct xent_tile_coef *coef, const real *slopes,
                                const double *factor, const double *total, const struct xent_tile *state)
{
    double share[XENT_TILE], none[XENT_TILE];
    EACH_ROW (r, rows) {
        share[r] = 1 / (1 + state->rest[r]) * state->unit[r] * 0x1p-64;
        none[r] = (coef->at == NULL ? state->target_coef[r] : state->coef[r] + state->target_coef[r]) * 0;
    }
    for (size_t r = 0; r < rows; r += WIDTH) {
        vf64 of_share[PARTS], of_total[PARTS], of_none[PARTS], of_factor[PARTS];
        struct entry_factors by[PARTS];
        load_row_doubles(share + r, rows - r, of_share);
        load_row_doubles(total + r, rows - r, of_total);
        load_row_doubles(none + r, rows - r, of_none);
        load_row_doubles(factor + r, rows - r, of_factor);
        EACH (k, PARTS) by[k] = (struct entry_factors){ of_share[k], of_total[k], of_none[k], of_factor[k] };
        for (size_t c = 0; c < classes; c++) {
            real *x = tile + r + c * XENT_TILE;
            const vector term = v_load(x), slope = v_load(slopes + r + c * XENT_TILE);
            vf64 parts[PARTS];
            load_coefs(coef, c, r, parts);
            for (size_t k = 0; k < PARTS; k++)
                parts[k] = entry_within_limits(v_widen(term, k), parts[k], v_widen(slope, k), &by[k]);
            v_store(x, v_narrow(parts));
        }
    }
}

static inline void put_in_place(real *tile, size_t rows, const int32_t *class_index, const double *entry)
{
    for (size_t r = 0; r < rows; r++) tile[(size_t)class_index[r] * XENT_TILE + r] = (real)entry[r];
}

static void tile_rescale(void *tile, size_t rows, size_t classes, const struct xent_tile_coef *coef, const void *slopes,
                         const double *factor, const double *total, const struct xent_tile *state)
{
    if (slopes == NULL)
        rescale_with_coefs(tile, rows, classes, coef, factor, state);
    else
        rescale_with_slopes(tile, rows, classes, coef, slopes, factor, total, state);
    put_in_place(tile, rows, state->first, state->first_entry);
    put_in_place(tile, rows, state->target, state->target_entry);
}

#endif
