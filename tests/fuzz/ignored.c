/* What ignored rows hold: nothing that anybody may look at. */
#include "expect.h"

/* Whether no two elements are one, and no other argument but an output in its place lies in its memory. */
static bool is_alone(const struct stage *s, int at)
{
    const struct argument *a = &s->argument[at];
    for (int32_t d = 0; d < a->ndim; d++)
        if (a->strides[d] == 0 && a->shape[d] > 1) return false;
    for (int k = 0; k < STAGE_ARGUMENTS; k++)
        if (k != at && k != ROLE_OUTPUT && s->argument[k].given && s->argument[k].host == a->host) return false;
    return true;
}

void poison_ignored_rows(const struct call *c)
{
    static const enum role roles[] = { ROLE_INPUT, ROLE_UPSTREAM, ROLE_PROBABILITIES, ROLE_GRAD_LOSS };
    const struct rows b = rows_of(c);
    for (size_t k = 0; k < sizeof roles / sizeof roles[0]; k++) {
        const struct argument *a = &c->stage.argument[roles[k]];
        const bool table = roles[k] != ROLE_GRAD_LOSS;
        if (!a->given || !is_alone(&c->stage, (int)roles[k])) continue;
        if (!table && b.options.reduction != XENT_REDUCTION_NONE) continue;
        for (int64_t row = 0; row < b.count; row++)
            for (int64_t class = 0; rows_ignores(&b, row) && class < (table ? b.classes : 1); class ++)
                argument_poison(a, table ? rows_at(&b, row, class) : row);
    }
}
