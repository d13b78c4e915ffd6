/* XENT_ERROR_NO_MEMORY: every allocation of every function fails once. A call that fails so has written nothing and keeps nothing. */
#include <string.h>

#include "support/operations.h"
#include "support/refusal.h"
#include "unit/allocations.h"

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

enum maker { CREATE, WRAP, WRAP_CONST };

static xent_status make(enum maker maker, xent_tensor **out)
{
    static float memory[6];
    switch (maker) {
    case CREATE: return xent_tensor_create(out, XENT_F32, SHAPE(2, 3));
    case WRAP: return xent_tensor_wrap(out, XENT_F32, SHAPE(2, 3), NULL, memory);
    default: return xent_tensor_wrap_const(out, XENT_F32, SHAPE(2, 3), NULL, memory);
    }
}

static void test_tensors(void **state)
{
    (void)state;
    for (int maker = CREATE; maker <= WRAP_CONST; maker++) {
        xent_status status = XENT_ERROR_NO_MEMORY;
        int failures = 0;
        while (status == XENT_ERROR_NO_MEMORY) {
            xent_tensor *out = (xent_tensor *)(void *)&failures;
            allocations_begin(failures);
            status = make((enum maker)maker, &out);
            const long kept = allocations_end();
            if (status == XENT_ERROR_NO_MEMORY) {
                assert_null(out);
                assert_int_equal(kept, 0);
                assert_non_null(strstr(xent_error_message(), "could not be allocated"));
                failures++;
                continue;
            }
            expect_ok(status);
            allocations_begin(0);
            xent_tensor_destroy(out);
            assert_int_equal(kept + allocations_end(), 0);
        }
        assert_true(failures > 0);
    }
}

/* More than there is, though it could be addressed. */
static void test_huge_tensor(void **state)
{
    (void)state;
    xent_tensor *out = (xent_tensor *)(void *)&state;
    expect_error_naming(xent_tensor_create(&out, XENT_F64, SHAPE(INT64_MAX / 8)), XENT_ERROR_NO_MEMORY, "9223372036854775800",
                        "could not be allocated");
    assert_null(out);
    expect_error_naming(xent_tensor_create(&out, XENT_U8, SHAPE(INT64_MAX)), XENT_ERROR_NO_MEMORY, "9223372036854775807",
                        "could not be allocated");
    assert_null(out);
}

/* ---- Operations ------------------------------------------------------------------------------------------------ */

/* A batch whose class axis is not contiguous and longer than a chunk, so that an operation needs memory to work in. */
enum { ROWS = 3, CLASSES = 5000 };

static void open_batch_of(xent_tensor *tensors[ROLES], xent_dtype dtype, int64_t rows, int64_t classes)
{
    for (int role = 0; role < ROLES; role++) {
        const xent_dtype its = role_is_integer((enum role)role) ? XENT_I64 : dtype;
        int64_t shape[2];
        const int32_t ndim = extent_shape(role_rules[role].extent, rows, classes, shape);
        tensors[role] = tensor_new(its, ndim, shape, TRANSPOSED);
        for (int64_t i = 0; its == dtype && i < xent_tensor_numel(tensors[role]); i++)
            tensor_set(tensors[role], i, 0.25 + (double)(i % 5) / 8);
    }
}

static void open_batch(xent_tensor *tensors[ROLES], xent_dtype dtype) { open_batch_of(tensors, dtype, ROWS, CLASSES); }

static void close_batch(xent_tensor *tensors[ROLES])
{
    for (int role = 0; role < ROLES; role++) tensor_free(tensors[role]);
}

/* The output in place or not, and losses for each row. */
static xent_status call(const struct use *u, xent_tensor *const tensors[ROLES], enum role place)
{
    xent_tensor *given[ROLES];
    double divisor;
    memcpy(given, tensors, sizeof given);
    given[ROLE_OUTPUT] = tensors[place];
    return use_call(u, given, 1, XENT_REDUCTION_NONE, &divisor);
}

/* Fails the first allocation, then the second, until the operation succeeds; returns how many failed. Not one byte of any tensor
   changes. */
