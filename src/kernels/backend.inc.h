/* All kernels of one backend. Expects the vector primitives of a simd_*.h; everything it defines is static, so that each backend has
 * its own; XENT_BACKEND_TABLE(name) is the table that the linker sees.
 *
 * The templates are included once per element type of the arithmetic (real.inc.h), with
 *   REAL, VEC, WIDTH, SWEEP   element, its vector, lanes of a vector, vectors worked on at a time
 *   STAGED                    how many of a sweep go operation by operation
 *   V(op), F(name)            the vector's primitives; this type's own functions
 *   BLOCK_GROUPS              groups of 64 classes whose small parts are summed in REAL
 *   LOG2E                     log2 e
 *   LARGE                     |m| above which z - m is formed first: it is then exact for every term that counts
 *   SHIFT                     adding and subtracting it rounds to an integer what is not large
 *   COMPENSATED               whether sums over lanes carry their errors (f32 leaves room enough in a plain double)
 *   TINY                      |scale| below which a REAL could not hold scale 2^-64 as a normal number
 * or once per type that elements are stored as (stored.inc.h), with these and
 *   STORED, S(name)           element; this type's own functions
 *   LOAD, STORE, GET          a vector of REAL from and to memory, and one element as REAL
 *   STORE_NUMBER              STORE of what is not NaN
 *   LOAD_F64                  a vf64 from memory
 *   MINUS_INFINITY            as it is stored
 *   PAIRED, LOAD_PAIR         whether two vectors are better read at a time, one of the even, one of the odd elements; and how */
#include <float.h>

#include "bits.h"
#include "lanes.inc.h"

#include "exp.inc.h"
#include "log.inc.h"
#include "softcap.inc.h"
#include "stream.inc.h"
#include "tile_finish.inc.h"

/* Wider intermediate results would change the bits. */
_Static_assert(FLT_EVAL_METHOD == 0, "float and double must be computed as such (32-bit x86: -msse2 -mfpmath=sse)");

#define REAL float
#define VEC vf32
#define V(op) vf32_##op
#define F(name) name##_f32
#define WIDTH VF32_WIDTH
#define SWEEP VF32_SWEEP
#define STAGED VF32_STAGED
#define BLOCK_GROUPS 16
#define LOG2E EXP_F32_LOG2E
#define LARGE 0x1p15f
#define SHIFT 0x1.8p23f
#define COMPENSATED 0
#define TINY 0x1p-60
#include "real.inc.h"

#define STORED float
#define S(name) name##_f32
#define LOAD vf32_load
#define STORE vf32_store
#define STORE_NUMBER vf32_store
#define GET(x) (x)
#define LOAD_F64 vf64_load_f32
#define MINUS_INFINITY (-INFINITY)
#define PAIRED 0
#include "stored.inc.h"

#define STORED uint16_t
#define S(name) name##_f16
#define LOAD vf32_load_f16
#define STORE vf32_store_f16
#define STORE_NUMBER vf32_store_number_f16
#define GET(x) f32_of_f16(x)
#define LOAD_F64 vf64_load_f16
#define MINUS_INFINITY F16_MINUS_INFINITY
#define PAIRED 0
#include "stored.inc.h"

#define STORED uint16_t
#define S(name) name##_bf16
#define LOAD vf32_load_bf16
#define STORE vf32_store_bf16
#define STORE_NUMBER vf32_store_number_bf16
#define GET(x) f32_of_bf16(x)
#define LOAD_F64 vf64_load_bf16
#define MINUS_INFINITY BF16_MINUS_INFINITY
#define PAIRED VF32_PAIRED_BF16
#define LOAD_PAIR vf32_load_pair_bf16
#include "stored.inc.h"

#undef REAL
#undef VEC
#undef V
#undef F
#undef WIDTH
#undef SWEEP
#undef STAGED
#undef BLOCK_GROUPS
#undef LOG2E
#undef LARGE
#undef SHIFT
#undef COMPENSATED
#undef TINY

#define REAL double
#define VEC vf64
#define V(op) vf64_##op
#define F(name) name##_f64
#define WIDTH VF64_WIDTH
#define SWEEP VF64_SWEEP
#define STAGED VF64_STAGED
#define BLOCK_GROUPS (XENT_CHUNK / XENT_LANES)
#define LOG2E EXP_F64_LOG2E
#define LARGE 0x1p40
#define SHIFT 0x1.8p52
#define COMPENSATED 1
#define TINY 0x1p-950
#include "real.inc.h"

#define STORED double
#define S(name) name##_f64
#define LOAD vf64_load
#define STORE vf64_store
#define STORE_NUMBER vf64_store
#define GET(x) (x)
#define LOAD_F64 vf64_load
#define MINUS_INFINITY (-(double)INFINITY)
#define PAIRED 0
#include "stored.inc.h"

/* Within these limits no entry overflows on the way. */
static const struct xent_real_kernels real_kernels_f32 = { .merge = merge_f32,
                                                           .relate = relate_f32,
                                                           .log1p = log1p_f32,
                                                           .limits = { 0x1p190, 0x1p127 },
                                                           .tile_reduce = tile_reduce_f32,
                                                           .tile_losses = tile_losses,
                                                           .tile_entries = tile_entries };
static const struct xent_real_kernels real_kernels_f64 = { .merge = merge_f64,
                                                           .relate = relate_f64,
                                                           .log1p = log1p_f64,
                                                           .limits = { 0x1p1000, 0x1p1000 },
                                                           .tile_reduce = tile_reduce_f64,
                                                           .tile_losses = tile_losses,
                                                           .tile_entries = tile_entries };

/* The functions of a stored type, and those of the type it is computed in. */
#define XENT_STORED_KERNELS(stored, real_type)                                                                                 \
    static const struct xent_stored_kernels stored_kernels_##stored = { .real = &real_kernels_##real_type,                     \
                                                                        .reduce = reduce_##stored,                             \
                                                                        .smooth = smooth_##stored,                             \
                                                                        .multiply = multiply_##stored,                         \
                                                                        .weigh = weigh_##stored,                               \
                                                                        .prepare = prepare_##stored,                           \
                                                                        .slopes = slopes_##stored,                             \
                                                                        .entries = entries_##stored,                           \
                                                                        .entries_in_double = entries_in_double_##stored,       \
                                                                        .store = store_##stored,                               \
                                                                        .log_probs = log_probs_##stored,                       \
                                                                        .log = log_##stored,                                   \
                                                                        .softmax_backward = softmax_backward_##stored,         \
                                                                        .log_softmax_backward = log_softmax_backward_##stored, \
                                                                        .tile_read = tile_read_##stored,                       \
                                                                        .tile_write = tile_write_##stored }
XENT_STORED_KERNELS(f32, f32);
XENT_STORED_KERNELS(f64, f64);
XENT_STORED_KERNELS(f16, f32);
XENT_STORED_KERNELS(bf16, f32);

#define XENT_BACKEND_TABLE(backend_name)                                                                                       \
    {                                                                                                                          \
        .name = backend_name, .stream = stream, .end_stream = end_stream, .f32 = &stored_kernels_f32,                          \
        .f64 = &stored_kernels_f64, .f16 = &stored_kernels_f16, .bf16 = &stored_kernels_bf16                                   \
    }
