/* Rows of logits, wherever they come from: what the commands work on. */
#ifndef XENT_TOOL_SOURCE_H
#define XENT_TOOL_SOURCE_H

#include "arguments.h"
#include "array.h"
#include "base_rows.h"
#include "mapped_file.h"
#include "rows.h"

/* What a file has been found to hold. */
struct contents {
    struct mapped_file file;
    char *path, *name; /* name: of the tensor that was asked for; NULL: none was */
    enum { NPY, SAFETENSORS, KLD } format;
    struct array array; /* unless it is a KLD base file */
    struct kld kld;
};

struct source {
    struct contents contents;
    int64_t classes, count; /* of rows */
    int32_t batch_ndim;
    int64_t batch_shape[XENT_MAX_NDIM];
    struct rows rows;
    struct base_rows base_rows;
};

/* Opens a file, PATH or PATH:NAME, and reads what it says of itself; usual: the tensor without a name, or else the only one. */
void contents_open(struct contents *contents, const char *argument, const char *usual);
void contents_close(struct contents *contents);

/* Whether a tensor stands beside that which was read from a .safetensors file; *array then is it. */
bool contents_beside(struct contents *contents, const char *name, struct array *array);

/* A file of logits. */
void source_open(struct source *source, const char *argument, const struct arguments *arguments);
/* Ends the program if the file has changed meanwhile. */
void source_close(struct source *source);

/* Takes the positions of a chunk that a KLD base file has rows for, where logits have all of them. */
void source_match(struct source *source, const struct source *base);

bool source_is_base(const struct source *source);

/* How many rows a block has, from this one on: at most `wanted` (0: what suits a cache), and what the source can give at a time. */
int64_t source_block(const struct source *source, int64_t first, int64_t wanted);

/* Statistics of the rows of a block. */
void source_stats(struct source *source, int64_t first, int64_t count, const xent_tensor *target, const xent_options *options,
                  const xent_stats *stats);

/* KL(base || other) of each row of a block. */
void source_divergence(struct source *base, struct source *other, int64_t first, int64_t count, const xent_tensor *target,
                       const xent_options *options, xent_tensor *kl);

#endif
