/* What two rows p and q diverge by, each formula once: for a chunk of them, for their chunks together (src/rows/divergence.c) and, in
 * loops that become vector code, for rows side by side. Plain doubles without branches. docs/numerics.md says why it is done so.
 *
 * With u_c = ln(p_c / q_c), a class adds p_c (e^-u_c - 1 + u_c) to the divergence, which is q_c - p_c + p_c u_c and never negative. What
 * u is measured from, the ratio of two sums, is known to the accuracy of these alone; so the q_c add up to 1 + lack. */
#ifndef XENT_KERNELS_DIVERGENCE_H
#define XENT_KERNELS_DIVERGENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "constants.h"
#include "two_sum.h"

/* Where u reaches as far, products with terms may overflow; where a maximum lies as far from 0, two reals no longer have the offset
   to 2^-27 (F64: 2^-57). */
#define XENT_DIVERGENCE_REACH_F32 0x1p60
#define XENT_DIVERGENCE_REACH_F64 0x1p900
#define XENT_DIVERGENCE_MAX_F32 0x1p20
#define XENT_DIVERGENCE_MAX_F64 0x1p48

/* From -7/4 to 3/2, that is where |u + CENTER| is less than REACH, e^-u - 1 + u is a series. */
#define DIVERGENCE_CENTER 0.125
#define DIVERGENCE_REACH 1.625

/* e^-u - 1 + u there. */
static inline double divergence_series(double u)
{
    static const double coefficients[] = { DIVERGENCE_F64_C15, DIVERGENCE_F64_C14, DIVERGENCE_F64_C13, DIVERGENCE_F64_C12,
                                           DIVERGENCE_F64_C11, DIVERGENCE_F64_C10, DIVERGENCE_F64_C9,  DIVERGENCE_F64_C8,
                                           DIVERGENCE_F64_C7,  DIVERGENCE_F64_C6,  DIVERGENCE_F64_C5,  DIVERGENCE_F64_C4,
                                           DIVERGENCE_F64_C3,  DIVERGENCE_F64_C2,  DIVERGENCE_F64_C1 };
    double sum = coefficients[0];
    for (size_t i = 1; i < sizeof coefficients / sizeof coefficients[0]; i++) sum = sum * u + coefficients[i];
    return u * u * (0.5 + u * sum);
}

/* (max + log1p_rest) of p less that of q: the number returned and *low. Exactly 0 for equal ones. */
static inline double divergence_offset(double max_p, double log_p, double max_q, double log_q, double *low)
{
    double offset = max_p, error = 0;
    add_two(&offset, &error, -max_q);
    add_two(&offset, &error, log_p - log_q);
    *low = error;
    return offset;
}

/* What a term is multiplied with to be a share of its chunk, or of its row of one chunk. */
static inline double divergence_share(double unit, double rest) { return 0x1p-64 * unit / (1 + rest); }

/* By what the q_c add up to more than 1, as the difference of two sums. Beside a divergence of 2^20 or more that difference is rounding
   alone, and its square would take digits away; the lack itself, a few roundings of 1, would change none. */
static inline double divergence_lack(double divergence, double difference) { return divergence < 0x1p20 ? difference : 0; }

/* The divergence itself, of what classes add to it. By the lack, which is tiny, it would be too large: the divergence of what adds up to
   1 and 1 + lack is that much above the one of their shares. */
static inline double divergence_of(double excess, double lack)
{
    double divergence = excess - 0.5 * lack * lack;
    return divergence > 0 ? divergence : 0;
}

/* Chunks of at most so many classes are taken with care at once, and those whose offset is larger than that. */
#define XENT_PLAIN_CLASSES 512
#define XENT_PLAIN_OFFSET 0.875

/* Whether sums that were taken without care are close enough. u is then off by a rounding of z_p - z_q, which is as large as that of |u| and
   of the offset together. */
static inline bool divergence_is_plain(double excess, double lack, double offset)
{
    double divergence = excess - 0.5 * lack * lack;
    return (offset * offset <= 4 * divergence) & (divergence <= 16);
}

/* ln of 1 + lack, by which the ratio of the two sums is off. */
static inline double divergence_drift(double lack) { return lack - 0.5 * lack * lack; }

#endif
