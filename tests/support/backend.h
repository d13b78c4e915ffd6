#ifndef XENT_TESTS_BACKEND_H
#define XENT_TESTS_BACKEND_H

/* First in main of a test that CTest runs once per backend (PER_BACKEND of xent_add_test): prints the backend in use.
   Where XENT_BACKEND names one that this CPU cannot run it says so and ends the program with 77, which CTest reports as
   skipped. */
void require_backend(void);

#endif
