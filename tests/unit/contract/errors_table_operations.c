/* What operations answer, from what the table of operations says that they take. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors_table_words.h"
#include "support/problem.h"

/* ---- Words ------------------------------------------------------------------------------------------------------------- */

/* "(2, 3000)" */
static const char *shape_text(const struct operand *o, char text[TEXT_SIZE])
{
    size_t used = (size_t)snprintf(text, TEXT_SIZE, "(");
    for (int32_t d = 0; d < o->ndim; d++)
        used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s%lld", d > 0 ? ", " : "", (long long)o->shape[d]);
    (void)snprintf(text + used, TEXT_SIZE - used, ")");
    return text;
}

/* The operand that has the class axis; of class indices without logits none has. */
static enum role holder_of_classes(const struct function *f)
{
    return function_takes(f, ROLE_INPUT) ? ROLE_INPUT : function_takes(f, ROLE_PROBABILITIES) ? ROLE_PROBABILITIES : ROLES;
}

/* ---- NULL, options ----------------------------------------------------------------------------------------------------- */

static struct cell options_cell(const struct function *f, enum check check)
{
    static const char *const texts[CHECKS] = {
        [OPTIONS_SIZE] = "options->struct_size is 8, expected # (sizeof(xent_options)) to 4096",
        [OPTIONS_TAIL] = "options: byte 4000 of 4096 is 3, expected 0: a field that this version does not know",
        [OPTIONS_REDUCTION] = "options->reduction is 3, expected 0 (MEAN), 1 (SUM) or 2 (NONE)",
        [OPTIONS_SMOOTHING] = "options->label_smoothing is 1.5, expected a number in [0, 1]",
        [OPTIONS_Z_LOSS] = "options->z_loss is -0.25, expected a finite number >= 0",
        [OPTIONS_SCALE] = "options->logit_scale is 0, expected a number in [1e-30, 1e30]",
        [OPTIONS_SOFTCAP] = "options->softcap is -30, expected 0 (off) or a number in [1e-30, 1e30]",
        [OPTIONS_NORMALIZER] = "options->normalizer is -2, expected 0 (automatic) or a finite number > 0",
        [OPTIONS_THREADS] = "options->num_threads is 5000, expected 0 (as set for the process) to 4096",
        [OPTIONS_RESERVED] = "options->reserved is 1, expected 0",
        [USED_SMOOTHING] = "options->label_smoothing is 0.5, expected 0: it has no meaning for log-probabilities",
        [USED_Z_LOSS] = "options->z_loss is 0.25, expected 0: it has no meaning for log-probabilities",
        [USED_SCALE] = "options->logit_scale is 2, expected 1: it has no meaning for log-probabilities",
        [USED_SOFTCAP] = "options->softcap is 30, expected 0: it has no meaning for log-probabilities",
    };
    if (f->operation->options == OPTIONS_NONE) return never("takes no options");
    if (check == OPTIONS_IGNORE_INDEX) return allowed("any number may be ignored");
    if (check >= USED_SMOOTHING && f->operation->options == OPTIONS_ALL) return allowed("in range");
    if (check >= USED_SCALE && f->operation->options == OPTIONS_OF_LOGITS) return allowed("in range");
    if (check >= USED_SMOOTHING && f->operation->pair)
        return reported(XENT_ERROR_INVALID_ARGUMENT, "options->*, expected 0: a divergence has no*");
    return reported(XENT_ERROR_INVALID_ARGUMENT, "%s", texts[check]);
}

static struct cell null_cell(const struct function *f, const struct column *c)
{
    if (c->check == NULL_OPTIONS)
        return f->operation->options == OPTIONS_NONE ? never("takes no options") : allowed("it means the defaults");
    if (c->check == NULL_DIVISOR)
        return f->operation->divisor ? reported(XENT_ERROR_INVALID_ARGUMENT, "divisor is NULL") : never("gives no divisor");
    if (f->operation->optional & ROLE_BIT(c->role)) return allowed("it may be left out");
    return reported(XENT_ERROR_INVALID_ARGUMENT, "%s is NULL", name_of(f, c->role));
}

