/* Elements stored as F64, which are computed as they are. Assumes the arithmetic of f64 (real_f64.h). f32.h says what the names
 * mean. */
#ifndef XENT_KERNELS_F64_H
#define XENT_KERNELS_F64_H

#include <math.h>

#include "real.h"

typedef double stored;

enum { PAIRED = false };

static const stored minus_infinity = -(double)INFINITY;

static inline real real_of(stored x) { return x; }
static inline vector load(const stored *p) { return vf64_load(p); }
static inline void store(stored *p, vector a) { vf64_store(p, a); }
static inline void store_number(stored *p, vector a) { vf64_store(p, a); }
static inline void store_numbers(stored *p, const vector *pair)
{
    store_number(p, pair[0]);
    store_number(p + WIDTH, pair[1]);
}
static inline vf64 load_doubles(const stored *p) { return vf64_load(p); }
static inline void load_pair(const stored *p, vector *pair)
{
    pair[0] = load(p);
    pair[1] = load(p + WIDTH);
}
static inline void interleave(vector *pair) { (void)pair; }
static inline void store_number_pair(stored *p, const vector *pair) { store_numbers(p, pair); }

#endif
