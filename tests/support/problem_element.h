#ifndef XENT_TESTS_PROBLEM_ELEMENT_H
#define XENT_TESTS_PROBLEM_ELEMENT_H

#include <stdint.h>
#include <xent.h>

/* Elements of contiguous memory of a floating dtype, as numbers and as bits. */

void element_store(xent_dtype dtype, void *out, int64_t i, double value);
double element_load(xent_dtype dtype, const void *in, int64_t i);

/* The upper bits of `bits`, as they are: a conversion would make every NaN quiet. */
void element_store_bits(xent_dtype dtype, void *out, int64_t i, uint64_t bits);

/* Whether that would be a finite number; in F64 also some that are finite are not. */
int element_is_finite(xent_dtype dtype, uint64_t bits);

/* A NaN of the sign and payload of `bits`, quiet or signaling. */
void element_store_nan(xent_dtype dtype, void *out, int64_t i, uint64_t bits);

void element_clear_sign(xent_dtype dtype, void *out, int64_t i);

double element_largest(xent_dtype dtype);
double element_smallest(xent_dtype dtype);

#endif
