/* A call needs at most 32 KiB of the caller's stack: each use of each operation runs on a painted stack, and what lost its paint is counted. */
#define _XOPEN_SOURCE 700 /* pthread_attr_setstack */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/operations.h"
#include "support/tensors.h"

#define STACK_SIZE (512 * 1024)
#define PROMISED (32 * 1024)
#define PAINT 0xa5

/* use NULL: what a thread takes before it does anything, its descriptor and thread-local storage at the stack's upper end. */
struct call {
    const struct use *use;
    xent_tensor *tensors[ROLES];
    xent_status status;
};

static void *run(void *argument)
{
    struct call *c = argument;
    double divisor;
    c->status = c->use == NULL ? XENT_OK : use_call(c->use, c->tensors, 1, XENT_REDUCTION_NONE, &divisor);
    return NULL;
}

static size_t stack_used(struct call *call)
{
    unsigned char *stack = aligned_alloc(4096, STACK_SIZE);
    pthread_attr_t attributes;
    pthread_t thread;
    size_t untouched = 0;
    assert_non_null(stack);
    memset(stack, PAINT, STACK_SIZE);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run, call), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)pthread_attr_destroy(&attributes);
    assert_int_equal(call->status, XENT_OK);
    while (untouched < STACK_SIZE && stack[untouched] == PAINT) untouched++;
    free(stack);
    return STACK_SIZE - untouched;
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
    const size_t thread_alone = stack_used(&call);
    for (int i = 0; i < count; i++) {
        call.use = &uses[i];
        use_name(call.use, name);
        const size_t used = stack_used(&call) - thread_alone;
        most = used > most ? used : most;
        if (used > PROMISED) fail_msg("%s, %lld classes: %zu bytes of stack", name, (long long)classes, used);
    }
    print_message("%lld classes of dtype %d: at most %zu bytes of stack\n", (long long)classes, (int)dtype, most);
    close_call(&call);
}

static void every_operation(void **state)
{
    (void)state;
#if !defined __OPTIMIZE__ || defined __SANITIZE_ADDRESS__
    print_message("a build without optimisation, or with a sanitizer, says nothing about the stack: skipped\n");
    skip();
#endif
#ifdef XENT_EMULATED_BACKEND
    if (strcmp(xent_backend(), XENT_EMULATED_BACKEND) == 0) {
        print_message("an emulated vector is an array in memory, two to five times the frames of the instructions: skipped\n");
        skip();
    }
#endif
    for (int dtype = XENT_F32; dtype <= XENT_BF16; dtype++) {
        measure((xent_dtype)dtype, 130, 3);
        measure((xent_dtype)dtype, 20, 9000); /* of a row several chunks, of the rows several blocks */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_operation) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
