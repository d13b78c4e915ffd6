/* Where a row's terms stand between its two passes: a choice of speed and memory, which no bit of a result depends on. */
#ifndef XENT_OPS_TERMS_H
#define XENT_OPS_TERMS_H

#include "rows/row.h"

enum xent_terms_place {
    XENT_TERMS_NOWHERE,   /* there is no second pass that needs them */
    XENT_TERMS_IN_OUTPUT, /* where their entries will be */
    XENT_TERMS_APART,     /* in working memory: the output cannot hold reals, is strided, or may not be written yet */
    XENT_TERMS_STREAMED   /* in working memory, from where the entries go past the caches */
};

/* Whether the entries of all rows, `bytes` of contiguous output in memory of its own, had better go past the caches. */
bool xent_output_streams(const struct xent_row_type *type, size_t bytes);

/* Of rows that go from `in` to `out`. keeps_input: the logits are needed again after the terms have been written. may_stream: rows are
   long enough not to share cache lines with others at the same time. */
enum xent_terms_place xent_terms_of(const struct xent_row_type *type, const struct xent_tensor *in,
                                    const struct xent_tensor *out, int32_t axis, bool keeps_input, bool may_stream);

/* Bytes of a row's terms. */
static inline size_t xent_terms_size(const struct xent_row_type *type) { return (size_t)type->classes * type->real_size; }

static inline bool xent_terms_are_apart(enum xent_terms_place place)
{
    return place == XENT_TERMS_APART || place == XENT_TERMS_STREAMED;
}

#endif
