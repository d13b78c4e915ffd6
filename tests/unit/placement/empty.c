/* Tensors without elements in every operation: their strides may be anything, and they need neither memory to work in nor time, however
   many classes their rows would have, or rows their classes. */
#include "shapes.h"
#include "support/backend.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

static bool any_operation(const struct operation *o) { return o != NULL; }

/* A loss of rows without classes is an error; a logarithm of their sums is not, and is as many numbers. */
static bool writes_classes_alone(const struct operation *o)
{
    return o->options == OPTIONS_NONE && operation_takes(o, ROLE_OUTPUT);
}

static int64_t product(int32_t ndim, const int64_t *extents)
{
    int64_t product = 1;
    for (int32_t d = 0; d < ndim; d++) product *= extents[d];
    return product;
}

/* Operands of logits of this shape, which has no elements, without those that have some all the same. All of them have the same
   strides. */
static void check_shape(xent_dtype dtype, const struct shape *s, const int64_t *strides,
                        bool (*is_tried)(const struct operation *o))
{
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    struct operands o = { { NULL }, 7 };
    for (int role = 0; role < ROLES; role++) {
        const enum extent extent = role_rules[role].extent;
        const xent_dtype its = role == ROLE_CLASSES ? XENT_I32 : role_rules[role].elements == ELEMENTS_INDEX ? XENT_I64 : dtype;
        int64_t shape[XENT_MAX_NDIM];
        const int32_t ndim = shape_of_extent(s, extent, shape);
        if (product(ndim, shape) != 0) continue;
        o.tensor[role] = tensor_strided(its, ndim, shape, strides, NULL);
    }
    for (int i = 0; i < count; i++) {
        if (!is_tried(uses[i].operation)) continue;
        expect_ok(operate(&uses[i], &o, s->axis));
        if (uses[i].operation->divisor) assert_true(o.divisor == 0);
        o.divisor = 7;
    }
    for (int role = 0; role < ROLES; role++) xent_tensor_destroy(o.tensor[role]);
}

static void test_strides_of_nothing(void **state)
{
    (void)state;
    const int64_t strides[3] = { INT64_MAX, INT64_MIN, INT64_MAX };
    const struct shape s = shape_of(3, 1, (const int64_t[]){ 5, 3, 0 });
    for (int i = 0; i < DTYPES; i++) check_shape(dtypes[i], &s, strides, any_operation);
}

static void test_many_classes_of_nothing(void **state)
{
    (void)state;
    const struct shape s = shape_of(2, 1, (const int64_t[]){ 0, PTRDIFF_MAX / 32 });
    for (int i = 0; i < DTYPES; i++) check_shape(dtypes[i], &s, NULL, any_operation);
}

/* A loop over such rows would not end before the test is given up. */
static void test_many_rows_of_nothing(void **state)
{
    (void)state;
    for (int32_t axis = 0; axis < 2; axis++) {
        int64_t extents[2] = { PTRDIFF_MAX / 32, PTRDIFF_MAX / 32 };
        extents[axis] = 0;
        const struct shape s = shape_of(2, axis, extents);
        for (int i = 0; i < DTYPES; i++) check_shape(dtypes[i], &s, NULL, writes_classes_alone);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strides_of_nothing),
        cmocka_unit_test(test_many_classes_of_nothing),
        cmocka_unit_test(test_many_rows_of_nothing),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
