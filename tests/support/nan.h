#ifndef XENT_TESTS_NAN_H
#define XENT_TESTS_NAN_H

#include <stdint.h>
#include <xent.h>

#define NAN_F32 UINT64_C(0x7FC00000)
#define NAN_F64 UINT64_C(0x7FF8000000000000)

/* The NaN that xent.h has the library write, of the dtype. F32 and F64 are the machine's: MIPS of before IEEE 754-2008 has it that a NaN
   with the first bit of its fraction set is a signalling one. */
static inline uint64_t canonical_nan(xent_dtype dtype)
{
#if defined __mips__ && !defined __mips_nan2008
    const uint64_t f32 = UINT64_C(0x7FBFFFFF), f64 = UINT64_C(0x7FF7FFFFFFFFFFFF);
#else
    const uint64_t f32 = NAN_F32, f64 = NAN_F64;
#endif
    return dtype == XENT_F64 ? f64 : dtype == XENT_F16 ? UINT64_C(0x7E00) : dtype == XENT_BF16 ? UINT64_C(0x7FC0) : f32;
}

/* An element's bits as other machines would have written them. */
static inline uint64_t bits_elsewhere(xent_dtype dtype, uint64_t bits)
{
    if (bits != canonical_nan(dtype)) return bits;
    return dtype == XENT_F64 ? NAN_F64 : dtype == XENT_F32 ? NAN_F32 : bits;
}

#endif
