/* The logits of an ignored row are not read: they lie in an unmapped page, and so do its probabilities. Rows are ignored by their class index
   or by a weight of 0. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/guarded.h"
#include "support/operations.h"
#include "support/pages.h"
#include "support/tensors.h"

/* For the report of a crash. */
static char doing[160];

/* Two results of each row. The second one is what an ignored row has: 0, and -1 of a class. */
static void open_statistics(xent_tensor *tensors[ROLES])
{
    for (int role = ROLE_ROW_LOSS; role <= ROLE_RANK; role++)
        tensors[role] = tensor_of(role_is_integer((enum role)role) ? XENT_I64 : XENT_F32, SHAPE(2), ROW_MAJOR, VALUES(7, 7));
}

static void close_statistics(const struct use *u, xent_tensor *tensors[ROLES])
{
    for (int role = ROLE_ROW_LOSS; role <= ROLE_RANK; role++) {
        const double nothing = role_rules[role].elements == ELEMENTS_INDEX ? -1 : 0;
        assert_true(tensor_get(tensors[role], 1) == (use_takes(u, (enum role)role) ? nothing : 7));
        tensor_free(tensors[role]);
    }
}

/* The second of two rows lies wholly in the unmapped page, of the logits and of the probabilities; being ignored it is not read, and its
   gradient is 0. */
static void check_use(const struct use *u, xent_dtype dtype)
{
    const int64_t page = (int64_t)pages_size(), classes = 40, stride = page / (int64_t)xent_dtype_size(dtype);
    struct guarded memory = guarded_new(1), target_memory = guarded_new(1);
    const int64_t shape[2] = { 2, classes }, strides[2] = { stride, 1 };
    xent_tensor *z = tensor_strided(dtype, 2, shape, strides, guarded_at_start(&memory, (size_t)page));
    xent_tensor *t = tensor_strided(dtype, 2, shape, strides, guarded_at_start(&target_memory, (size_t)page));
    xent_tensor *row_weight = tensor_of(XENT_F32, SHAPE(2), ROW_MAJOR, VALUES(2, 0));
    xent_tensor *y = tensor_of(XENT_I32, SHAPE(2), ROW_MAJOR, VALUES(3, u->row_weights ? 3 : -100)),
                *loss = tensor_new(XENT_F32, SCALAR, ROW_MAJOR);
    xent_tensor *grad = tensor_new(dtype, 2, shape, ROW_MAJOR);
    xent_tensor *tensors[ROLES] = { [ROLE_INPUT] = z,         [ROLE_UPSTREAM] = t, [ROLE_CLASSES] = y,
                                    [ROLE_PROBABILITIES] = t, [ROLE_LOSS] = loss,  [ROLE_ROW_WEIGHT] = row_weight,
                                    [ROLE_OUTPUT] = grad };
    const bool gradient = use_takes(u, ROLE_OUTPUT);
    for (int64_t c = 0; c < classes; c++) tensor_set(z, c, (double)c);
    for (int64_t c = 0; c < classes; c++) tensor_set(t, c, 0.25);
    tensor_set(grad, classes, 7);
    open_statistics(tensors);
    expect_ok(use_call(u, tensors, 1, XENT_REDUCTION_MEAN, NULL));
    for (int64_t c = 0; gradient && c < classes; c++) assert_true(tensor_get(grad, classes + c) == 0);
    close_statistics(u, tensors);
    xent_tensor_destroy(z);
    xent_tensor_destroy(t);
    tensor_free(row_weight);
    tensor_free(grad);
    tensor_free(y);
    tensor_free(loss);
    guarded_free(&memory);
    guarded_free(&target_memory);
}

static void test_ignored_row_is_not_read(void **state)
{
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    char name[USE_NAME_SIZE];
    (void)state;
    guarded_report(doing);
    for (int i = 0; i < count; i++) {
        for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
            const bool may_ignore = use_takes(&uses[i], ROLE_CLASSES) || use_takes(&uses[i], ROLE_ROW_WEIGHT);
            if (!may_ignore || !use_takes(&uses[i], ROLE_INPUT)) continue;
            use_name(&uses[i], name);
            snprintf(doing, sizeof doing, "%s: an ignored row of dtype %d is read\n", name, dtype);
            check_use(&uses[i], (xent_dtype)dtype);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ignored_row_is_not_read) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
