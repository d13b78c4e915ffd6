/* Why something cannot be read. */
#ifndef XENT_TOOL_REASON_H
#define XENT_TOOL_REASON_H

#include <stdbool.h>

#ifdef __GNUC__
#define LIKE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define LIKE_PRINTF(text, first)
#endif

/* The rest of a sentence that begins with the file's name. */
struct reason {
    char text[320];
};

/* Fills in the reason; false, so that a reader can return it. */
LIKE_PRINTF(2, 3) bool refuse(struct reason *why, const char *format, ...);

#endif
