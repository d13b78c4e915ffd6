/* Rows side by side: up to XENT_TILE neighbouring rows of at most a chunk of classes, class by class in the lanes of vectors. What is
 * known of a row is an element of an array, so that loops over the rows become vector code. */
#ifndef XENT_ROWS_TILE_H
#define XENT_ROWS_TILE_H

#include "rows/row.h"

struct xent_tile_rows {
    size_t rows;                    /* 1 to XENT_TILE */
    int64_t number;                 /* of the first, as in struct xent_row */
    char *memory;                   /* the task's */
    void *reals;                    /* logits, then terms: class c of row r is element c * XENT_TILE + r */
    struct xent_tile_place in, out; /* their first rows; out.at NULL: nothing is written class by class */
    struct xent_tile_place indices; /* where the indices of the best classes go */

    bool made;      /* `reals` are what is written: no term is left among them */
    bool log_probs; /* `reals` are still the logits, whose log-probabilities are written */

    struct xent_tile_coef coef; /* of all classes */
    void *slopes;               /* the softcap's derivatives, a tile of reals; NULL: all 1 */

    bool ignored[XENT_TILE]; /* not read, and a gradient of +0.0 */
    size_t ignored_rows;     /* 0 where an operation ignores none: it need not set `ignored` then */
    size_t regular_rows;     /* as the kernels find: those for which they do the first pass */
    bool alone[XENT_TILE];   /* rows whose entries the kernels cannot do */
    size_t alone_rows;       /* 0: `alone` says nothing */

    struct xent_tile_ahead ahead;

    double *result; /* of XENT_TILE rows: where they are summed up, if all have room there, or `results` */

    /* Arrays of whole cache lines, of which vectors are parts. */
    _Alignas(XENT_LINE) struct xent_tile state; /* what the kernels know of the rows */
    double weight[XENT_TILE];                   /* where rows have weights */
    double factor[XENT_TILE];                   /* as struct xent_row has it */
    double results[XENT_TILE];
};

/* As of a single row. */
static inline bool xent_tile_is_finite(const struct xent_tile_rows *tile, size_t row)
{
    double max = tile->state.max[row], rest = tile->state.rest[row];
    return max - max == 0 && rest - rest == 0;
}

static inline char *xent_tile_element(const struct xent_row_type *type, const struct xent_tile_rows *tile, size_t row,
                                      size_t class_index)
{
    return (char *)tile->reals + (class_index * XENT_TILE + row) * type->real_size;
}

/* Lets the kernels that compute fetch this place, where rows stand side by side. */
static inline void xent_tile_fetch(struct xent_tile_rows *tile, struct xent_tile_place place)
{
    tile->ahead.place[tile->ahead.count++] = place;
}

/* From memory to a tile of reals, `in` of `type` say. The elements of an ignored row are not read, but are numbers, as are those of the
   rows that the last vector has beside the tile's. What the next tile reads there is fetched. */
void xent_tile_read_around(const struct xent_row_type *type, const struct xent_tile_rows *tile,
                           const struct xent_tile_place *from, void *reals);
static inline void xent_tile_read(const struct xent_row_type *type, struct xent_tile_rows *tile,
                                  const struct xent_tile_place *from, void *reals)
{
    if (from->row_step == (ptrdiff_t)type->size)
        xent_tile_fetch(tile, (struct xent_tile_place){ from->at + XENT_TILE * type->size, from->row_step, from->class_step });
    if (tile->ignored_rows == 0)
        type->kernels->tile_read(from, tile->rows, (size_t)type->classes, true, reals);
    else
        xent_tile_read_around(type, tile, from, reals);
}

/* Scales and caps the logits, and finds their slopes where there is a place for them. */
void xent_tile_prepare(const struct xent_row_type *type, struct xent_tile_rows *tile);

/* The first pass, given targets and coefficients: fills in the state but for the rows that are not regular. The terms replace the
   logits if they are to be kept. */
static inline void xent_tile_reduce(const struct xent_row_type *type, struct xent_tile_rows *tile, bool keep_terms)
{
    const struct xent_real_kernels *kernels = type->kernels->real;
    const size_t rows = tile->rows, classes = (size_t)type->classes;
    const bool weighed = tile->coef.at != NULL;
    const enum xent_tile_keeps keeps = keep_terms ? XENT_KEEPS_TERMS_FOR_TARGETS : XENT_KEEPS_TARGETS;
    static const struct xent_tile_ahead nothing = { .count = 0 };
    kernels->tile_maxima(tile->reals, rows, classes, &tile->state);
    if (weighed) kernels->tile_weigh(tile->reals, rows, classes, &tile->coef, false, &nothing, &tile->state);
    tile->regular_rows = kernels->tile_terms(tile->reals, rows, classes, keeps, weighed, &tile->ahead, &tile->state);
}

/* Puts a row that has been written to its place alone into the tile, which is written as a whole: its entries pass as terms. */
void xent_tile_take_back(const struct xent_row_type *type, struct xent_tile_rows *tile, size_t row,
                         const struct xent_line *out);

/* From `reals` to `out`: terms by the factors and entries in the state. */
static inline void xent_tile_write(const struct xent_row_type *type, const struct xent_tile_rows *tile)
{
    if (tile->log_probs)
        type->kernels->tile_write_log_probs(tile->reals, (size_t)type->classes, &tile->state, &tile->out);
    else
        type->kernels->tile_write(tile->reals, tile->rows, (size_t)type->classes, tile->made ? NULL : &tile->state, &tile->out);
}

#endif
