/* The structs of xent.h that grow at their end: reading one in whatever layout the caller's header has it. */
#ifndef XENT_ARGS_STRUCT_H
#define XENT_ARGS_STRUCT_H

#include <string.h>

#include "args/errors.h"

#define XENT_STRUCT_MAX_SIZE 4096

/* What such a struct is called: the argument, its type, and what its parts are. */
struct xent_struct_words {
    const char *name, *type, *part;
};

/* *copy = the given struct in today's layout, of `size` bytes, which begins with its struct_size. Shorter sizes than today's would be
   listed here, had a release published one; longer ones come from newer headers and are fine as long as they ask for nothing that this
   library does not know. A default must therefore be all-zero bytes once the struct has been published. */
static inline xent_status xent_struct_read(const struct xent_struct_words *words, const void *given, size_t size, void *copy)
{
    const unsigned char *bytes = given;
    size_t its_size;
    memcpy(&its_size, given, sizeof its_size);
    if (its_size < size || its_size > XENT_STRUCT_MAX_SIZE)
        return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%s->struct_size is %zu, expected %zu (sizeof(%s)) to %d", words->name,
                         its_size, size, words->type, XENT_STRUCT_MAX_SIZE);
    for (size_t i = size; i < its_size; i++)
        if (bytes[i] != 0)
            return xent_fail(XENT_ERROR_INVALID_ARGUMENT,
                             "%s: byte %zu of %zu is %d, expected 0: a %s that this version does not know", words->name, i,
                             its_size, (int)bytes[i], words->part);
    memcpy(copy, given, size);
    return XENT_OK;
}

/* *given = these defaults in a struct of struct_size bytes, or of the largest that there may be; what is behind them becomes zero. With
   NULL, or a size that no release published, nothing is written. */
static inline void xent_struct_init(void *given, size_t struct_size, const void *defaults, size_t size)
{
    if (given == NULL || struct_size < size) return;
    memset(given, 0, struct_size < XENT_STRUCT_MAX_SIZE ? struct_size : XENT_STRUCT_MAX_SIZE);
    memcpy(given, defaults, size);
    memcpy(given, &struct_size, sizeof struct_size);
}

#endif
