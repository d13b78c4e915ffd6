/* Factors between maxima and reference powers, for the arithmetic of a variant. */
#ifndef XENT_KERNELS_RELATE_H
#define XENT_KERNELS_RELATE_H

#include "real.h"

#include XENT_HEADER(relate_, XENT_REAL)

#endif
