/* The readers of the program xent: an input is a file, and goes to the reader that its first bytes name, as in the program. What a reader
   accepts must lie within the file; it is given the header alone, in a block of its own. */
#include <stdlib.h>
#include <string.h>

#include "flaw.h"
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

/* Whether the last element ends before the file does; nothing here overflows if the reader has done its work. */
static bool lies_within(const struct array *array, uint64_t file_size)
{
    const uint64_t size = xent_dtype_size(array->dtype);
    uint64_t last = 0;
    for (int32_t k = 0; k < array->ndim; k++) {
        if (array->shape[k] == 0) return array->offset <= file_size;
        if (array->shape[k] > 1 && (uint64_t)array->strides[k] > file_size / (uint64_t)(array->shape[k] - 1)) return false;
        last += (uint64_t)(array->shape[k] - 1) * (uint64_t)array->strides[k];
    }
    return array->offset <= file_size && last < (file_size - array->offset) / size;
}

static void require_array(const struct array *array, uint64_t file_size)
{
    require(xent_dtype_size(array->dtype) > 0, "an array of an unknown dtype");
    require(array->ndim >= 0 && array->ndim <= XENT_MAX_NDIM, "an array of an odd rank");
    for (int32_t k = 0; k < array->ndim; k++)
        require(array->shape[k] >= 0 && array->strides[k] >= 0, "an array with a negative extent or stride");
    require(lies_within(array, file_size), "an array that goes on behind the file's end");
}

/* A copy of the first bytes, so that a byte too many is seen. */
static unsigned char *copy_of(const uint8_t *data, size_t size)
{
    unsigned char *copy = memory_new(size);
    if (size > 0) memcpy(copy, data, size);
    return copy;
}

typedef size_t header_size(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why);
typedef bool parse(struct array *array, const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why);

static bool parse_safetensors(struct array *array, const unsigned char *bytes, size_t size, uint64_t file_size,
                              struct reason *why)
{
    struct array named;
    bool found = false;
    const bool good = safetensors_parse(array, NULL, bytes, size, file_size, why);
    if (safetensors_look_up(&named, "targets", bytes, size, file_size, &found, why) && found) require_array(&named, file_size);
    return good;
}

static void read_array(const uint8_t *data, size_t size, uint64_t file_size, header_size *measure, parse *read)
{
    enum { BEGINNING = 20 };
    struct array array;
    struct reason why = { "" };
    const size_t first = size < BEGINNING ? size : BEGINNING;
    unsigned char *beginning = copy_of(data, first);
    const size_t needed = measure(beginning, first, file_size, &why);
    free(beginning);
    require(needed > 0 || why.text[0] != '\0', "a header is refused without a reason");
    if (needed == 0 || needed > size) return;
    require(needed <= file_size, "a header that is longer than the file");
    unsigned char *header = copy_of(data, needed);
    if (read(&array, header, needed, file_size, &why)) {
        require(array.offset >= needed, "an array that begins in the header");
        require_array(&array, file_size);
    } else {
        require(why.text[0] != '\0', "an array is refused without a reason");
    }
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
            read_array(data, seen, file_size, npy_header_size, npy_parse);
        else if (kld_is(data, seen))
            read_kld(data, seen, file_size);
        else if (safetensors_is(data, seen))
            read_array(data, seen, file_size, safetensors_header_size, parse_safetensors);
    }
    return 0;
}
