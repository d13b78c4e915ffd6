/* The table of one backend: what its kernels are for each type of elements, copies past the caches, and sums over rows. Compiled once
 * for each instruction set, which it may assume. */
#include "leaves.inc.h"
#include "stream.inc.h"
#include "variant.h"

const struct xent_kernels XENT_BACKEND_TABLE(XENT_ISA) = {
    .name = XENT_STRING(XENT_ISA),
    .stream = stream,
    .end_stream = end_stream,
    .sum_leaves = sum_leaves,
    .f32 = &XENT_TABLE(stored, XENT_ISA, f32),
    .f64 = &XENT_TABLE(stored, XENT_ISA, f64),
    .f16 = &XENT_TABLE(stored, XENT_ISA, f16),
    .bf16 = &XENT_TABLE(stored, XENT_ISA, bf16),
};
