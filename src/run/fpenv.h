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

/* Around the caller's code: it runs in the caller's environment, and the library goes on in its own, whatever has become of that: a pool
   may set its threads' rounding or flush their subnormals. All of what the code leaves behind is undone, what the library itself never
   looks at (the x87's words on x86-64) too, so that the next such code and the caller find what there was. */
void xent_fpenv_lend(const struct xent_fpenv *caller, fenv_t *before);
void xent_fpenv_take_back(const fenv_t *before);

#endif
