/* The states of rows as memory that a caller gives: their names in messages, where they are, whether they are what they should be. */
#include <stdio.h>

#include "args/check.h"
#include "args/element.h"
#include "ops/partial.h"

const char *xent_states_name(const struct xent_states *states, char text[XENT_STATES_NAME])
{
    if (states->part < 0) return states->name;
    (void)snprintf(text, XENT_STATES_NAME, "%s[%d]", states->name, (int)states->part);
    return text;
}

static XENT_COLD xent_status fail_addressing(const struct xent_states *states, int64_t per_row)
{
    char text[XENT_STATES_NAME];
    return xent_fail(XENT_ERROR_OVERFLOW, "%s: %lld rows of %lld states exceed %lld bytes", xent_states_name(states, text),
                     (long long)states->rows, (long long)per_row, (long long)PTRDIFF_MAX);
}

static XENT_COLD xent_status fail_memory(const struct xent_states *states, size_t alignment)
{
    char text[XENT_STATES_NAME];
    const char *name = xent_states_name(states, text);
    if (states->at == NULL) return xent_fail_null(name);
    return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%s is misaligned: its address is %zu beyond a multiple of %zu", name,
                     (size_t)((uintptr_t)states->at % alignment), alignment);
}

xent_status xent_states_span(const struct xent_states *states, struct xent_tensor *span)
{
    const size_t alignment = xent_element_alignment(XENT_F64);
    const int64_t per_row = xent_shard_states(states->shard);
    int64_t count;
    ptrdiff_t bytes;
    if (__builtin_mul_overflow(states->rows, per_row, &count) ||
        __builtin_mul_overflow(count, (int64_t)sizeof(xent_partial), &bytes))
        return fail_addressing(states, per_row);
    if ((count > 0 && states->at == NULL) || (uintptr_t)states->at % alignment != 0) return fail_memory(states, alignment);
    *span = (struct xent_tensor){ .distinct = true, .numel = count, .end = bytes, .size = sizeof(xent_partial) };
    xent_tensor_place(span, (void *)(uintptr_t)states->at);
    return XENT_OK;
}

static XENT_COLD xent_status fail_state(const struct xent_states *states, const xent_partial *state,
                                        struct xent_classes classes)
{
    char text[XENT_STATES_NAME];
    return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%s[%lld] has argmax %lld, expected one of its classes, %lld to %lld",
                     xent_states_name(states, text), (long long)(state - states->at), (long long)state->argmax,
                     (long long)classes.from, (long long)classes.to - 1);
}

xent_status xent_states_check(const struct xent_states *states, int64_t from)
{
    const struct xent_run run = xent_shard_run(states->shard);
    const xent_partial *state = from == 0 ? states->at : states->at + from * xent_shard_states(states->shard);
    for (int64_t row = from; row < states->rows; row++)
        for (int64_t at = 0, n; at < run.count; at += n, state++) {
            struct xent_classes classes;
            n = xent_run_chunks(&run, at, xent_run_level(&run, at));
            classes = xent_shard_classes(states->shard, at, n);
            if (state->argmax < classes.from || state->argmax >= classes.to) return fail_state(states, state, classes);
        }
    return XENT_OK;
}
