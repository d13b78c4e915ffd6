#ifndef XENT_TESTS_HALF_H
#define XENT_TESTS_HALF_H

#include <xent.h>

/* Elements of 16 bits (XENT_F16, XENT_BF16) as numbers, written for the tests alone: by ldexp and rint, not by bits as in the
   library. Encoding rounds once, to nearest even; NaN becomes the canonical one. */
double half_decode(xent_dtype dtype, uint16_t bits);
uint16_t half_encode(xent_dtype dtype, double value);

#endif