/* ---- Element types, ranks, axis, shapes -------------------------------------------------------------------------------- */

/* Whose dtype and shape an output has. */
static enum role like(const struct function *f, enum role r)
{
    return f->operation->pair && r == ROLE_OUTPUT ? ROLE_UPSTREAM : ROLE_INPUT;
}

static struct cell dtype_cell(const struct function *f, const struct column *c, const struct scene *s)
{
    const char *name = name_of(f, c->role), *found = dtype_name(s->operands[c->role].dtype);
    if (c->role == ROLE_CLASSES || c->role == ROLE_PROBABILITIES) return never("its dtype says what kind of target it is");
    if (f->operation->pair && c->role == ROLE_UPSTREAM && c->variant != 1 && function_takes(f, ROLE_OUTPUT))
        return never("the output would be of another dtype, which is that one's fault");
    /* the variant 1 of three is an integer dtype, the two of other operands are */
    if (operation_elements(f->operation, c->role) != role_rules[c->role].elements && c->variant != 1)
        return allowed("any floating dtype will do");
    if (operation_elements(f->operation, c->role) != ELEMENTS_OF_INPUT)
        return reported(XENT_ERROR_DTYPE, "%s has dtype %s, expected %s", name, found,
                        role_rules[c->role].elements == ELEMENTS_INDEX ? "I64 or I32" : "a floating one");
    return reported(XENT_ERROR_DTYPE, "%s has dtype %s, expected %s, that of %s", name, found,
                    dtype_name(s->operands[like(f, c->role)].dtype), name_of(f, like(f, c->role)));
}

static struct cell axis_cell(const struct function *f, const struct column *c, const struct scene *s)
{
    const enum role holder = holder_of_classes(f);
    if (!f->operation->axis) return c->check == RANK_ZERO ? allowed("it has no axis") : never("takes no axis");
    if (holder == ROLES) return allowed("class indices without logits: it is not looked at");
    if (c->check == RANK_ZERO)
        return reported(XENT_ERROR_SHAPE, "%s has rank 0, expected 1 to 8: it has no class axis", name_of(f, holder));
    return reported(XENT_ERROR_SHAPE, "axis is %d, expected -2 to 1: %s has rank 2", (int)s->axis, name_of(f, holder));
}

static struct cell no_classes_cell(const struct function *f)
{
    const enum role holder = holder_of_classes(f);
    if (holder == ROLES || (!operation_takes_target(f->operation) && !function_takes(f, ROLE_BEST)))
        return allowed("there is nothing to write, or nothing to add up");
    return reported(XENT_ERROR_SHAPE, "%s has no classes: axis 1 has extent 0, expected at least 1", name_of(f, holder));
}

/* The batch shape: the input's without its axis, the last one. */
static const char *batch_text(const struct scene *s) { return s->operands[ROLE_INPUT].ndim == 1 ? "()" : "(2)"; }

/* "the logits", or the argument's name. */
static const char *phrase(const char *input) { return strcmp(input, "logits") == 0 ? "the logits" : input; }

static struct cell target_shape_cell(const struct function *f, const struct scene *s, enum role role, bool probabilities)
{
    char found[TEXT_SIZE], logits[TEXT_SIZE];
    shape_text(&s->operands[role], found);
    if (probabilities)
        return reported(XENT_ERROR_SHAPE, "target has shape %s, expected %s, that of %s, for probabilities", found,
                        shape_text(&s->operands[ROLE_INPUT], logits), phrase(name_of(f, ROLE_INPUT)));
    return reported(XENT_ERROR_SHAPE, "target has shape %s, expected %s, the batch shape, for class indices", found,
                    batch_text(s));
}

