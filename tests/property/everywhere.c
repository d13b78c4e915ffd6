#include "everywhere.h"

#include <stdlib.h>
#include <string.h>

enum { PATTERN = 0xA5 };

struct everywhere everywhere_begin(xent_tensor *const *outputs)
{
    const char *wanted = getenv("XENT_BACKEND");
    struct everywhere e = { .backends = xent_backends() };
    for (int i = 0; outputs[i] != NULL; i++) {
        assert_true(i < EVERYWHERE_OUTPUTS);
        e.output[i] = outputs[i];
    }
    while (e.backends[e.left] != NULL) e.left++;
    if (wanted == NULL || *wanted == '\0') return e;
    while (strcmp(*e.backends, wanted) != 0) e.backends++; /* it is there: require_backend() has looked */
    e.left = 1;
    return e;
}

/* Nothing that one backend has written shall pass for what the next one has. */
static void overwrite(const struct everywhere *e)
{
    for (int i = 0; i < EVERYWHERE_OUTPUTS && e->output[i] != NULL; i++) {
        size_t bytes;
        const void *span = tensor_span(e->output[i], &bytes);
        if (bytes > 0) memset((void *)(uintptr_t)span, PATTERN, bytes);
    }
}

/* Keeps what the first backend has left in its outputs, and expects the same of the others. */
static void compare(struct everywhere *e, const char *call, const char *file, int line)
{
    for (int i = 0; i < EVERYWHERE_OUTPUTS && e->output[i] != NULL; i++) {
        size_t bytes;
        const void *span = tensor_span(e->output[i], &bytes);
        if (bytes == 0) continue;
        if (e->bytes[i] == NULL) {
            e->bytes[i] = malloc(bytes);
            assert_non_null(e->bytes[i]);
            memcpy(e->bytes[i], span, bytes);
        } else if (memcmp(e->bytes[i], span, bytes) != 0) {
            print_error("%s: output %d has other bits on %s\n", call, i, e->made);
            _fail(file, line);
        }
    }
}

bool everywhere_next(struct everywhere *e, const char *call, const char *file, int line)
{
    if (e->made != NULL) compare(e, call, file, line);
    if (e->left == 0) {
        for (int i = 0; i < EVERYWHERE_OUTPUTS; i++) free(e->bytes[i]);
        return false;
    }
    e->made = e->backends[--e->left]; /* the best one comes last */
    expect_ok(xent_set_backend(e->made));
    overwrite(e);
    return true;
}
