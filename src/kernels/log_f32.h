/* The logarithm of vectors in f32, by way of double. Assumes the arithmetic of f32 (real_f32.h). */
#ifndef XENT_KERNELS_LOG_F32_H
#define XENT_KERNELS_LOG_F32_H

#include "log.inc.h"

/* ln x of numbers above 0, which are normal ones in double; of up to LOGS_STAGED vectors. */
static inline __attribute__((always_inline)) void ln_of_numbers(size_t count, const vector *x, vector *y)
{
    EACH (v, count) {
        vf64 part[PARTS];
        EACH (k, PARTS) {
            vf64 wide = v_widen(x[v], k);
            part[k] = ln_reduced(vf64_log_exponent(wide), vf64_log_fraction(wide), vf64_set(0.0));
        }
        y[v] = v_narrow(part);
    }
}

#endif
