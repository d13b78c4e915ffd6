/* The target of each row: read at once, checked before any row is. */
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

/* An integer of the file; false: more than int64_t holds. */
static bool read_integer(const unsigned char *bytes, xent_dtype dtype, int64_t *value)
{
    const size_t size = xent_dtype_size(dtype);
    const bool is_signed = dtype == XENT_I8 || dtype == XENT_I16 || dtype == XENT_I32 || dtype == XENT_I64;
    uint64_t bits = 0;
    for (size_t k = size; k-- > 0;) bits = bits << 8 | bytes[k];
    if (is_signed && bits >> (8 * size - 1) != 0 && size < 8) bits |= ~(uint64_t)0 << 8 * size;
    memcpy(value, &bits, sizeof *value);
    return is_signed || *value >= 0;
}

/* All of it is mapped at once: in Fortran order the elements of neighbouring rows lie far apart. */
static void read_array(int64_t *values, int64_t count, struct mapped_file *file, const struct array *array)
{
    const uint64_t size = xent_dtype_size(array->dtype);
    const unsigned char *elements = file_bytes(file, array->offset, (uint64_t)count * size);
    for (int64_t row = 0; row < count; row++) {
        int64_t rest = row, offset = 0;
        for (int32_t k = array->ndim; k-- > 0; rest /= array->shape[k]) offset += rest % array->shape[k] * array->strides[k];
        if (!read_integer(elements + (size_t)((uint64_t)offset * size), array->dtype, &values[row]))
            fail("%s: has a target of 2^63 or more", file->path);
    }
}

/* The tokens that the rows of a base file predict. */
static void read_tokens(int64_t *values, struct source *base)
{
    const struct kld *kld = &base->contents.kld;
    for (int64_t chunk = 0; chunk < kld->chunks; chunk++) {
        for (int64_t k = 0; k < kld->chunk_rows; k++) {
            const int64_t token = chunk * kld->context + kld_target_position(kld, k);
            read_integer(file_bytes(&base->contents.file, kld->tokens + 4 * (uint64_t)token, 4), XENT_I32, values++);
        }
    }
}

/* The target of each position is the token after it; the last position of a sequence has none. */
static void shift(int64_t *values, int64_t count, int64_t length, int64_t none)
{
    for (int64_t row = 0; row < count; row++) values[row] = (row + 1) % length == 0 ? none : values[row + 1];
}

static void check_array(const struct array *array, const char *path, const struct source *logits)
{
    bool same = array->ndim == logits->batch_ndim;
    for (int32_t k = 0; same && k < array->ndim; k++) same = array->shape[k] == logits->batch_shape[k];
    if (array->untyped || type_is_floating(array->dtype))
        fail("%s: has targets of type %s, expected integers", path, array->untyped ? "unknown" : type_name(array->dtype));
    if (!same)
        fail("%s: has targets of the shape %s, expected %s, that of %s without its classes", path,
             shape_text(array->ndim, array->shape).text, shape_text(logits->batch_ndim, logits->batch_shape).text,
             logits->contents.path);
}

/* "[3][17]" */
static void print_position(char *text, size_t size, int64_t row, const struct source *logits)
{
    int64_t index[XENT_MAX_NDIM];
    size_t length = 0;
    text[0] = '\0';
    for (int32_t k = logits->batch_ndim; k-- > 0; row /= logits->batch_shape[k]) index[k] = row % logits->batch_shape[k];
    for (int32_t k = 0; k < logits->batch_ndim; k++)
        length += (size_t)snprintf(text + length, size - length, "[%lld]", (long long)index[k]);
}

static void check_values(struct targets *targets, const char *path, const struct source *logits,
                         const struct arguments *arguments)
{
    for (int64_t row = 0; row < targets->count; row++) {
        const int64_t value = targets->values[row];
        char position[XENT_MAX_NDIM * 23];
        targets->ignored[row] = value == arguments->ignore_index;
        targets->counted -= targets->ignored[row];
        if (targets->ignored[row] || (value >= 0 && value < logits->classes)) continue;
        print_position(position, sizeof position, row + arguments->shift, logits); /* where it stands in the file */
        fail("%s: target%s is %lld, expected a class from 0 to %lld, or %lld for a row that is ignored", path, position,
             (long long)value, (long long)logits->classes - 1, (long long)arguments->ignore_index);
    }
    if (targets->counted == 0) fail("%s: has no target that counts", path);
}

static void take_array(struct targets *targets, struct mapped_file *file, const struct array *array,
                       const struct source *logits, const struct arguments *arguments)
{
    check_array(array, file->path, logits);
    targets->values = allocate((uint64_t)targets->count, sizeof *targets->values);
    read_array(targets->values, targets->count, file, array);
    if (arguments->shift)
        shift(targets->values, targets->count, logits->batch_ndim > 0 ? logits->batch_shape[logits->batch_ndim - 1] : 1,
              arguments->ignore_index);
    check_values(targets, file->path, logits, arguments);
}

/* From beside the logits; false: there are none. */
static bool take_from_source(struct targets *targets, struct source *source, const struct source *logits,
                             const struct arguments *arguments)
{
    struct array array;
    const char *path = source->contents.path;
    if (contents_beside(&source->contents, "targets", &array)) {
        take_array(targets, &source->contents.file, &array, logits, arguments);
        return true;
    }
    if (!source_is_base(source)) return false;
    if (arguments->shift) fail("%s: has a target for each row, and --shift is for tokens", path);
    targets->values = allocate((uint64_t)targets->count, sizeof *targets->values);
    read_tokens(targets->values, source);
    check_values(targets, path, logits, arguments);
    return true;
}

void targets_load(struct targets *targets, const struct arguments *arguments, int place, const struct source *logits,
                  struct source *const *sources, bool required)
{
    struct contents contents;
    *targets = (struct targets){ .count = logits->count, .counted = logits->count };
    targets->ignored = allocate((uint64_t)targets->count, 1);
    if (arguments->files[place] != NULL) {
        contents_open(&contents, arguments->files[place], "targets");
        if (contents.format == KLD) fail("%s: is a KLD base file, expected an array of targets", contents.path);
        take_array(targets, &contents.file, &contents.array, logits, arguments);
        contents_close(&contents);
        return;
    }
    for (; *sources != NULL; sources++)
        if (take_from_source(targets, *sources, logits, arguments)) return;
    if (required || arguments->shift)
        fail("%s: has no targets beside its logits: name a file of targets behind it", logits->contents.path);
}

void targets_destroy(struct targets *targets)
{
    free(targets->values);
    free(targets->ignored);
}
