/* The vectors of the instruction set that a variant is compiled for: scalar.h says what its functions mean. */
#ifndef XENT_KERNELS_VECTOR_H
#define XENT_KERNELS_VECTOR_H

#include "variant.h"

#include XENT_HEADER(, XENT_ISA)

/* A loop over a few vectors, unrolled before the compiler places arrays: each vector then has a register of its own. */
#define EACH(v, count) _Pragma("GCC unroll 16") for (size_t v = 0; v < (count); v++)

#endif
