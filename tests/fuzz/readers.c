/* The readers of the program xent: an input is a file, and goes to the reader that its first bytes name, as in the program. What a reader
   accepts, and what it has read then, is what a model of the format does, which knows the format alone. */
#include <stdlib.h>
#include <string.h>

#include "flaw.h"
#include "readers.h"
#include "support/problem_operand.h"
#include "tool/kld.h"
#include "tool/npy.h"
#include "tool/safetensors.h"

/* An end of the file that the header does not know of: where it is, a byte less, more than any. */
static uint64_t const ends[] = { 0, 1, UINT64_MAX };
enum { ENDS = sizeof ends / sizeof ends[0] };

static void require(bool condition, const char *what)
{
    if (!condition) flaw("%s", what);
}

/* ---- Arrays -------------------------------------------------------------------------------------------------------------- */

bool array_model(struct array *array, bool column_major, uint64_t *bytes)
{
    const uint64_t most = INT64_MAX / xent_dtype_size(array->dtype);
    uint64_t elements = 1;
    bool empty = false;
    for (int32_t k = 0; k < array->ndim; k++) {
        const int32_t d = column_major ? k : array->ndim - 1 - k;
        const uint64_t extent = array->shape[d] == 0 ? 1 : (uint64_t)array->shape[d];
        array->strides[d] = (int64_t)elements;
        empty |= array->shape[d] == 0;
        if (elements > most / extent) return false;
        elements *= extent;
    }
    *bytes = empty ? 0 : elements * xent_dtype_size(array->dtype);
    return true;
}

static void require_same(const struct array *got, const struct array *expected)
{
    bool same = got->dtype == expected->dtype && got->untyped == expected->untyped && got->ndim == expected->ndim &&
                got->offset == expected->offset;
    for (int32_t k = 0; same && k < got->ndim; k++)
        same = got->shape[k] == expected->shape[k] && got->strides[k] == expected->strides[k];
    require(same, "an array is another one than the file has");
}

/* A copy of the first bytes, so that a byte too many is seen. */
static unsigned char *copy_of(const uint8_t *data, size_t size)
{
    unsigned char *copy = memory_new(size);
    if (size > 0) memcpy(copy, data, size);
    return copy;
}

/* A reader's answer, and the array that it has read, are the model's; a refusal has a reason. */
static void compare(bool good, bool expected, const struct array *got, const struct array *model, const struct reason *why)
{
    require(good || why->text[0] != '\0', "a refusal without a reason");
    require(good || !expected, why->text);
    require(expected || !good, "an array is read that the format does not allow");
    if (good) require_same(got, model);
}

typedef size_t header_size(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why);
typedef size_t header_model(const uint8_t *data, size_t size, uint64_t file_size);
typedef void read_header(const unsigned char *header, size_t size, uint64_t file_size);

static void read_npy(const unsigned char *header, size_t size, uint64_t file_size)
{
    struct array array, model;
    struct reason why = { "" };
    const bool good = npy_parse(&array, header, size, file_size, &why);
    compare(good, npy_model(&model, header, size, file_size), &array, &model, &why);
}

static void read_safetensors(const unsigned char *header, size_t size, uint64_t file_size)
{
    struct array array, model;
    struct reason why = { "" };
    bool found = false;
    const bool good = safetensors_parse(&array, NULL, header, size, file_size, &why);
    compare(good, safetensors_model(&model, NULL, header, size, file_size).tensor, &array, &model, &why);
    why.text[0] = '\0';
    const bool beside = safetensors_look_up(&array, "targets", header, size, file_size, &found, &why);
    const struct safetensors_model wanted = safetensors_model(&model, "targets", header, size, file_size);
    require(!beside || found == wanted.found, "a tensor is there, or is not, and is not said to be");
    compare(beside && found, wanted.tensor, &array, &model, beside ? &(struct reason){ "there is none" } : &why);
    require(beside == (wanted.header && (wanted.tensor || !wanted.found)), "another answer where a tensor need not be there");
}

/* The reader is given the header alone. */
static void read_array(const uint8_t *data, size_t size, uint64_t file_size, header_size *measure, header_model *model,
                       read_header *read)
{
    enum { BEGINNING = 20 };
    struct reason why = { "" };
    const size_t first = size < BEGINNING ? size : BEGINNING;
    unsigned char *beginning = copy_of(data, first);
    const size_t needed = measure(beginning, first, file_size, &why);
    free(beginning);
    require(needed > 0 || why.text[0] != '\0', "a header is refused without a reason");
    require(needed == model(data, size, file_size), "a header that ends elsewhere");
    if (needed == 0 || needed > size) return;
    unsigned char *header = copy_of(data, needed);
    read(header, needed, file_size);
    free(header);
}

/* ---- Rows of a KLD base file --------------------------------------------------------------------------------------------- */

static int32_t number_at(const uint8_t *at)
{
    return (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
}

/* Whether a file of this size has what its header says, by the layout alone. */
static bool kld_fits(const uint8_t *data, size_t size, uint64_t file_size)
{
    if (size < KLD_HEADER) return false;
    const int64_t context = number_at(data + 8), classes = number_at(data + 12), chunks = number_at(data + 16);
    if (context < 3 || classes < 1 || chunks < 1) return false;
    const uint64_t rows = (uint64_t)chunks * (uint64_t)(context - 1 - context / 2);
    const uint64_t row = 8 + 2 * (uint64_t)(classes + classes % 2),
                   before = KLD_HEADER + 4 * (uint64_t)context * (uint64_t)chunks;
    return file_size >= before && (file_size - before) % row == 0 && (file_size - before) / row == rows;
}

static void read_kld(const uint8_t *data, size_t size, uint64_t file_size)
{
    const size_t first = size < KLD_HEADER ? size : KLD_HEADER;
    struct kld kld;
    struct reason why = { "" };
    unsigned char *header = copy_of(data, first);
    const bool good = kld_parse(&kld, header, first, file_size, &why);
    free(header);
    require(good || why.text[0] != '\0', "a base file is refused without a reason");
    require(good == kld_fits(data, first, file_size), "a base file is not judged by its layout");
    if (!good || file_size != size) return;
    for (uint64_t k = 0; k < (uint64_t)(kld.chunks * kld.chunk_rows); k++) {
        struct kld_row row;
        unsigned char *bytes = copy_of(data + kld.rows + k * kld.row_bytes, (size_t)kld.row_bytes);
        for (int64_t c = 0; kld_read_row(&row, bytes, &why) && c < kld.classes; c++)
            require(kld_code(&row, c) <= KLD_TOP_CODE, "a code that is too large");
        free(bytes);
    }
    require(kld_target_position(&kld, 0) >= 1 && kld_target_position(&kld, kld.chunk_rows - 1) < kld.context,
            "a row whose target lies in another chunk");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int k = 0; k < ENDS; k++) {
        const uint64_t file_size = ends[k] > size ? ends[k] : size - ends[k];
        const size_t seen = file_size < size ? (size_t)file_size : size;
        if (npy_is(data, seen))
            read_array(data, seen, file_size, npy_header_size, npy_model_header, read_npy);
        else if (kld_is(data, seen))
            read_kld(data, seen, file_size);
        else if (safetensors_is(data, seen))
            read_array(data, seen, file_size, safetensors_header_size, safetensors_model_header, read_safetensors);
    }
    return 0;
}
