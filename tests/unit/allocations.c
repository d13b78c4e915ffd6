#include "allocations.h"

#include <stdlib.h>

static int armed;        /* whether allocations are counted and may fail */
static long allowed;     /* how many succeed before one fails */
static long outstanding; /* allocated while armed, not yet freed */
static size_t asked;     /* bytes, of all that succeeded */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *memory);

void allocations_begin(long so_many)
{
    allowed = so_many;
    outstanding = 0;
    asked = 0;
    armed = 1;
}

long allocations_end(void)
{
    armed = 0;
    return outstanding;
}

size_t allocations_bytes(void) { return asked; }

static int refused(size_t bytes)
{
    if (!armed) return 0;
    if (allowed-- == 0) return 1;
    outstanding++;
    asked += bytes;
    return 0;
}

void *__wrap_malloc(size_t size) { return refused(size) ? NULL : __real_malloc(size); }

void *__wrap_calloc(size_t count, size_t size) { return refused(count * size) ? NULL : __real_calloc(count, size); }

void __wrap_free(void *memory)
{
    if (armed && memory != NULL) outstanding--;
    __real_free(memory);
}
