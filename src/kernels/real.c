/* The kernels that depend on the type of the arithmetic alone. Compiled once for each instruction set, which it may assume, and
 * each type of the arithmetic. */
#include "log.inc.h"
#include "merge.inc.h"
#include "tile.inc.h"
#include "tile_backward.inc.h"
#include "tile_diverge.inc.h"
#include "tile_entries.inc.h"
#include "tile_finish.inc.h"
#include "tile_stats.inc.h"
#include "tile_top.inc.h"
#include "tile_upstream.inc.h"
#include "tile_weigh.inc.h"
#include "variant.h"

static double relate_sum(double sum, double lower, double upper) { return scaled(sum, lower, upper); }

static void log1p_all(const double *r, double *out, size_t n) { log1p_rows(r, out, n); }

static const struct xent_tile_pair_kernels tile_pair_kernels = { .diverge = tile_diverge, .differences = tile_differences };
static const struct xent_tile_stats_kernels of_stats = {
    .terms_with_heat = tile_terms_with_heat,
    .entropies = tile_entropies,
    .count_before = tile_count_before,
};

const struct xent_real_kernels XENT_TABLE(real, XENT_ISA, XENT_REAL) = {
    .merge = merge,
    .relate = relate_sum,
    .log1p = log1p_all,
    .stats = &of_stats,
    .limits = { .factor = MOST_FACTOR, .coef = MOST_COEF },
    .tile_smooth = tile_smooth,
    .tile_maxima = tile_maxima,
    .tile_weigh = tile_weigh,
    .tile_terms = tile_terms,
    .tile_losses = tile_losses,
    .tile_shares = tile_shares,
    .tile_entries = tile_entries,
    .tile_special_entries = tile_special_entries,
    .tile_rescale = tile_rescale,
    .tile_top = tile_top,
    .tile_dot = tile_dot,
    .tile_softmax_backward = tile_softmax_backward,
    .tile_log_softmax_backward = tile_log_softmax_backward,
    .pair = &tile_pair_kernels,
};
