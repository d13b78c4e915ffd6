#ifndef XENT_TESTS_FUZZ_READERS_H
#define XENT_TESTS_FUZZ_READERS_H

#include "tool/array.h"

/* What files say of themselves, from the descriptions of their formats and not from the program's readers. data: the whole file, or its
   beginning where file_size is more than size. */

/* How many bytes stand before the data; 0: there is no such file. */
size_t npy_model_header(const uint8_t *data, size_t size, uint64_t file_size);
size_t safetensors_model_header(const uint8_t *data, size_t size, uint64_t file_size);

/* The array of a .npy file. false: the file is none that is read. */
bool npy_model(struct array *array, const uint8_t *data, size_t size, uint64_t file_size);

/* Whether the header holds, whatever tensor is wanted; and whether the tensor of that name is there (NULL: "logits", or else the only one)
   and is one that is read. */
struct safetensors_model {
    bool header, found, tensor;
};
struct safetensors_model safetensors_model(struct array *array, const char *name, const uint8_t *data, size_t size,
                                           uint64_t file_size);

/* Sets the strides, of row-major order or of the other one, and *bytes to what the elements take. false: more than INT64_MAX, extents of 0
   left out. */
bool array_model(struct array *array, bool column_major, uint64_t *bytes);

#endif
