/* The header of a .safetensors file: its length in 8 bytes, then a JSON object with a member for each tensor. Tensors cover the rest of
   the file, without holes and without overlap. */
#include "safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 8, LONGEST = 100000000 };

static const char metadata[] = "__metadata__";

bool safetensors_is(const unsigned char *bytes, size_t size) { return size > PREFIX && bytes[PREFIX] == '{'; }

size_t safetensors_header_size(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why)
{
    uint64_t length = 0;
    if (size < PREFIX) return refuse(why, "ends after %zu bytes, inside the header of a .safetensors file", size);
    for (size_t k = PREFIX; k-- > 0;) length = length << 8 | bytes[k];
    if (length > LONGEST)
        return refuse(why, "has a header of %llu bytes, expected at most %d", (unsigned long long)length, LONGEST);
    if (length > file_size - PREFIX)
        return refuse(why, "has %llu bytes, fewer than the %llu of its header", (unsigned long long)file_size,
                      (unsigned long long)length + PREFIX);
    return PREFIX + (size_t)length;
}

/* Where a tensor's data is, counted from the end of the header. */
struct extent {
    uint64_t begin, end;
    const char *name;
};

static bool read_offsets(struct extent *extent, const json_t *member, struct reason *why)
{
    const json_t *offsets = json_object_get(member, "data_offsets");
    if (json_array_size(offsets) != 2 || !json_is_integer(json_array_get(offsets, 0)) ||
        !json_is_integer(json_array_get(offsets, 1)))
        return refuse(why, "has a tensor '%.64s' without a pair of data_offsets", extent->name);
    const json_int_t begin = json_integer_value(json_array_get(offsets, 0)),
                     end = json_integer_value(json_array_get(offsets, 1));
    if (begin < 0 || end < begin)
        return refuse(why, "has a tensor '%.64s' with data_offsets %lld and %lld, expected 0 <= begin <= end", extent->name,
                      (long long)begin, (long long)end);
    extent->begin = (uint64_t)begin;
    extent->end = (uint64_t)end;
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct extent *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

static bool check_extents(struct extent *extents, size_t count, uint64_t data_size, struct reason *why)
{
    uint64_t end = 0;
    qsort(extents, count, sizeof *extents, by_place);
    for (size_t k = 0; k < count; k++) {
        if (extents[k].begin != end)
            return refuse(
                why,
                "has a tensor '%.64s' that begins at byte %llu of the data, expected %llu: tensors overlap or leave a hole",
                extents[k].name, (unsigned long long)extents[k].begin, (unsigned long long)end);
        end = extents[k].end;
    }
    return end == data_size || refuse(why, "has %llu bytes of data, expected the %llu of its tensors",
                                      (unsigned long long)data_size, (unsigned long long)end);
}

/* Every member of the header but the metadata, of whatever type; *count of them. */
static bool check_header(const json_t *header, uint64_t data_size, size_t *count, struct reason *why)
{
    struct extent *extents = calloc(json_object_size(header) + 1, sizeof *extents);
    const char *name;
    json_t *member;
    bool good = extents != NULL || refuse(why, "has more tensors than there is memory for");
    *count = 0;
    json_object_foreach((json_t *)header, name, member)
    {
        if (!good || strcmp(name, metadata) == 0) continue;
        extents[*count].name = name;
        good = read_offsets(&extents[(*count)++], member, why);
    }
    good = good && check_extents(extents, *count, data_size, why);
    free(extents);
    return good;
}

static bool read_shape(struct array *array, const char *name, const json_t *shape, struct reason *why)
{
    const size_t ndim = json_array_size(shape);
    if (!json_is_array(shape)) return refuse(why, "has a tensor '%.64s' without a shape", name);
    if (ndim > XENT_MAX_NDIM)
        return refuse(why, "has a tensor '%.64s' of %zu dimensions, expected at most %d", name, ndim, XENT_MAX_NDIM);
    for (size_t k = 0; k < ndim; k++) {
        const json_t *extent = json_array_get(shape, k);
        if (!json_is_integer(extent) || json_integer_value(extent) < 0)
            return refuse(why, "has a tensor '%.64s' whose shape is no list of whole numbers", name);
        array->shape[k] = json_integer_value(extent);
    }
    array->ndim = (int32_t)ndim;
    return true;
}

static bool read_tensor(struct array *array, const char *name, const json_t *member, size_t header_size, struct reason *why)
{
    struct extent extent = { .name = name };
    struct reason lay_out;
    uint64_t bytes;
    const char *dtype = json_string_value(json_object_get(member, "dtype"));
    *array = (struct array){ 0 };
    if (dtype == NULL) return refuse(why, "has a tensor '%.64s' without a dtype", name);
    array->dtype = type_named(dtype);
    if (array->dtype == 0) return refuse(why, "has a tensor '%.64s' of type %.32s, which xent does not read", name, dtype);
    if (!read_shape(array, name, json_object_get(member, "shape"), why) || !read_offsets(&extent, member, why)) return false;
    if (!array_lay_out(array, false, &bytes, &lay_out)) return refuse(why, "has a tensor '%.64s' that %s", name, lay_out.text);
    if (bytes != extent.end - extent.begin)
        return refuse(why, "has a tensor '%.64s' of %llu bytes, expected %llu for the shape %s of %s", name,
                      (unsigned long long)(extent.end - extent.begin), (unsigned long long)bytes,
                      shape_text(array->ndim, array->shape).text, dtype);
    array->offset = header_size + extent.begin;
    return true;
}

/* The tensor that is meant where no name is given; NULL, with the reason, if that is not clear. */
static const char *default_name(json_t *header, size_t count, const char *usual, struct reason *why)
{
    const char *name;
    json_t *member;
    if (json_object_get(header, usual) != NULL) return usual;
    json_object_foreach(header, name, member) if (count == 1 && strcmp(name, metadata) != 0) return name;
    refuse(why, "has %zu tensors and none named '%s': name one after a colon", count, usual);
    return NULL;
}

static json_t *load(const unsigned char *bytes, size_t size, uint64_t file_size, size_t *header_size, size_t *count,
                    struct reason *why)
{
    json_error_t error;
    *header_size = safetensors_header_size(bytes, size, file_size, why);
    if (*header_size == 0) return NULL;
    if (*header_size > size) return refuse(why, "ends after %zu bytes, inside the header of a .safetensors file", size), NULL;
    json_t *header = json_loadb((const char *)bytes + PREFIX, *header_size - PREFIX, JSON_REJECT_DUPLICATES, &error);
    if (header == NULL && error.text[0] == '\0') return refuse(why, "has a header that takes more memory than there is"), NULL;
    if (header == NULL) return refuse(why, "has a header that is not JSON as .safetensors wants it: %s", error.text), NULL;
    if (json_is_object(header) && check_header(header, file_size - *header_size, count, why)) return header;
    if (!json_is_object(header)) refuse(why, "has a header that is no JSON object");
    json_decref(header);
    return NULL;
}

static const json_t *member_named(const json_t *header, const char *name)
{
    return strcmp(name, metadata) != 0 ? json_object_get(header, name) : NULL;
}

bool safetensors_look_up(struct array *array, const char *name, const unsigned char *bytes, size_t size, uint64_t file_size,
                         bool *found, struct reason *why)
{
    size_t header_size, count;
    json_t *header = load(bytes, size, file_size, &header_size, &count, why);
    if (header == NULL) return false;
    const json_t *member = member_named(header, name);
    *found = member != NULL;
    const bool good = member == NULL || read_tensor(array, name, member, header_size, why);
    json_decref(header);
    return good;
}

static bool parse(struct array *array, const char *name, const char *usual, const unsigned char *bytes, size_t size,
                  uint64_t file_size, struct reason *why)
{
    size_t header_size, count;
    json_t *header = load(bytes, size, file_size, &header_size, &count, why);
    if (header == NULL) return false;
    if (name == NULL) name = default_name(header, count, usual, why);
    const json_t *member = name != NULL ? member_named(header, name) : NULL;
    if (name != NULL && member == NULL) refuse(why, "has no tensor '%.64s'", name);
    const bool good = member != NULL && read_tensor(array, name, member, header_size, why);
    json_decref(header);
    return good;
}

bool safetensors_parse(struct array *array, const char *name, const unsigned char *bytes, size_t size, uint64_t file_size,
                       struct reason *why)
{
    return parse(array, name, "logits", bytes, size, file_size, why);
}

bool safetensors_parse_usual(struct array *array, const char *usual, const unsigned char *bytes, size_t size,
                             uint64_t file_size, struct reason *why)
{
    return parse(array, NULL, usual, bytes, size, file_size, why);
}
