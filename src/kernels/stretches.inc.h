/* Where the first pass reads a chunk: its groups of 64 classes, two of which may be copies, and stretches of groups. Assumes the
 * elements of a variant (element.h). */
#ifndef XENT_KERNELS_STRETCHES_INC_H
#define XENT_KERNELS_STRETCHES_INC_H

#include <stdint.h>
#include <string.h>

#include "element.h"
#include "kernels.h"

enum { LINE_ELEMENTS = XENT_LINE / sizeof(stored), SWEEP_ELEMENTS = SWEEP * WIDTH };

/* Where the groups of 64 classes are read from. */
struct groups {
    const stored *z;
    size_t count;    /* groups, a partial one included */
    size_t whole;    /* index of the partial group; count if there is none */
    size_t replaced; /* index of the group that is read from `patch` */
    _Alignas(XENT_LINE) stored tail[XENT_LANES];
    _Alignas(XENT_LINE) stored patch[XENT_LANES];
    _Alignas(XENT_LINE)
        stored zero_tail[XENT_LANES]; /* the partial group with 0 behind the last class, where the logits are summed */
};

static inline const stored *group_at(const struct groups *groups, size_t g)
{
    const stored *p = groups->z + XENT_LANES * g;
    p = g == groups->whole ? groups->tail : p;
    return g == groups->replaced ? groups->patch : p;
}

/* The same with nothing taken out, and with 0 behind the last class. */
static inline const stored *logits_at(const struct groups *groups, size_t g)
{
    return g == groups->whole ? groups->zero_tail : groups->z + XENT_LANES * g;
}

static inline void set_groups(struct groups *groups, const stored *z, size_t n)
{
    stored padding[LINE_ELEMENTS];
    size_t left = n % XENT_LANES;
    groups->z = z;
    groups->whole = n / XENT_LANES;
    groups->count = groups->whole + (left > 0);
    groups->replaced = SIZE_MAX;
    if (left == 0) return;
    for (size_t i = 0; i < LINE_ELEMENTS; i++) padding[i] = minus_infinity;
    copy_padded(groups->tail, z + XENT_LANES * groups->whole, left * sizeof(stored), sizeof groups->tail, padding);
}

/* No sum of logits is -0, so adding 0 changes none. */
static inline void set_zero_tail(struct groups *groups, size_t n)
{
    const stored padding[LINE_ELEMENTS] = { 0 };
    size_t left = n % XENT_LANES;
    if (left == 0) return;
    copy_padded(groups->zero_tail, groups->z + XENT_LANES * groups->whole, left * sizeof(stored), sizeof groups->zero_tail,
                padding);
}

/* Prefetches the lines of so many elements, a sweep's, that begin at this lane, each line once: they may have several, or a part of one.
   always_inline, since gcc takes the function for one without effect and drops the call. */
static inline __attribute__((always_inline)) void prefetch_sweep(const stored *p, size_t elements, size_t lane)
{
    if (elements < LINE_ELEMENTS && lane % LINE_ELEMENTS != 0) return;
    for (size_t i = 0; i < elements; i += LINE_ELEMENTS) prefetch(p + i);
}

/* Whether n classes are most of a chunk, so that a whole chunk further on there is more of the row, or of the next one, to fetch. */
static inline bool goes_on(size_t n) { return n > XENT_CHUNK / 2; }

/* Groups of one block that stand one behind the other in memory. */
struct stretch {
    const stored *z;
    const stored *end;
    const stored *logits; /* the same groups by logits_at */
    size_t ahead;         /* how far to prefetch: a chunk; 0 in a copy, for whose group that has been done */
    real *terms;          /* NULL: they are not kept */
    bool ends_block;
};

/* The partial group is a stretch of its own. */
enum { MOST_STRETCHES = XENT_CHUNK / XENT_LANES / BLOCK_GROUPS + 1 };

/* Divides the groups into stretches and returns how many there are. The terms of the partial group go to tail_terms. How many they
   are does not depend on where the patched group is, which whoever goes through a stretch looks at: nothing could predict that. */
static inline size_t set_stretches(const struct groups *groups, real *terms, real *tail_terms, struct stretch *stretches)
{
    size_t count = 0;
    for (size_t from = 0, to; from < groups->count; from = to) {
        bool partial = from == groups->whole;
        const stored *z = partial ? group_at(groups, from) : groups->z + XENT_LANES * from;
        to = (from / BLOCK_GROUPS + 1) * BLOCK_GROUPS;
        if (to > groups->count) to = groups->count;
        if (from < groups->whole && groups->whole < to) to = groups->whole;
        for (size_t lane = 0; partial && lane < XENT_LANES; lane += SWEEP_ELEMENTS)
            prefetch_sweep(groups->z + XENT_LANES * from + lane + XENT_CHUNK, SWEEP_ELEMENTS, lane);
        stretches[count++] = (struct stretch){ .z = z,
                                               .end = z + XENT_LANES * (to - from),
                                               .logits = logits_at(groups, from),
                                               .ahead = partial ? 0 : XENT_CHUNK,
                                               .terms = terms == NULL ? NULL
                                                        : partial     ? tail_terms
                                                                      : terms + XENT_LANES * from,
                                               .ends_block = to % BLOCK_GROUPS == 0 };
    }
    return count;
}

#endif
