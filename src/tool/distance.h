/* Two elements of one type, by their bits. */
#ifndef XENT_TOOL_DISTANCE_H
#define XENT_TOOL_DISTANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <xent.h>

uint64_t element_bits(const unsigned char *element, xent_dtype dtype);
bool element_is_nan(uint64_t bits, xent_dtype dtype);
/* Integers beyond 2^53 are rounded. */
double element_value(uint64_t bits, xent_dtype dtype);

/* Of floating-point numbers that are not NaN: how many steps from one to the next lie between them, -0 and +0 being one number. Of
   integers: their difference. */
uint64_t element_distance(uint64_t a, uint64_t b, xent_dtype dtype);

#endif
