/* What a backend provides: tables of functions, each with its contract. Kernels know nothing of tensors, options or errors:
 * they take pointers, counts and plain numbers, and cannot fail. All may assume round-to-nearest and subnormals.
 *
 * Words
 *   element      a number as it is stored: F32, F64, F16 or BF16; z, p, logp and t are arrays of them
 *   real         a number as it is computed: f64 for elements of F64, else f32
 *   class        an index along the axis; a row has a logit for each
 *   chunk        up to XENT_CHUNK classes of a row, one behind the other, which are reduced on their own
 *   group        64 classes of a chunk, the last group perhaps fewer; class c of a chunk belongs to lane c mod 64 of its sums
 *   lane         one of the 64 sums that a chunk is added up in; and the place of one number in a vector
 *   block        groups whose low parts are summed as reals, before their sum goes to double
 *   sweep        the vectors of a group that are worked on at a time; a stage of it goes operation by operation
 *   stretch      groups of one block that are read one behind the other
 *   reference    the power of two that a chunk's terms are divided by: 2^K, where K is an integer next to max * log2 e
 *   term         e^z 2^64 / 2^K, scale + scale * low: an entry of a table, and what is missing to it
 *   unit         2^K / e^max: term * 2^-64 * unit is e^(z - max).
 *   state        what is known of the classes of a row so far
 *   coefficient  of a class: its weight times its smoothed target
 *   gap          max - z, times the coefficient
 *   entry        one number of a gradient, or a probability
 *   rescale      to make entries of terms
 *   tile         up to XENT_TILE rows side by side, each in a lane of the vectors
 *   special      of a chunk: without a finite maximum; regular, of a row of a tile: with one that is not far from 0 and
 *                without a NaN
 */
#ifndef XENT_KERNELS_KERNELS_H
#define XENT_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arithmetic.h"
#include "leaves.h"
#include "tile.h"

/* Numerics version 1: these two fix the order of every sum over classes. Chunks merge in a binary tree over the chunk index, and
   the lanes of a chunk are added by halves: i + 32, i + 16, ... i + 1. */
#define XENT_CHUNK 4096 /* classes that are reduced on their own */
#define XENT_LANES 64   /* class c of a chunk belongs to lane c mod 64 */

#define XENT_LINE 64 /* bytes of a cache line */

/* What is known of some classes of a row that stand one behind the other, and all that merging two states needs. */
struct xent_state {
    double max;  /* the largest logit m; -inf: nothing but -inf; +inf: a NaN or +inf among the logits */
    double rest; /* sum of e^(z - m) over all classes but the first at m; where m is +inf: NaN with a NaN, else +inf. A NaN that
                    the maximum missed makes it NaN as well, so a row is fit for use if both max and rest are finite */
    double heat; /* sum of e^(z - m) (m - z) over the same classes; 0 where m is not finite or nobody has asked */
    double coef; /* sum of the classes' coefficients */
    double gap;  /* sum of coefficient * (m - z); where m is -inf: of coefficient * -z */
    double coef_peak; /* largest |coefficient| */
};

/* A chunk as the first pass leaves it for the second. */
struct xent_chunk {
    struct xent_state state;
    double unit;   /* e^(z - max) = term * 2^-64 * unit, for all classes but the first at the maximum, whose term is 0 */
    size_t first;  /* the first class at the maximum */
    size_t before; /* how many classes come before the row's target, where they are counted */
};

/* What the coefficients of a chunk are products of: class c has (hot t_c + uniform) w_c, each operation rounded. */
struct xent_factors {
    const void *t, *w;   /* elements; w NULL: all ones */
    double hot, uniform; /* -0.0 where nothing is to be added */
};

/* The coefficients of a chunk: class c has at[c * step]. step is 1, or 0 where all have the same. at NULL: by factors, stored as the
   elements that the kernel is for, which are reals. */
struct xent_chunk_coef {
    const double *at;
    size_t step;
    struct xent_factors factors;
    bool is_summed; /* the state that is to be filled has coef and coef_peak already */
};

