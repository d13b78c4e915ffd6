/* xent_partial_exchange: what it answers, which rows the caller's function gets when, and that their bits are those of whole rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contract.h"
#include "faults.h"
#include "flaw.h"
#include "partial_call.h"
#include "support/problem_operand.h"

enum { NEVER = 99 };

struct exchange_call {
    struct partial_call call;
    xent_exchange exchange;
    struct argument given; /* its bytes, as the call is given them */
    int fails_at;          /* the call of `run` that fails, counted from 0 */
    int calls;             /* of `run`, and the row that its next one begins with */
    int64_t next;
};

/* ---- The caller's function ------------------------------------------------------------------------------------------------ */

/* Those that the shard has had before; an exchange makes heats only where it is to have entropies. */
static void expect_states(const struct exchange_call *e, int64_t first, int64_t rows, const xent_partial *partials)
{
    const struct partial_rows *r = &e->call.rows;
    const int64_t per_row = xent_partials_per_row(&e->call.shard);
    for (int64_t i = 0; i < rows * per_row; i++) {
        xent_partial before = r->states[e->call.mine][first * per_row + i];
        if (e->exchange.entropy == 0) before.heat = partials[i].heat;
        if (memcmp(&before, &partials[i], sizeof before) != 0) flaw("a state of row %lld is another one", (long long)first);
    }
}

static xent_status run(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *whole)
{
    struct exchange_call *e = user;
    const struct partial_call *c = &e->call;
    const bool begins = e->calls == 0;
    if (first != e->next || (begins ? rows != 0 : rows <= 0))
        flaw("rows %lld and %lld more", (long long)first, (long long)rows);
    if ((partials != NULL) != (rows > 0 && c->shard.classes > 0)) flaw("states of %lld rows are missing", (long long)rows);
    if (begins && !stage_untouched(&c->stage)) flaw("something is written before the exchange begins");
    if (c->plain && partials != NULL) expect_states(e, first, rows, partials);
    if (e->calls++ == e->fails_at) {
        xent_set_error_message("the line is cut");
        return XENT_ERROR_NO_MEMORY;
    }
    for (int64_t i = 0; i < rows; i++) {
        whole[i] = c->rows.whole[(first + i) % c->rows.rows];
        if (whole[i].argmax >= c->shard.of) whole[i].argmax = c->shard.of - 1; /* a fault has made fewer classes */
    }
    e->next += rows;
    return XENT_OK;
}

static xent_status make(void *call)
{
    struct exchange_call *e = call;
    const struct partial_call *c = &e->call;
    const struct argument *argument = c->stage.argument;
    e->calls = 0;
    e->next = 0;
    return xent_partial_exchange(
        argument[ROLE_INPUT].tensor, partial_call_struct(c, PARTIAL_SHARD), partial_call_target(c),
        partial_call_struct(c, PARTIAL_OPTIONS), e->given.given ? (const xent_exchange *)(const void *)e->given.first : NULL,
        argument[ROLE_GRAD_LOSS].tensor, partial_call_struct(c, PARTIAL_STATES), argument[ROLE_OUTPUT].tensor);
}

/* ---- The call ------------------------------------------------------------------------------------------------------------ */

static void change(struct exchange_call *e, struct bytes *b)
{
    switch (bytes_below(b, 6)) {
    case 0: e->given.given = false; break;
    case 1: e->exchange.struct_size = size_fault(&e->given, sizeof e->exchange, b); break;
    case 2: e->exchange.run = NULL; break;
    case 3: e->exchange.block_rows = -1; break;
    case 4: e->exchange.entropy = (int32_t)bytes_below(b, 4) - 1; break;
    default: e->exchange.reserved = 1; break;
    }
}

static void exchange_open(struct exchange_call *e, struct bytes *b)
{
    static const int64_t blocks[] = { 0, 1, 2, 3, 5, INT64_MAX };
    memset(e, 0, sizeof *e);
    partial_call_open(&e->call, PARTIAL_EXCHANGE, PARTIAL_EXCHANGE, b);
    e->exchange = (xent_exchange)XENT_EXCHANGE_INIT;
    e->exchange.run = run;
    e->exchange.user = e;
    e->exchange.block_rows = BYTES_ONE_OF(b, blocks);
    e->exchange.entropy = bytes_chance(b, 2) && !e->call.stage.argument[ROLE_OUTPUT].given;
    e->fails_at = bytes_chance(b, 4) ? (int)bytes_below(b, 4) : NEVER;
    e->given = (struct argument){ .given = true, .shape = { sizeof e->exchange } };
    if (bytes_chance(b, 4)) change(e, b);
    e->given.first = memory_new((size_t)e->given.shape[0]);
    struct_fill(&e->given, &e->exchange, sizeof e->exchange, e->call.tail);
}

static void exchange_close(struct exchange_call *e)
{
    free(e->given.first);
    partial_call_close(&e->call);
}

static int64_t calls_of_run(const struct exchange_call *e)
{
    const int64_t rows = partial_contract_rows(&e->call), block = e->exchange.block_rows;
    return 1 + (rows == 0 ? 0 : block == 0 || block >= rows ? 1 : (rows + block - 1) / block);
}

static statuses contract(const struct exchange_call *e)
{
    const statuses invalid = STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT), begin = partial_contract_begin(&e->call);
    const xent_exchange *x = &e->exchange;
    const bool gradient = e->call.stage.argument[ROLE_OUTPUT].given;
    if (!e->given.given || !contract_struct_size(x->struct_size, sizeof *x, e->call.tail) || x->run == NULL) return invalid;
    if (begin != 0) return begin;
    if (x->block_rows < 0 || x->entropy < 0 || x->entropy > !gradient || x->reserved != 0) return invalid;
    const statuses allowed = partial_contract(&e->call);
    return allowed == STATUS_BIT(XENT_OK) && e->fails_at < calls_of_run(e) ? STATUS_BIT(XENT_ERROR_NO_MEMORY) : allowed;
}

static void print(const void *call)
{
    const struct exchange_call *e = call;
    const xent_exchange *x = &e->exchange;
    partial_call_print(&e->call);
    fprintf(stderr, "  exchange%s of %zu, block_rows %lld, entropy %d, reserved %d; fails at %d\n",
            e->given.given ? "" : " (not given)", x->struct_size, (long long)x->block_rows, (int)x->entropy, (int)x->reserved,
            e->fails_at);
}

/* Where `run` fails for rows, what it and the gradient have written is anybody's guess. */
static void exchange_call(struct exchange_call *e, statuses allowed)
{
    const unsigned outputs = 1U << ROLE_OUTPUT | 1U << PARTIAL_STATES;
    const bool begun = allowed == STATUS_BIT(XENT_ERROR_NO_MEMORY) && e->fails_at > 0;
    if (judge(&e->call.stage, make, e, allowed, begun ? outputs : 0) == XENT_OK) partial_call_expect(&e->call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = { data, size };
    struct exchange_call e;
    exchange_open(&e, &b);
    flaw_description = (struct description){ print, &e };
    const statuses allowed = contract(&e);
    const bool gradient = e.call.stage.argument[ROLE_OUTPUT].given, succeeds = (allowed & STATUS_BIT(XENT_OK)) != 0;
    /* a gradient by states of other rows may be anything */
    if (!succeeds || !gradient || partial_call_has_its_rows(&e.call)) exchange_call(&e, allowed);
    flaw_description = (struct description){ NULL, NULL };
    exchange_close(&e);
    return 0;
}
