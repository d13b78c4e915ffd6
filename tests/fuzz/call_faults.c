#include "call_faults.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "support/problem_operand.h"
#include "support/problem_values.h"

/* A weight where there may be none, or an option that is out of range. */
static void change_option(struct call *c, struct bytes *b)
{
    if (!c->stage.argument[CALL_OPTIONS].given) return;
    if (bytes_chance(b, 9) && !operation_takes(c->operation, ROLE_WEIGHT))
        stage_add(&c->stage, ROLE_WEIGHT, false, XENT_F32, 1, (const int64_t[]){ problem_classes(&c->problem) });
    else
        option_fault(&c->options, b);
}

static void change_size(struct call *c, struct bytes *b)
{
    const bool stats = bytes_chance(b, 2);
    struct argument *a = &c->stage.argument[stats ? CALL_STATS : CALL_OPTIONS];
    if (!a->given) return;
    c->tail = bytes_chance(b, 3);
    if (stats)
        c->stats_size = size_fault(a, sizeof(xent_stats), b);
    else
        c->options.struct_size = size_fault(a, sizeof(xent_options), b);
}

void call_fault(struct call *c, struct bytes *b)
{
    static const int32_t axes[] = { 0, -1, 1, -2, 8, -9, XENT_AXIS_DEFAULT, INT32_MAX };
    switch (bytes_below(b, 9)) {
    case 0: change_option(c, b); break;
    case 1: change_size(c, b); break;
    case 2: stage_miss(&c->stage, c->operation->divisor ? CALL_DIVISOR : CALL_STATS); break;
    case 3:
        c->axis = BYTES_ONE_OF(b, axes);
        if (c->stage.argument[CALL_OPTIONS].given) c->options.axis = c->axis;
        break;
    default: stage_fault(&c->stage, ROLES, b); break;
    }
}

/* ---- What the inputs hold ------------------------------------------------------------------------------------------------ */

typedef void fill(const struct problem *p, void *out);
static fill *const values_of[ROLES] = { [ROLE_INPUT] = fill_logits,       [ROLE_UPSTREAM] = fill_gradient,
                                        [ROLE_CLASSES] = fill_classes,    [ROLE_PROBABILITIES] = fill_probabilities,
                                        [ROLE_WEIGHT] = fill_weights,     [ROLE_ROW_WEIGHT] = fill_row_weights,
                                        [ROLE_GRAD_LOSS] = fill_grad_loss };

/* What a table of values has: as many as the problem's shape says, whatever has become of the argument. */
static int64_t elements_of(const struct problem *p, enum extent extent)
{
    const int64_t classes = problem_classes(p), logits = problem_logits(p);
    if (extent == EXTENT_CLASSES) return classes;
    if (extent == EXTENT_REDUCED && p->reduction != XENT_REDUCTION_NONE) return 1;
    return extent_has_axis(extent) ? logits : logits / classes;
}

static void fill_argument(struct call *c, int role)
{
    const struct argument *a = &c->stage.argument[role];
    struct problem p = c->problem;
    const int64_t n = argument_elements(a);
    const size_t size = xent_dtype_size(a->dtype);
    if (n == 0 || problem_logits(&p) == 0) return;
    const int64_t drawn = elements_of(&p, operation_extent(c->operation, (enum role)role));
    unsigned char *values = memory_new((size_t)(drawn + 1) * sizeof(double));
    if (role == ROLE_INPUT || role == ROLE_UPSTREAM) p.dtype = a->dtype;
    if (role == ROLE_CLASSES || role == ROLE_PROBABILITIES) p.target_dtype = a->dtype;
    if (role == ROLE_WEIGHT) p.weight_dtype = a->dtype;
    if (role == ROLE_ROW_WEIGHT) p.row_weight_dtype = a->dtype;
    if (role == ROLE_GRAD_LOSS) p.grad_loss_dtype = a->dtype;
    if (role_is_integer((enum role)role) == (a->dtype >= XENT_I64))
        values_of[role](&p, values);
    else
        memset(values, 0, (size_t)drawn * sizeof(double)); /* refused, or a target of the other kind */
    for (int64_t i = 0; i < n; i++) memcpy(argument_at(a, i), values + (size_t)(i % drawn) * size, size);
    free(values);
}

static void put_special(const struct argument *a, int64_t i, const struct call *c, struct bytes *b)
{
    static const double special[] = { NAN,   INFINITY, -INFINITY, 0,     -0.0,  1,    -1,  0x1p-149, 0x1p-1074, 3e38,
                                      -3e38, 1.7e308,  -1.7e308,  65504, 1e-30, -100, 100, 720,      -88,       0x1p-24 };
    const int64_t integers[] = { 0,
                                 1,
                                 -1,
                                 -100,
                                 problem_classes(&c->problem),
                                 problem_classes(&c->problem) - 1,
                                 c->options.ignore_index,
                                 INT64_MIN,
                                 INT64_MAX,
                                 127,
                                 255 };
    if (a->dtype <= XENT_BF16)
        argument_store(a, i, BYTES_ONE_OF(b, special));
    else
        argument_store_integer(a, i, BYTES_ONE_OF(b, integers));
}

void call_fill(struct call *c, struct bytes *b)
{
    enum { PLACES = 16 };
    for (int role = 0; role < ROLES; role++)
        if (c->stage.argument[role].given && values_of[role] != NULL) fill_argument(c, role);
    for (int k = 0; k < PLACES && b->left >= 3; k++) {
        const int role = stage_pick(&c->stage, ROLES, b);
        const int64_t at = (int64_t)bytes_number(b, 2);
        const struct argument *a = role < 0 ? NULL : &c->stage.argument[role];
        if (a == NULL || a->output || argument_elements(a) == 0) continue;
        put_special(a, at % argument_elements(a), c, b);
    }
    structs_fill(&c->stage, &c->options, CALL_OPTIONS, c->stats_size, CALL_STATS, c->tail);
}
