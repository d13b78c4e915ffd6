/* The arithmetic in f64. Assumes the vectors of an instruction set (vector.h). real_f32.h says what the names mean. */
#ifndef XENT_KERNELS_REAL_F64_H
#define XENT_KERNELS_REAL_F64_H

#include <stdbool.h>
#include <stddef.h>

#include "constants.h"
#include "vector.h"

typedef double real;
typedef vf64 vector;

enum {
    WIDTH = VF64_WIDTH,
    PARTS = 1,
    SWEEP = VF64_SWEEP,
    STAGED = VF64_STAGED,
    BLOCK_GROUPS = XENT_CHUNK / XENT_LANES,
    COMPENSATED = true,
    TERM_BIAS = 1023
};

#define EXP_SHIFT 0x1.8p49
#define LOG2E EXP_F64_LOG2E
#define LN2_HI EXP_F64_LN2_HI
#define LN2_LO EXP_F64_LN2_LO
static const real exp_coefficients[] = { EXP_F64_C7, EXP_F64_C6, EXP_F64_C5, EXP_F64_C4, EXP_F64_C3, EXP_F64_C2 };

static const real divergence_coefficients[] = { DIVERGENCE_F64_C15, DIVERGENCE_F64_C14, DIVERGENCE_F64_C13, DIVERGENCE_F64_C12,
                                                DIVERGENCE_F64_C11, DIVERGENCE_F64_C10, DIVERGENCE_F64_C9,  DIVERGENCE_F64_C8,
                                                DIVERGENCE_F64_C7,  DIVERGENCE_F64_C6,  DIVERGENCE_F64_C5,  DIVERGENCE_F64_C4,
                                                DIVERGENCE_F64_C3,  DIVERGENCE_F64_C2,  DIVERGENCE_F64_C1 };
#define DIVERGENCE_LOWEST 0x1p1022

#define INTEGER_SHIFT 0x1.8p52
#define LARGE 0x1p40
#define FAR 700.0
#define GONE 1508.0
#define LEAST 0x1p-1074
#define TINY 0x1p-950
#define LEAST_SUM 0x1p-900
#define MOST_SUM 0x1p969 /* half a unit in the last place of the largest double */
#define MOST_FACTOR 0x1p1000
#define MOST_COEF 0x1p1000

static inline vector v_load(const real *p) { return vf64_load(p); }
static inline void v_store(real *p, vector a) { vf64_store(p, a); }
static inline vector v_set(real x) { return vf64_set(x); }
static inline vector v_max(vector a, vector b) { return vf64_max(a, b); }
static inline vector v_add(vector a, vector b) { return vf64_add(a, b); }
static inline vector v_sub(vector a, vector b) { return vf64_sub(a, b); }
static inline vector v_mul(vector a, vector b) { return vf64_mul(a, b); }
static inline vector v_div(vector a, vector b) { return vf64_div(a, b); }
static inline vector v_fma(vector a, vector b, vector c) { return vf64_fma(a, b, c); }
static inline vector v_abs(vector a) { return vf64_abs(a); }
static inline vector v_with_sign(vector a, vector b) { return vf64_with_sign(a, b); }
static inline vector v_where_less(vector a, vector b, vector yes, vector no) { return vf64_where_less(a, b, yes, no); }
static inline vector v_where_equal(vector a, vector b, vector yes, vector no) { return vf64_where_equal(a, b, yes, no); }
static inline vector v_count_less(vector sum, vector a, vector b) { return vf64_count_less(sum, a, b); }
static inline unsigned v_equal(vector a, vector b) { return vf64_equal(a, b); }
static inline unsigned v_less(vector a, vector b) { return vf64_less(a, b); }
static inline unsigned v_above(vector a, vector b) { return vf64_above(a, b); }
static inline vector v_canonical(vector a) { return vf64_canonical(a); }
static inline real v_max_lane(vector a) { return vf64_max_lane(a); }
static inline vector v_exp_scale(vector t) { return vf64_exp_scale(t); }
static inline vector v_exp_correction(vector t) { return vf64_exp_correction(t); }
static inline void v_transpose(vector *rows) { vf64_transpose(rows); }
static inline void v_widen_all(vector a, vf64 *parts) { *parts = a; }
static inline vf64 add_product(vf64 a, vf64 b, vf64 c) { return vf64_add(a, vf64_mul(b, c)); }
static inline vf64 load_real_doubles(const real *p) { return vf64_load(p); }
static inline vector v_narrow(const vf64 *parts) { return parts[0]; }
static inline vf64 v_widen(vector a, size_t part)
{
    (void)part;
    return a;
}

#endif
