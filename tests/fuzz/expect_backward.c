/* softmax_backward and log_softmax_backward. */
#include <math.h>
#include <stdlib.h>

#include "expect.h"

/* An entry whose parts are of this size together. What the header bounds are rows of numbers that are probabilities. */
static void expect_entry(const struct rows *b, int64_t at, quad exact, quad size, double besides)
{
    const struct precision *a = arithmetic_of(b->dtype);
    const double allowed = (b->dtype == XENT_F64 ? 8 : 4) * a->unit * (double)size + a->tiny + besides;
    if (b->dtype == a->dtype)
        expect_stored(b, ROLE_OUTPUT, at, exact, (double)size + allowed >= a->largest / 2 ? (double)INFINITY : allowed);
    else
        expect_rounded(b, ROLE_OUTPUT, at, exact, allowed);
}

/* In F64, where sums are beyond the largest number or products below the smallest. */
static double besides(const struct rows *b, quad sizes, double factor)
{
    const double classes = (double)b->classes;
    if (b->dtype != XENT_F64) return 0;
    return (sizes > (quad)precision_f64.largest ? classes * 0x1p-1070 : 0) + factor * classes * 0x1p-1074;
}

/* Whether a row's first numbers are probabilities, or logarithms of some. */
static bool are_probabilities(const double *p, int64_t classes, double low, double high)
{
    for (int64_t c = 0; c < classes; c++)
        if (p[c] < low || p[c] > high) return false;
    return true;
}

void expect_softmax_backward(const struct rows *b)
{
    for (int64_t row = 0; row < b->count; row++) {
        double *p = rows_numbers(b, ROLE_INPUT, row), *g = rows_numbers(b, ROLE_UPSTREAM, row);
        quad sum = 0, size = 0;
        for (int64_t c = 0; c < b->classes; c++) {
            if (g[c] == 0) continue;
            sum += (quad)p[c] * (quad)g[c];
            size += quad_abs((quad)p[c] * (quad)g[c]);
        }
        for (int64_t c = 0; c < b->classes && are_probabilities(p, b->classes, 0, 1); c++)
            expect_entry(b, rows_at(b, row, c), (quad)p[c] * ((quad)g[c] - sum), (quad)p[c] * (quad_abs((quad)g[c]) + size),
                         besides(b, size, fabs(p[c])));
        free(p);
        free(g);
    }
}

void expect_log_softmax_backward(const struct rows *b)
{
    for (int64_t row = 0; row < b->count; row++) {
        double *logp = rows_numbers(b, ROLE_INPUT, row), *g = rows_numbers(b, ROLE_UPSTREAM, row);
        quad sum = 0, size = 0;
        for (int64_t c = 0; c < b->classes; c++) {
            sum += (quad)g[c];
            size += quad_abs((quad)g[c]);
        }
        for (int64_t c = 0; c < b->classes && are_probabilities(logp, b->classes, -(double)INFINITY, 0); c++) {
            const bool lost = size == (quad)INFINITY && logp[c] < (b->dtype == XENT_F64 ? -1508 : -1400);
            const quad p = lost ? 0 : quad_exp((quad)logp[c]);
            expect_entry(b, rows_at(b, row, c), (quad)g[c] - p * sum, quad_abs((quad)g[c]) + p * size, besides(b, size, 0));
        }
        free(logp);
        free(g);
    }
}
