/* What this CPU, and the operating system on it, can run. */
#ifndef XENT_DISPATCH_CPU_H
#define XENT_DISPATCH_CPU_H

#include <stdbool.h>
#include <stdint.h>

bool xent_cpu_always(void);
/* AVX2 and FMA, with the YMM registers saved by the operating system. */
bool xent_cpu_has_avx2(void);
bool xent_cpu_has_avx2_f16c(void);
/* AVX-512 F, DQ, BW and VL besides, with the opmask and all ZMM registers saved. */
bool xent_cpu_has_avx512(void);

/* How these decide: what CPUID answers, and the register XCR0; 0 is what cannot be asked for. */
struct xent_cpu_words {
    uint32_t leaf_1_ecx, leaf_7_ebx, xcr0;
};
bool xent_cpu_words_have_avx2(struct xent_cpu_words words);
bool xent_cpu_words_have_avx2_f16c(struct xent_cpu_words words);
bool xent_cpu_words_have_avx512(struct xent_cpu_words words);

#endif