static struct cell weight_shape_cell(const struct function *f, const struct column *c, const struct scene *s)
{
    char found[TEXT_SIZE];
    if (holder_of_classes(f) != ROLES)
        return reported(XENT_ERROR_SHAPE, "class_weight has shape %s, expected (%d), one for each class",
                        shape_text(&s->operands[ROLE_WEIGHT], found), (int)CLASSES);
    if (c->variant == 1) return never("the weights tell how many classes there are");
    return reported(XENT_ERROR_SHAPE, "class_weight has rank 2, expected 1: one weight for each class");
}

/* Of weights and statistics of rows. Without logits the target has the batch shape, or says what it is. */
static struct cell batch_shape_cell(const struct function *f, enum role role, const struct scene *s)
{
    char found[TEXT_SIZE];
    shape_text(&s->operands[role], found);
    return reported(XENT_ERROR_SHAPE, "%s has shape %s, expected %s, the batch shape", name_of(f, role), found, batch_text(s));
}

static struct cell row_shape_cell(const struct function *f, const struct column *c, const struct scene *s)
{
    static const char *const reductions[] = { "MEAN", "SUM", "NONE" };
    const struct operand *o = &s->operands[c->role];
    const char *name = name_of(f, c->role);
    const bool reduces = c->variant >= 3 && c->variant < 6; /* the reduction is not NONE */
    char found[TEXT_SIZE];
    shape_text(o, found);
    if (f->operation->options == OPTIONS_NONE)
        return reduces ? never("it reduces nothing")
                       : reported(XENT_ERROR_SHAPE, "%s has shape %s, expected %s, that of %s without the axis", name, found,
                                  batch_text(s), name_of(f, ROLE_INPUT));
    if (!reduces)
        return reported(XENT_ERROR_SHAPE, "%s has shape %s, expected %s, the batch shape, for reduction NONE", name, found,
                        batch_text(s));
    return reported(XENT_ERROR_SHAPE, "%s has %lld elements, expected exactly 1, for reduction %s", name,
                    o->ndim == 0 ? 1 : (long long)o->shape[0], reductions[s->given.options.reduction]);
}

static struct cell best_shape_cell(const struct function *f, const struct column *c, const struct scene *s)
{
    const struct operand *o = &s->operands[c->role], *model = &s->operands[c->variant < 4 ? ROLE_INPUT : ROLE_INDEX];
    char found[TEXT_SIZE], expected[TEXT_SIZE];
    if (o == model) return reported(XENT_ERROR_SHAPE, "index has extent * along axis 1, expected 1 to 1024");
    return reported(XENT_ERROR_SHAPE, "%s has shape %s, expected %s, that of %s", name_of(f, c->role), shape_text(o, found),
                    shape_text(model, expected), c->variant < 4 ? "z, with k in place of the classes" : "index");
}

static struct cell shape_cell(const struct function *f, const struct column *c, const struct scene *s)
{
    char found[TEXT_SIZE], model[TEXT_SIZE];
    if (c->role == holder_of_classes(f)) return never("others have to fit its shape");
    if (c->role == ROLE_CLASSES && holder_of_classes(f) == ROLES) return never("any shape will do");
    if (c->role == ROLE_CLASSES || c->role == ROLE_PROBABILITIES) return target_shape_cell(f, s, c->role, f->probabilities);
    if (c->role == ROLE_WEIGHT) return weight_shape_cell(f, c, s);
    if (role_rules[c->role].extent == EXTENT_ROWS) return batch_shape_cell(f, c->role, s);
    if (c->role == ROLE_INDEX || c->role == ROLE_BEST) return best_shape_cell(f, c, s);
    if (role_rules[c->role].extent != EXTENT_TABLE) return row_shape_cell(f, c, s);
    const char *input = name_of(f, like(f, c->role));
    return reported(XENT_ERROR_SHAPE, "%s has shape %s, expected %s, that of %s", name_of(f, c->role),
                    shape_text(&s->operands[c->role], found), shape_text(&s->operands[like(f, c->role)], model), phrase(input));
}

