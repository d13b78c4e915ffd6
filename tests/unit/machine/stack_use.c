/* A call needs at most 32 KiB of the caller's stack: each use of each operation runs on a painted stack, and what lost its paint is counted;
   and a thread of 64 KiB is enough for all. */
#include <pthread.h>

#include "support/backend.h"
#include "support/operations.h"
#include "support/stack.h"
#include "support/tensors.h"

struct call {
    const struct use *use;
    xent_tensor *tensors[ROLES];
    xent_status status;
};

static void *run(void *argument)
{
    struct call *c = argument;
    double divisor;
    c->status = use_call(c->use, c->tensors, 1, XENT_REDUCTION_NONE, &divisor);
    return NULL;
}

static void open_call(struct call *c, xent_dtype dtype, int64_t rows, int64_t classes)
{
    for (int role = 0; role < ROLES; role++) {
        int64_t shape[2];
        const int32_t ndim = extent_shape(role_rules[role].extent, rows, classes, shape);
        expect_ok(xent_tensor_create(&c->tensors[role], role_is_integer((enum role)role) ? XENT_I64 : dtype, ndim, shape));
    }
    for (int64_t row = 0; row < rows; row++) tensor_set(c->tensors[ROLE_ROW_WEIGHT], row, 2); /* of 0 nothing would be done */
}

static void close_call(struct call *c)
{
    for (int role = 0; role < ROLES; role++) xent_tensor_destroy(c->tensors[role]);
}

static void measure(xent_dtype dtype, int64_t rows, int64_t classes)
{
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    struct call call = { .use = NULL };
    char name[USE_NAME_SIZE];
    size_t most = 0;
    open_call(&call, dtype, rows, classes);
    for (int i = 0; i < count; i++) {
        call.use = &uses[i];
        use_name(call.use, name);
        const size_t used = stack_used(run, &call);
        assert_int_equal(call.status, XENT_OK);
        most = used > most ? used : most;
        if (used > STACK_PROMISED) fail_msg("%s, %lld classes: %zu bytes of stack", name, (long long)classes, used);
    }
    print_message("%lld classes of dtype %d: at most %zu bytes of stack\n", (long long)classes, (int)dtype, most);
    close_call(&call);
}

static void every_operation(void **state)
{
    (void)state;
    if (!stack_can_be_measured()) skip();
    for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
        measure((xent_dtype)dtype, 130, 3);
        measure((xent_dtype)dtype, 20, 9000); /* of a row several chunks, of the rows several blocks */
    }
}

/* Each alone, and with threads of the library. */
static void small_threads(void **state)
{
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    pthread_attr_t attributes;
    (void)state;
    if (!stack_can_be_measured()) skip();
    assert_int_equal(pthread_attr_init(&attributes), 0);
    if (pthread_attr_setstacksize(&attributes, 64 * 1024) != 0) {
        print_message("no thread has so little here: skipped\n");
        skip();
    }
    for (int i = 0; i < 2 * count; i++) {
        struct call call = { .use = &uses[i / 2] };
        pthread_t thread;
        expect_ok(xent_set_num_threads(i % 2 == 0 ? 1 : 4));
        open_call(&call, (xent_dtype)(XENT_F32 + i / 2 % 4), 20, 9000);
        assert_int_equal(pthread_create(&thread, &attributes, run, &call), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(call.status, XENT_OK);
        close_call(&call);
    }
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_operation), cmocka_unit_test(small_threads) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
