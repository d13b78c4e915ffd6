#ifndef XENT_TESTS_STACK_H
#define XENT_TESTS_STACK_H

#include <stddef.h>

/* What the library promises to need at most of a caller's stack. */
enum { STACK_PROMISED = 32 * 1024 };

/* Whether a build says anything about it: not without optimisation, nor with a sanitizer, nor for an emulated backend. Prints why not. */
int stack_can_be_measured(void);

/* Runs the function on a painted stack of its own and answers how much of that lost its paint, beyond what a thread takes before it
   does anything: its descriptor and thread-local storage at the stack's upper end. */
size_t stack_used(void *(*run)(void *argument), void *argument);

#endif
