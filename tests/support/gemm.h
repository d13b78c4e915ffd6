#ifndef XENT_TESTS_GEMM_H
#define XENT_TESTS_GEMM_H

#include <stdbool.h>
#include <xent.h>

/* A product of matrices to test with: each element of c is a sum in the order of k, in c's type, that begins with what c holds where
   beta is 1. So nothing depends on how rows, columns or even k are cut into calls, and the bits are the same on every machine. */
struct gemm {
    int calls;   /* so far */
    int fail_at; /* this call, counted from 1, answers `answer` and writes nothing; 0: none */
    int answer;
    bool only_wide; /* it cannot do 16 bits, nor two types */
    int narrow;     /* calls of such types, answered or not */
};

/* An xent_gemm; user is a struct gemm. What is no xent_gemm's argument ends the program. */
int gemm_in_order(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a, int64_t lda,
                  xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc);

#endif
