/* Elements stored as F32, which are computed as they are. Assumes the arithmetic of f32 (real_f32.h). What the names mean,
 * which the other three headers of elements define too, stands here. */
#ifndef XENT_KERNELS_F32_H
#define XENT_KERNELS_F32_H

#include <math.h>

#include "real.h"

typedef float stored;

enum { PAIRED = false }; /* whether load_pair sorts elements by even and odd */

static const stored minus_infinity = -INFINITY;

/* One element as a real. */
static inline real real_of(stored x) { return x; }

/* A vector of elements as reals, and back, rounded to nearest even. store_number may make anything of a NaN; store_numbers stores two
   vectors so. */
static inline vector load(const stored *p) { return vf32_load(p); }
static inline void store(stored *p, vector a) { vf32_store(p, a); }
static inline void store_number(stored *p, vector a) { vf32_store(p, a); }
static inline void store_numbers(stored *p, const vector *pair)
{
    store_number(p, pair[0]);
    store_number(p + WIDTH, pair[1]);
}

/* As many elements as a vf64 has lanes, as doubles. */
static inline vf64 load_doubles(const stored *p) { return vf64_load_f32(p); }

/* Two vectors of elements. Where PAIRED, the first gets the even ones and the second the odd ones, which is cheaper where one
   word holds two elements; interleave then puts them in the order of memory. */
static inline void load_pair(const stored *p, vector *pair)
{
    pair[0] = load(p);
    pair[1] = load(p + WIDTH);
}
static inline void interleave(vector *pair) { (void)pair; }
/* What load_pair has read back to memory, as store_number. */
static inline void store_number_pair(stored *p, const vector *pair) { store_numbers(p, pair); }

#endif
