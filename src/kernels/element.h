/* The elements of a variant: their type `stored`, and how they become reals and reals become them. f32.h, f64.h, f16.h and bf16.h
 * define the same names. */
#ifndef XENT_KERNELS_ELEMENT_H
#define XENT_KERNELS_ELEMENT_H

#include "real.h"

#include XENT_HEADER(, XENT_STORED)

enum { STORED_REALS = sizeof(stored) == sizeof(real) }; /* whether elements are stored as they are computed */

#endif
