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
enum { FAR_LAYOUTS = sizeof layouts / sizeof layouts[0], TENSORS = 8, PAGE = 4096 };

/* One piece of address space for all: emulators keep a record of each page that was ever mapped, touched or not. */
static char *space;
static int64_t taken;
static xent_tensor *tensors[TENSORS];
static int count;

/* The widest tensors, all of them at once. */
static void reserve_space(size_t element)
{
    const struct layout_of_batch *widest = &layouts[FAR_LAYOUTS - 1];
    const uint64_t each = element * (uint64_t)(widest->row_stride + 2 * widest->class_stride + 1) + PAGE, all = each * TENSORS;
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

static struct operands far_operands(xent_dtype dtype, const struct layout_of_batch *l)
{
    const int64_t shape[2] = { l->rows, l->classes }, strides[2] = { l->row_stride, l->class_stride };
    return (struct operands){
        far_tensor(dtype, 2, shape, strides),    far_tensor(dtype, 2, shape, strides),
        far_tensor(dtype, 2, shape, strides),    far_tensor(dtype, 2, shape, strides),
        far_tensor(XENT_I16, 1, shape, strides), far_tensor(dtype, 1, shape, strides),
        far_tensor(dtype, 1, shape, strides),    far_tensor(dtype, 1, shape + 1, strides + 1),
    };
}

static struct operands near_operands(xent_dtype dtype, const struct layout_of_batch *l)
{
    const int64_t shape[2] = { l->rows, l->classes };
    return (struct operands){
        tensor_new(dtype, 2, shape, ROW_MAJOR),    tensor_new(dtype, 2, shape, ROW_MAJOR),
        tensor_new(dtype, 2, shape, ROW_MAJOR),    tensor_new(dtype, 2, shape, ROW_MAJOR),
        tensor_new(XENT_I16, 1, shape, ROW_MAJOR), tensor_new(dtype, 1, shape, ROW_MAJOR),
        tensor_new(dtype, 1, shape, ROW_MAJOR),    tensor_new(dtype, 1, shape + 1, ROW_MAJOR),
    };
}

static void free_near(const struct operands *o)
{
    xent_tensor *all[] = { o->z, o->upstream, o->t, o->out, o->y, o->grad_loss, o->loss, o->weight };
    for (int i = 0; i < 8; i++) tensor_free(all[i]);
}

static void fill(const struct operands *o, const struct layout_of_batch *l)
{
    for (int64_t i = 0; i < l->rows * l->classes; i++) {
        tensor_set(o->z, i, value_of_z(i));
        tensor_set(o->upstream, i, value_of_upstream(i));
        tensor_set(o->t, i, value_of_t(i));
    }
    for (int64_t row = 0; row < l->rows; row++) {
        tensor_set(o->y, row, value_of_y(row, l->classes));
        tensor_set(o->grad_loss, row, value_of_grad_loss(row));
    }
    for (int64_t c = 0; c < l->classes; c++) tensor_set(o->weight, c, value_of_weight(c));
}

static void expect_same(enum operation operation, const struct operands *got, const struct operands *want,
                        const struct layout_of_batch *l)
{
    int64_t wrong = 0;
    for (int64_t i = 0; i < l->rows * l->classes && writes_out(operation); i++)
        wrong += tensor_bits(got->out, i) != tensor_bits(want->out, i);
    for (int64_t row = 0; row < l->rows && writes_loss(operation); row++)
        wrong += tensor_bits(got->loss, row) != tensor_bits(want->loss, row);
    if (wrong > 0)
        fail_msg("%s, dtype %d, %s: %lld results are others than side by side", operation_names[operation],
                 (int)xent_tensor_dtype(got->z), l->name, (long long)wrong);
}

static void test_far_elements(void **state)
{
    const xent_dtype dtype = *(const xent_dtype *)*state;
    for (int i = 0; i < FAR_LAYOUTS; i++) {
        const struct layout_of_batch *l = &layouts[i];
        const struct operands far = far_operands(dtype, l), near = near_operands(dtype, l);
        fill(&far, l);
        fill(&near, l);
        for (int k = 0; k < OPERATIONS; k++) {
            expect_ok(operate((enum operation)k, &far, 1));
            expect_ok(operate((enum operation)k, &near, 1));
            expect_same((enum operation)k, &far, &near, l);
        }
        /* the second of them replaces what the first has left in place */
        struct operands far_in_place = far, near_in_place = near;
        far_in_place.out = far.z;
        near_in_place.out = near.z;
        expect_ok(operate(LOG_SOFTMAX, &far_in_place, 1));
        expect_ok(operate(LOG_SOFTMAX, &near_in_place, 1));
        expect_same(LOG_SOFTMAX, &far_in_place, &near_in_place, l);
        expect_ok(operate(GRADIENT, &far_in_place, 1));
        expect_ok(operate(GRADIENT, &near_in_place, 1));
        expect_same(GRADIENT, &far_in_place, &near_in_place, l);
        free_far();
        free_near(&near);
    }
}

/* Targets that are far away are found wrong there. */
static void test_far_target(void **state)
{
    (void)state;
    const struct layout_of_batch *l = &layouts[4];
    const struct operands far = far_operands(XENT_BF16, l);
    fill(&far, l);
    tensor_set(far.y, 69, 3);
    expect_error(operate(CROSS_ENTROPY, &far, 1), XENT_ERROR_TARGET, "target[69] = 3 is outside [0, 3)");
    tensor_set(far.y, 65, -7);
    expect_error(operate(GRADIENT, &far, 1), XENT_ERROR_TARGET, "target[65] = -7 is outside [0, 3)");
    free_far();
}

/* Less effort leaves out the wider elements. */
int main(void)
{
    static const xent_dtype dtypes[] = { XENT_BF16, XENT_F16, XENT_F32, XENT_F64 };
    struct CMUnitTest tests[5] = { cmocka_unit_test(test_far_target) };
    const int64_t tried = effort(4);
    require_backend();
    reserve_space(xent_dtype_size(dtypes[tried - 1]));
    for (int64_t i = 0; i < tried; i++)
        tests[1 + i] = (struct CMUnitTest)cmocka_unit_test_prestate(test_far_elements, (void *)(uintptr_t)&dtypes[i]);
    return _cmocka_run_group_tests("elements that lie far apart", tests, (size_t)tried + 1, NULL, NULL);
}
