/* The kernels of two rows p and q of the same classes: their divergence, and its gradient in the logits of q. The contract of their
 * tables, which those of kernels.h lead to. Chunks, terms and tiles are those of kernels.h. */
#ifndef XENT_KERNELS_PAIR_H
#define XENT_KERNELS_PAIR_H

#include "kernels.h"

/* Two chunks. ln(p_c / q_c), each over its own chunk's sum, is u_c = (z_p - z_q) - offset. */
struct xent_divergence {
    double share_p;            /* what the terms of p are multiplied with to be p_c */
    double ratio;              /* what the terms of q are multiplied with to be, beside those of p, what q_c is beside p_c */
    double offset, offset_low; /* their sum; neither maximum is beyond XENT_DIVERGENCE_MAX_* (divergence.h) */

    /* what the kernel `diverge` finds */
    double excess; /* sum of p's terms times e^-u - 1 + u */
    double lack;   /* sum of p's terms times e^-u - 1 */
    double reach; /* the largest u, or 0 where that does not matter; below XENT_DIVERGENCE_REACH_* the sums are what they say */
};

/* Pairs of rows side by side. */
struct xent_tile_divergence {
    double share_p[XENT_TILE], share_q[XENT_TILE]; /* what terms are multiplied with to be p_c and q_c */
    double reach[XENT_TILE];
    double divergence[XENT_TILE];
};

/* What turns the terms of a chunk of both rows into entries of the gradient, F slope (q_c - p_c). */
struct xent_differences {
    double share_p, share_q; /* what terms are multiplied with to be p_c and q_c */
    double factor;           /* F, no NaN */
};

/* Of elements as they are stored. Terms are those of `reduce`, with 2^64 / unit for the class that it leaves out. */
struct xent_pair_kernels {
    /* Sums of a chunk's classes, in its lanes. */
    void (*diverge)(const void *p, const void *q, const void *term_p, const void *term_q, size_t n, struct xent_divergence *to);

    /* A real rounded once and then stored, +0.0 where all but F has no influence. slopes: reals in [0, 1]; NULL: all 1. out is no place
       of the others. */
    void (*differences)(const void *term_p, const void *term_q, const void *slopes, void *out, size_t n,
                        const struct xent_differences *by);
};

/* Of reals, rows side by side, of at most XENT_PLAIN_CLASSES classes (divergence.h). */
struct xent_tile_pair_kernels {
    /* Given states and terms, which receive those of the first maxima; the logits are lost. What it finds is right of rows that are
       regular in both states and whose reach is below the limit. Fills in `log1p_rest`. */
    void (*diverge)(void *p, void *q, void *term_p, void *term_q, size_t rows, size_t classes, struct xent_tile *state_p,
                    struct xent_tile *state_q, struct xent_tile_divergence *to);

    /* As of a chunk; `to` is a tile of reals. */
    void (*differences)(const void *term_p, const void *term_q, const void *slopes, size_t rows, size_t classes,
                        const struct xent_tile_divergence *of, const double *factor, void *to);
};

#endif
