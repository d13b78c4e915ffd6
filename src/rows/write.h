/* The second pass over a row: its probabilities, gradient entries or log-probabilities, class by class to its line `out`. The row's
 * state is known; the spans of one row may be written by different tasks. */
#ifndef XENT_ROWS_WRITE_H
#define XENT_ROWS_WRITE_H

#include "rows/row.h"

/* What is written: entry = factor * slope * ((coef + pull) * p - coefficient), slope the softcap's derivative. */
struct xent_gradient {
    double factor;
    double coef;                                  /* the sum of the coefficients */
    double pull;                                  /* what the z-loss adds to it (kernels/formulas.h) */
    const struct xent_coefficients *coefficients; /* NULL: only `target` has one */
    int64_t target;                               /* a class index; negative: none */
    double target_coef;                           /* what it has beside `coefficients` */
    bool led_before; /* of a part of a longer row: that has its first maximum in classes before these */
};

/* From the row's terms and chunks, which the first pass has left: the terms may stand in the output itself. The state is finite.
   past_caches: `out` is contiguous and no place of the terms, and its entries go by way of these past the caches. The logits are
   read again for the softcap alone. */
void xent_row_write(const struct xent_row_type *type, const struct xent_row *row, const struct xent_gradient *gradient,
                    bool past_caches, const struct xent_buffers *buffers, struct xent_span span);

/* logp = (z - max) - log1p(rest); the output may be the logits. */
void xent_row_write_log_probs(const struct xent_row_type *type, const struct xent_row *row, const struct xent_buffers *buffers,
                              struct xent_span span);

/* The same to an output of another dtype than the logits', whose lines are `out`'s. Of F64 logits they are computed in F64 and rounded once
   from that; of others as the output's own kernels compute them. buffers: `copy` has room for a chunk of either dtype, `prepared` for
   a chunk of doubles. */
void xent_row_write_converted_log_probs(const struct xent_row_type *type, const struct xent_row *row,
                                        const struct xent_buffers *buffers, struct xent_span span);

/* One value for all classes of the span. */
void xent_row_fill(const struct xent_row_type *type, const struct xent_row *row, double value, struct xent_span span);

#endif
