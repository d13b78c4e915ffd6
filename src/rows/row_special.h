/* The entries of a second pass that come one by one from double: of a chunk's largest class, which has no term, and of the target,
 * where most of p - coef cancels. */
#ifndef XENT_ROWS_ROW_SPECIAL_H
#define XENT_ROWS_ROW_SPECIAL_H

#include "rows/row.h"

/* A chunk whose other terms have become entries. */
struct xent_special {
    const struct xent_row_shape *shape;
    const struct xent_row_gradient *gradient;
    const struct xent_rescale *rescale;
    const struct xent_chunk_coef *coef; /* NULL: no class but the target has a coefficient */
    const char *slopes;                 /* reals; NULL: all 1 */
    char *entries;
    xent_dtype dtype;   /* of the entries, which are rounded to a real first ... */
    size_t step;        /* ... and stand so many bytes apart */
    size_t first;       /* the chunk's first maximum */
    bool leads;         /* it is the row's */
    size_t target;      /* the target's place in the chunk; SIZE_MAX: elsewhere */
    double target_term; /* what stood there before the entry */
    double rest;        /* of the row */
};

void xent_row_write_special(const struct xent_special *special);

#endif
