/* Copies past the caches. Assumes the memory functions of an instruction set (vector.h). */
#ifndef XENT_KERNELS_STREAM_INC_H
#define XENT_KERNELS_STREAM_INC_H

#include <stdint.h>
#include <string.h>

#include "vector.h"

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

#endif
