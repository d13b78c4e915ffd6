/* The entries of a second pass that come one by one from double: of a chunk's largest class, which has no term, and of the target,
 * where most of p - coef cancels. */
#ifndef XENT_CORE_ROW_SPECIAL_H
#define XENT_CORE_ROW_SPECIAL_H

#include "core/row.h"

struct xent_second_pass {
    const struct xent_row_shape *shape;
    const struct xent_state *state;
    const struct xent_row_gradient *gradient;
    bool in_double; /* there is a derivative, or something overflows on the usual way */
    double *coef;   /* NULL: no class but the target has a coefficient */
    char *slopes;   /* NULL: all 1 */
};

/* One chunk of the pass. */
struct xent_part {
    const struct xent_chunk *chunk;
    int64_t from;
    size_t n;
    bool leads;    /* the row's first maximum is this chunk's */
    size_t target; /* the target's place in it; SIZE_MAX: elsewhere */
    char *terms;   /* reals, which become the entries ... */
    size_t step;   /* ... so many bytes apart */
};

/* target_term: the term of the target, before the others became entries. */
void xent_row_write_special(const struct xent_second_pass *pass, const struct xent_part *part,
                            const struct xent_rescale *rescale, double target_term);

#endif
