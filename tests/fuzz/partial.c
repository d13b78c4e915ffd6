/* Partial rows: what a call of one of their functions answers, and that the rows come out as if nobody had cut them. */
#include <stdlib.h>
#include <string.h>

#include "flaw.h"
#include "partial_call.h"
#include "support/problem_operand.h"

/* An output of the call's shape, or of the whole rows'. */
static xent_tensor *output_like(const struct partial_call *c, int role)
{
    const struct argument *a = &c->stage.argument[role];
    int64_t shape[XENT_MAX_NDIM];
    xent_tensor *t = NULL;
    if (!a->given) return NULL;
    memcpy(shape, a->shape, sizeof shape);
    if (role == ROLE_OUTPUT) shape[c->rows.problem.axis] = problem_classes(&c->rows.problem);
    if (xent_tensor_create(&t, a->dtype, a->ndim, shape) != XENT_OK) flaw("no memory for an output");
    return t;
}

/* Element by element; those of the shard alone, of a gradient. */
static void expect_same(const struct partial_call *c, int role, const xent_tensor *whole)
{
    const struct argument *a = &c->stage.argument[role];
    const struct extents e = problem_extents(&c->rows.problem);
    const size_t size = xent_dtype_size(a->dtype);
    const int64_t slice = role == ROLE_OUTPUT ? c->shard.classes * e.inner : 0;
    for (int64_t i = 0; a->given && i < argument_elements(a); i++) {
        const int64_t from = slice > 0 ? (i / slice * e.classes + c->shard.first) * e.inner + i % slice : i;
        const char *at = (const char *)xent_tensor_const_data(whole) + (size_t)from * size;
        if (memcmp(c->stage.answer + a->answer + (size_t)i * size, at, size) != 0)
            flaw("output %d has other bits than that of whole rows at %lld", role, (long long)i);
    }
}

static void must(xent_status status)
{
    if (status != XENT_OK) flaw("whole rows: %s (%s)", xent_status_name(status), xent_error_message());
}

static void expect_whole_rows(const struct partial_call *c)
{
    const struct partial_rows *r = &c->rows;
    const xent_tensor *logits = r->tensor[ROLE_INPUT], *target = partial_rows_target(r);
    xent_tensor *out[ROLES];
    for (int role = 0; role < ROLES; role++) out[role] = role_rules[role].output ? output_like(c, role) : NULL;
    const xent_stats stats = stats_of(out, sizeof stats);
    const bool any =
        stats.loss != NULL || stats.lse != NULL || stats.max != NULL || stats.argmax != NULL || stats.entropy != NULL;
    if (c->function == PARTIAL_FINISH && out[ROLE_LOSS] != NULL)
        must(xent_cross_entropy(logits, target, &r->options, out[ROLE_LOSS]));
    if (c->function == PARTIAL_FINISH && any) must(xent_row_stats(logits, target, &r->options, &stats));
    if (c->function == PARTIAL_GRAD)
        must(xent_cross_entropy_grad(logits, target, &r->options,
                                     c->stage.argument[ROLE_GRAD_LOSS].given ? r->tensor[ROLE_GRAD_LOSS] : NULL, NULL,
                                     out[ROLE_OUTPUT]));
    for (int role = 0; role < ROLES; role++) {
        if (c->function != PARTIAL_CHECK && out[role] != NULL) expect_same(c, role, out[role]);
        xent_tensor_destroy(out[role]);
    }
}

/* The states of the shard are those that it has had before. */
static void expect_states(const struct partial_call *c)
{
    const struct argument *a = &c->stage.argument[PARTIAL_STATES];
    if (a->given && memcmp(c->stage.answer + a->answer, c->rows.states[c->mine], (size_t)argument_elements(a)) != 0)
        flaw("a shard has other states in another layout");
}

/* Nothing is computed by a check: its outputs stay what they are. */
static void call(struct partial_call *c, statuses allowed)
{
    const unsigned others = c->function == PARTIAL_CHECK ? ~0U : 0;
    const xent_status status = judge(&c->stage, partial_call_make, c, allowed, others);
    if (status == XENT_OK && c->plain && c->function == PARTIAL_REDUCE) expect_states(c);
    if (status == XENT_OK && c->plain && c->rows.aligned) expect_whole_rows(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = { data, size };
    struct partial_call c;
    partial_call_open(&c, &b);
    flaw_description = (struct description){ partial_call_print, &c };
    const statuses allowed = partial_contract(&c);
    /* a gradient by states of other rows may be anything */
    const bool any = c.function == PARTIAL_GRAD && (allowed & STATUS_BIT(XENT_OK)) != 0 && !partial_call_has_its_rows(&c);
    if (!any) call(&c, allowed);
    flaw_description = (struct description){ NULL, NULL };
    partial_call_close(&c);
    return 0;
}
