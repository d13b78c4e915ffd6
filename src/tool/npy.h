/* The header of a .npy file, versions 1 to 3. */
#ifndef XENT_TOOL_NPY_H
#define XENT_TOOL_NPY_H

#include "array.h"

bool npy_is(const unsigned char *bytes, size_t size);

/* How many bytes the header has, with what stands before it; 0, with the reason, if that cannot be. bytes: the first `size` of a
   file of file_size bytes. */
size_t npy_header_size(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why);

/* bytes: the first `size` bytes of the file, the header at least. */
bool npy_parse(struct array *array, const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why);

#endif
