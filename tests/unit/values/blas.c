/* xent_blas_gemm: every transposition, stride and type against a product in order; what it refuses; and a layer with its loss by it. */
#include <math.h>
#include <xent_blas.h>

#include "support/linear.h"
#include "support/random.h"

enum { M = 7, N = 5, K = 11, GAP = 3 };

/* Rows with a gap behind each, of which nothing may be written. */
static xent_tensor *matrix(xent_dtype dtype, int64_t rows, int64_t columns, uint64_t tag)
{
    struct random r = random_stream(3, tag);
    xent_tensor *t = tensor_new(dtype, SHAPE(rows, columns + GAP), ROW_MAJOR);
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) tensor_set(t, i, random_normal(&r));
    return t;
}

static void expect_product(xent_dtype dtype, int32_t transpose, double beta)
{
    const double bound = K * (dtype == XENT_F32 ? 0x1p-20 : 0x1p-49);
    xent_tensor *a = transpose & 1 ? matrix(dtype, K, M, 1) : matrix(dtype, M, K, 1);
    xent_tensor *b = transpose & 2 ? matrix(dtype, N, K, 2) : matrix(dtype, K, N, 2);
    xent_tensor *c = matrix(dtype, M, N, 3), *want = matrix(dtype, M, N, 3);
    struct gemm gemm = { .calls = 0 };
    const int64_t lda = xent_tensor_strides(a)[0], ldb = xent_tensor_strides(b)[0], ldc = N + GAP;
    assert_int_equal(xent_blas_gemm(NULL, transpose, M, N, K, dtype, xent_tensor_data(a), lda, dtype, xent_tensor_data(b), ldb,
                                    beta, xent_tensor_data(c), ldc),
                     0);
    (void)gemm_in_order(&gemm, transpose, M, N, K, dtype, xent_tensor_data(a), lda, dtype, xent_tensor_data(b), ldb, beta,
                        xent_tensor_data(want), ldc);
    for (int64_t i = 0; i < xent_tensor_numel(c); i++) {
        const double got = tensor_get(c, i), right = tensor_get(want, i);
        if (i % ldc >= N)
            assert_true(got == right);
        else
            assert_true(fabs(got - right) <= bound * 16);
    }
    tensor_free(a);
    tensor_free(b);
    tensor_free(c);
    tensor_free(want);
}

static void test_products(void **state)
{
    (void)state;
    for (int dtype = XENT_F32; dtype <= XENT_F64; dtype++)
        for (int32_t transpose = 0; transpose < 4; transpose++)
            for (int beta = 0; beta < 2; beta++) expect_product((xent_dtype)dtype, transpose, beta);
}

/* With beta 0 nothing of c is read, though it be a NaN. */
static void test_overwrites(void **state)
{
    (void)state;
    const float a = 3, b = 2;
    float c = (float)NAN;
    assert_int_equal(xent_blas_gemm(NULL, 0, 1, 1, 1, XENT_F32, &a, 1, XENT_F32, &b, 1, 0, &c, 1), 0);
    assert_true(c == 6);
}

static void test_types(void **state)
{
    (void)state;
    static const xent_dtype floating[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    double a = 1, b = 1, c = 7;
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++)
            if (i != k || i > 1)
                assert_int_equal(xent_blas_gemm(NULL, 0, 1, 1, 1, floating[i], &a, 1, floating[k], &b, 1, 0, &c, 1), 1);
    assert_true(c == 7);
}

static void test_extents(void **state)
{
    (void)state;
    float a = 1, b = 1, c = 7;
    for (int large = 0; large < 6; large++) {
        int64_t e[6] = { 1, 1, 1, 1, 1, 1 };
        e[large] = (int64_t)1 << 31;
        assert_int_equal(xent_blas_gemm(NULL, 0, e[0], e[1], e[2], XENT_F32, &a, e[3], XENT_F32, &b, e[4], 0, &c, e[5]),
                         XENT_ERROR_OVERFLOW);
    }
    assert_true(c == 7);
}

/* Within what the order of sums may do of the products in order, in every dtype. */
static void test_layer(void **state)
{
    (void)state;
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    for (int dtype = 0; dtype < 4; dtype++) {
        for (int64_t block_rows = 0; block_rows < 60; block_rows += 17) {
            struct layer l = layer_of(50, 70, 40, dtypes[dtype], dtypes[dtype]);
            l.dtype[LAYER_BIAS] = l.dtype[LAYER_GRAD_BIAS] = layer_logits_dtype(&l);
            l.block_rows = block_rows;
            struct layer_tensors t = layer_tensors_of(&l), want = layer_tensors_of(&l);
            expect_ok(layer_call(&l, &t, xent_blas_gemm, NULL));
            layer_two_steps(&l, &want);
            for (int which = LAYER_LOSS; which < LAYER_TENSORS; which++)
                for (int64_t i = 0; i < xent_tensor_numel(t.tensor[which]); i++)
                    assert_true(fabs(tensor_get(t.tensor[which], i) - tensor_get(want.tensor[which], i)) <=
                                (layer_logits_dtype(&l) == XENT_F64 ? 1e-13 : 1e-5));
            layer_tensors_free(&t);
            layer_tensors_free(&want);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products), cmocka_unit_test(test_overwrites), cmocka_unit_test(test_types),
        cmocka_unit_test(test_extents),  cmocka_unit_test(test_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
