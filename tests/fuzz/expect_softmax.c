/* softmax, log_softmax, logsumexp, top_k and log. */
#include <math.h>
#include <stdlib.h>

#include "expect.h"
#include "flaw.h"
#include "property/accuracy_measure.h"

static xent_dtype dtype_of(const struct rows *b, int at) { return b->stage->argument[at].dtype; }

/* What is said of a storage type's last place, in its units; a number that was rounded to F32 on the way is off by that in any type. */
static double places(const struct rows *b, int at, quad exact, double units)
{
    const struct precision *storage = precision_of(dtype_of(b, at));
    return fabs((double)exact) * (1 + 2 * storage->unit) > storage->largest ? (double)INFINITY : units * ulp(storage, exact);
}

/* ---- softmax and log_softmax ---------------------------------------------------------------------------------------------- */

/* What class c of a row with probabilities must have at an element of an output. */
typedef void expect_class(const struct rows *b, int out, int64_t at, const struct reference *r, int64_t c);

static void expect_probability(const struct rows *b, int out, int64_t at, const struct reference *r, int64_t c)
{
    const bool wide = b->dtype == XENT_F64;
    const quad p = reference_probability(r, c), below = r->max - r->z[c];
    const double units = wide ? (6 + (double)below / 24) * 0x1p-53 : 4 * 0x1p-24;
    const double allowed = units * (double)p + (wide ? 0x1p-1074 : 0x1p-149);
    if (r->z[c] == -(quad)INFINITY)
        expect_stored(b, out, at, 0, 0);
    else if (dtype_of(b, out) == arithmetic_of(b->dtype)->dtype)
        expect_stored(b, out, at, p, allowed);
    else
        expect_rounded(b, out, at, p, allowed);
}

static void expect_log_probability(const struct rows *b, int out, int64_t at, const struct reference *r, int64_t c)
{
    const quad x = reference_log_probability(r, c);
    const double classes = (double)b->classes;
    if (dtype_of(b, out) == XENT_F64 && b->dtype == XENT_F64)
        expect_stored(b, out, at, x, places(b, out, x, 4) + (1 + classes / 2048) * 0x1p-1074);
    else if (dtype_of(b, out) == XENT_F64)
        expect_stored(b, out, at, x,
                      0x1.6a09e6p-25 * (double)r->log1p_rest + 0x1p-51 * fabs((double)x) + (1 + classes) * 0x1p-190);
    else
        expect_stored(b, out, at, x, places(b, out, x, 2));
}

static void expect_classes(const struct rows *b, expect_class *expect)
{
    quad *room = quads_new(2 * b->classes);
    for (int64_t row = 0; row < b->count && b->classes > 0; row++) {
        double *z = rows_numbers(b, ROLE_INPUT, row);
        const bool none = has_no_probabilities(z, b->classes);
        const struct reference r = none ? (struct reference){ .classes = 0 } : reference_of_doubles(z, b->classes, room);
        for (int64_t c = 0; c < b->classes; c++) {
            if (none)
                expect_stored(b, ROLE_OUTPUT, rows_at(b, row, c), (quad)NAN, 0);
            else
                expect(b, ROLE_OUTPUT, rows_at(b, row, c), &r, c);
        }
        free(z);
    }
    free(room);
}

void expect_softmax(const struct rows *b) { expect_classes(b, expect_probability); }

void expect_log_softmax(const struct rows *b) { expect_classes(b, expect_log_probability); }

/* ---- top_k ---------------------------------------------------------------------------------------------------------------- */

/* The best class that is not taken yet: a NaN, else the largest, the first of equal ones. */
static int64_t take_best(const double *z, bool *taken, int64_t classes)
{
    int64_t best = -1;
    for (int64_t c = 0; c < classes; c++) {
        if (taken[c]) continue;
        if (best < 0 || (isnan(z[c]) && !isnan(z[best])) || z[c] > z[best]) best = c;
    }
    taken[best] = true;
    return best;
}

void expect_top_k(const struct rows *b)
{
    const struct argument *any = &b->stage->argument[rows_has(b, ROLE_INDEX) ? ROLE_INDEX : ROLE_BEST];
    const int64_t k = b->count == 0 ? 0 : argument_elements(any) / b->count;
    quad *room = quads_new(2 * b->classes);
    for (int64_t row = 0; row < b->count && k * b->classes < 200000; row++) {
        double *z = rows_numbers(b, ROLE_INPUT, row);
        bool *taken = calloc((size_t)b->classes, sizeof *taken);
        const bool none = has_no_probabilities(z, b->classes);
        const struct reference r = none ? (struct reference){ .classes = 0 } : reference_of_doubles(z, b->classes, room);
        for (int64_t i = 0; i < k && taken != NULL; i++) {
            const int64_t at = (row / b->inner * k + i) * b->inner + row % b->inner, best = take_best(z, taken, b->classes);
            if (rows_has(b, ROLE_INDEX) && answer_integer(b->stage, ROLE_INDEX, at) != best)
                flaw("place %lld of row %lld is class %lld, expected %lld", (long long)i, (long long)row,
                     (long long)answer_integer(b->stage, ROLE_INDEX, at), (long long)best);
            if (!rows_has(b, ROLE_BEST)) continue;
            if (none)
                expect_stored(b, ROLE_BEST, at, (quad)NAN, 0);
            else
                expect_log_probability(b, ROLE_BEST, at, &r, best);
        }
        free(taken);
        free(z);
    }
    free(room);
}

/* ---- logsumexp and log --------------------------------------------------------------------------------------------------- */

void expect_logsumexp(const struct rows *b)
{
    quad *room = quads_new(2 * b->classes);
    for (int64_t row = 0; row < b->count; row++) {
        double *z = rows_numbers(b, ROLE_INPUT, row);
        double sum = 0;
        for (int64_t c = 0; c < b->classes; c++) sum += isnan(z[c]) || z[c] == (double)INFINITY ? z[c] : 0;
        if (sum != 0) {
            expect_stored(b, ROLE_LOSS, row, (quad)sum, 0);
        } else if (has_no_probabilities(z, b->classes)) {
            expect_stored(b, ROLE_LOSS, row, -(quad)INFINITY, 0);
        } else {
            const struct reference r = reference_of_doubles(z, b->classes, room);
            const quad lse = r.max + r.log1p_rest;
            const bool wide = b->dtype == XENT_F64;
            const double own = (wide ? 0x1p-51 : 0x1.6a09e6p-25) * (double)r.log1p_rest +
                               (wide ? 0x1p-1063 : 0x1p-190) * (double)(1 + b->classes);
            expect_stored(b, ROLE_LOSS, row, lse, own + places(b, ROLE_LOSS, lse, 1));
        }
        free(z);
    }
    free(room);
}

void expect_log(const struct rows *b)
{
    for (int64_t i = 0; i < b->count; i++) {
        const double x = argument_number(&b->stage->argument[ROLE_INPUT], i);
        const quad exact = isnan(x) || x < 0 ? (quad)NAN : x == 0 ? -(quad)INFINITY : quad_log((quad)x);
        const bool number = x > 0 && !isinf(x);
        expect_stored(b, ROLE_OUTPUT, i, exact, number ? places(b, ROLE_OUTPUT, exact, b->dtype == XENT_F64 ? 4 : 2) : 0);
    }
}