static int fail_each_allocation(const struct use *u, xent_tensor *const tensors[ROLES], enum role place, const char *name)
{
    for (int failures = 0;; failures++) {
        const xent_tensor *all[ROLES];
        memcpy(all, tensors, sizeof all);
        struct refusal untouched = refusal_begin(all, ROLES);
        allocations_begin(failures);
        const xent_status status = call(u, tensors, place);
        const long kept = allocations_end();
        if (kept != 0) fail_msg("%s keeps %ld allocations", name, kept);
        if (status != XENT_ERROR_NO_MEMORY) {
            refusal_free(&untouched);
            expect_ok(status);
            return failures;
        }
        refusal_end(&untouched, name, __FILE__, __LINE__);
        assert_non_null(strstr(xent_error_message(), "bytes of working memory could not be allocated"));
    }
}

static void check_use(const struct use *u, enum role place, xent_dtype dtype)
{
    const enum working_memory memory = use_memory(u);
    const bool allocates = memory == MEMORY_MORE || (memory == MEMORY_CHUNK && xent_dtype_size(dtype) > 2);
    xent_tensor *tensors[ROLES];
    char name[USE_NAME_SIZE];
    use_name(u, name);
    open_batch(tensors, dtype);
    const int failures = fail_each_allocation(u, tensors, place, name);
    if ((failures > 0) != allocates)
        fail_msg("%s of dtype %d, output in the place of operand %d, allocates %d times", name, (int)dtype, (int)place,
                 failures);
    close_batch(tensors);
}

/* Every use of every operation, in place and not. */
static void test_operations(void **state)
{
    (void)state;
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    for (int i = 0; i < count; i++) {
        for (int role = 0; role < ROLES; role++) {
            if (role != ROLE_OUTPUT && !(uses[i].operation->in_place & ROLE_BIT(role))) continue;
            for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) check_use(&uses[i], (enum role)role, (xent_dtype)dtype);
        }
    }
}

static void expect_same(xent_tensor *const a[ROLES], xent_tensor *const b[ROLES], const char *name)
{
    for (int role = 0; role < ROLES; role++) {
        size_t bytes;
        const void *memory = tensor_span(a[role], &bytes);
        if (memcmp(memory, tensor_span(b[role], &bytes), bytes) != 0) fail_msg("%s: other bits in operand %d", name, role);
    }
}

/* Rows for several tasks, and rows that tasks share; then a call that succeeds leaves what one thread does. */
static void test_threads(void **state)
{
    static const int64_t sizes[][2] = { { 14, 5000 }, { 1, 70000 } };
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    int failures = 0;
    (void)state;
    for (int i = 0; i < 2 * count; i++) {
        const struct use *u = &uses[i / 2];
        const xent_dtype dtype = (xent_dtype)(XENT_F32 + i % 4);
        xent_tensor *tensors[ROLES], *alone[ROLES];
        char name[USE_NAME_SIZE];
        use_name(u, name);
        open_batch_of(tensors, dtype, sizes[i % 2][0], sizes[i % 2][1]);
        open_batch_of(alone, dtype, sizes[i % 2][0], sizes[i % 2][1]);
        expect_ok(xent_set_num_threads(1));
        expect_ok(call(u, alone, ROLE_OUTPUT));
        expect_ok(xent_set_num_threads(5));
        failures += fail_each_allocation(u, tensors, ROLE_OUTPUT, name);
        expect_same(tensors, alone, name);
        close_batch(tensors);
        close_batch(alone);
    }
    expect_ok(xent_set_num_threads(0));
    assert_true(failures > count);
}

/* Probabilities of another dtype than the logits': their terms, a row of reals, do not fit on the stack. */
static void test_converted(void **state)
{
    (void)state;
    static const xent_dtype to[] = { XENT_F64, XENT_F16 };
    for (int i = 0; i < 2; i++) {
        xent_tensor *z = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), TRANSPOSED);
        xent_tensor *p = tensor_new(to[i], SHAPE(ROWS, CLASSES), TRANSPOSED);
        const xent_tensor *all[] = { z, p };
        struct refusal untouched = refusal_begin(all, 2);
        allocations_begin(0);
        const xent_status status = xent_softmax(z, 1, p);
        assert_int_equal(allocations_end(), 0);
        assert_int_equal(status, XENT_ERROR_NO_MEMORY);
        refusal_end(&untouched, "xent_softmax", __FILE__, __LINE__);
        expect_ok(xent_log_softmax(z, 1, p));
        tensor_free(z);
        tensor_free(p);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensors), cmocka_unit_test(test_huge_tensor), cmocka_unit_test(test_operations),
        cmocka_unit_test(test_threads), cmocka_unit_test(test_converted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
