/* The control word by the machine's own instructions where there are any, else by <fenv.h>. */
#include "run/fpenv.h"

#if defined XENT_FPENV_MXCSR

/* fesetenv would cost as much as a small loss. In the end the word is written without being read: the sticky flags have changed, unless
   they were set before, and to read it takes as long as to write it. */
#include <xmmintrin.h>

#define MXCSR_FLAGS 0x3fU     /* sticky exception flags */
#define MXCSR_DEFAULT 0x1f80U /* all masked, to nearest, no flush to zero, denormals as they are */

#if defined XENT_FPENV_X87

#define X87_CONTROL ((uint16_t)0x37f) /* all masked, to nearest, 64 bits of significand */

/* fnstenv masks all exceptions, so nothing that is pending traps in fldcw. No number is in the x87's registers where a function begins. */
static void enter_x87(struct xent_fpenv *saved)
{
    const uint16_t control = X87_CONTROL;
    __asm__ volatile("fnstenv %0" : "=m"(saved->x87) : : "memory");
    __asm__ volatile("fldcw %0" : : "m"(control) : "memory");
}

static void leave_x87(const struct xent_fpenv *saved) { __asm__ volatile("fldenv %0" : : "m"(saved->x87) : "memory"); }

#else

static void enter_x87(struct xent_fpenv *saved) { (void)saved; }
static void leave_x87(const struct xent_fpenv *saved) { (void)saved; }

#endif

void xent_fpenv_enter(struct xent_fpenv *saved)
{
    enter_x87(saved);
    saved->mxcsr = _mm_getcsr();
    if ((saved->mxcsr & ~MXCSR_FLAGS) != MXCSR_DEFAULT) _mm_setcsr(MXCSR_DEFAULT);
}

void xent_fpenv_leave(const struct xent_fpenv *saved)
{
    _mm_setcsr(saved->mxcsr);
    leave_x87(saved);
}

#elif defined XENT_FPENV_FPCR

void xent_fpenv_enter(struct xent_fpenv *saved)
{
    __asm__ volatile("mrs %0, fpcr\n\tmrs %1, fpsr" : "=r"(saved->fpcr), "=r"(saved->fpsr) : : "memory");
    if (saved->fpcr != 0) __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
}

void xent_fpenv_leave(const struct xent_fpenv *saved)
{
    __asm__ volatile("msr fpsr, %0" : : "r"(saved->fpsr) : "memory");
    if (saved->fpcr != 0) __asm__ volatile("msr fpcr, %0" : : "r"(saved->fpcr) : "memory");
}

#else

void xent_fpenv_enter(struct xent_fpenv *saved)
{
    (void)feholdexcept(&saved->environment);
    (void)fesetround(FE_TONEAREST);
}

void xent_fpenv_leave(const struct xent_fpenv *saved) { (void)fesetenv(&saved->environment); }

#endif

void xent_fpenv_lend(const struct xent_fpenv *caller, fenv_t *before)
{
    xent_fpenv_leave(caller);
    (void)fegetenv(before);
}

void xent_fpenv_take_back(const fenv_t *before)
{
    struct xent_fpenv again;
    (void)fesetenv(before);
    xent_fpenv_enter(&again);
}
