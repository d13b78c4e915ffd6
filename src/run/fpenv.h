/* The floating-point environment of a call: round to nearest, subnormals kept, traps masked, on every thread that works for it. */
#ifndef XENT_RUN_FPENV_H
#define XENT_RUN_FPENV_H

#include <fenv.h>
#include <stdint.h>

#if defined __SSE2__ || defined __x86_64__
#define XENT_FPENV_MXCSR
#elif defined __aarch64__
#define XENT_FPENV_FPCR
#endif

/* On 32-bit x86 SSE computes, but functions return floats and doubles in the x87's registers, and integers of 64 bits become doubles
   there: a signalling NaN that passes through raises a flag or traps, and a store rounds as the x87's control word says. */
#if defined XENT_FPENV_MXCSR && defined __i386__
#define XENT_FPENV_X87
#endif

/* The caller's control word and sticky flags. */
struct xent_fpenv {
#if defined XENT_FPENV_X87
    uint32_t x87[7]; /* as fnstenv stores it */
#endif
#if defined XENT_FPENV_MXCSR
    uint32_t mxcsr;
#elif defined XENT_FPENV_FPCR
    uint64_t fpcr, fpsr;
#else
    fenv_t environment;
#endif
};

/* Functions of their own, never inlined: the compiler takes the environment for constant and may move arithmetic within a function. */
void xent_fpenv_enter(struct xent_fpenv *saved);
void xent_fpenv_leave(const struct xent_fpenv *saved);

#endif
