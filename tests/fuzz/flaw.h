#ifndef XENT_TESTS_FUZZ_FLAW_H
#define XENT_TESTS_FUZZ_FLAW_H

/* What a target has found: the library did not do what xent.h says. Prints the sentence and, where describe is set, the call, and aborts,
   which is how a fuzzer keeps the input. */
#ifdef __GNUC__
__attribute__((format(printf, 1, 2)))
#endif
_Noreturn void
flaw(const char *format, ...);

/* Prints the call that is being made. */
struct description {
    void (*print)(const void *call);
    const void *call;
};
extern struct description flaw_description;

#endif
