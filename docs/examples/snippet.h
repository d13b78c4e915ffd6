/* What stands around the C snippets of the documents: tensors in one line, and a way to print them.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * Nothing here is needed to use libxent; programs wrap their own arrays (xent_tensor_wrap). A snippet becomes a program as the body of
 * main, behind #include "snippet.h":
 *     cc -std=c11 program.c snippet.c $(pkg-config --cflags --libs xent) -lm -o program
 */
#ifndef SNIPPET_H
#define SNIPPET_H

#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <xent.h>

/* A new tensor with these elements, each rounded to its type (F16 is not among the types here); those left out are 0. */
#define scalar(dtype, value) make(dtype, 0, NULL, (double[]){ value })
#define vector(dtype, n, ...) make(dtype, 1, (int64_t[]){ n }, (double[(n) + 1]){ __VA_ARGS__ })
#define matrix(dtype, rows, columns, ...)                                                                                      \
    make(dtype, 2, (int64_t[]){ rows, columns }, (double[(rows) * (columns) + 1]){ __VA_ARGS__ })
#define block(dtype, a, b, c, ...) make(dtype, 3, (int64_t[]){ a, b, c }, (double[(a) * (b) * (c) + 1]){ __VA_ARGS__ })
xent_tensor *make(xent_dtype dtype, int32_t ndim, const int64_t *shape, const double *elements);

/* The same row-major elements in another memory order: the dimension `axis` varies fastest. F32 only. */
xent_tensor *laid_out(const xent_tensor *row_major, int32_t axis);

/* A new tensor of numbers between -8 and 8 without visible pattern, the same in every run. */
xent_tensor *noise(int32_t ndim, const int64_t *shape);

/* Prints the elements on a line with six significant digits, a comma between tensors. */
#define show(...) show_all((const xent_tensor *[]){ __VA_ARGS__, NULL })
void show_all(const xent_tensor *const *tensors);

/* Prints the bits of each element of an F32 tensor. */
void show_bits(const xent_tensor *t);

/* Whether both hold the same bits, element by element. */
int same_bits(const xent_tensor *a, const xent_tensor *b);

/* A parallel_for that runs the tasks on the calling thread, the last one first, and adds their number to *tasks, an int64_t. */
void backwards(void *tasks, int64_t n, xent_parallel_body body, void *ctx);

/* A product of matrices in plain C, of F32 and F64: an xent_gemm. */
int multiply(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a, int64_t lda,
             xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc);

/* Ends the program if a call failed. */
void must(xent_status status);

/* Prints how a call failed. */
void refused(xent_status status);

/* Destroys all tensors made so far. */
void release(void);

#endif
