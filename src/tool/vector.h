/* Arrays of the program's own as tensors. */
#ifndef XENT_TOOL_VECTOR_H
#define XENT_TOOL_VECTOR_H

#include <xent.h>

/* Rank 1; never NULL, but for a data of NULL. */
xent_tensor *vector(xent_dtype dtype, int64_t count, void *data);

#endif
