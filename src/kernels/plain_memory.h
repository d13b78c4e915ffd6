/* Memory by memcpy, for instruction sets that have nothing better for it; assumes no instruction beyond the baseline. */
#ifndef XENT_KERNELS_PLAIN_MEMORY_H
#define XENT_KERNELS_PLAIN_MEMORY_H

#include <stddef.h>
#include <string.h>

#include "kernels.h"

/* Copies a cache line to a place that is aligned as one, past the caches where the instruction set has a way. After stream_end
   other threads see what went that way before they see anything that is stored later. */
static inline void stream_line(void *to, const void *from) { memcpy(to, from, XENT_LINE); }
static inline void stream_end(void) {}

/* Copies `bytes` bytes, and fills up `to`, of `size` bytes, with as much of `padding` as belongs there: a line of bytes that is
   repeated from the beginning of `to` on. size is a multiple of a line. Instruction sets with masks do this in whole vectors,
   so that what reads vectors from `to` need not wait for narrower stores. */
static inline void copy_padded(void *to, const void *from, size_t bytes, size_t size, const void *padding)
{
    for (size_t i = 0; i < size; i += XENT_LINE) memcpy((char *)to + i, padding, XENT_LINE);
    memcpy(to, from, bytes);
}

#endif
