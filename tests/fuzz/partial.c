/* Partial rows: what a call of one of their functions answers, and that the rows come out as if nobody had cut them. */
#include <string.h>

#include "flaw.h"
#include "partial_call.h"

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
    if (status == XENT_OK) partial_call_expect(c);
}

/* A gradient by states of other rows may be anything, on each backend another one. */
static void call_for_anything(struct partial_call *c, statuses allowed)
{
    for (const char *const *backend = xent_backends(); *backend != NULL; backend++) {
        if (xent_set_backend(*backend) != XENT_OK) flaw("the backend %s cannot be set", *backend);
        if ((allowed >> partial_call_make(c) & 1) == 0) flaw("expected one of the set %x: %s", allowed, xent_error_message());
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = { data, size };
    struct partial_call c;
    partial_call_open(&c, PARTIAL_REDUCE, PARTIAL_CHECK, &b);
    flaw_description = (struct description){ partial_call_print, &c };
    const statuses allowed = partial_contract(&c);
    if (c.function == PARTIAL_GRAD && (allowed & STATUS_BIT(XENT_OK)) != 0 && (c.spoiled || !partial_call_has_its_rows(&c)))
        call_for_anything(&c, allowed);
    else
        call(&c, allowed);
    flaw_description = (struct description){ NULL, NULL };
    partial_call_close(&c);
    return 0;
}
