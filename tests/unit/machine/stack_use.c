/* A call needs at most 32 KiB of the caller's stack: each operation runs on a painted stack, and what lost its paint is counted. */
#define _XOPEN_SOURCE 700 /* pthread_attr_setstack */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/backend.h"
#include "support/tensors.h"
#include "xent.h"

#define STACK_SIZE (512 * 1024)
#define PROMISED (32 * 1024)
#define PAINT 0xa5

/* What a thread takes before it does anything: its descriptor and thread-local storage stand at the stack's upper end. */
enum operation {
    NOTHING,
    SOFTMAX,
    LOG_SOFTMAX,
    LOGSUMEXP,
    LOG,
    NLL_LOSS,
    CROSS_ENTROPY,
    CROSS_ENTROPY_GRAD,
    MEAN_DIVISOR,
    SOFTMAX_BACKWARD,
    LOG_SOFTMAX_BACKWARD,
    NLL_LOSS_BACKWARD,
    FULL_CROSS_ENTROPY, /* with all options */
    FULL_GRADIENT,
    FULL_GRADIENT_OF_CLASSES,
    OPERATIONS
};

struct call {
    enum operation operation;
    xent_tensor *logits, *probabilities, *target, *weight, *per_class, *per_row, *loss;
    const xent_options *options, *full;
    xent_status status;
};

static void *run(void *argument)
{
    struct call *c = argument;
    double divisor;
    switch (c->operation) {
    case NOTHING:
    case OPERATIONS: c->status = XENT_OK; break;
    case SOFTMAX: c->status = xent_softmax(c->logits, 1, c->per_class); break;
    case LOG_SOFTMAX: c->status = xent_log_softmax(c->logits, 1, c->per_class); break;
    case LOGSUMEXP: c->status = xent_logsumexp(c->logits, 1, c->per_row); break;
    case LOG: c->status = xent_log(c->logits, c->per_class); break;
    case NLL_LOSS: c->status = xent_nll_loss(c->logits, c->probabilities, c->options, c->loss); break;
    case CROSS_ENTROPY: c->status = xent_cross_entropy(c->logits, c->target, c->options, c->loss); break;
    case CROSS_ENTROPY_GRAD:
        c->status = xent_cross_entropy_grad(c->logits, c->probabilities, c->options, NULL, c->loss, c->per_class);
        break;
    case MEAN_DIVISOR: c->status = xent_mean_divisor(c->target, c->options, &divisor); break;
    case SOFTMAX_BACKWARD: c->status = xent_softmax_backward(c->probabilities, c->logits, 1, c->per_class); break;
    case LOG_SOFTMAX_BACKWARD: c->status = xent_log_softmax_backward(c->logits, c->probabilities, 1, c->per_class); break;
    case NLL_LOSS_BACKWARD:
        c->status = xent_nll_loss_backward(c->logits, c->probabilities, c->options, NULL, c->per_class);
        break;
    case FULL_CROSS_ENTROPY: c->status = xent_cross_entropy(c->logits, c->target, c->full, c->loss); break;
    case FULL_GRADIENT:
        c->status = xent_cross_entropy_grad(c->logits, c->probabilities, c->full, NULL, c->loss, c->per_class);
        break;
    case FULL_GRADIENT_OF_CLASSES:
        c->status = xent_cross_entropy_grad(c->logits, c->target, c->full, NULL, c->loss, c->per_class);
        break;
    }
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
    assert_int_equal(xent_tensor_create(&c->logits, dtype, SHAPE(rows, classes)), XENT_OK);
    assert_int_equal(xent_tensor_create(&c->probabilities, dtype, SHAPE(rows, classes)), XENT_OK);
    assert_int_equal(xent_tensor_create(&c->per_class, dtype, SHAPE(rows, classes)), XENT_OK);
    assert_int_equal(xent_tensor_create(&c->per_row, dtype, SHAPE(rows)), XENT_OK);
    assert_int_equal(xent_tensor_create(&c->target, XENT_I64, SHAPE(rows)), XENT_OK);
    assert_int_equal(xent_tensor_create(&c->weight, dtype, SHAPE(classes)), XENT_OK);
    assert_int_equal(xent_tensor_create(&c->loss, XENT_F64, 0, NULL), XENT_OK);
}

static void close_call(struct call *c)
{
    xent_tensor_destroy(c->logits);
    xent_tensor_destroy(c->probabilities);
    xent_tensor_destroy(c->per_class);
    xent_tensor_destroy(c->per_row);
    xent_tensor_destroy(c->target);
    xent_tensor_destroy(c->weight);
    xent_tensor_destroy(c->loss);
}

static void measure(xent_dtype dtype, int64_t rows, int64_t classes)
{
    xent_options options = XENT_OPTIONS_INIT, full;
    struct call call = { .options = &options, .full = &full };
    size_t thread_alone, most = 0;
    open_call(&call, dtype, rows, classes);
    options.class_weight = call.weight;
    full = options;
    full.label_smoothing = 0.1;
    full.z_loss = 1e-4;
    full.logit_scale = 0.7;
    full.softcap = 30;
    thread_alone = stack_used(&call);
    for (int operation = SOFTMAX; operation < OPERATIONS; operation++) {
        size_t used;
        call.operation = (enum operation)operation;
        used = stack_used(&call) - thread_alone;
        most = used > most ? used : most;
        if (used > PROMISED) fail_msg("operation %d, %lld classes: %zu bytes of stack", operation, (long long)classes, used);
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
