/* Ranks, class axes and strides change nothing: every operation on a tensor of any rank, with its classes along any axis, in any layout,
   gives each row the bits that it has in a row-major table of rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shapes.h"
#include "support/backend.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0], MIXED = LAYOUTS, KINDS };

/* One shape, cut at its class axis. */
struct shape {
    int32_t ndim, axis;
    int64_t extents[XENT_MAX_NDIM], batch[XENT_MAX_NDIM];
    int64_t rows, classes, inner; /* inner: the product of the extents behind the axis */
};

static struct shape shape_of(int32_t ndim, int32_t axis, const int64_t *extents)
{
    struct shape s = { ndim, axis, { 0 }, { 0 }, 1, extents[axis], 1 };
    for (int32_t d = 0; d < ndim; d++) {
        s.extents[d] = extents[d];
        if (d == axis) continue;
        s.batch[d - (d > axis)] = extents[d];
        s.rows *= extents[d];
        if (d > axis) s.inner *= extents[d];
    }
    return s;
}

/* Where (row, class) is among the elements, counted in row-major order. */
static int64_t index_of(const struct shape *s, int64_t row, int64_t c)
{
    return (row / s->inner * s->classes + c) * s->inner + row % s->inner;
}

/* ---- Tensors ----------------------------------------------------------------------------------------------------------- */

/* MIXED: the dimensions in another order, every other one backwards, gaps in between. tensor_free frees it too. */
static xent_tensor *mixed(xent_dtype dtype, int32_t ndim, const int64_t *extents)
{
    int64_t strides[XENT_MAX_NDIM], stride = 2, elements = 1;
    for (int32_t i = 0; i < ndim; i++) elements *= extents[i] + 1;
    for (int32_t i = 0; i < ndim; i++) {
        const int32_t d = ndim % 3 == 0 ? i : (3 * i + 1) % ndim;
        strides[d] = i % 2 == 0 ? -stride : stride;
        stride *= extents[d] + 1;
    }
    const size_t size = xent_dtype_size(dtype);
    int64_t lowest = 0;
    for (int32_t d = 0; d < ndim; d++) lowest += strides[d] < 0 && extents[d] > 0 ? (extents[d] - 1) * strides[d] : 0;
    char *memory = calloc((size_t)(2 * elements + 2), size);
    assert_non_null(memory);
    return tensor_strided(dtype, ndim, extents, strides, memory - lowest * (int64_t)size);
}

static xent_tensor *make(int kind, xent_dtype dtype, int32_t ndim, const int64_t *extents)
{
    kind %= KINDS;
    return kind == MIXED ? mixed(dtype, ndim, extents) : tensor_new(dtype, ndim, extents, (enum layout)kind);
}

static void fill(const struct operands *o, const struct shape *s)
{
    for (int64_t row = 0; row < s->rows; row++) {
        tensor_set(o->y, row, value_of_y(row, s->classes));
        tensor_set(o->grad_loss, row, value_of_grad_loss(row));
        for (int64_t c = 0; c < s->classes; c++) {
            const int64_t i = row * s->classes + c, at = index_of(s, row, c);
            tensor_set(o->z, at, value_of_z(i));
            tensor_set(o->upstream, at, value_of_upstream(i));
            tensor_set(o->t, at, value_of_t(i));
        }
    }
    for (int64_t c = 0; c < s->classes; c++) tensor_set(o->weight, c, value_of_weight(c));
}

/* Each tensor in a layout of its own, beginning with this one; of kind -1 all are row-major. */
static struct operands operands_of(xent_dtype dtype, const struct shape *s, int kind)
{
    const int step = kind < 0 ? 0 : 1, first = kind < 0 ? ROW_MAJOR : kind;
    const struct operands o = {
        make(first, dtype, s->ndim, s->extents),
        make(first + step, dtype, s->ndim, s->extents),
        make(first + 2 * step, dtype, s->ndim, s->extents),
        make(first + 3 * step, dtype, s->ndim, s->extents),
        make(first + step, XENT_I16, s->ndim - 1, s->batch),
        make(first + 2 * step, XENT_F32, s->ndim - 1, s->batch),
        make(first + 3 * step, XENT_F64, s->ndim - 1, s->batch),
        make(first + 2 * step, XENT_F32, 1, &s->classes),
    };
    return o;
}

static void free_operands(const struct operands *o)
{
    xent_tensor *all[] = { o->z, o->upstream, o->t, o->out, o->y, o->grad_loss, o->loss, o->weight };
    for (int i = 0; i < 8; i++) tensor_free(all[i]);
}

