#ifndef XENT_TESTS_EFFORT_H
#define XENT_TESTS_EFFORT_H

#include <stdbool.h>
#include <stdint.h>

/* n scaled by XENT_TEST_EFFORT in the environment, a number in (0, 1], for machines that run slowly (emulators, valgrind); where it is
   unset, by a fifth in builds with the address sanitizer, else not at all. At least 1. Ends the program with a message where the
   variable is anything else. */
int64_t effort(int64_t n);

/* What the tests are built with. */
bool has_address_sanitizer(void);
bool has_thread_sanitizer(void);

#endif
