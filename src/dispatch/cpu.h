/* What this CPU, and the operating system on it, can run. */
#ifndef XENT_DISPATCH_CPU_H
#define XENT_DISPATCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

bool xent_cpu_always(void);
/* AVX2, FMA and F16C, with the YMM registers saved by the operating system. Every CPU that has AVX2 has the other two, but a
   virtual machine may hide them; it then runs the scalar backend. */
bool xent_cpu_has_avx2(void);
/* AVX-512 F, DQ, BW and VL besides, with the opmask and all ZMM registers saved. */
bool xent_cpu_has_avx512(void);

/* What these decide by: the answers of CPUID, and the register XCR0. A word that this CPU cannot be asked for is 0. */
struct xent_cpu_words {
    uint32_t leaf_1_ecx, leaf_7_ebx, xcr0;
};
bool xent_cpu_words_have_avx2(struct xent_cpu_words words);
bool xent_cpu_words_have_avx512(struct xent_cpu_words words);

#endif
