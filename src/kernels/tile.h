/* Rows side by side, as the kernels take them: their numbers, what is known of them, and where they are in memory. kernels.h has the
 * words. */
#ifndef XENT_KERNELS_TILE_H
#define XENT_KERNELS_TILE_H

#include <stddef.h>
#include <stdint.h>

/* Rows side by side: class c of row r is the real c * XENT_TILE + r of a tile. */
#define XENT_TILE 64
#define XENT_TILE_VECTOR 16 /* rows that a kernel takes as one vector at most */
#define XENT_TILE_TOP 32    /* best classes of each row that a kernel finds at most */

/* The rows of a tile between the two passes: what the first needs to know, and what it leaves for the second. */
struct xent_tile {
    int32_t target[XENT_TILE];     /* a class of each row with a coefficient of its own, beside those of all classes */
    double target_coef[XENT_TILE]; /* that coefficient; 0: there is none */
    double at_target[XENT_TILE];   /* the logit of the target */
    double target_term[XENT_TILE]; /* its term, where terms are kept */

    /* As struct xent_state has them, of the coefficients of all classes; the targets' are not in them. */
    double coef[XENT_TILE], gap[XENT_TILE], coef_peak[XENT_TILE];

    /* As struct xent_chunk has them. */
    double max[XENT_TILE], rest[XENT_TILE], unit[XENT_TILE];
    int32_t first[XENT_TILE];
    int32_t regular[XENT_TILE]; /* 0: the row must go through `reduce`; only at_target and max are known of it here */

    double log1p_rest[XENT_TILE];

    /* For the second pass: an entry is term * 2^-64 * scale, but for the two entries at the classes `first` and `target`. */
    double scale[XENT_TILE];
    double first_entry[XENT_TILE], target_entry[XENT_TILE];
};

/* What the first pass leaves: nothing, at_target, the logits as they were, their terms, or terms, at_target and target_term. */
enum xent_tile_keeps {
    XENT_KEEPS_NOTHING,
    XENT_KEEPS_TARGETS,
    XENT_KEEPS_LOGITS,
    XENT_KEEPS_TERMS,
    XENT_KEEPS_TERMS_FOR_TARGETS
};

/* The coefficients of the rows of a tile: class c of row r has at[c * class_step + r * row_step]. The steps are XENT_TILE and 1, or 1
   and 0 where all rows have the same ones, or 0 and 0 where all classes have. */
struct xent_tile_coef {
    const double *at; /* NULL: no class but a target has one */
    size_t class_step, row_step;
};

/* Rows in memory. Steps are in bytes. */
struct xent_tile_place {
    char *at;
    ptrdiff_t row_step, class_step;
};

/* Lines of cache that rows which stand side by side have in each class: of what the next tile reads, and of what this one writes. A kernel
   that computes fetches them meanwhile, a line at a time: the processor waits for a burst of them, and finds none by itself at such
   distances. */
struct xent_tile_ahead {
    size_t count;
    struct xent_tile_place place[3];
};

#endif
