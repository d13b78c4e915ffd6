/* The divergence of pairs of rows side by side. Assumes the arithmetic of a variant (real.h). Rows go through the operations of a chunk of
 * one pair. */
#ifndef XENT_KERNELS_TILE_DIVERGE_INC_H
#define XENT_KERNELS_TILE_DIVERGE_INC_H

#include "diverge.inc.h"
#include "pair.h"
#include "tile.inc.h"
#include "tile_finish.inc.h"
#include "tile_sums.inc.h"

/* What the kernel for a chunk is given, of all rows, as reals. */
struct tile_pairing {
    real ratio[XENT_TILE], offset[XENT_TILE], offset_low[XENT_TILE];
};

static inline void narrow_rows(const double *of_row, size_t rows, real *to)
{
    for (size_t r = 0; r < rows; r += WIDTH) {
        vf64 parts[PARTS];
        load_row_doubles(of_row + r, rows - r, parts);
        v_store(to + r, v_narrow(parts));
    }
}

static inline void pair_rows(struct xent_tile *p, struct xent_tile *q, size_t rows, struct xent_tile_divergence *to,
                             struct tile_pairing *by)
{
    double ratio[XENT_TILE], offset[XENT_TILE], low[XENT_TILE];
    log1p_rows(p->rest, p->log1p_rest, rows);
    log1p_rows(q->rest, q->log1p_rest, rows);
    EACH_ROW (r, rows) {
        to->share_p[r] = divergence_share(p->unit[r], p->rest[r]);
        to->share_q[r] = divergence_share(q->unit[r], q->rest[r]);
        offset[r] = divergence_offset(p->max[r], p->log1p_rest[r], q->max[r], q->log1p_rest[r], &low[r]);
        ratio[r] = to->share_q[r] / to->share_p[r];
    }
    narrow_rows(ratio, rows, by->ratio);
    narrow_rows(offset, rows, by->offset);
    EACH_ROW (r, rows) low[r] = (offset[r] - (double)by->offset[r]) + low[r];
    narrow_rows(low, rows, by->offset_low);
}

/* The terms of the first maxima, which are left out of the sums. */
static inline void put_back_first(real *term, size_t rows, const struct xent_tile *state)
{
    for (size_t r = 0; r < rows; r++) term[tile_index(r, state->first[r])] = (real)(0x1p64 / state->unit[r]);
}

/* Two tiles: logits, in whose places go what their classes add, and terms. */
struct tile_pair {
    real *p, *q;
    const real *term_p, *term_q;
    size_t classes;
};

/* One class of WIDTH rows from r on; nothing behind the last one. */
static inline __attribute__((always_inline)) struct addend diverge_class(const struct tile_pair *of, size_t r, size_t c,
                                                                         const struct pairing *by)
{
    const size_t at = c * XENT_TILE + r;
    if (c >= of->classes) return no_classes();
    return diverge_vector(v_load(of->p + at), v_load(of->q + at), v_load(of->term_p + at), v_load(of->term_q + at), by,
                          CAREFUL);
}

/* One lane of a block, whose sums become those of class `to`, which has been read. */
static inline __attribute__((always_inline)) void diverge_lane(const struct tile_pair *of, size_t r, size_t from, size_t to,
                                                               const struct pairing *by, vector *reach)
{
    struct addend sum = diverge_class(of, r, from, by);
    if (DIVERGENCE_GROUPS > 1 && from + XENT_LANES < of->classes) {
        struct addend more = diverge_class(of, r, from + 2 * XENT_LANES, by);
        sum = both(sum, diverge_class(of, r, from + XENT_LANES, by), CAREFUL);
        sum = both(sum, both(more, diverge_class(of, r, from + 3 * XENT_LANES, by), CAREFUL), CAREFUL);
    }
    v_store(of->p + to * XENT_TILE + r, sum.excess);
    v_store(of->q + to * XENT_TILE + r, sum.moment);
    *reach = v_max(sum.reach, *reach);
}

/* Answers how many classes have sums: the lanes of all blocks, the last of which may be fewer. */
static inline size_t diverge_rows(const struct tile_pair *of, size_t r, const struct pairing *by, double *reach)
{
    const size_t block = DIVERGENCE_GROUPS * XENT_LANES;
    size_t made = 0;
    vector most = v_set((real)0);
    for (size_t from = 0; from < of->classes; from += block) {
        const size_t left = of->classes - from, lanes = left < XENT_LANES ? left : XENT_LANES;
        for (size_t lane = 0; lane < lanes; lane++) diverge_lane(of, r, from + lane, made++, by, &most);
    }
    store_row_doubles(reach + r, most);
    return made;
}

/* The sums over the lanes of all rows, as doubles. */
static void sum_classes(const real *tile, size_t rows, size_t classes, double *sum)
{
    static const struct xent_tile_ahead nothing = { .count = 0 };
    for (size_t r = 0; r < rows; r += VF64_WIDTH) {
        const struct tile_rows of_rows = { .tile = tile + r, .classes = classes, .ahead = &nothing, .row = r };
        tile_store_total(tile_tree(&of_rows, tile_number), sum + r);
    }
}

static void tile_diverge(void *p, void *q, void *term_p, void *term_q, size_t rows, size_t classes, struct xent_tile *state_p,
                         struct xent_tile *state_q, struct xent_tile_divergence *to)
{
    const struct tile_pair of = { p, q, term_p, term_q, classes };
    struct tile_pairing by;
    double excess[XENT_TILE], moment[XENT_TILE];
    size_t made = 0;
    pair_rows(state_p, state_q, rows, to, &by);
    put_back_first(term_p, rows, state_p);
    put_back_first(term_q, rows, state_q);
    for (size_t r = 0; r < rows; r += WIDTH) {
        const struct pairing of_rows = { v_load(by.ratio + r), v_load(by.offset + r), v_load(by.offset_low + r) };
        made = diverge_rows(&of, r, &of_rows, to->reach);
    }
    sum_classes(p, rows, made, excess);
    sum_classes(q, rows, made, moment);
    EACH_ROW (r, rows) {
        const double sum = to->share_p[r] * excess[r], lack = to->share_p[r] * (excess[r] - moment[r]);
        to->divergence[r] = divergence_of(sum, divergence_lack(sum, lack));
    }
}

/* F slope (q - p), as the kernel `differences` has it. */
static void tile_differences(const void *term_p, const void *term_q, const void *slopes, size_t rows, size_t classes,
                             const struct xent_tile_divergence *of, const double *factor, void *to)
{
    const real *p = term_p, *q = term_q, *s = slopes;
    real *out = to;
    for (size_t r = 0; r < rows; r += WIDTH) {
        vf64 share_p[PARTS], share_q[PARTS], factors[PARTS];
        load_row_doubles(of->share_p + r, rows - r, share_p);
        load_row_doubles(of->share_q + r, rows - r, share_q);
        load_row_doubles(factor + r, rows - r, factors);
        for (size_t at = r; at < classes * XENT_TILE; at += XENT_TILE) {
            vf64 part[PARTS];
            EACH (k, PARTS) {
                const size_t of_part = at + k * VF64_WIDTH;
                vf64 x = vf64_sub_apart(vf64_mul(load_real_doubles(q + of_part), share_q[k]),
                                        vf64_mul(load_real_doubles(p + of_part), share_p[k]));
                if (s != NULL) x = vf64_mul(x, load_real_doubles(s + of_part));
                part[k] = vf64_unless_zero(x, vf64_mul(x, factors[k]));
            }
            v_store(out + at, v_narrow(part));
        }
    }
}

#endif
