#include "judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flaw.h"
#include "support/problem_operand.h"
#include "support/tensors.h"

/* Where a call is made. */
struct place {
    const char *backend;
    int32_t threads; /* 0: a caller's parallel_for, the last part first */
};

static void from_the_last(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    (void)user;
    while (n > 0) body(ctx, --n);
}

static void settle(const struct place *place)
{
    if (xent_set_backend(place->backend) != XENT_OK) flaw("the backend %s cannot be set", place->backend);
    if (xent_set_num_threads(place->threads == 0 ? 3 : place->threads) != XENT_OK) flaw("threads cannot be set");
    if (xent_set_parallel_for(place->threads == 0 ? from_the_last : NULL, NULL) != XENT_OK) flaw("parallel_for cannot be set");
}

/* Whatever NaN the library writes is the canonical one. */
static void check_nans(const struct stage *s, unsigned foreign)
{
    for (int k = 0; k < STAGE_ARGUMENTS; k++) {
        const struct argument *a = &s->argument[k];
        const size_t size = xent_dtype_size(a->dtype);
        if (!a->given || !a->output || a->dtype > XENT_BF16 || foreign >> k & 1) continue;
        for (int64_t i = 0, n = argument_elements(a); i < n; i++) {
            uint64_t bits = 0;
            uint32_t half;
            uint16_t quarter;
            const unsigned char *at = s->answer + a->answer + (size_t)i * size;
            if (!isnan(answer_number(s, k, i))) continue;
            if (size == sizeof half)
                memcpy(&half, at, sizeof half), bits = half;
            else if (size == sizeof quarter)
                memcpy(&quarter, at, sizeof quarter), bits = quarter;
            else
                memcpy(&bits, at, sizeof bits);
            if (bits != canonical_nan(a->dtype)) flaw("output %d has a NaN that is not canonical at %lld", k, (long long)i);
        }
    }
}

static xent_status make_at(struct stage *s, const struct place *place, xent_status (*make)(void *), void *call,
                           statuses allowed, unsigned foreign, unsigned char *answer)
{
    settle(place);
    xent_set_error_message(NULL);
    const xent_status status = make(call);
    const bool silent = xent_error_message()[0] == '\0';
    if ((unsigned)status > XENT_ERROR_COMMUNICATION || !(allowed >> status & 1))
        flaw("%s on %s, expected one of the set %x: %s", xent_status_name(status), place->backend, allowed,
             xent_error_message());
    if (status != XENT_OK && silent) flaw("%s without a message", xent_status_name(status));
    if (status == XENT_OK && !silent) flaw("success with a message: %s", xent_error_message());
    const bool failed_inside =
        status == XENT_ERROR_UNSUPPORTED || status == XENT_ERROR_OVERFLOW || status == XENT_ERROR_NO_MEMORY;
    if (status == XENT_OK || (failed_inside && foreign != 0)) stage_take(s, answer, status == XENT_OK ? ~0U : foreign);
    if (!stage_untouched(s)) flaw("%s, and memory is written that is no output's", xent_status_name(status));
    return status;
}

xent_status judge(struct stage *s, xent_status (*make)(void *call), void *call, statuses allowed, unsigned foreign)
{
    enum { PLACES = 10 };
    struct place places[PLACES];
    int count = 0;
    const char *const *backends = xent_backends();
    unsigned char *other = memory_new(s->answer_size);
    places[count++] = (struct place){ backends[0], 2 };
    places[count++] = (struct place){ backends[0], 0 };
    for (int k = 0; backends[k] != NULL && count < PLACES; k++) places[count++] = (struct place){ backends[k], 1 };
    stage_keep(s);
    const xent_status status = make_at(s, &places[0], make, call, allowed, foreign, s->answer);
    if (status == XENT_OK) check_nans(s, foreign);
    for (int k = 1; k < count; k++) {
        const xent_status again = make_at(s, &places[k], make, call, allowed, foreign, other);
        if (again != status) flaw("%s, and %s on %s", xent_status_name(status), xent_status_name(again), places[k].backend);
        if (status == XENT_OK && memcmp(s->answer, other, s->answer_size) != 0)
            flaw("other bits on %s with %d threads", places[k].backend, (int)places[k].threads);
    }
    free(other);
    return status;
}
