/* Ranks, class axes and strides change nothing: every operation on a tensor of any rank, with its classes along any axis, in any layout,
   gives each row the bits that it has in a row-major table of rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shapes.h"
#include "support/backend.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0], MIXED = LAYOUTS, KINDS };

/* Every use of every operation. */
static struct use uses[USES_MAX];
static int use_count;

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

/* Of the roles with dtypes of their own. */
static xent_dtype dtype_of(enum role role, xent_dtype dtype)
{
    switch (role) {
    case ROLE_CLASSES: return XENT_I16;
    case ROLE_WEIGHT:
    case ROLE_ROW_WEIGHT:
    case ROLE_GRAD_LOSS: return XENT_F32;
    case ROLE_LOSS: return XENT_F64;
    default: return role_rules[role].elements == ELEMENTS_INDEX ? XENT_I32 : dtype;
    }
}

/* Each tensor in a layout of its own, beginning with this one; of kind -1 all are row-major. */
static struct operands operands_of(xent_dtype dtype, const struct shape *s, int kind)
{
    struct operands o = { { NULL }, 0 };
    for (int role = 0; role < ROLES; role++) {
        int64_t extents[XENT_MAX_NDIM];
        const int32_t ndim = shape_of_extent(s, role_rules[role].extent, extents);
        o.tensor[role] = make(kind < 0 ? ROW_MAJOR : kind + role, dtype_of((enum role)role, dtype), ndim, extents);
    }
    return o;
}

static void free_operands(const struct operands *o)
{
    for (int role = 0; role < ROLES; role++) tensor_free(o->tensor[role]);
}

/* ---- Comparing --------------------------------------------------------------------------------------------------------- */

static void text_of(const struct shape *s, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "axis %d of (", (int)s->axis);
    for (int32_t d = 0; d < s->ndim; d++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", d > 0 ? ", " : "", (long long)s->extents[d]);
    (void)snprintf(text + used, size - used, ")");
}

static void expect_same(const struct use *u, const struct operands *got, const struct shape *s, const struct operands *want,
                        const struct shape *s_of_want, int kind)
{
    char text[128], name[USE_NAME_SIZE];
    const int64_t wrong = differences(u, got, s, want, s_of_want);
    if (wrong == 0) return;
    text_of(s, text, sizeof text);
    use_name(u, name);
    fail_msg("%s, dtype %d, %s, layout %d: %lld results are others than those of a table of rows", name,
             (int)xent_tensor_dtype(got->tensor[ROLE_INPUT]), text, kind, (long long)wrong);
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
    struct operands want = operands_of(dtype, &table, -1), all[KINDS];
    fill(&want, &table);
    for (int kind = 0; kind < KINDS; kind++) {
        all[kind] = operands_of(dtype, s, kind);
        fill(&all[kind], s);
    }
    for (int i = 0; i < use_count; i++) {
        expect_ok(operate(&uses[i], &want, 1));
        for (int kind = 0; kind < KINDS; kind++) {
            expect_ok(operate(&uses[i], &all[kind], spelt(s, kind)));
            expect_same(&uses[i], &all[kind], s, &want, &table, kind);
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
        struct operands o = operands_of(dtypes[i % DTYPES], &s, i % KINDS);
        for (int64_t row = 0; row < s.rows; row++) tensor_set(o.tensor[ROLE_CLASSES], row, -100);
        for (int k = 0; k < use_count; k++) {
            /* whose target comes without logits, class indices tell nothing of the classes */
            const struct operation *operation = uses[k].operation;
            const bool loss =
                operation_takes_target(operation) && (uses[k].probabilities || operation_takes(operation, ROLE_INPUT));
            const bool best = operation_takes(operation, ROLE_BEST) && s.classes == 0; /* where there is none to choose */
            if ((loss && s.classes == 0 && s.rows > 0) || best)
                assert_int_equal(operate(&uses[k], &o, spelt(&s, i)), XENT_ERROR_SHAPE);
            else
                expect_ok(operate(&uses[k], &o, spelt(&s, i)));
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

/* The dimension of an operand that is this one of the logits; -1 where it has none such. */
static int32_t dimension_of(const struct shape *s, enum role role, int32_t dimension)
{
    const enum extent extent = role_rules[role].extent;
    if (extent_has_axis(extent)) return dimension;
    if (extent == EXTENT_CLASSES) return 0; /* weights repeat along their only one, whichever it is */
    return dimension == s->axis ? -1 : dimension - (dimension > s->axis);
}

/* Inputs that repeat along a dimension, classes too, are as good as copies that are written out. */
static void check_repeated(xent_dtype dtype, const struct shape *s, int32_t dimension)
{
    struct operands source = operands_of(dtype, s, ROW_MAJOR), full = operands_of(dtype, s, TRANSPOSED), some;
    fill(&source, s);
    fill(&full, s);
    some = source;
    for (int role = 0; role < ROLES; role++) {
        const int32_t own = dimension_of(s, (enum role)role, dimension);
        if (role_rules[role].output || own < 0) continue;
        some.tensor[role] = repeated(source.tensor[role], own);
        copy_elements(full.tensor[role], some.tensor[role]);
    }
    for (int k = 0; k < use_count; k++) {
        expect_ok(operate(&uses[k], &full, s->axis));
        expect_ok(operate(&uses[k], &some, s->axis));
        assert_int_equal(differences(&uses[k], &some, s, &full, s), 0);
    }
    for (int role = 0; role < ROLES; role++)
        if (some.tensor[role] != source.tensor[role]) xent_tensor_destroy(some.tensor[role]);
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
    use_count = uses_of_all(uses);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
