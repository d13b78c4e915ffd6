/* The arithmetic in f32. Assumes the vectors of an instruction set (vector.h). real_f64.h defines the same names; what they
 * mean stands here. */
#ifndef XENT_KERNELS_REAL_F32_H
#define XENT_KERNELS_REAL_F32_H

#include <stdbool.h>
#include <stddef.h>

#include "constants.h"
#include "vector.h"

typedef float real;
typedef vf32 vector;

enum {
    WIDTH = VF32_WIDTH,  /* lanes of a vector */
    PARTS = VF32_HALVES, /* vf64 that its lanes fill as doubles */
    SWEEP = VF32_SWEEP,
    STAGED = VF32_STAGED,
    BLOCK_GROUPS = 16,   /* groups whose low parts are summed as reals */
    COMPENSATED = false, /* whether sums over lanes carry their errors; a double has room enough for terms of f32 */
    TERM_BIAS = 127      /* of a real's exponent */
};

/* The exponential (exp.inc.h): adding EXP_SHIFT leaves eighths of an octave in the low bits, and the polynomial's coefficients
   begin with that of the highest power. */
#define EXP_SHIFT 0x1.8p20f
#define LOG2E EXP_F32_LOG2E
#define LN2_HI EXP_F32_LN2_HI
#define LN2_LO EXP_F32_LN2_LO
static const real exp_coefficients[] = { EXP_F32_C3, EXP_F32_C2 };

/* Of (e^-u - 1 + u) / u^2 what is beside 1/2, over u (diverge.inc.h), from the highest power on; and what a logit of -inf counts as there. */
static const real divergence_coefficients[] = { DIVERGENCE_F32_C8, DIVERGENCE_F32_C7, DIVERGENCE_F32_C6, DIVERGENCE_F32_C5,
                                                DIVERGENCE_F32_C4, DIVERGENCE_F32_C3, DIVERGENCE_F32_C2, DIVERGENCE_F32_C1 };
#define DIVERGENCE_LOWEST 0x1p126f

/* Adding and subtracting it rounds a real that is not large to an integer. */
#define INTEGER_SHIFT 0x1.8p23f

/* Where the maximum m is larger than this in magnitude, z - m is formed first: it is then exact for every term that counts. */
#define LARGE 0x1p15f

/* Of an x below -FAR, e^x 2^64 may be no normal real, or e^x no normal double. */
#define FAR 130.0f

/* Of an x below -GONE, e^x times any number that a sum of reals comes to is 0. */
#define GONE 1400.0f

/* The smallest real above 0. */
#define LEAST 0x1p-149f

/* Where a scale is smaller than this in magnitude, a real could not hold scale * 2^-64 as a normal number. */
#define TINY 0x1p-60

/* The backwards are computed in reals where a row's sum is 0 or lies between these: then neither it, split into two reals and times 2^-64,
   nor a difference from it leaves the numbers that a real holds with all digits. */
#define LEAST_SUM 0x1p-56
#define MOST_SUM 0x1p100

/* The largest |F Z| and |F coef_c| with which no entry overflows on the way (kernels.h). */
#define MOST_FACTOR 0x1p190
#define MOST_COEF 0x1p127

static inline vector v_load(const real *p) { return vf32_load(p); }
static inline void v_store(real *p, vector a) { vf32_store(p, a); }
static inline vector v_set(real x) { return vf32_set(x); }
static inline vector v_max(vector a, vector b) { return vf32_max(a, b); }
static inline vector v_add(vector a, vector b) { return vf32_add(a, b); }
static inline vector v_sub(vector a, vector b) { return vf32_sub(a, b); }
static inline vector v_mul(vector a, vector b) { return vf32_mul(a, b); }
static inline vector v_div(vector a, vector b) { return vf32_div(a, b); }
static inline vector v_fma(vector a, vector b, vector c) { return vf32_fma(a, b, c); }
static inline vector v_abs(vector a) { return vf32_abs(a); }
static inline vector v_with_sign(vector a, vector b) { return vf32_with_sign(a, b); }
static inline vector v_where_less(vector a, vector b, vector yes, vector no) { return vf32_where_less(a, b, yes, no); }
static inline vector v_where_equal(vector a, vector b, vector yes, vector no) { return vf32_where_equal(a, b, yes, no); }
static inline vector v_count_less(vector sum, vector a, vector b) { return vf32_count_less(sum, a, b); }
static inline unsigned v_equal(vector a, vector b) { return vf32_equal(a, b); }
static inline unsigned v_less(vector a, vector b) { return vf32_less(a, b); }
static inline unsigned v_above(vector a, vector b) { return vf32_above(a, b); }
static inline vector v_canonical(vector a) { return vf32_canonical(a); }
static inline real v_max_lane(vector a) { return vf32_max_lane(a); }
static inline vector v_exp_scale(vector t) { return vf32_exp_scale(t); }
static inline vector v_exp_correction(vector t) { return vf32_exp_correction(t); }
static inline void v_transpose(vector *rows) { vf32_transpose(rows); }
static inline vf64 v_widen(vector a, size_t part) { return vf32_widen(a, (int)part); }
/* a + b * c of doubles that were reals, sum and product rounded. */
static inline vf64 add_product(vf64 a, vf64 b, vf64 c) { return vf64_add_product(a, b, c); }
static inline vf64 load_real_doubles(const real *p) { return vf64_load_f32(p); }
static inline vector v_narrow(const vf64 *parts) { return vf32_narrow(parts); }
static inline void v_widen_all(vector a, vf64 *parts) { vf32_widen_all(a, parts); }

#endif