/* ---- Comparing --------------------------------------------------------------------------------------------------------- */

static void text_of(const struct shape *s, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "axis %d of (", (int)s->axis);
    for (int32_t d = 0; d < s->ndim; d++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", d > 0 ? ", " : "", (long long)s->extents[d]);
    (void)snprintf(text + used, size - used, ")");
}

static void expect_same(enum operation operation, const struct operands *got, const struct shape *s,
                        const struct operands *want, int kind)
{
    char text[128];
    int64_t wrong = 0;
    for (int64_t row = 0; row < s->rows; row++) {
        if (writes_loss(operation)) wrong += tensor_bits(got->loss, row) != tensor_bits(want->loss, row);
        for (int64_t c = 0; c < s->classes && writes_out(operation); c++)
            wrong += tensor_bits(got->out, index_of(s, row, c)) != tensor_bits(want->out, row * s->classes + c);
    }
    if (wrong == 0) return;
    text_of(s, text, sizeof text);
    fail_msg("%s, dtype %d, %s, layout %d: %lld results are others than those of a table of rows", operation_names[operation],
             (int)xent_tensor_dtype(got->z), text, kind, (long long)wrong);
}

/* The axis as it may be given: from the front, from the end, or as the default. */
static int32_t spelt(const struct shape *s, int kind)
{
    if (s->axis == (s->ndim > 1) && kind % 3 == 2) return XENT_AXIS_DEFAULT;
    return kind % 3 == 1 ? s->axis - s->ndim : s->axis;
}

static void check_shape(const struct shape *s, xent_dtype dtype)
{
    const struct shape table = shape_of(2, 1, (const int64_t[]){ s->rows, s->classes });
    const struct operands want = operands_of(dtype, &table, -1);
    struct operands all[KINDS];
    fill(&want, &table);
    for (int kind = 0; kind < KINDS; kind++) {
        all[kind] = operands_of(dtype, s, kind);
        fill(&all[kind], s);
    }
    for (int operation = 0; operation < OPERATIONS; operation++) {
        expect_ok(operate((enum operation)operation, &want, 1));
        for (int kind = 0; kind < KINDS; kind++) {
            expect_ok(operate((enum operation)operation, &all[kind], spelt(s, kind)));
            expect_same((enum operation)operation, &all[kind], s, &want, kind);
        }
    }
    free_operands(&want);
    for (int kind = 0; kind < KINDS; kind++) free_operands(&all[kind]);
}

/* Every rank, every axis; two sets of extents, one of them with a single class. */
static void test_every_rank_and_axis(void **state)
{
    (void)state;
    static const int64_t extents[XENT_MAX_NDIM] = { 2, 3, 1, 2, 2, 1, 2, 3 };
    static const int64_t classes[] = { 5, 1 };
    for (int32_t ndim = 1; ndim <= XENT_MAX_NDIM; ndim++) {
        for (int32_t axis = 0; axis < ndim; axis++) {
            for (int i = 0; i < 2 * DTYPES; i++) {
                int64_t shape[XENT_MAX_NDIM];
                memcpy(shape, extents, sizeof shape);
                shape[axis] = classes[i % 2];
                const struct shape s = shape_of(ndim, axis, shape);
                check_shape(&s, dtypes[i / 2]);
            }
        }
    }
}

/* Rows long enough for all lanes and for more than one chunk, along a slow axis. */
static void test_long_rows(void **state)
{
    (void)state;
    static const int64_t classes[] = { 64, 133, 4100 };
    for (int i = 0; i < 3 * DTYPES; i++) {
        for (int32_t axis = 0; axis < 3; axis++) {
            int64_t shape[3] = { 2, 2, 3 };
            shape[axis] = classes[i % 3];
            if (classes[i % 3] > 1000) shape[(axis + 1) % 3] = 1;
            const struct shape s = shape_of(3, axis, shape);
            check_shape(&s, dtypes[i / 3]);
        }
    }
}

