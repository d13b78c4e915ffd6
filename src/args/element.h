/* Element types: what they are called, how large they are, and reading and writing their values. */
#ifndef XENT_ARGS_ELEMENT_H
#define XENT_ARGS_ELEMENT_H

#include <stdbool.h>

#include "xent.h"

size_t xent_element_size(xent_dtype dtype);      /* 0 for an unknown dtype */
size_t xent_element_alignment(xent_dtype dtype); /* of a known dtype: what an array in memory needs */
const char *xent_element_name(xent_dtype dtype); /* of a known dtype: "F32" */
bool xent_element_is_floating(xent_dtype dtype);

/* What a floating one is computed in. */
static inline xent_dtype xent_element_real(xent_dtype dtype) { return dtype == XENT_F64 ? XENT_F64 : XENT_F32; }

/* dtype is floating. Storing rounds once, to nearest even; a NaN becomes the canonical one. */
double xent_load_float_any(xent_dtype dtype, const void *from);
void xent_store_float_any(xent_dtype dtype, void *to, double value);
void xent_store_result_any(xent_dtype dtype, void *to, double value);

/* dtype is an integer one; a U64 above INT64_MAX wraps to a negative number, which is never a class. */
int64_t xent_load_index_any(xent_dtype dtype, const void *from);

/* The same, without a call for what is read most. */
static inline double xent_load_float(xent_dtype dtype, const void *from)
{
    return dtype == XENT_F32 ? (double)*(const float *)from : xent_load_float_any(dtype, from);
}

static inline void xent_store_float(xent_dtype dtype, void *to, double value)
{
    if (dtype == XENT_F32 && value == value)
        *(float *)to = (float)value;
    else
        xent_store_float_any(dtype, to, value);
}

/* A row's result or the reduction of them: what rounds to zero is +0.0. */
static inline void xent_store_result(xent_dtype dtype, void *to, double value)
{
    if (dtype == XENT_F32 && value == value)
        *(float *)to = (float)value + 0.0f;
    else
        xent_store_result_any(dtype, to, value);
}

static inline int64_t xent_load_index(xent_dtype dtype, const void *from)
{
    return dtype == XENT_I64 ? *(const int64_t *)from : xent_load_index_any(dtype, from);
}

/* n results, each `step` bytes behind the one before. */
void xent_store_results(xent_dtype dtype, const double *from, size_t n, char *to, ptrdiff_t step);

/* n elements that lie `step` bytes apart, or at these indices among such, to or from contiguous memory. */
void xent_gather(xent_dtype dtype, const char *from, ptrdiff_t step, size_t n, void *to);
void xent_scatter(xent_dtype dtype, const void *from, size_t n, char *to, ptrdiff_t step);
void xent_gather_doubles(xent_dtype dtype, const char *from, ptrdiff_t step, size_t n, double *to);
void xent_gather_doubles_at(xent_dtype dtype, const char *from, ptrdiff_t step, const int64_t *index, size_t n, double *to);
void xent_gather_indices(xent_dtype dtype, const char *from, ptrdiff_t step, size_t n, int64_t *to);
/* A result of each of n rows, `step` bytes apart, as xent_store_result has it; and indices, as I64 or I32. */
void xent_put_results(xent_dtype dtype, char *to, ptrdiff_t step, size_t n, const double *results);
void xent_put_indices(xent_dtype dtype, char *to, ptrdiff_t step, size_t n, const int64_t *indices);
void xent_fill(xent_dtype dtype, char *to, ptrdiff_t step, size_t n, double value);

#endif