/* How the second pass turns terms into entries; p_c = term * 2^-64 * unit * share. */
struct xent_rescale {
    double factor; /* F: upstream gradient over divisor, times logit_scale and the row's weight */
    double total;  /* Z: what p is multiplied with, the sum of the coefficients and what the z-loss adds */
    double none;   /* what Z p is for p = 0: 0 even where the z-loss overflows, NaN where the sum of the coefficients does */
    double share;  /* e^(chunk's max - row's max) / (1 + rest of the row) */
    double unit;   /* of the chunk */
};

struct xent_entry_limits {
    double factor, coef; /* largest |F Z| and |F coef_c| */
};

/* The kernels that depend on the type of the arithmetic alone, a `real`: f64 for elements of F64, else f32. */
struct xent_real_kernels {
    /* left becomes the state of left's classes followed by right's. */
    void (*merge)(struct xent_state *left, const struct xent_state *right);

    /* sum * e^(lower - upper), lower <= upper; 0 for lower = -inf. A sum of 2^64 comes out with all digits down to 2^-1086. */
    double (*relate)(double sum, double lower, double upper);

    /* out[c] = log1p(r[c]), r >= 0; NaN stays NaN. Both arrays have room for n as a multiple of XENT_TILE_VECTOR. */
    void (*log1p)(const double *r, double *out, size_t n);

    /* What the kernel `entries` takes: within these limits no intermediate overflows. */
    struct xent_entry_limits limits;

    const struct xent_tile_pair_kernels *pair;   /* of pairs of rows: pair.h */
    const struct xent_tile_stats_kernels *stats; /* stats.h */

    /* ---- Rows of a tile. What the last vector has beside them must be numbers, as tile_read makes them; each kernel fills in what
       it says of the state and leaves the rest ---- */

    /* coef = hot t + uniform, times w_c: reals become the doubles of a tile; uniform 0: nothing is added; w NULL: all 1. */
    void (*tile_smooth)(const void *t, size_t rows, size_t classes, double hot, double uniform, const double *w, double *coef);

    /* `max` and `first`. */
    void (*tile_maxima)(const void *tile, size_t rows, size_t classes, struct xent_tile *state);

    /* `gap` and, unless gaps_only, `coef` and `coef_peak`, given `max`, which need not be a maximum. */
    void (*tile_weigh)(const void *tile, size_t rows, size_t classes, const struct xent_tile_coef *coef, bool gaps_only,
                       const struct xent_tile_ahead *ahead, struct xent_tile *state);

    /* The sums of the terms, given `max`, `first` and, as far as they are looked at, `target`: `rest`, `unit` and `regular`, and what
       `keeps` says. weighed: `gap` must be finite for a row to be regular, as `rest` must. Returns how many are. */
    size_t (*tile_terms)(void *tile, size_t rows, size_t classes, enum xent_tile_keeps keeps, bool weighed,
                         const struct xent_tile_ahead *ahead, struct xent_tile *state);

    /* `log1p_rest` of all rows, and the losses of those that are regular. weighed: not only the targets have coefficients. */
    void (*tile_losses)(struct xent_tile *state, size_t rows, bool weighed, double z_loss, double *loss);

    /* `scale` and the entry at `first` of probabilities, which stands for that at `target` too. */
    void (*tile_shares)(struct xent_tile *state, size_t rows);

    /* `scale` and the two entries of each row, given its F, where only targets have coefficients and nothing has a slope; total
       receives what its p are multiplied with. */
    void (*tile_entries)(struct xent_tile *state, size_t rows, double z_loss, const double *factor, double *total);

    /* The same for coefficients of all classes, or slopes (a tile of reals; NULL: all 1). */
    void (*tile_special_entries)(struct xent_tile *state, size_t rows, const struct xent_tile_coef *coef, const void *slopes,
                                 double z_loss, const double *factor, double *total);