/* A dimension of length zero, wherever it is: there is nothing to write; without classes there is no loss, unless there is no row. */
static void test_zero_length(void **state)
{
    (void)state;
    for (int i = 0; i < XENT_MAX_NDIM * XENT_MAX_NDIM * XENT_MAX_NDIM; i++) {
        const int32_t ndim = i / 64 + 1, axis = i / 8 % 8, empty = i % 8;
        int64_t extents[XENT_MAX_NDIM] = { 2, 1, 3, 2, 1, 2, 2, 1 };
        if (axis >= ndim || empty >= ndim) continue;
        extents[empty] = 0;
        const struct shape s = shape_of(ndim, axis, extents);
        const struct operands o = operands_of(dtypes[i % DTYPES], &s, i % KINDS);
        for (int64_t row = 0; row < s.rows; row++) tensor_set(o.y, row, -100);
        for (int k = 0; k < OPERATIONS; k++) {
            const int loss = k >= NLL_LOSS && k != SOFTMAX_BACKWARD && k != LOG_SOFTMAX_BACKWARD && k != MEAN_DIVISOR;
            if (loss && s.classes == 0 && s.rows > 0)
                assert_int_equal(operate((enum operation)k, &o, spelt(&s, i)), XENT_ERROR_SHAPE);
            else
                expect_ok(operate((enum operation)k, &o, spelt(&s, i)));
        }
        free_operands(&o);
    }
}

/* ---- Strides of zero --------------------------------------------------------------------------------------------------- */

/* The same memory with a stride of 0 along one dimension, whose further elements it never reaches. */
static xent_tensor *repeated(const xent_tensor *t, int32_t dimension)
{
    int64_t strides[XENT_MAX_NDIM];
    memcpy(strides, xent_tensor_strides(t), (size_t)xent_tensor_ndim(t) * sizeof strides[0]);
    strides[dimension] = 0;
    return tensor_strided(xent_tensor_dtype(t), xent_tensor_ndim(t), xent_tensor_shape(t), strides, xent_tensor_data(t));
}

static void copy_elements(xent_tensor *to, const xent_tensor *from)
{
    for (int64_t i = 0; i < xent_tensor_numel(from); i++) tensor_set(to, i, tensor_get(from, i));
}

/* Inputs that repeat along a dimension, classes too, are as good as copies that are written out. */
static void check_repeated(xent_dtype dtype, const struct shape *s, int32_t dimension)
{
    const int32_t in_batch = dimension - (dimension > s->axis);
    struct operands source = operands_of(dtype, s, ROW_MAJOR), full = operands_of(dtype, s, TRANSPOSED), some;
    fill(&source, s);
    fill(&full, s);
    some = source;
    some.z = repeated(source.z, dimension);
    some.t = repeated(source.t, dimension);
    some.upstream = repeated(source.upstream, dimension);
    some.y = dimension == s->axis ? NULL : repeated(source.y, in_batch);
    some.grad_loss = dimension == s->axis ? NULL : repeated(source.grad_loss, in_batch);
    some.weight = repeated(source.weight, 0);
    copy_elements(full.z, some.z);
    copy_elements(full.t, some.t);
    copy_elements(full.upstream, some.upstream);
    copy_elements(full.weight, some.weight);
    if (dimension != s->axis) {
        copy_elements(full.y, some.y);
        copy_elements(full.grad_loss, some.grad_loss);
    } else {
        some.y = full.y;
        some.grad_loss = full.grad_loss;
    }
    for (int k = 0; k < OPERATIONS; k++) {
        expect_ok(operate((enum operation)k, &full, s->axis));
        expect_ok(operate((enum operation)k, &some, s->axis));
        for (int64_t i = 0; i < s->rows * s->classes && writes_out((enum operation)k); i++)
            assert_int_equal(tensor_bits(some.out, i), tensor_bits(full.out, i));
        for (int64_t i = 0; i < s->rows && writes_loss((enum operation)k); i++)
            assert_int_equal(tensor_bits(some.loss, i), tensor_bits(full.loss, i));
    }
    xent_tensor *views[] = { some.z,
                             some.t,
                             some.upstream,
                             some.weight,
                             dimension == s->axis ? NULL : some.y,
                             dimension == s->axis ? NULL : some.grad_loss };
    for (int i = 0; i < 6; i++) xent_tensor_destroy(views[i]);
    free_operands(&source);
    free_operands(&full);
}

static void test_strides_of_zero(void **state)
{
    (void)state;
    for (int i = 0; i < DTYPES * 9; i++) {
        const struct shape s = shape_of(3, i / 3 % 3, (const int64_t[]){ 4, 5, 3 });
        check_repeated(dtypes[i / 9], &s, i % 3);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rank_and_axis),
        cmocka_unit_test(test_long_rows),
        cmocka_unit_test(test_zero_length),
        cmocka_unit_test(test_strides_of_zero),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
