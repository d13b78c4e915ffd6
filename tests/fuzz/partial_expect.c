/* What a call of rows in parts gives is what one of whole rows gives. */
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

static void compute(const struct partial_call *c, xent_tensor *const out[ROLES])
{
    const struct partial_rows *r = &c->rows;
    const xent_tensor *logits = r->tensor[ROLE_INPUT], *target = partial_rows_target(r);
    const xent_tensor *grad_loss = c->stage.argument[ROLE_GRAD_LOSS].given ? r->tensor[ROLE_GRAD_LOSS] : NULL;
    const xent_stats stats = stats_of(out, sizeof stats);
    if (out[ROLE_LOSS] != NULL) must(xent_cross_entropy(logits, target, &r->options, out[ROLE_LOSS]));
    if (stats.loss != NULL || stats.lse != NULL || stats.max != NULL || stats.argmax != NULL || stats.entropy != NULL)
        must(xent_row_stats(logits, target, &r->options, &stats));
    if (out[ROLE_OUTPUT] != NULL) must(xent_cross_entropy_grad(logits, target, &r->options, grad_loss, NULL, out[ROLE_OUTPUT]));
}

void partial_call_expect(const struct partial_call *c)
{
    xent_tensor *out[ROLES];
    if (!c->plain || c->spoiled || !c->rows.aligned || c->function == PARTIAL_CHECK) return;
    for (int role = 0; role < ROLES; role++) out[role] = role_rules[role].output ? output_like(c, role) : NULL;
    compute(c, out);
    for (int role = 0; role < ROLES; role++) {
        if (out[role] != NULL) expect_same(c, role, out[role]);
        xent_tensor_destroy(out[role]);
    }
}
