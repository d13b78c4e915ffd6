/* Refuses a compiler that would change the arithmetic. cmake/XentFlags.cmake takes back what whoever builds has asked for; what gets
 * past it, or past another build system, has a macro more often than not. */
#ifndef XENT_KERNELS_ARITHMETIC_H
#define XENT_KERNELS_ARITHMETIC_H

#if defined __FAST_MATH__ || defined __ASSOCIATIVE_MATH__ || defined __RECIPROCAL_MATH__ || defined __NO_SIGNED_ZEROS__ ||     \
    (defined __FINITE_MATH_ONLY__ && __FINITE_MATH_ONLY__)
#error "libxent's results are exact promises: compile it without -ffast-math, -Ofast, -fp-model=fast and each of their parts."
#endif

/* 16 speaks of _Float16 alone. On s390x gcc says 1 for the sake of its libc's float_t, whatever it does. */
#if defined __FLT_EVAL_METHOD__ && __FLT_EVAL_METHOD__ != 0 && __FLT_EVAL_METHOD__ != 16 && !defined __s390x__
#error "libxent computes float as float and double as double: compile it for SSE (-msse2 -mfpmath=sse), not for the x87."
#endif

_Static_assert(sizeof 1.0 == sizeof(double), "libxent's constants are double: compile it without -fsingle-precision-constant.");

#endif
