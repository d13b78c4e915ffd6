/* Offsets beyond 2^31 and 2^32 elements, along the class axis and along the batch, in every tensor of every operation: the results are
   those of the same numbers side by side. The memory is address space for the most part; only what is touched gets pages. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE, MADV_NOHUGEPAGE */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "shapes.h"
#include "support/backend.h"
#include "support/effort.h"

/* Steps of the first row or class that reach past 2^31 and 2^32 elements, with few large steps and with many smaller ones. */
static const struct layout_of_batch {
    const char *name;
    int64_t rows, classes, row_stride, class_stride;
} layouts[] = {
    { "far classes", 2, 3, 1, (INT64_C(1) << 31) + 3 },
    { "many far classes", 2, 70, 1, (INT64_C(1) << 26) + 1 },
    { "far classes backwards", 2, 70, -1, -(INT64_C(1) << 26) - 1 },
    { "far rows", 3, 5, (INT64_C(1) << 31) + 7, 1 },
    { "many far rows", 70, 3, (INT64_C(1) << 26) + 5, 1 },
    { "far rows backwards", 70, 3, -(INT64_C(1) << 26) - 5, -1 },
    { "far rows of far classes", 2, 3, (INT64_C(1) << 32) + 1, (INT64_C(1) << 30) + 1 },
};
enum { FAR_LAYOUTS = sizeof layouts / sizeof layouts[0], PAGE = 4096 };

/* Every use of every operation. */
static struct use uses[USES_MAX];
static int use_count;

/* One piece of address space for all: emulators keep a record of each page that was ever mapped, touched or not. */
static char *space;
static int64_t taken;
static xent_tensor *tensors[ROLES];
static int count;

/* The widest tensors, all of them at once. */
static void reserve_space(size_t element)
{
    const struct layout_of_batch *widest = &layouts[FAR_LAYOUTS - 1];
    const uint64_t each = element * (uint64_t)(widest->row_stride + 2 * widest->class_stride + 1) + PAGE, all = each * ROLES;
    void *start = MAP_FAILED;
    if (all <= SIZE_MAX)
        start = mmap(NULL, (size_t)all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) {
        fprintf(stderr, "no address space of %llu bytes for elements that lie far apart: skipped\n", (unsigned long long)all);
        exit(77);
    }
#ifdef MADV_NOHUGEPAGE
    (void)madvise(start, (size_t)all, MADV_NOHUGEPAGE); /* pages of 4 KiB, not of 2 MiB */
#endif
    space = start;
}

static xent_tensor *far_tensor(xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides)
{
    const int64_t size = (int64_t)xent_dtype_size(dtype);
    int64_t lowest = 0, highest = 0;
    for (int32_t d = 0; d < ndim; d++) *(strides[d] < 0 ? &lowest : &highest) += (shape[d] - 1) * strides[d];
    tensors[count] = tensor_strided(dtype, ndim, shape, strides, space + taken - lowest * size);
    taken += ((highest - lowest + 1) * size + PAGE - 1) / PAGE * PAGE;
    return tensors[count++];
}

static void free_far(void)
{
    while (count > 0) xent_tensor_destroy(tensors[--count]);
    taken = 0;
}

/* ---- Tensors ----------------------------------------------------------------------------------------------------------- */

static xent_dtype dtype_of(enum role role, xent_dtype dtype)
{
    return role == ROLE_CLASSES ? XENT_I16 : role_rules[role].elements == ELEMENTS_INDEX ? XENT_I32 : dtype;
}

static struct shape table_of(const struct layout_of_batch *l)
{
    return shape_of(2, 1, (const int64_t[]){ l->rows, l->classes });
}

static struct operands far_operands(xent_dtype dtype, const struct layout_of_batch *l)
{
    const int64_t strides[2] = { l->row_stride, l->class_stride };
    struct operands o = { { NULL }, 0 };
    for (int role = 0; role < ROLES; role++) {
        const enum extent extent = role_rules[role].extent;
        int64_t shape[2];
        const int32_t ndim = extent_shape(extent, l->rows, l->classes, shape);
        o.tensor[role] = far_tensor(dtype_of((enum role)role, dtype), ndim, shape, strides + (extent == EXTENT_CLASSES));
    }
    return o;
}

