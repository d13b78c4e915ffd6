/* All kernels of one backend. Expects the vector primitives of a simd_*.h; everything it defines is static, so that each backend has
 * its own; XENT_BACKEND_TABLE(name) is the table that the linker sees. */
#include <float.h>

#include "lanes.inc.h"

#include "exp.inc.h"
#include "log.inc.h"

/* Wider intermediate results would change the bits. */
_Static_assert(FLT_EVAL_METHOD == 0, "float and double must be computed as such (32-bit x86: -msse2 -mfpmath=sse)");

#define REAL float
#define VEC vf32
#define V(op) vf32_##op
#define F(name) name##_f32
#define WIDTH VF32_WIDTH
#define SWEEP VF32_SWEEP
#define BLOCK_GROUPS 16
#define LOG2E EXP_F32_LOG2E
#define LARGE 0x1p15f
#define COMPENSATED 0
#define TINY 0x1p-60
#define FACTOR_MAX 0x1p190
#define COEF_MAX 0x1p127
#include "element.inc.h"

#define REAL double
#define VEC vf64
#define V(op) vf64_##op
#define F(name) name##_f64
#define WIDTH VF64_WIDTH
#define SWEEP VF64_SWEEP
#define BLOCK_GROUPS (XENT_CHUNK / XENT_LANES)
#define LOG2E EXP_F64_LOG2E
#define LARGE 0x1p40
#define COMPENSATED 1
#define TINY 0x1p-950
#define FACTOR_MAX 0x1p1000
#define COEF_MAX 0x1p1000
#include "element.inc.h"

#define XENT_ROW_KERNELS(type)                                                                                                 \
    {                                                                                                                          \
        .reduce = reduce_##type, .weigh = weigh_##type, .merge = merge_##type, .relate = relate_##type, .log1p = log1p_##type, \
        .entries = entries_##type, .wild_entries = wild_entries_##type, .fits = fits_##type, .log_probs = log_probs_##type,    \
        .log = log_##type                                                                                                      \
    }
#define XENT_BACKEND_TABLE(backend_name)                                                                                       \
    {                                                                                                                          \
        .name = backend_name, .f32 = XENT_ROW_KERNELS(f32), .f64 = XENT_ROW_KERNELS(f64)                                       \
    }
