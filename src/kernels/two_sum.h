/* TwoSum in plain double: a sum and what its rounding lost. Assumes nothing of an instruction set; two_sum.inc.h has it for
 * vectors. */
#ifndef XENT_KERNELS_TWO_SUM_H
#define XENT_KERNELS_TWO_SUM_H

/* *sum += x, and *error += what the rounding of that lost, exactly (Knuth, "The Art of Computer Programming", volume 2,
   4.2.2). */
static inline void add_two(double *sum, double *error, double x)
{
    double a = *sum, s = a + x, back = s - a;
    *error += (a - (s - back)) + (x - back);
    *sum = s;
}

#endif
