/* A .safetensors file as its description has it: 8 bytes with the length of the header, a JSON object of tensors, their data without holes.
   What __metadata__ says, and members of a tensor that the description does not name, are not looked at. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "readers.h"
#include "support/problem_operand.h"

enum { PREFIX = 8, LONGEST = 100000000 };

size_t safetensors_model_header(const uint8_t *data, size_t size, uint64_t file_size)
{
    uint64_t length = 0;
    if (size < PREFIX) return 0;
    for (int k = 0; k < PREFIX; k++) length |= (uint64_t)data[k] << (8 * k);
    return length <= LONGEST && length <= file_size - PREFIX ? PREFIX + (size_t)length : 0;
}

static bool is_tensor(const struct json *member) { return strcmp(member->name, "__metadata__") != 0; }

/* Where the data of a tensor are; NULL: it does not say so. */
static const struct json *offsets_of(const struct json *tensor)
{
    const struct json *offsets = json_member(tensor, "data_offsets");
    if (offsets == NULL || offsets->kind != JSON_ARRAY || offsets->count != 2) return NULL;
    const struct json *begin = offsets->first, *end = begin->next;
    if (begin->kind != JSON_INTEGER || end->kind != JSON_INTEGER) return NULL;
    return begin->integer >= 0 && begin->integer <= end->integer ? begin : NULL;
}

static bool overlap(const struct json *a, const struct json *b)
{
    return a->integer < b->next->integer && b->integer < a->next->integer;
}

/* All tensors say where their data are, and each byte of the data is one tensor's. One without bytes lies between two others. */
static bool covers(const struct json *root, uint64_t bytes)
{
    uint64_t sum = 0;
    for (const struct json *t = root->first; t != NULL; t = t->next) {
        const struct json *begin = is_tensor(t) ? offsets_of(t) : NULL;
        if (is_tensor(t) && (begin == NULL || (uint64_t)begin->next->integer > bytes)) return false;
        for (const struct json *other = root->first; begin != NULL && other != t; other = other->next)
            if (is_tensor(other) && overlap(begin, offsets_of(other))) return false;
        if (begin != NULL) sum += (uint64_t)(begin->next->integer - begin->integer);
    }
    return sum == bytes;
}

static bool dtype_of(struct array *array, const struct json *tensor)
{
    static const char *const names[] = { "F32", "F64", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "U16", "U32", "U64" };
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16, XENT_I64, XENT_I32,
                                         XENT_I16, XENT_I8,  XENT_U8,  XENT_U16,  XENT_U32, XENT_U64 };
    const struct json *dtype = json_member(tensor, "dtype");
    for (size_t k = 0; k < sizeof names / sizeof names[0] && dtype != NULL && dtype->kind == JSON_STRING; k++) {
        if (strcmp(dtype->string, names[k]) != 0) continue;
        array->dtype = dtypes[k];
        return true;
    }
    return false;
}

static bool shape_of(struct array *array, const struct json *tensor)
{
    const struct json *shape = json_member(tensor, "shape");
    if (shape == NULL || shape->kind != JSON_ARRAY || shape->count > XENT_MAX_NDIM) return false;
    for (const struct json *extent = shape->first; extent != NULL; extent = extent->next) {
        if (extent->kind != JSON_INTEGER || extent->integer < 0) return false;
        array->shape[array->ndim++] = extent->integer;
    }
    return true;
}

static bool tensor_of(struct array *array, const struct json *tensor, size_t header)
{
    const struct json *begin = offsets_of(tensor);
    uint64_t bytes;
    *array = (struct array){ .offset = header + (uint64_t)begin->integer };
    return dtype_of(array, tensor) && shape_of(array, tensor) && array_model(array, false, &bytes) &&
           bytes == (uint64_t)(begin->next->integer - begin->integer);
}

/* The only tensor; NULL: there are more, or none. */
static const struct json *only_one(const struct json *root)
{
    const struct json *only = NULL;
    for (const struct json *t = root->first; t != NULL; t = t->next) {
        if (is_tensor(t) && only != NULL) return NULL;
        if (is_tensor(t)) only = t;
    }
    return only;
}

struct safetensors_model safetensors_model(struct array *array, const char *name, const uint8_t *data, size_t size,
                                           uint64_t file_size)
{
    const size_t header = safetensors_model_header(data, size, file_size);
    struct safetensors_model model = { false, false, false };
    struct json_text text;
    if (header == 0 || header > size || !json_read(&text, data + PREFIX, header - PREFIX)) return model;
    const struct json *root = text.root, *tensor = json_member(root, name != NULL ? name : "logits");
    model.header = root->kind == JSON_OBJECT && covers(root, file_size - header);
    if (name == NULL && tensor == NULL) tensor = only_one(root);
    model.found = model.header && tensor != NULL;
    model.tensor = model.found && tensor_of(array, tensor, header);
    json_text_free(&text);
    return model;
}
