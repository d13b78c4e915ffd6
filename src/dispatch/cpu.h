/* What this CPU, and the operating system on it, can run. */
#ifndef XENT_DISPATCH_CPU_H
#define XENT_DISPATCH_CPU_H

#include <stdbool.h>

bool xent_cpu_always(void);
/* AVX2 and FMA, with the YMM registers saved by the operating system. */
bool xent_cpu_has_avx2(void);
bool xent_cpu_has_avx2_f16c(void);

#endif
