/* What operations answer to an output that is read-only, or over something. */
#include "errors_table_words.h"

static bool may_be_in_place(const struct function *f, enum role output, enum role other)
{
    return output == ROLE_OUTPUT && f->operation->in_place & ROLE_BIT(other);
}

static struct cell over_cell(const struct function *f, const struct column *c)
{
    const char *name = name_of(f, c->role), *other = name_of(f, c->other);
    const bool place = may_be_in_place(f, c->role, c->other);
    if (c->variant == 5 && (!place || operation_places(f->operation) < 2)) return never("there is one place");
    if (place)
        return reported(XENT_ERROR_OVERLAP, "%s overlaps %s but is not in its place: data, dtype, shape and strides must agree",
                        name, other);
    return reported(XENT_ERROR_OVERLAP, "%s overlaps %s", name, other);
}

struct cell cell_of_output(const struct function *f, const struct column *c)
{
    const char *name = name_of(f, c->role);
    switch (c->check) {
    case READ_ONLY:
        if (!role_rules[c->role].output) return allowed("it is only read");
        if (c->variant == 1 && !may_be_in_place(f, c->role, ROLE_INPUT)) return never("not in place");
        return reported(XENT_ERROR_INVALID_ARGUMENT, "%s is read-only (made by xent_tensor_wrap_const), expected an output",
                        name);
    case OVER_ITSELF:
        return reported(XENT_ERROR_OVERLAP, "%s overlaps itself: by its strides, elements may share memory", name);
    case OVER: return over_cell(f, c);
    case IN_PLACE:
        if (!may_be_in_place(f, c->role, c->other)) return never("not in place");
        return c->variant == 1 && operation_places(f->operation) < 2 ? never("there is one place") : allowed("in place");
    default:
        if (role_rules[c->role].extent != EXTENT_TABLE || role_rules[c->other].extent != EXTENT_TABLE)
            return never("its values would be those of another operand");
        return allowed("inputs may overlap");
    }
}
