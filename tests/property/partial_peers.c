#include "partial_peers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void expect_states(const struct peers *p, int64_t first, int64_t count, const xent_partial *states)
{
    for (int64_t i = 0; i < count; i++) {
        const xent_partial *want = &p->states[first + i];
        xent_partial got = states[i];
        if (!p->entropy && isnan(got.heat)) got.heat = want->heat;
        if (memcmp(&got, want, sizeof got) != 0)
            fail_msg("state %lld is (%a %a %a %a %a %a %a %lld), expected (%a %a %a %a %a %a %a %lld)", (long long)(first + i),
                     got.max, got.rest, got.heat, got.coef, got.gap, got.peak, got.target, (long long)got.argmax, want->max,
                     want->rest, want->heat, want->coef, want->gap, want->peak, want->target, (long long)want->argmax);
    }
}

static xent_status exchange_with(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *whole)
{
    struct peers *p = user;
    const int64_t left = p->rows - p->exchanged, per_row = xent_partials_per_row(p->shard);
    assert_int_equal(first, p->exchanged);
    assert_int_equal(rows, !p->begun ? 0 : left < p->block_rows ? left : p->block_rows);
    assert_true((partials == NULL) == (rows * per_row == 0));
    p->begun = true;
    p->exchanged += rows;
    expect_states(p, first * per_row, rows * per_row, partials);
    for (int64_t i = 0; i < rows; i++) whole[i] = p->whole[first + i];
    return XENT_OK;
}

void exchange_shard(const struct batch *b, struct peers *p, const xent_tensor *logits, const xent_tensor *target,
                    xent_tensor *to)
{
    const size_t bytes = (size_t)b->rows * sizeof(xent_partial);
    xent_exchange exchange = XENT_EXCHANGE_INIT;
    xent_partial *whole = malloc(bytes + 1);
    assert_non_null(whole);
    exchange.run = exchange_with;
    exchange.user = p;
    exchange.block_rows = p->block_rows;
    exchange.entropy = p->entropy = to == NULL;
    p->begun = false;
    p->exchanged = 0;
    expect_ok(
        xent_partial_exchange(logits, p->shard, target, &b->options, &exchange, to == NULL ? NULL : b->grad_loss, whole, to));
    assert_true(p->begun && p->exchanged == b->rows && memcmp(whole, p->whole, bytes) == 0);
    free(whole);
}
