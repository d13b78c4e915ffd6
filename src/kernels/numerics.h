/* The version of the arithmetic: whatever changes a bit of any result raises it (xent_numerics_version). */
#ifndef XENT_KERNELS_NUMERICS_H
#define XENT_KERNELS_NUMERICS_H

#define XENT_NUMERICS_VERSION 1

#endif
