/* xent diff: whether two arrays have the same bits, and how far apart they are. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "distance.h"
#include "fail.h"

struct side {
    struct contents contents;
    struct rows rows;
};

struct difference {
    int64_t elements, different, nan_on_one_side;
    uint64_t largest; /* distance of two elements that are numbers */
    int64_t first;    /* in row-major order; -1: none */
    double first_a, first_b;
};

static void open_side(struct side *side, const char *argument, xent_dtype as)
{
    struct array *array = &side->contents.array;
    contents_open(&side->contents, argument, "logits");
    if (side->contents.format == KLD) fail("%s: is a KLD base file, and diff compares arrays", side->contents.path);
    if (as != 0 && (array->dtype == XENT_U16 || array->dtype == XENT_I16)) {
        array->dtype = as;
        array->untyped = false;
    }
    if (array->untyped)
        fail("%s: has 16-bit words of a type that the file does not tell: say --as bf16 or --as f16", side->contents.path);
}

static int64_t element_count(const struct array *array)
{
    int64_t count = 1;
    for (int32_t k = 0; k < array->ndim; k++) count *= array->shape[k];
    return count;
}

static void check(const struct side *a, const struct side *b)
{
    const struct array *x = &a->contents.array, *y = &b->contents.array;
    bool same = x->ndim == y->ndim;
    for (int32_t k = 0; same && k < x->ndim; k++) same = x->shape[k] == y->shape[k];
    if (!same)
        fail("%s: has the shape %s, expected %s, that of %s", b->contents.path, shape_text(y->ndim, y->shape).text,
             shape_text(x->ndim, x->shape).text, a->contents.path);
    if (x->dtype != y->dtype)
        fail("%s: has elements of type %s, expected %s, as %s has", b->contents.path, type_name(y->dtype), type_name(x->dtype),
             a->contents.path);
    if (element_count(x) == 0) fail("%s: has no elements", a->contents.path);
}

/* Rows of the last axis; a number alone is a row of one. */
static void init_rows(struct side *side)
{
    struct array array = side->contents.array;
    if (array.ndim == 0) array.shape[array.ndim++] = 1;
    rows_init(&side->rows, &side->contents.file, &array, array.ndim - 1);
}

static void compare_elements(struct difference *d, xent_dtype dtype, const unsigned char *a, const unsigned char *b,
                             int64_t place)
{
    const uint64_t x = element_bits(a, dtype), y = element_bits(b, dtype);
    if (x == y) return;
    if (d->different++ == 0) {
        d->first = place;
        d->first_a = element_value(x, dtype);
        d->first_b = element_value(y, dtype);
    }
    if (element_is_nan(x, dtype) || element_is_nan(y, dtype)) {
        d->nan_on_one_side += element_is_nan(x, dtype) != element_is_nan(y, dtype);
        return;
    }
    const uint64_t distance = element_distance(x, y, dtype);
    if (distance > d->largest) d->largest = distance;
}

static void compare_rows(struct difference *d, const xent_tensor *a, const xent_tensor *b, int64_t first)
{
    const xent_dtype dtype = xent_tensor_dtype(a);
    const int64_t *shape = xent_tensor_shape(a), *sa = xent_tensor_strides(a), *sb = xent_tensor_strides(b);
    const ptrdiff_t size = (ptrdiff_t)xent_dtype_size(dtype);
    for (int64_t row = 0; row < shape[0]; row++) {
        const unsigned char *x = (const unsigned char *)xent_tensor_const_data(a) + (ptrdiff_t)(row * sa[0]) * size;
        const unsigned char *y = (const unsigned char *)xent_tensor_const_data(b) + (ptrdiff_t)(row * sb[0]) * size;
        if (sa[1] == 1 && sb[1] == 1 && memcmp(x, y, (size_t)(shape[1] * size)) == 0) continue;
        for (int64_t c = 0; c < shape[1]; c++)
            compare_elements(d, dtype, x + (ptrdiff_t)(c * sa[1]) * size, y + (ptrdiff_t)(c * sb[1]) * size,
                             (first + row) * shape[1] + c);
    }
}

static struct difference compare(struct side *a, struct side *b, int64_t block)
{
    const int64_t elements = element_count(&a->contents.array), classes = a->rows.classes, rows = elements / classes;
    struct difference d = { .elements = elements, .first = -1 };
    const int64_t most = block > 0 ? block : 1 + (1 << 20) / classes;
    for (int64_t first = 0, count; first < rows; first += count) {
        count = rows - first < most ? rows - first : most;
        if (rows_run(&a->rows, first) < count) count = rows_run(&a->rows, first);
        if (rows_run(&b->rows, first) < count) count = rows_run(&b->rows, first);
        compare_rows(&d, rows_block(&a->rows, first, count), rows_block(&b->rows, first, count), first);
    }
    return d;
}

/* The first place, as indices. */
static void print_first(struct report *report, const struct difference *d, const struct array *array)
{
    char text[256] = "none";
    int64_t index[XENT_MAX_NDIM], rest = d->first;
    json_t *list = d->first < 0 ? json_null() : json_array();
    for (int32_t k = array->ndim; k-- > 0; rest /= array->shape[k]) index[k] = rest % array->shape[k];
    for (int32_t k = 0; d->first >= 0 && k < array->ndim; k++)
        must_json(json_array_append_new(list, json_integer(index[k])) == 0);
    if (d->first >= 0)
        snprintf(text, sizeof text, "at %s: %.9g and %.9g", shape_text(array->ndim, index).text, d->first_a, d->first_b);
    report_other(report, "first", "first difference", list, text);
}

static void print(const struct difference *d, const struct array *array, bool as_json)
{
    struct report report = report_begin(as_json);
    report_count(&report, "elements", "elements", d->elements);
    report_count(&report, "different", "different", d->different);
    report_count(&report, "nan", "NaN on one side", d->nan_on_one_side);
    report_value(&report, "ulp", "largest distance", (double)d->largest, type_is_floating(array->dtype) ? "ulp" : "");
    print_first(&report, d, array);
    report_end(&report);
}

int diff(const struct arguments *arguments)
{
    struct side a, b;
    open_side(&a, arguments->files[0], arguments->as);
    open_side(&b, arguments->files[1], arguments->as);
    check(&a, &b);
    init_rows(&a);
    init_rows(&b);
    const struct difference d = compare(&a, &b, arguments->block);
    const struct array array = a.contents.array;
    rows_destroy(&a.rows);
    rows_destroy(&b.rows);
    contents_close(&a.contents);
    contents_close(&b.contents);
    print(&d, &array, arguments->json);
    return d.different > 0;
}
