/* The kernels that statistics of rows need beside those of losses, for one type of stored elements. Compiled once for each instruction set,
 * which it may assume, and each type: apart from stored.c, so that losses are the same code with and without them. */
#include "stats.h"
#include "rank.inc.h"
#include "reduce_heat.inc.h"
#include "variant.h"

const struct xent_stats_kernels XENT_TABLE(stats, XENT_ISA, XENT_STORED) = {
    .reduce_with_heat = reduce_with_heat,
    .first_special = first_special,
    .count_before = count_before,
};
