#define _XOPEN_SOURCE 700 /* pthread_attr_setstack */
#include "stack.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "effort.h"
#include "expect.h"

#define STACK_SIZE (512 * 1024)
#define PAINT 0xa5

static bool under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

int stack_can_be_measured(void)
{
    if (under_valgrind()) {
        print_message("valgrind takes the stack of a thread that has ended for dead: skipped\n");
        return 0;
    }
    if (has_address_sanitizer()) {
        print_message("a build with a sanitizer says nothing about the stack: skipped\n");
        return 0;
    }
#ifndef __OPTIMIZE__
    print_message("a build without optimisation says nothing about the stack: skipped\n");
    return 0;
#else
#ifdef XENT_EMULATED_BACKEND
    if (strcmp(xent_backend(), XENT_EMULATED_BACKEND) == 0) {
        print_message("an emulated vector is an array in memory, two to five times the frames of the instructions: skipped\n");
        return 0;
    }
#endif
    return 1;
#endif
}

static size_t touched_by(void *(*run)(void *argument), void *argument)
{
    unsigned char *stack = aligned_alloc(4096, STACK_SIZE);
    pthread_attr_t attributes;
    pthread_t thread;
    size_t untouched = 0;
    assert_non_null(stack);
    memset(stack, PAINT, STACK_SIZE);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run, argument), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)pthread_attr_destroy(&attributes);
    while (untouched < STACK_SIZE && stack[untouched] == PAINT) untouched++;
    free(stack);
    return STACK_SIZE - untouched;
}

static void *return_at_once(void *unused) { return unused; }

size_t stack_used(void *(*run)(void *argument), void *argument)
{
    static size_t thread_alone;
    if (thread_alone == 0) thread_alone = touched_by(return_at_once, NULL);
    return touched_by(run, argument) - thread_alone;
}
