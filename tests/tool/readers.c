/* The readers of the program xent on memory: what they accept lies within the file, and nothing outside the bytes they are given is
   read (each input is a block of its own, so that valgrind and AddressSanitizer see it). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/expect.h"
#include "tool/kld.h"
#include "tool/npy.h"
#include "tool/safetensors.h"

enum { DATA = 24, MOST = 512 };

struct input {
    unsigned char bytes[MOST];
    size_t header, size; /* size: with the data */
};

typedef bool (*reader)(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why);

/* An array that a reader accepts must lie within the file. */
static bool lies_within(const struct array *array, uint64_t file_size)
{
    uint64_t elements = 1, last = 0;
    for (int32_t k = 0; k < array->ndim; k++) {
        elements *= (uint64_t)array->shape[k];
        if (array->shape[k] > 0) last += (uint64_t)(array->shape[k] - 1) * (uint64_t)array->strides[k];
    }
    return elements == 0 || array->offset + (last + 1) * xent_dtype_size(array->dtype) <= file_size;
}

static bool read_npy(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why)
{
    struct array array;
    if (!npy_parse(&array, bytes, size, file_size, why)) return false;
    assert_true(lies_within(&array, file_size));
    return true;
}

static bool read_safetensors(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why)
{
    struct array array;
    bool found;
    if (!safetensors_parse(&array, NULL, bytes, size, file_size, why)) return false;
    assert_true(lies_within(&array, file_size));
    assert_true(safetensors_look_up(&array, "none", bytes, size, file_size, &found, why));
    assert_false(found);
    return true;
}

static bool read_kld(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why)
{
    struct kld kld;
    struct kld_row row;
    if (!kld_parse(&kld, bytes, size, file_size, why)) return false;
    assert_true(kld.rows + (uint64_t)(kld.chunks * kld.chunk_rows) * kld.row_bytes == file_size);
    assert_true(kld.row_bytes >= 8 + 2 * (uint64_t)kld.classes);
    assert_true(kld_target_position(&kld, kld.chunk_rows - 1) == kld.context - 1);
    if (kld.rows + kld.row_bytes > size) return refuse(why, "ends before its first row");
    if (!kld_read_row(&row, bytes + kld.rows, why)) return false;
    assert_true(kld_code(&row, kld.classes - 1) <= KLD_TOP_CODE);
    return true;
}

/* In a block of exactly these bytes. */
static bool read_copy(reader read, const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why)
{
    unsigned char *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    why->text[0] = '\0';
    const bool good = read(copy, size, file_size, why);
    free(copy);
    return good;
}

static void put_number(struct input *input, uint64_t value, int bytes)
{
    for (int k = 0; k < bytes; k++) input->bytes[input->size++] = (unsigned char)(value >> 8 * k);
}

static void put(struct input *input, const char *text, size_t length)
{
    memcpy(input->bytes + input->size, text, length);
    input->size += length;
}

static void end_header(struct input *input)
{
    input->header = input->size;
    input->size += DATA;
}

static struct input npy_input(void)
{
    static const char text[] = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n";
    struct input input = { .size = 0 };
    put(&input, "\x93NUMPY\1", 8);
    put_number(&input, sizeof text - 1, 2);
    put(&input, text, sizeof text - 1);
    end_header(&input);
    return input;
}

static struct input safetensors_input(void)
{
    static const char text[] = "{\"logits\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                               "\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[24,24]}}";
    struct input input = { .size = 0 };
    put_number(&input, sizeof text - 1, 8);
    put(&input, text, sizeof text - 1);
    end_header(&input);
    return input;
}

static struct input kld_input(void)
{
    struct input input = { .size = 0 };
    put(&input, "_logits_", 8);
    put_number(&input, 5, 4);
    put_number(&input, 3, 4);
    put_number(&input, 1, 4);
    for (int token = 0; token < 5; token++) put_number(&input, 1, 4);
    input.header = input.size + 16; /* of a row, the first of two */
    input.size = input.header + 16;
    return input;
}

/* No prefix is read as the whole, whether the file has the rest or not; no other byte anywhere makes a reader go astray. */
static void try_all(reader read, const struct input *input)
{
    struct reason why;
    assert_true(read_copy(read, input->bytes, input->header, input->size, &why));
    for (size_t size = 0; size < input->header; size++) {
        if (read_copy(read, input->bytes, size, size, &why) || read_copy(read, input->bytes, size, input->size, &why))
            fail_msg("%zu bytes of %zu are read as all", size, input->header);
        assert_true(why.text[0] != '\0');
    }
    for (size_t at = 0; at < input->header; at++) {
        for (int value = 0; value < 256; value++) {
            struct input other = *input;
            other.bytes[at] = (unsigned char)value;
            if (!read_copy(read, other.bytes, other.header, other.size, &why)) assert_true(why.text[0] != '\0');
        }
    }
    assert_false(read_copy(read, input->bytes, input->header, input->size + 1, &why));
    assert_false(read_copy(read, input->bytes, input->header, input->size - 1, &why));
}

static void test_npy(void **state)
{
    (void)state;
    const struct input input = npy_input();
    struct array array;
    struct reason why;
    assert_true(npy_is(input.bytes, input.size) && !npy_is(input.bytes, 5));
    assert_true(npy_parse(&array, input.bytes, input.header, input.size, &why));
    assert_true(array.dtype == XENT_F32 && array.ndim == 2 && array.strides[0] == 1 && array.strides[1] == 2);
    assert_true(array.offset == input.header && !array.untyped);
    try_all(read_npy, &input);
}

static void test_safetensors(void **state)
{
    (void)state;
    const struct input input = safetensors_input();
    struct array array;
    struct reason why;
    assert_true(safetensors_is(input.bytes, input.size));
    assert_true(safetensors_parse(&array, "logits", input.bytes, input.header, input.size, &why));
    assert_true(array.dtype == XENT_F32 && array.ndim == 2 && array.strides[0] == 3 && array.strides[1] == 1);
    assert_true(array.offset == input.header);
    try_all(read_safetensors, &input);
}

static void test_safetensors_no_object(void **state)
{
    (void)state;
    static const unsigned char list[] = "\2\0\0\0\0\0\0\0[]";
    struct array array;
    struct reason why;
    assert_false(safetensors_parse(&array, NULL, list, 10, 10, &why));
    assert_string_equal(why.text, "has a header that is no JSON object");
}

static void test_kld(void **state)
{
    (void)state;
    const struct input input = kld_input();
    assert_true(kld_is(input.bytes, input.size) && !kld_is(input.bytes, 7));
    try_all(read_kld, &input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy),
        cmocka_unit_test(test_safetensors),
        cmocka_unit_test(test_safetensors_no_object),
        cmocka_unit_test(test_kld),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
