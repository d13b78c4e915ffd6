/* Names that follow from what a variant is compiled for. Each variant (cmake/XentBackend.cmake lists them) defines
 *   XENT_ISA      the instruction set: scalar, avx2, avx512 or neon
 *   XENT_REAL     the type of the arithmetic: f32 or f64
 *   XENT_STORED   the type that elements are stored as: f32, f64, f16 or bf16
 * as far as it depends on them, and then includes backend.c, real.c, stored.c or stats.c. */
#ifndef XENT_KERNELS_VARIANT_H
#define XENT_KERNELS_VARIANT_H

#include "kernels.h"

/* #include XENT_HEADER(softcap_, XENT_REAL) includes "softcap_f32.h" or "softcap_f64.h". */
#define XENT_HEADER(prefix, choice) XENT_HEADER_OF(prefix, choice)
#define XENT_HEADER_OF(prefix, choice) XENT_QUOTE(prefix##choice.h)
#define XENT_QUOTE(text) #text
#define XENT_STRING(name) XENT_QUOTE(name)

/* The tables of a backend: xent_stored_kernels_avx2_bf16, say, and xent_kernels_avx2, which leads to all of them. */
#define XENT_TABLE(kind, isa, type) XENT_TABLE_OF(kind, isa, type)
#define XENT_TABLE_OF(kind, isa, type) xent_##kind##_kernels_##isa##_##type
#define XENT_BACKEND_TABLE(isa) XENT_BACKEND_TABLE_OF(isa)
#define XENT_BACKEND_TABLE_OF(isa) xent_kernels_##isa

extern const struct xent_real_kernels XENT_TABLE(real, XENT_ISA, f32), XENT_TABLE(real, XENT_ISA, f64);
extern const struct xent_stored_kernels XENT_TABLE(stored, XENT_ISA, f32), XENT_TABLE(stored, XENT_ISA, f64),
    XENT_TABLE(stored, XENT_ISA, f16), XENT_TABLE(stored, XENT_ISA, bf16);
extern const struct xent_stats_kernels XENT_TABLE(stats, XENT_ISA, f32), XENT_TABLE(stats, XENT_ISA, f64),
    XENT_TABLE(stats, XENT_ISA, f16), XENT_TABLE(stats, XENT_ISA, bf16);

#endif
