#include "support/refusal.h"

#include <stdlib.h>
#include <string.h>

struct refusal refusal_begin(const xent_tensor *const *outputs, size_t count)
{
    struct refusal r = { .count = 0 };
    assert_in_range(count, 0, REFUSAL_OUTPUTS);
    for (size_t i = 0; i < count; i++) {
        if (outputs[i] == NULL) continue;
        const size_t k = r.count++;
        r.memory[k] = tensor_span(outputs[i], &r.bytes[k]);
        r.before[k] = malloc(r.bytes[k] + 1);
        assert_non_null(r.before[k]);
        if (r.bytes[k] > 0) memcpy(r.before[k], r.memory[k], r.bytes[k]);
    }
    return r;
}

void refusal_free(struct refusal *r)
{
    for (size_t k = 0; k < r->count; k++) free(r->before[k]);
}

void refusal_end(struct refusal *r, const char *call, const char *file, int line)
{
    int written = 0;
    for (size_t k = 0; k < r->count; k++) written += r->bytes[k] > 0 && memcmp(r->before[k], r->memory[k], r->bytes[k]) != 0;
    refusal_free(r);
    if (written == 0) return;
    print_error("%s\n  failed, but has written to %d of its outputs\n", call, written);
    _fail(file, line);
}
