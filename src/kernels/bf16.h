/* Elements stored as BF16 (the upper half of an f32), computed in f32. Assumes the arithmetic of f32 (real_f32.h). f32.h says
 * what the names mean. */
#ifndef XENT_KERNELS_BF16_H
#define XENT_KERNELS_BF16_H

#include "bits.h"
#include "real.h"

typedef uint16_t stored;

enum { PAIRED = VF32_PAIRED_BF16 };

static const stored minus_infinity = BF16_MINUS_INFINITY;

static inline real real_of(stored x) { return f32_of_bf16(x); }
static inline vector load(const stored *p) { return vf32_load_bf16(p); }
static inline void store(stored *p, vector a) { vf32_store_bf16(p, a); }
static inline void store_number(stored *p, vector a) { vf32_store_number_bf16(p, a); }
static inline void store_numbers(stored *p, const vector *pair) { vf32_store_numbers_bf16(p, pair); }
static inline vf64 load_doubles(const stored *p) { return vf64_load_bf16(p); }
static inline void load_pair(const stored *p, vector *pair) { vf32_load_pair_bf16(p, pair); }
static inline void store_number_pair(stored *p, const vector *pair) { vf32_store_number_pair_bf16(p, pair); }
static inline void interleave(vector *pair) { vf32_interleave(pair); }

#endif
