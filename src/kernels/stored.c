/* The kernels for one type of stored elements. Compiled once for each instruction set, which it may assume, and each type. */
#include <float.h>

#include "above.inc.h"
#include "backward_rows.inc.h"
#include "diverge_rows.inc.h"
#include "dot.inc.h"
#include "elements.inc.h"
#include "entries.inc.h"
#include "prepare.inc.h"
#include "reduce.inc.h"
#include "tile_log_probs.inc.h"
#include "tile_move.inc.h"
#include "tile_write.inc.h"
#include "upstream.inc.h"
#include "variant.h"
#include "weigh.inc.h"

/* Wider intermediate results would change the bits. */
_Static_assert(FLT_EVAL_METHOD == 0, "float and double must be computed as such (32-bit x86: -msse2 -mfpmath=sse)");

static const struct xent_pair_kernels pair_kernels = { .diverge = diverge, .differences = differences };

const struct xent_stored_kernels XENT_TABLE(stored, XENT_ISA, XENT_STORED) = {
    .real = &XENT_TABLE(real, XENT_ISA, XENT_REAL),
    .stats = &XENT_TABLE(stats, XENT_ISA, XENT_STORED),
    .reduce = reduce,
    .reduce_equal = reduce_equal,
    .smooth = smooth,
    .multiply = multiply,
    .weigh = weigh,
    .tile_read = tile_read,
    .tile_write = tile_write,
    .tile_log_probs = tile_log_probs,
    .tile_write_log_probs = tile_write_log_probs,
    .prepare = prepare,
    .slopes = slopes,
    .entries = entries,
    .entries_with_slopes = entries_with_slopes,
    .entries_in_double = entries_in_double,
    .above = above,
    .store = store_elements,
    .log_probs = log_probs,
    .log_probs_of_reals = log_probs_of_reals,
    .log = log_elements,
    .dot = dot,
    .upstream_dot = upstream_dot,
    .upstream_sum = upstream_sum,
    .softmax_backward = softmax_backward,
    .log_softmax_backward = log_softmax_backward,
    .pair = &pair_kernels,
};
