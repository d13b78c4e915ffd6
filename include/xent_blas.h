/* libxent-blas: the products of xent_linear_cross_entropy by CBLAS.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * A library of its own (pkg-config xent-blas; CMake component blas, target xent::blas), so that libxent needs none: */
#ifndef XENT_BLAS_H
#define XENT_BLAS_H

#include <xent.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An xent_gemm over cblas_sgemm and cblas_dgemm: set it as the layer's. user is not looked at. F32 and F64, both operands of one type; for
   others it returns 1, and 16 bits are widened by the library. XENT_ERROR_OVERFLOW: an extent or a stride is larger than CBLAS's int counts,
   2^31 - 1. How many threads it uses, and whether its bits depend on that, is the BLAS's affair. */
int xent_blas_gemm(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                   int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc);

#ifdef __cplusplus
}
#endif

#endif
