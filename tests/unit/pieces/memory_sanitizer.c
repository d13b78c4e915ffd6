/* MemorySanitizer sees what the primitives of an instruction set store: without that a program built with it, libxent included, would
 * stop at false alarms. HEADER has the primitives; CPU_FEATURE is what a CPU must have to run them. Each backend's program is made once
 * for it, of this file alone, and ends with an alarm where it does not see all. */
#include <stdio.h>
#include HEADER

int main(int argc, char **argv)
{
    float terms[VF32_WIDTH];
    double wide[2 * VF64_WIDTH];
    vf64 halves[2];
    (void)argv;
    if (!__builtin_cpu_supports(CPU_FEATURE)) return 77;
    for (int i = 0; i < VF32_WIDTH; i++) terms[i] = (float)(argc + i);
    vf32_widen_all(vf32_load(terms), halves);
    vf64_store(wide, halves[0]);
    vf64_store(wide + VF64_WIDTH, halves[1]);
    for (int i = 0; i < 2 * VF64_WIDTH; i++)
        if (wide[i] != argc + i) { /* looks at what it has seen stored */
            printf("lane %d is %g, expected %d\n", i, wide[i], argc + i);
            return 1;
        }
    return 0;
}
