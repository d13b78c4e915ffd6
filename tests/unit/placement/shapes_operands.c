#include "shapes.h"

#include <string.h>

struct shape shape_of(int32_t ndim, int32_t axis, const int64_t *extents)
{
    struct shape s = { ndim, axis, { 0 }, { 0 }, 1, extents[axis], 1 };
    for (int32_t d = 0; d < ndim; d++) {
        s.extents[d] = extents[d];
        if (d == axis) continue;
        s.batch[d - (d > axis)] = extents[d];
        s.rows *= extents[d];
        if (d > axis) s.inner *= extents[d];
    }
    return s;
}

int32_t shape_of_extent(const struct shape *s, enum extent extent, int64_t shape[XENT_MAX_NDIM])
{
    memcpy(shape, extent_has_axis(extent) ? s->extents : s->batch, sizeof s->extents);
    if (extent == EXTENT_CLASSES) shape[0] = s->classes;
    if (extent == EXTENT_BEST) shape[s->axis] = best_of(s->classes);
    return extent_has_axis(extent) ? s->ndim : extent == EXTENT_CLASSES ? 1 : s->ndim - 1;
}

int64_t rows_of(const struct shape *s, enum extent extent) { return extent == EXTENT_CLASSES ? 1 : s->rows; }

int64_t classes_of(const struct shape *s, enum extent extent)
{
    if (extent == EXTENT_BEST) return best_of(s->classes);
    return extent == EXTENT_TABLE || extent == EXTENT_CLASSES ? s->classes : 1;
}

int64_t index_of(const struct shape *s, enum extent extent, int64_t row, int64_t c)
{
    if (extent_has_axis(extent)) return (row / s->inner * classes_of(s, extent) + c) * s->inner + row % s->inner;
    return extent == EXTENT_CLASSES ? c : row;
}

double value_of(enum role role, int64_t row, int64_t c, int64_t classes)
{
    const int64_t i = row * classes + c;
    switch (role) {
    case ROLE_INPUT: return (double)(i * 7 % 29) / 8 - 1;
    case ROLE_UPSTREAM: return (double)(i * 5 % 31) / 8 - 2;
    case ROLE_CLASSES: return row % 5 == 4 ? -100 : (double)(row * 3 % classes);
    case ROLE_PROBABILITIES: return (double)(i * 3 % 11) / 16;
    case ROLE_WEIGHT: return (double)(c % 5) / 4 + 0.5;
    case ROLE_ROW_WEIGHT: return row % 4 == 3 ? 0 : (double)(row % 7) / 8 + 0.25;
    case ROLE_GRAD_LOSS: return (double)(row % 7) / 4 - 0.5;
    default: return 0;
    }
}

void fill(const struct operands *o, const struct shape *s)
{
    for (int role = 0; role < ROLES; role++) {
        const enum extent extent = role_rules[role].extent;
        if (role_rules[role].output) continue;
        for (int64_t row = 0; row < rows_of(s, extent); row++)
            for (int64_t c = 0; c < classes_of(s, extent); c++)
                tensor_set(o->tensor[role], index_of(s, extent, row, c), value_of((enum role)role, row, c, s->classes));
    }
}

xent_status operate(const struct use *u, struct operands *o, int32_t axis)
{
    return use_call(u, o->tensor, axis, XENT_REDUCTION_NONE, &o->divisor);
}

int64_t differences(const struct use *u, const struct operands *got, const struct shape *s, const struct operands *want,
                    const struct shape *s_of_want)
{
    int64_t wrong = u->operation->divisor && memcmp(&got->divisor, &want->divisor, sizeof got->divisor) != 0;
    for (int role = 0; role < ROLES; role++) {
        const enum extent extent = role_rules[role].extent;
        if (!role_rules[role].output || !use_takes(u, (enum role)role)) continue;
        for (int64_t row = 0; row < rows_of(s, extent); row++)
            for (int64_t c = 0; c < classes_of(s, extent); c++)
                wrong += tensor_bits(got->tensor[role], index_of(s, extent, row, c)) !=
                         tensor_bits(want->tensor[role], index_of(s_of_want, extent, row, c));
    }
    return wrong;
}
