/* The softcap of vectors and its derivative, in the arithmetic of a variant. */
#ifndef XENT_KERNELS_SOFTCAP_H
#define XENT_KERNELS_SOFTCAP_H

#include "real.h"

#include XENT_HEADER(softcap_, XENT_REAL)

#endif
