/* The instruction sets that are found against those that the kernel lists in /proc/cpuinfo: a backend that is not found is a test
   that is skipped, which nobody would notice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/cpu.h"
#include "support/expect.h"

enum { CANNOT_RUN = 77, LINE = 8192 };

/* The flags of the first CPU, between spaces; ends the program where there are none. */
static void read_flags(char flags[LINE])
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(flags, LINE, file) != NULL) {
        if (strncmp(flags, "flags", 5) != 0) continue;
        fclose(file);
        flags[strcspn(flags, "\n")] = ' ';
        return;
    }
    fprintf(stderr, "no flags in /proc/cpuinfo: skipped\n");
    exit(CANNOT_RUN);
}

static void test_found_is_what_there_is(void **state)
{
    (void)state;
    char flags[LINE];
    read_flags(flags);
    const bool avx2 = strstr(flags, " avx2 ") != NULL && strstr(flags, " fma ") != NULL;
    assert_int_equal(xent_cpu_has_avx2(), avx2);
    assert_int_equal(xent_cpu_has_avx2_f16c(), avx2 && strstr(flags, " f16c ") != NULL);
    assert_true(xent_cpu_always());
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_found_is_what_there_is) };
    char flags[LINE];
    read_flags(flags);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
