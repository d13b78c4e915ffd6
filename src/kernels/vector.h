/* The vectors of the instruction set that a variant is compiled for: scalar.h says what its functions mean. */
#ifndef XENT_KERNELS_VECTOR_H
#define XENT_KERNELS_VECTOR_H

#include "variant.h"

#include XENT_HEADER(, XENT_ISA)

#endif
