/* Tensors without elements in every operation: their strides may be anything, and they need no memory to work in, however many classes
   their rows would have. */
#include "shapes.h"
#include "support/backend.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

/* Operands of logits of this shape, which has no elements; the weights are left out. All of them have the same strides. */
static void check_shape(xent_dtype dtype, const struct shape *s, const int64_t *strides)
{
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    struct operands o = { { NULL }, 7 };
    for (int role = 0; role < ROLES; role++) {
        const enum extent extent = role_rules[role].extent;
        const xent_dtype its = role == ROLE_CLASSES ? XENT_I32 : role_rules[role].elements == ELEMENTS_INDEX ? XENT_I64 : dtype;
        int64_t shape[XENT_MAX_NDIM];
        if (extent == EXTENT_CLASSES) continue;
        const int32_t ndim = shape_of_extent(s, extent, shape);
        o.tensor[role] = tensor_strided(its, ndim, shape, strides, NULL);
    }
    for (int i = 0; i < count; i++) {
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
    for (int i = 0; i < DTYPES; i++) check_shape(dtypes[i], &s, strides);
}

static void test_many_classes_of_nothing(void **state)
{
    (void)state;
    const struct shape s = shape_of(2, 1, (const int64_t[]){ 0, PTRDIFF_MAX / 32 });
    for (int i = 0; i < DTYPES; i++) check_shape(dtypes[i], &s, NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strides_of_nothing),
        cmocka_unit_test(test_many_classes_of_nothing),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