static struct operands near_operands(xent_dtype dtype, const struct layout_of_batch *l)
{
    struct operands o = { { NULL }, 0 };
    for (int role = 0; role < ROLES; role++) {
        int64_t shape[2];
        const int32_t ndim = extent_shape(role_rules[role].extent, l->rows, l->classes, shape);
        o.tensor[role] = tensor_new(dtype_of((enum role)role, dtype), ndim, shape, ROW_MAJOR);
    }
    return o;
}

static void free_near(const struct operands *o)
{
    for (int role = 0; role < ROLES; role++) tensor_free(o->tensor[role]);
}

static void expect_same(const struct use *u, const struct operands *got, const struct operands *want,
                        const struct layout_of_batch *l)
{
    const struct shape table = table_of(l);
    const int64_t wrong = differences(u, got, &table, want, &table);
    char name[USE_NAME_SIZE];
    use_name(u, name);
    if (wrong > 0)
        fail_msg("%s, dtype %d, %s: %lld results are others than side by side", name,
                 (int)xent_tensor_dtype(got->tensor[ROLE_INPUT]), l->name, (long long)wrong);
}

static void check_use(const struct use *u, struct operands *far, struct operands *near, const struct layout_of_batch *l)
{
    expect_ok(operate(u, far, 1));
    expect_ok(operate(u, near, 1));
    expect_same(u, far, near, l);
}

static void test_far_elements(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    for (int i = 0; i < FAR_LAYOUTS; i++) {
        const struct layout_of_batch *l = &layouts[i];
        const struct shape table = table_of(l);
        struct operands far = far_operands(dtype, l), near = near_operands(dtype, l);
        fill(&far, &table);
        fill(&near, &table);
        for (int k = 0; k < use_count; k++) check_use(&uses[k], &far, &near, l);
        /* each of them replaces what the one before has left in place */
        far.tensor[ROLE_OUTPUT] = far.tensor[ROLE_INPUT];
        tensor_free(near.tensor[ROLE_OUTPUT]);
        near.tensor[ROLE_OUTPUT] = near.tensor[ROLE_INPUT];
        for (int k = 0; k < use_count; k++)
            if (uses[k].operation->in_place & ROLE_BIT(ROLE_INPUT)) check_use(&uses[k], &far, &near, l);
        near.tensor[ROLE_OUTPUT] = NULL;
        free_far();
        free_near(&near);
    }
}

/* Targets that are far away are found wrong there. */
static void test_far_target(void **state)
{
    (void)state;
    const struct layout_of_batch *l = &layouts[4];
    const struct use loss = { &operations[OP_CROSS_ENTROPY], false, false, false };
    const struct use gradient = { &operations[OP_CROSS_ENTROPY_GRAD], false, false, false };
    const struct shape table = table_of(l);
    struct operands far = far_operands(XENT_BF16, l);
    fill(&far, &table);
    tensor_set(far.tensor[ROLE_CLASSES], 69, 3);
    expect_error(operate(&loss, &far, 1), XENT_ERROR_TARGET, "target[69] = 3 is outside [0, 3)");
    tensor_set(far.tensor[ROLE_CLASSES], 65, -7);
    expect_error(operate(&gradient, &far, 1), XENT_ERROR_TARGET, "target[65] = -7 is outside [0, 3)");
    free_far();
}

/* Less effort leaves out the wider elements. */
int main(void)
{
    static const xent_dtype dtypes[] = { XENT_BF16, XENT_F16, XENT_F32, XENT_F64 };
    struct CMUnitTest tests[5] = { cmocka_unit_test(test_far_target) };
    const int64_t tried = effort(4);
    require_backend();
    use_count = uses_of_all(uses);
    reserve_space(xent_dtype_size(dtypes[tried - 1]));
    for (int64_t i = 0; i < tried; i++)
        tests[1 + i] = (struct CMUnitTest)cmocka_unit_test_prestate(test_far_elements, (void *)(uintptr_t)&dtypes[i]);
    return _cmocka_run_group_tests("elements that lie far apart", tests, (size_t)tried + 1, NULL, NULL);
}
