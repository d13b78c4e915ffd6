/* Written by src/kernels/coefficients.py (mpmath); do not edit. Numerics version 1. */
/* clang-format off */
#ifndef XENT_KERNELS_CONSTANTS_H
#define XENT_KERNELS_CONSTANTS_H

#include <stdint.h>

/* f32: exp(x) = 2^n * 2^(j/8) * e^r with 8n + j = round(8 x log2 e); ln 2 in two parts. */
#define EXP_F32_LOG2E 0x1.715476p+0f
#define EXP_F32_LN2_HI 0x1.62e430p-1f
#define EXP_F32_LN2_LO -0x1.05c610p-29f
/* e^r - 1 = r (1 + r (C2 + r C3)) on |r| <= ln2/16, relative error of the whole term 2^-25.48. */
#define EXP_F32_C2 0x1.000a42p-1f
#define EXP_F32_C3 0x1.554d22p-3f
/* Bits of 2^(j/8) less j << 20, and 2^(j/8) c0 / (what that table holds) - 1. */
static const uint32_t exp_f32_scale[8] = {
    0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7, 0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7
};
static const float exp_f32_correction[8] = {
    -0x1.3b54fap-26f, -0x1.04ad86p-25f, 0x1.d29612p-27f, -0x1.a7dfcep-25f,
    -0x1.54f9dcp-30f, -0x1.c2d90ep-27f, -0x1.1c1b3ep-25f, -0x1.a49d58p-26f
};

/* f64: the same in double, j << 49, c0 = 1. */
#define EXP_F64_LOG2E 0x1.71547652b82fep+0
#define EXP_F64_LN2_HI 0x1.62e42fefa39efp-1
#define EXP_F64_LN2_LO 0x1.abc9e3b39803fp-56
/* e^r - 1 = r (1 + r (C2 + ... + C7 r^5)), 2^-57.21. */
#define EXP_F64_C2 0x1.000000000010bp-1
#define EXP_F64_C3 0x1.555555555512fp-3
#define EXP_F64_C4 0x1.5555554809562p-5
#define EXP_F64_C5 0x1.11111125e110cp-7
#define EXP_F64_C6 0x1.6c1cbeb826177p-10
#define EXP_F64_C7 0x1.a016390551f3bp-13
static const uint64_t exp_f64_scale[8] = {
    0x3ff0000000000000, 0x3fef72b83c7d517b, 0x3fef06fe0a31b715,
    0x3feebfdad5362a27, 0x3feea09e667f3bcd, 0x3feeace5422aa0db,
    0x3feee89f995ad3ad, 0x3fef5818dcfba487
};
static const double exp_f64_correction[8] = {
    0x0p+0, -0x1.01b15eaa59348p-55, 0x1.34d754db0abb6p-55,
    0x1.690cebb7aafb0p-56, -0x1.3b3efbf5e2228p-54, 0x1.db72fc1f0eab4p-55,
    0x1.c1a7792cb3387p-55, 0x1.4a385a63d07a7p-56
};

/* What ln 2 is beyond EXP_F32_LN2_HI, in double. */
#define EXP_F32_LN2_REST -0x1.05c610ca86c39p-29
/* e^a = 1 + (a + a^2 (C2 + ... + C9 a^7)) on |a| <= 0.36 in plain double, relative error 2^-45.23. */
#define EXP_SMALL_C2 0x1.ffffffffec2adp-2
#define EXP_SMALL_C3 0x1.555555559c9b3p-3
#define EXP_SMALL_C4 0x1.555555881ddf9p-5
#define EXP_SMALL_C5 0x1.1111106c8d9d2p-7
#define EXP_SMALL_C6 0x1.6c162652a38c9p-10
#define EXP_SMALL_C7 0x1.a01bb0d4f74e2p-13
#define EXP_SMALL_C8 0x1.a188c25806770p-16
#define EXP_SMALL_C9 0x1.70ef584ab8af1p-19

/* ln(1 + f) = f - (h - s (h + z R(z))), s = f / (2 + f), z = s^2, h = f^2 / 2; R of degree 6, error of z R
   2^-57.94; ln 2 so that k * LOG_LN2_HI is exact. */
