#ifndef XENT_TESTS_PROBLEM_OPERAND_H
#define XENT_TESTS_PROBLEM_OPERAND_H

#include "problem.h"

/* A tensor of a problem and the memory it lies in, somewhere between bytes that nobody may write. */
struct operand {
    xent_tensor *tensor; /* NULL: the call has none */
    xent_dtype dtype;
    int32_t ndim;
    unsigned repeated; /* bit d: along dimension d all elements are the same */
    int writable;
    int64_t shape[XENT_MAX_NDIM], strides[XENT_MAX_NDIM];
    unsigned char *memory, *first; /* first: the element at index 0 */
    size_t bytes;
};

/* What can be said about an operand before its memory is laid out. */
struct operand operand_of_logits(const struct problem *p, xent_dtype dtype);
struct operand operand_of_best(const struct problem *p, xent_dtype dtype); /* with the best classes alone */
struct operand operand_of_rows(const struct problem *p, xent_dtype dtype); /* the batch shape */
struct operand operand_of_one(const struct problem *p, xent_dtype dtype);  /* one element, of rank 0 or 1 */
struct operand operand_of_classes(const struct problem *p, xent_dtype dtype);

int64_t operand_elements(const struct operand *o);

/* Lays out an input, which holds `values` (contiguous, row-major), and an output. stream: different for each operand of a call. */
void operand_input(struct operand *o, const struct problem *p, uint64_t stream, const void *values);
void operand_output(struct operand *o, const struct problem *p, uint64_t stream);

/* An input that is written in place. */
void operand_input_output(struct operand *o, const struct problem *p, uint64_t stream, const void *values);

/* Makes o, a copy of an operand that outlives it, the elements [begin, end) along a dimension; its tensor is to be destroyed with
   xent_tensor_destroy. */
void operand_narrow(struct operand *o, int32_t dimension, int64_t begin, int64_t end);

/* Copies the elements in row-major order, little-endian. */
void operand_gather(const struct operand *o, unsigned char *to);

/* Whether a byte that belongs to no element was written. Overwrites the elements. */
int operand_stray(struct operand *o);

void operand_free(struct operand *o);

/* malloc that ends the program where there is no memory. */
void *memory_new(size_t bytes);

#endif