    /* Terms become entries, with those two in their places: as the kernels `entries` and, where there are slopes, `entries_with_slopes`
       make them. */
    void (*tile_rescale)(void *tile, size_t rows, size_t classes, const struct xent_tile_coef *coef, const void *slopes,
                         const double *factor, const double *total, const struct xent_tile *state);

    /* The k largest classes of each row, at most XENT_TILE_TOP, in the order of rows/top.h: their logits, a tile of reals, and they
       themselves, class i of row r at[i * XENT_TILE + r]. Also `max` and `first`, and `regular`: 0 of a row with a NaN, of which nothing is
       right. Returns how many have none. */
    size_t (*tile_top)(const void *tile, size_t rows, size_t classes, size_t k, void *best, int32_t *at,
                       struct xent_tile *state);

    /* Of each row the sum of p times the upstream gradient, as the kernel `upstream_dot` has it, but NaN or infinite where that would
       call the row odd; p NULL: `upstream_sum`, of the gradient alone. */
    void (*tile_dot)(const void *p, const void *upstream, size_t rows, size_t classes, const struct xent_tile_ahead *ahead,
                     double *dot);

    /* As the kernels of these names; p or logp become the entries. Both answer how many rows have a sum with which they cannot be
       computed here, and which. */
    size_t (*tile_softmax_backward)(void *tile, const void *upstream, size_t rows, size_t classes, const double *dot,
                                    bool *alone);
    size_t (*tile_log_softmax_backward)(void *tile, const void *upstream, size_t rows, size_t classes, const double *sum,
                                        bool *alone);
};

/* The kernels for one type of stored elements. A chunk has 1 to XENT_CHUNK contiguous elements; z, logp and p are stored
   ones. */
struct xent_stored_kernels {
    const struct xent_real_kernels *real;   /* of the type that these elements are computed in */
    const struct xent_pair_kernels *pair;   /* of two rows: pair.h */
    const struct xent_stats_kernels *stats; /* stats.h */

    /* Reduces a chunk; coef, gap and coef_peak of its state become 0. terms: NULL, or n reals, which may be z itself where that
       is stored as a real, for e^(z - max) as struct xent_chunk tells; a NaN stays a NaN, and +inf +inf. */
    void (*reduce)(const void *z, size_t n, void *terms, struct xent_chunk *chunk);

    /* The same where all classes have this coefficient, whose sums go into the state. Of F64 the gap may not be finite though
       that of finite logits is. */
    void (*reduce_equal)(const void *z, size_t n, double coef, void *terms, struct xent_chunk *chunk);

    /* coef_c = hot t_c + uniform, of stored elements; uniform 0: nothing is added. coef may be t. */
    void (*smooth)(const void *t, double *coef, size_t n, double hot, double uniform);

    /* coef_c = coef_c w_c, of stored elements. */
    void (*multiply)(const void *w, double *coef, size_t n);

    /* Fills coef, gap and coef_peak of a state whose max is that of z. A coefficient of 0 contributes 0 to the gap, whatever
       its logit is. The coefficients are not all the same (step 0). */
    void (*weigh)(const void *z, const struct xent_chunk_coef *coef, size_t n, struct xent_state *state);

    /* Up to XENT_TILE rows of at most a chunk of classes become a tile. padded: what the last vector has beside them
       becomes like the last of them; else it stays as it is. */
    void (*tile_read)(const struct xent_tile_place *from, size_t rows, size_t classes, bool padded, void *tile);

    /* The entries term * 2^-64 * scale, rounded once as by `entries`, and the two that are given. state NULL: the reals of the tile
       as they are. */
    void (*tile_write)(const void *tile, size_t rows, size_t classes, const struct xent_tile *state,
                       const struct xent_tile_place *to);

    /* Logits become log-probabilities, reals that are to be stored: as log_probs_of_reals, given `max` and `log1p_rest`. */
    void (*tile_log_probs)(void *tile, size_t rows, size_t classes, const struct xent_tile *state);

    /* The same of XENT_TILE rows, regular ones, to a place where they stand side by side. */
    void (*tile_write_log_probs)(const void *tile, size_t classes, const struct xent_tile *state,
                                 const struct xent_tile_place *to);

