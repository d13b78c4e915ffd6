/* What classes add to the divergence of two rows, in vectors of classes of one pair of rows or of pairs side by side. Assumes the
 * arithmetic of a variant (real.h). */
#ifndef XENT_KERNELS_DIVERGE_INC_H
#define XENT_KERNELS_DIVERGE_INC_H

#include "divergence.h"
#include "lanes.inc.h"
#include "real.h"

enum {
    DIVERGENCE_COEFFICIENTS = sizeof divergence_coefficients / sizeof(real),
    DIVERGENCE_GROUPS = COMPENSATED ? 1 : 4 /* whose sums are reals before they go to double: two and two are added first */
};

/* As struct xent_divergence has them; the offset is the sum of two reals. */
struct pairing {
    vector ratio, offset, offset_low;
};

/* PLAIN takes logits and offset as they are; its sums are not finite where a logit is not, and it is close enough only where
   divergence_is_plain says so. CAREFUL loses no digit of u: the rounding of z_p - z_q, which the offset may be as large as, is put back. A
   logit of -inf, whose term is 0, counts as one that is far below all others, so that with two such u is a number. */
enum care { PLAIN, CAREFUL };

static inline __attribute__((always_inline)) vector log_ratio(vector p, vector q, const struct pairing *by, enum care care)
{
    vector x, y, d, back, error;
    if (care == PLAIN) return v_sub(v_sub(p, q), by->offset);
    x = v_max(p, v_set(-DIVERGENCE_LOWEST));
    y = v_max(q, v_set(-DIVERGENCE_LOWEST));
    d = v_sub(x, y);
    back = v_sub(d, x);
    error = v_sub(v_sub(x, v_sub(d, back)), v_add(y, back));
    return v_add(v_sub(d, by->offset), v_sub(error, by->offset_low));
}

/* What classes add: p (e^-u - 1 + u), and p u; and the largest u, where CAREFUL. */
struct addend {
    vector excess, moment, reach;
};

static inline struct addend no_classes(void) { return (struct addend){ v_set((real)0), v_set((real)0), v_set((real)0) }; }

static inline __attribute__((always_inline)) struct addend both(struct addend a, struct addend b, enum care care)
{
    a.excess = v_add(a.excess, b.excess);
    a.moment = v_add(a.moment, b.moment);
    if (care == CAREFUL) a.reach = v_max(b.reach, a.reach);
    return a;
}

/* Where u is near 0 the series, whose digits do not depend on the terms of q; else q - p + p u. The series' first part, u / 2, is exact. */
static inline __attribute__((always_inline)) struct addend diverge_vector(vector p, vector q, vector term_p, vector term_q,
                                                                          const struct pairing *by, enum care care)
{
    const vector u = log_ratio(p, q, by, care), moment = v_mul(term_p, u), square = v_mul(u, u);
    vector rest = v_set(divergence_coefficients[0]), near, far;
    EACH (k, DIVERGENCE_COEFFICIENTS - 1) rest = v_fma(rest, u, v_set(divergence_coefficients[k + 1]));
    near = v_mul(moment, v_fma(square, rest, v_mul(u, v_set((real)0.5))));
    far = v_fma(term_q, by->ratio, v_sub(moment, term_p));
    near = v_where_less(v_abs(v_add(u, v_set((real)DIVERGENCE_CENTER))), v_set((real)DIVERGENCE_REACH), near, far);
    return (struct addend){ near, moment, u };
}

#endif
