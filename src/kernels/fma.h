/* The fused multiply-add for a C library that has none. */
#ifndef XENT_KERNELS_FMA_H
#define XENT_KERNELS_FMA_H

/* x y + z, rounded once, to nearest: IEEE's for all numbers and infinities. Which NaN comes out is not said. */
double xent_fma(double x, double y, double z);

#endif
