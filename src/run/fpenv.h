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

/* The caller's control word and sticky flags. */
struct xent_fpenv {
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
