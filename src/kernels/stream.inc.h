/* Copies past the caches. Expects the primitives of a simd_*.h; defines stream and end_stream. */
#include <stdint.h>
#include <string.h>

#include "kernels.h"

static void stream(void *out, const void *from, size_t bytes)
{
    const char *source = from;
    char *to = out;
    size_t head = (size_t)(-(uintptr_t)out % XENT_LINE);
    if (head > bytes) head = bytes;
    memcpy(to, source, head);
    for (to += head, source += head, bytes -= head; bytes >= XENT_LINE; bytes -= XENT_LINE) {
        stream_line(to, source);
        to += XENT_LINE;
        source += XENT_LINE;
    }
    memcpy(to, source, bytes);
}

static void end_stream(void) { stream_end(); }
