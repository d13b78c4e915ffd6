#ifndef XENT_TESTS_REFUSAL_H
#define XENT_TESTS_REFUSAL_H

#include "support/tensors.h"

/* The call fails with this status and exactly this message, and has not written one byte of the tensors that follow:
   all outputs of the call, NULL where one is not given. */
#define expect_refused(call, status, message, ...)                                                                             \
    do {                                                                                                                       \
        const xent_tensor *const refusal_outputs[] = { __VA_ARGS__ };                                                          \
        struct refusal refusal = refusal_begin(refusal_outputs, sizeof refusal_outputs / sizeof refusal_outputs[0]);           \
        expect_error_at((call), (status), (message), #call, __FILE__, __LINE__);                                               \
        refusal_end(&refusal, #call, __FILE__, __LINE__);                                                                      \
    } while (0)

enum { REFUSAL_OUTPUTS = 20 };

/* The outputs' memory before the call. */
struct refusal {
    size_t count, bytes[REFUSAL_OUTPUTS];
    const void *memory[REFUSAL_OUTPUTS];
    void *before[REFUSAL_OUTPUTS];
};

struct refusal refusal_begin(const xent_tensor *const *outputs, size_t count);
void refusal_end(struct refusal *r, const char *call, const char *file, int line);

/* Instead of refusal_end, where the call has succeeded. */
void refusal_free(struct refusal *r);

#endif
