#include "accuracy_reference.h"

struct reference reference_of(const quad *z, int64_t classes, quad *term)
{
    struct reference r = { .z = z, .term = term, .classes = classes };
    for (int64_t c = 1; c < classes; c++) {
        if (z[c] > z[r.first]) r.first = c;
    }
    r.max = z[r.first];
    for (int64_t c = 0; c < classes; c++) {
        /* Equal neighbours are common here, and an exponential in binary128 takes a microsecond. */
        term[c] = c > 0 && z[c] == z[c - 1] ? term[c - 1] : quad_exp(z[c] - r.max);
        if (c != r.first) r.rest += term[c];
    }
    r.log1p_rest = quad_log1p(r.rest);
    r.inverse = 1 / (1 + r.rest);
    return r;
}

struct reference reference_of_doubles(const double *z, int64_t classes, quad *room)
{
    for (int64_t c = 0; c < classes; c++) room[classes + c] = (quad)z[c];
    return reference_of(room + classes, classes, room);
}

quad reference_probability(const struct reference *r, int64_t c) { return r->term[c] * r->inverse; }

quad reference_log_probability(const struct reference *r, int64_t c) { return (r->z[c] - r->max) - r->log1p_rest; }

quad reference_probability_less_one(const struct reference *r, int64_t c)
{
    return c == r->first ? -r->rest * r->inverse : reference_probability(r, c) - 1;
}
