/* The target of each row. */
#ifndef XENT_TOOL_TARGETS_H
#define XENT_TOOL_TARGETS_H

#include "source.h"

struct targets {
    int64_t count;   /* of rows */
    int64_t counted; /* of them, those that are not ignored */
    int64_t *values; /* NULL: there are none, and all rows count */
    uint8_t *ignored;
};

/* For the rows of `logits`. Targets come from the file that the command line names at `place`, or from beside the logits of one of
   `sources`; where they are required and there are none, the program ends. So it does at a target that is no class. */
void targets_load(struct targets *targets, const struct arguments *arguments, int place, const struct source *logits,
                  struct source *const *sources, bool required);
void targets_destroy(struct targets *targets);

#endif
