/* The arithmetic of a variant: its type `real`, vectors of it and their functions v_*, which real_f32.h and real_f64.h define
 * alike. */
#ifndef XENT_KERNELS_REAL_H
#define XENT_KERNELS_REAL_H

#include "vector.h"

#include XENT_HEADER(real_, XENT_REAL)

#endif
