#include "gemm.h"

#include <stdio.h>
#include <stdlib.h>

#include "half.h"

static double load(xent_dtype dtype, const void *at, int64_t i)
{
    switch (dtype) {
    case XENT_F32: return (double)((const float *)at)[i];
    case XENT_F64: return ((const double *)at)[i];
    default: return half_decode(dtype, ((const uint16_t *)at)[i]);
    }
}

struct operand {
    xent_dtype dtype;
    const void *at;
    int64_t ld;
    bool transposed;
};

static double element(const struct operand *o, int64_t row, int64_t column)
{
    return load(o->dtype, o->at, o->transposed ? column * o->ld + row : row * o->ld + column);
}

static bool sound(const struct operand *o, int64_t rows, int64_t columns)
{
    const int64_t stored = o->transposed ? rows : columns;
    const bool floating = o->dtype >= XENT_F32 && o->dtype <= XENT_BF16;
    return floating && o->at != NULL && (uintptr_t)o->at % xent_dtype_size(o->dtype) == 0 && o->ld >= stored;
}

static void require(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "gemm was called with %s\n", what);
    abort();
}

static void sum_f32(const struct operand *a, const struct operand *b, int64_t i, int64_t j, int64_t k, double beta, float *c)
{
    float sum = beta == 0 ? 0 : *c;
    for (int64_t l = 0; l < k; l++) {
        const float product = (float)element(a, i, l) * (float)element(b, l, j);
        sum += product;
    }
    *c = sum;
}

static void sum_f64(const struct operand *a, const struct operand *b, int64_t i, int64_t j, int64_t k, double beta, double *c)
{
    double sum = beta == 0 ? 0 : *c;
    for (int64_t l = 0; l < k; l++) {
        const double product = element(a, i, l) * element(b, l, j);
        sum += product;
    }
    *c = sum;
}

int gemm_in_order(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a, int64_t lda,
                  xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc)
{
    struct gemm *gemm = user;
    const struct operand left = { a_type, a, lda, transpose & 1 }, right = { b_type, b, ldb, transpose & 2 };
    const bool wide = a_type == XENT_F64 || b_type == XENT_F64, plain = a_type == b_type && a_type <= XENT_F64;
    gemm->calls++;
    gemm->narrow += !plain;
    require(m > 0 && n > 0 && k > 0, "an empty matrix");
    require(transpose >= 0 && transpose <= 3, "an unknown transpose");
    require(beta == 0 || beta == 1, "a beta other than 0 and 1");
    require(sound(&left, m, k), "a bad a");
    require(sound(&right, k, n), "a bad b");
    require(c != NULL && ldc >= n && (uintptr_t)c % (wide ? sizeof(double) : sizeof(float)) == 0, "a bad c");
    if (gemm->calls == gemm->fail_at) return gemm->answer;
    if (gemm->only_wide && !plain) return 1;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            if (wide)
                sum_f64(&left, &right, i, j, k, beta, (double *)c + i * ldc + j);
            else
                sum_f32(&left, &right, i, j, k, beta, (float *)c + i * ldc + j);
        }
    }
    return 0;
}
