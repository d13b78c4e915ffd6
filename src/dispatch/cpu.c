#include "dispatch/cpu.h"

#include <stdint.h>

bool xent_cpu_always(void) { return true; }

#if defined __x86_64__ || defined __i386__

#include <cpuid.h>

/* CPUID leaf 1, ECX; leaf 7, EBX */
#define FMA (1U << 12)
#define OSXSAVE (1U << 27)
#define AVX (1U << 28)
#define F16C (1U << 29)
#define AVX2 (1U << 5)
/* XCR0: XMM and YMM state */
#define YMM_STATE 0x6U

/* As an opcode: the intrinsic would need a compiler flag for it. Only where OSXSAVE is set. */
static uint32_t enabled_state(void)
{
    uint32_t low, high;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

bool xent_cpu_has_avx2(void)
{
    const uint32_t leaf_1 = FMA | OSXSAVE | AVX;
    uint32_t eax, ebx, ecx, edx;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & leaf_1) != leaf_1) return false;
    if ((enabled_state() & YMM_STATE) != YMM_STATE) return false;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & AVX2) != 0;
}

bool xent_cpu_has_avx2_f16c(void)
{
    uint32_t eax, ebx, ecx, edx;
    return xent_cpu_has_avx2() && __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & F16C) != 0;
}

#else

bool xent_cpu_has_avx2(void) { return false; }
bool xent_cpu_has_avx2_f16c(void) { return false; }

#endif
