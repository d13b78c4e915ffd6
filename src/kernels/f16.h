/* Elements stored as F16 (IEEE binary16), computed in f32. Assumes the arithmetic of f32 (real_f32.h). f32.h says what the
 * names mean. */
#ifndef XENT_KERNELS_F16_H
#define XENT_KERNELS_F16_H

#include "bits.h"
#include "real.h"

typedef uint16_t stored;

enum { PAIRED = false };

static const stored minus_infinity = F16_MINUS_INFINITY;

static inline real real_of(stored x) { return f32_of_f16(x); }
static inline vector load(const stored *p) { return vf32_load_f16(p); }
static inline void store(stored *p, vector a) { vf32_store_f16(p, a); }
static inline void store_number(stored *p, vector a) { vf32_store_number_f16(p, a); }
static inline void store_numbers(stored *p, const vector *pair)
{
    store_number(p, pair[0]);
    store_number(p + WIDTH, pair[1]);
}
static inline vf64 load_doubles(const stored *p) { return vf64_load_f16(p); }
static inline void load_pair(const stored *p, vector *pair)
{
    pair[0] = load(p);
    pair[1] = load(p + WIDTH);
}
static inline void interleave(vector *pair) { (void)pair; }
static inline void store_number_pair(stored *p, const vector *pair) { store_numbers(p, pair); }

#endif
