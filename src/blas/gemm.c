/* libxent-blas: a gemm for linear layers, over whatever CBLAS it is linked with. It needs nothing of libxent but the header. */
#include <cblas.h>
#include <limits.h>
#include <stdbool.h>

#include "xent_blas.h"

enum { DONE = 0, NOT_THESE_TYPES = 1, A_TRANSPOSED = 1, B_TRANSPOSED = 2 };

static bool fits(int64_t extent) { return extent <= INT_MAX; }

int xent_blas_gemm(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                   int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc)
{
    (void)user;
    if (a_type != b_type || (a_type != XENT_F32 && a_type != XENT_F64)) return NOT_THESE_TYPES;
    if (!(fits(m) && fits(n) && fits(k) && fits(lda) && fits(ldb) && fits(ldc))) return XENT_ERROR_OVERFLOW;
    if (a_type == XENT_F32)
        cblas_sgemm(CblasRowMajor, transpose & A_TRANSPOSED ? CblasTrans : CblasNoTrans,
                    transpose & B_TRANSPOSED ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1, a, (int)lda, b, (int)ldb,
                    (float)beta, c, (int)ldc);
    else
        cblas_dgemm(CblasRowMajor, transpose & A_TRANSPOSED ? CblasTrans : CblasNoTrans,
                    transpose & B_TRANSPOSED ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1, a, (int)lda, b, (int)ldb,
                    beta, c, (int)ldc);
    return DONE;
}
