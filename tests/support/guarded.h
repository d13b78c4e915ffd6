#ifndef XENT_TESTS_GUARDED_H
#define XENT_TESTS_GUARDED_H

#include <stdbool.h>
#include <stddef.h>

/* Memory between two unmapped pages: a read or write of one byte too many, on either side, ends the program. Buffers
   are placed in it one after another, against the one page or the other; what lies around a buffer is filled with a
   pattern. */
struct guarded {
    unsigned char *first; /* just after an unmapped page */
    size_t size;          /* first + size is the start of another */
};

/* For buffers of up to `bytes`. Ends the program where the system has no memory. */
struct guarded guarded_new(size_t bytes);
void guarded_free(struct guarded *g);

/* A buffer whose last byte is the last one before the unmapped page, and one that begins just after the other. */
void *guarded_at_end(struct guarded *g, size_t bytes);
void *guarded_at_start(struct guarded *g, size_t bytes);

/* Whether the memory around that buffer still holds the pattern. */
bool guarded_intact(const struct guarded *g, const void *buffer, size_t bytes);

/* A read or write of an unmapped page ends the program with this text, which may change meanwhile. */
void guarded_report(const char *text);

/* The pattern, also for a test that wants to see whether an output was left alone. */
enum { GUARDED_PATTERN = 0xA5 };

#endif
