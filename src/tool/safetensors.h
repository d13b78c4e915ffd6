/* The header of a .safetensors file. */
#ifndef XENT_TOOL_SAFETENSORS_H
#define XENT_TOOL_SAFETENSORS_H

#include "array.h"

bool safetensors_is(const unsigned char *bytes, size_t size);

/* How many bytes the header has, with the 8 of its length; 0, with the reason, if that cannot be. bytes: the first `size` of a file of
   file_size bytes. */
size_t safetensors_header_size(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why);

/* The tensor of this name; NULL: the usual one of logits. bytes: the first `size` bytes of the file, the header at
   least. The whole header is checked, whichever tensor is wanted. */
bool safetensors_parse(struct array *array, const char *name, const unsigned char *bytes, size_t size, uint64_t file_size,
                       struct reason *why);

/* The tensor of the usual name, or else the only one. */
bool safetensors_parse_usual(struct array *array, const char *usual, const unsigned char *bytes, size_t size,
                             uint64_t file_size, struct reason *why);

/* The same for a tensor that need not be there: *found says whether it is. */
bool safetensors_look_up(struct array *array, const char *name, const unsigned char *bytes, size_t size, uint64_t file_size,
                         bool *found, struct reason *why);

#endif