static struct cell kind_cell(const struct function *f, const struct scene *s)
{
    if (!operation_takes_target(f->operation)) return never("takes no target");
    if (operation_kinds_of_target(f->operation) == 1) return never("another dtype is refused: unit/contract/kl_div.c");
    if (function_takes(f, ROLE_RANK)) return never("a rank refuses the other dtype (contract/row_stats)");
    if (!function_takes(f, ROLE_INPUT)) return never("there are no logits that it could be compared with");
    return target_shape_cell(f, s, f->probabilities ? ROLE_PROBABILITIES : ROLE_CLASSES, !f->probabilities);
}

/* ---- Cells ------------------------------------------------------------------------------------------------------------- */

static struct cell value_cell(const struct function *f, const struct column *c, const struct scene *s)
{
    if (c->check == VALUE_WEIGHT && function_takes(f, ROLE_WEIGHT))
        return reported(XENT_ERROR_INVALID_ARGUMENT, "class_weight[%d] = %g, expected a finite number >= 0", (int)BAD_WEIGHT,
                        s->weight);
    if (c->check == VALUE_ROW_WEIGHT && function_takes(f, ROLE_ROW_WEIGHT))
        return reported(XENT_ERROR_INVALID_ARGUMENT, "row_weight[1] = %g, expected a finite number >= 0", s->row_weight);
    if (c->check == VALUE_TARGET && function_takes(f, ROLE_CLASSES))
        return reported(XENT_ERROR_TARGET, "target[1] = %d is outside [0, %d)", (int)CLASSES, (int)CLASSES);
    return never("takes none, or takes them as they are");
}

static struct cell machine_cell(const struct function *f, enum check check)
{
    if (check == BACKEND)
        return reported(XENT_ERROR_UNSUPPORTED, "XENT_BACKEND is \"turbo\", which is not usable here; available: *scalar");
    if (check == THREADS)
        return reported(XENT_ERROR_UNSUPPORTED, "XENT_NUM_THREADS is \"many\"; available: 1 to 4096, and 0 for the default");
    if (f->operation->memory[f->probabilities] == MEMORY_NONE) return allowed("it needs no memory to work in");
    return reported(XENT_ERROR_NO_MEMORY, "* bytes of working memory could not be allocated");
}

static bool is_of_operand(enum check check)
{
    return check == NULL_OPERAND || check == DTYPE || check == SHAPE || (check >= READ_ONLY && check <= INPUTS_OVER);
}

struct cell cell_of_operation(const struct function *f, const struct column *c, const struct scene *s)
{
    const bool over = c->check == OVER || c->check == IN_PLACE || c->check == INPUTS_OVER;
    if (is_of_operand(c->check) && !function_takes(f, c->role)) return never("takes no such operand");
    if (over && !function_takes(f, c->other)) return never("takes no such other operand");
    if (c->check >= OPTIONS_SIZE && c->check <= USED_SOFTCAP) return options_cell(f, c->check);
    switch (c->check) {
    case NULL_OPERAND:
    case NULL_OPTIONS:
    case NULL_DIVISOR: return null_cell(f, c);
    case DTYPE: return dtype_cell(f, c, s);
    case RANK_ZERO:
    case AXIS_RANGE: return axis_cell(f, c, s);
    case KIND_OF_TARGET: return kind_cell(f, s);
    case SHAPE: return shape_cell(f, c, s);
    case NO_CLASSES: return no_classes_cell(f);
    case VALUE_WEIGHT:
    case VALUE_ROW_WEIGHT:
    case VALUE_TARGET: return value_cell(f, c, s);
    case BACKEND:
    case THREADS:
    case MEMORY: return machine_cell(f, c->check);
    default: return cell_of_output(f, c);
    }
}