#define LOG_R0 0x1.5555555555592p-1
#define LOG_R1 0x1.999999997fdb8p-2
#define LOG_R2 0x1.24924941f123ap-2
#define LOG_R3 0x1.c71c52095dfa3p-3
#define LOG_R4 0x1.74663ee846c12p-3
#define LOG_R5 0x1.39a1bababab7bp-3
#define LOG_R6 0x1.2f0563674ab91p-3
#define LOG_LN2_HI 0x1.62e42fee00000p-1
#define LOG_LN2_LO 0x1.a39ef35793c76p-33

/* ln(1 + f) = f - f^2 / 2 + f^3 (C0 + ... + C7 f^7), relative error
   2^-27.21; ln 2 so that k * LOG_F32_LN2_HI is exact. */
#define LOG_F32_C0 0x1.555554p-2f
#define LOG_F32_C1 -0x1.000226p-2f
#define LOG_F32_C2 0x1.99a008p-3f
#define LOG_F32_C3 -0x1.547244p-3f
#define LOG_F32_C4 0x1.22da1cp-3f
#define LOG_F32_C5 -0x1.0d8542p-3f
#define LOG_F32_C6 0x1.055b6cp-3f
#define LOG_F32_C7 -0x1.38b588p-4f
#define LOG_F32_LN2_HI 0x1.62e400p-1f
#define LOG_F32_LN2_LO 0x1.7f7d1cp-20f

/* tanh(u) = u (1 + q (C0 + ... + C4 q^4)), q = u^2 < TANH_F32_REACH, relative error 2^-27.41. */
#define TANH_F32_REACH 0x1.400000p-2f
#define TANH_F32_C0 -0x1.55554ap-2f
#define TANH_F32_C1 0x1.110ca8p-3f
#define TANH_F32_C2 -0x1.b91244p-5f
#define TANH_F32_C3 0x1.587c0cp-6f
#define TANH_F32_C4 -0x1.96ba0ep-8f

/* e^-u - 1 + u = u^2 (1/2 + C1 u + C2 u^2 + ...) from u = -7/4 to 3/2; relative error
   2^-25.35 and 2^-53.33. */
#define DIVERGENCE_F32_C1 -0x1.55554ep-3f
#define DIVERGENCE_F32_C2 0x1.55554cp-5f
#define DIVERGENCE_F32_C3 -0x1.111348p-7f
#define DIVERGENCE_F32_C4 0x1.6c1b3ap-10f
#define DIVERGENCE_F32_C5 -0x1.9f637ap-13f
#define DIVERGENCE_F32_C6 0x1.9ef9d8p-16f
#define DIVERGENCE_F32_C7 -0x1.877cd0p-19f
#define DIVERGENCE_F32_C8 0x1.4055c0p-22f
#define DIVERGENCE_F64_C1 -0x1.5555555555549p-3
#define DIVERGENCE_F64_C2 0x1.5555555555547p-5
#define DIVERGENCE_F64_C3 -0x1.1111111111c44p-7
#define DIVERGENCE_F64_C4 0x1.6c16c16c17eccp-10
#define DIVERGENCE_F64_C5 -0x1.a01a019f58c24p-13
#define DIVERGENCE_F64_C6 0x1.a01a019f57064p-16
#define DIVERGENCE_F64_C7 -0x1.71de3ab1fbe43p-19
#define DIVERGENCE_F64_C8 0x1.27e4fb98a2b31p-22
#define DIVERGENCE_F64_C9 -0x1.ae64287912999p-26
#define DIVERGENCE_F64_C10 0x1.1eed9b538cb31p-29
#define DIVERGENCE_F64_C11 -0x1.6130d18a8cb50p-33
#define DIVERGENCE_F64_C12 0x1.938235b7f3535p-37
#define DIVERGENCE_F64_C13 -0x1.aaff9270d4e87p-41
#define DIVERGENCE_F64_C14 0x1.b7f54f79dd5afp-45
#define DIVERGENCE_F64_C15 -0x1.ff3f9dc34954ap-49

#endif
