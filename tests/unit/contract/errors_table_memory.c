/* The linker sends the static library's allocations here (-Wl,--wrap); they fail while the test says so. */
#include <stdlib.h>

#include "errors_table.h"

static int refusing;

void memory_refuse(int refuse) { refusing = refuse; }

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size) { return refusing ? NULL : __real_malloc(size); }

void *__wrap_calloc(size_t count, size_t size) { return refusing ? NULL : __real_calloc(count, size); }

void *__wrap_aligned_alloc(size_t alignment, size_t size) { return refusing ? NULL : __real_aligned_alloc(alignment, size); }
