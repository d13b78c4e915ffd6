/* The instruction sets that are found against those that the kernel lists in /proc/cpuinfo: a backend that is not found is a test
   that is skipped, which nobody would notice. And what is found on CPUs and operating systems that are not here. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dispatch/cpu.h"
#include "support/expect.h"

enum { LINE = 8192 };

/* The flags of the first CPU, between spaces; whether there are any. */
static bool read_flags(char flags[LINE])
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file != NULL && fgets(flags, LINE, file) != NULL) {
        if (strncmp(flags, "flags", 5) != 0) continue;
        fclose(file);
        flags[strcspn(flags, "\n")] = ' ';
        return true;
    }
    return false;
}

static void test_found_is_what_there_is(void **state)
{
    (void)state;
    char flags[LINE];
    if (!read_flags(flags)) {
        print_message("no flags in /proc/cpuinfo\n");
        skip();
    }
    const bool avx2 = strstr(flags, " avx2 ") != NULL && strstr(flags, " fma ") != NULL && strstr(flags, " f16c ") != NULL;
    assert_int_equal(xent_cpu_has_avx2(), avx2);
    assert_int_equal(xent_cpu_has_avx512(), avx2 && strstr(flags, " avx512f ") != NULL && strstr(flags, " avx512dq ") != NULL &&
                                                strstr(flags, " avx512bw ") != NULL && strstr(flags, " avx512vl ") != NULL);
    assert_true(xent_cpu_always());
}

/* Bits by their names in Intel's manual. */
enum { FMA = 12, OSXSAVE = 27, AVX = 28, F16C = 29, AVX2 = 5, AVX512F = 16, AVX512DQ = 17, AVX512BW = 30, AVX512VL = 31 };
enum { SSE_STATE = 1, AVX_STATE = 2, OPMASK_STATE = 5, ZMM_HI256_STATE = 6, HI16_ZMM_STATE = 7 };

static uint32_t bit(int n) { return UINT32_C(1) << n; }

/* All that a backend needs and nothing else is enough; without any one of these bits, all others set, it is not. */
static void expect_needs(bool (*have)(struct xent_cpu_words), struct xent_cpu_words needed)
{
    const struct xent_cpu_words everything = { UINT32_MAX, UINT32_MAX, UINT32_MAX }, nothing = { 0, 0, 0 };
    assert_true(have(needed));
    assert_true(have(everything));
    assert_false(have(nothing));
    for (int n = 0; n < 32; n++) {
        struct xent_cpu_words without[3] = { everything, everything, everything };
        without[0].leaf_1_ecx &= ~bit(n);
        without[1].leaf_7_ebx &= ~bit(n);
        without[2].xcr0 &= ~bit(n);
        assert_int_equal(have(without[0]), (needed.leaf_1_ecx & bit(n)) == 0);
        assert_int_equal(have(without[1]), (needed.leaf_7_ebx & bit(n)) == 0);
        assert_int_equal(have(without[2]), (needed.xcr0 & bit(n)) == 0);
    }
}

static void test_every_bit_that_is_needed(void **state)
{
    (void)state;
    struct xent_cpu_words words = { bit(FMA) | bit(OSXSAVE) | bit(AVX) | bit(F16C), bit(AVX2),
                                    bit(SSE_STATE) | bit(AVX_STATE) };
    expect_needs(xent_cpu_words_have_avx2, words);
    words.leaf_7_ebx |= bit(AVX512F) | bit(AVX512DQ) | bit(AVX512BW) | bit(AVX512VL);
    words.xcr0 |= bit(OPMASK_STATE) | bit(ZMM_HI256_STATE) | bit(HI16_ZMM_STATE);
    expect_needs(xent_cpu_words_have_avx512, words);
}

/* Words as those of a Xeon (Skylake-SP) and of a Xeon Phi (Knights Landing), which has no DQ, BW and VL. */
static void test_fall_back_to_avx2(void **state)
{
    (void)state;
    const struct xent_cpu_words skylake = { 0x7ffefbff, 0xd39ffffb, 0x2e7 }, phi = { 0x7ff8f3bf, 0x1c0d23ab, 0xe7 };
    const uint32_t hidden[] = { 0x7, 0x67, 0xa7, 0xc7, 0x27 }; /* the operating system saves no ZMM registers, or not all */
    assert_true(xent_cpu_words_have_avx512(skylake));
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        struct xent_cpu_words words = skylake;
        words.xcr0 = hidden[i];
        assert_false(xent_cpu_words_have_avx512(words));
        assert_true(xent_cpu_words_have_avx2(words));
    }
    assert_false(xent_cpu_words_have_avx512(phi));
    assert_true(xent_cpu_words_have_avx2(phi));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_is_what_there_is),
        cmocka_unit_test(test_every_bit_that_is_needed),
        cmocka_unit_test(test_fall_back_to_avx2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