    /* out = softcap tanh(scale z / softcap), reals; without the tanh for softcap 0. Both parameters are reals in value. Any n; out may
       be z where that is stored as a real. */
    void (*prepare)(const void *z, void *out, size_t n, double scale, double softcap);

    /* out = the derivative of the softcap at scale z, reals; 1 where that is not finite. Any n; out as for prepare. */
    void (*slopes)(const void *z, void *out, size_t n, double scale, double softcap);

    /* out_c = F (Z p_c - coef_c), a real rounded once and then stored; coef NULL: all 0. out may be the terms (reals) where the
       stored type is real. For factors and coefficients within real->limits. */
    void (*entries)(const void *terms, const struct xent_chunk_coef *coef, void *out, size_t n,
                    const struct xent_rescale *rescale);

    /* The same with slopes (reals in [0, 1]): b = slope (Z p - coef) in double first, then F b; +0.0 where b is 0. */
    void (*entries_with_slopes)(const void *terms, const struct xent_chunk_coef *coef, const void *slopes, void *out, size_t n,
                                const struct xent_rescale *rescale);

    /* The same for any factor; slopes NULL: all 1. */
    void (*entries_in_double)(const void *terms, const struct xent_chunk_coef *coef, const void *slopes, void *out, size_t n,
                              const struct xent_rescale *rescale);

    /* Lists the places of the elements that are larger than the threshold, a real in value, or NaN, in their order and until `most` are
       listed; answers how many are. */
    size_t (*above)(const void *z, size_t n, double threshold, uint16_t *at, size_t most);

    /* Reals become stored elements, rounded to nearest even. */
    void (*store)(const void *real, void *out, size_t n);

    /* out_c = (z_c - max) - log1p_rest, numbers: in double, but in reals where elements have 16 bits. out, stored elements, may be z. */
    void (*log_probs)(const void *z, void *out, size_t n, double max, double log1p_rest);

    /* The same of logits that are reals. */
    void (*log_probs_of_reals)(const void *z, void *out, size_t n, double max, double log1p_rest);

    /* out = ln x, stored elements, any n; out may be x. NaN results are canonical. */
    void (*log)(const void *x, void *out, size_t n);

    /* The sum of a chunk of p_c g_c, in its lanes; stored elements. A g_c of 0 adds 0, whatever p_c is. */
    double (*dot)(const void *p, const void *g, size_t n);

    /* The same for the backwards, and the sum of g_c alone: where reals are F32, two classes of a lane that are neighbours are added as
       reals first. *odd: whether some p_c or g_c may be no number. */
    double (*upstream_dot)(const void *p, const void *g, size_t n, bool *odd);
    double (*upstream_sum)(const void *g, size_t n);

    /* out_c = p_c (grad_p_c - dot), and out_c = grad_logp_c - e^logp_c sum, stored elements; out may be either input. NaN
       results are canonical. odd: as upstream_dot has it of any chunk of the row. */
    void (*softmax_backward)(const void *p, const void *grad_p, void *out, size_t n, double dot, bool odd);
    void (*log_softmax_backward)(const void *logp, const void *grad_logp, void *out, size_t n, double sum);
};

struct xent_kernels {
    const char *name;

    /* memcpy past the caches, for an output that is gone from them before anybody reads it; on some backends memcpy itself.
       Other threads see it as any other store once end_stream has been called behind it. */
    void (*stream)(void *out, const void *from, size_t bytes);
    void (*end_stream)(void);
    xent_leaves_fn *sum_leaves;

    const struct xent_stored_kernels *f32, *f64, *f16, *bf16;
};

extern const struct xent_kernels xent_kernels_scalar;
#ifdef XENT_HAVE_AVX2
extern const struct xent_kernels xent_kernels_avx2;
#endif
#ifdef XENT_HAVE_AVX512
extern const struct xent_kernels xent_kernels_avx512;
#endif
#ifdef XENT_HAVE_NEON
extern const struct xent_kernels xent_kernels_neon;
#endif

#endif
