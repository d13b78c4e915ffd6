/* Asks the CPU what it can run, and the operating system which registers it saves. May assume no instruction beyond the
 * baseline. */
#include "dispatch/cpu.h"

#include <stdint.h>

/* Bits of CPUID: of leaf 1, ECX, and of leaf 7, EBX. */
#define FMA (1U << 12)
#define OSXSAVE (1U << 27)
#define AVX (1U << 28)
#define F16C (1U << 29)
#define AVX2 (1U << 5)
#define AVX512F (1U << 16)
#define AVX512DQ (1U << 17)
#define AVX512BW (1U << 30)
#define AVX512VL (1U << 31)
/* Bits of XCR0: the XMM and YMM registers; the opmasks, the upper halves of ZMM 0 to 15, and ZMM 16 to 31. */
#define YMM_STATE 0x6U
#define ZMM_STATE 0xe0U

static bool all(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

bool xent_cpu_words_have_avx2(struct xent_cpu_words words)
{
    return all(words.leaf_1_ecx, FMA | OSXSAVE | AVX | F16C) && all(words.leaf_7_ebx, AVX2) && all(words.xcr0, YMM_STATE);
}

/* Compilers take AVX-512 to include AVX2, FMA and F16C, but a virtual machine may hide these all the same. */
bool xent_cpu_words_have_avx512(struct xent_cpu_words words)
{
    return xent_cpu_words_have_avx2(words) && all(words.leaf_7_ebx, AVX512F | AVX512DQ | AVX512BW | AVX512VL) &&
           all(words.xcr0, ZMM_STATE);
}

#if defined __x86_64__ || defined __i386__

#include <cpuid.h>

static struct xent_cpu_words read_words(void)
{
    struct xent_cpu_words words = { 0, 0, 0 };
    uint32_t eax, ebx, ecx, edx;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0) words.leaf_1_ecx = ecx;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) words.leaf_7_ebx = ebx;
    /* This is xgetbv, which exists where OSXSAVE is set. It is written as an opcode, since the intrinsic needs a compiler
       flag. */
    if (all(words.leaf_1_ecx, OSXSAVE)) __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(words.xcr0), "=d"(edx) : "c"(0));
    return words;
}

#else

static struct xent_cpu_words read_words(void) { return (struct xent_cpu_words){ 0, 0, 0 }; }

#endif

bool xent_cpu_always(void) { return true; }
bool xent_cpu_has_avx2(void) { return xent_cpu_words_have_avx2(read_words()); }
bool xent_cpu_has_avx512(void) { return xent_cpu_words_have_avx512(read_words()); }
