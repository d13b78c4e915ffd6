#ifndef XENT_TESTS_AGAIN_H
#define XENT_TESTS_AGAIN_H

/* Runs a test program (argv[0]) once more, from its start, in a process of its own: what the library reads once, at first use, can be
   another there. backend, threads: values of XENT_BACKEND and XENT_NUM_THREADS, NULL where unset. first, second: its arguments; second
   may be NULL. Where XENT_TEST_EMULATOR in the environment, as CTest sets it, holds a command, that runs the program. Answers whether
   it has failed. */
int run_again(const char *program, const char *backend, const char *threads, const char *first, const char *second);

#endif
