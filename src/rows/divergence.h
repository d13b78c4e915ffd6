/* The divergence of two rows p and q and its gradient in the logits of q: one pass over each pair of chunks, which finds what these diverge
 * by on their own, and what follows from it for the whole rows. Rows know nothing of threads or of the operation. */
#ifndef XENT_ROWS_DIVERGENCE_H
#define XENT_ROWS_DIVERGENCE_H

#include "rows/row.h"

/* What all pairs of rows of a call share. */
struct xent_pair_type {
    struct xent_row_type p, q; /* the rows as they are stored */
    struct xent_row_type type; /* what both are computed as: F64 if either is, with logit_scale and softcap */
    bool direct;               /* kernels read the logits where they are; else as reals of `type`, prepared */
};

/* A task's working memory; NULL where the rows have no need of it. */
struct xent_pair_buffers {
    void *copy_p, *copy_q; /* stored elements that are not contiguous; of q those of the output as well */
    void *real_p,
        *real_q; /* a chunk of reals, prepared; then the softcap's derivative, and numbers on their way to another dtype */
    char *term_p, *term_q; /* a chunk of reals, where the row has no place for its terms */
};

/* A chunk of both rows. */
struct xent_chunk_pair {
    struct xent_chunk p, q;
    double lead;    /* ln of the ratio of the two sums of e^(z - max) over the chunk */
    double quarter; /* of the divergence of the chunk's own probabilities, so that it is finite; 0 where either has none */
};

/* A row's place for its terms, p's and q's, all chunks; NULL: nowhere. */
struct xent_pair_terms {
    char *p, *q;
};

void xent_pair_type_init(struct xent_pair_type *pair, const struct xent_tensor *p, const struct xent_tensor *q, int64_t classes,
                         double scale, double softcap, const struct xent_kernels *backend);

/* The first pass over one chunk. */
void xent_pair_reduce(const struct xent_pair_type *pair, const struct xent_line *p, const struct xent_line *q,
                      const struct xent_pair_terms *terms, const struct xent_pair_buffers *buffers, int64_t chunk,
                      struct xent_chunk_pair *to);

/* The divergence of two rows with these chunks and states: NaN where either has a state that is not finite. */
double xent_pair_divergence(const struct xent_pair_type *pair, const struct xent_chunk_pair *chunks, const struct xent_state *p,
                            const struct xent_state *q);

/* The second pass: factor * slope * (q - p) to `out`, of rows that have finite states, from their terms. `logits`: of q, read again for the
   softcap alone; `out` may be these. */
void xent_pair_write(const struct xent_pair_type *pair, const struct xent_line *logits, const struct xent_line *out,
                     const struct xent_pair_terms *terms, const struct xent_chunk_pair *chunks, const struct xent_state *p,
                     const struct xent_state *q, double factor, const struct xent_pair_buffers *buffers, struct xent_span span);

#endif
