/* Makes a call's tensors and memory, calls, and looks for what has changed. */
#include <stdlib.h>
#include <string.h>

#include "errors_table.h"
#include "unit/allocations.h"

/* Each operand's own memory, with room on both sides for what lies over its edges. Zero would be a good target and a good weight:
   whatever is not set is this pattern instead, in doubles a small negative number, in indices a huge one. Around each output lie slots
   that are nobody's: another operand may be put over either of its ends. */
enum { SLOT = ROWS * CLASSES * 8 + 256, EDGE = 128, PATTERN = 0xA5, SLOTS = 2 * ROLES + 1 };
static union {
    double align;
    unsigned char slots[SLOTS][SLOT];
} arena;

static unsigned char before[sizeof arena.slots];

static int slot_of(enum role role)
{
    int slot = 0;
    for (int r = 0; r <= (int)role; r++) slot += role_rules[r].output ? 2 : 1;
    return slot;
}

/* ---- A call in which nothing is wrong ---------------------------------------------------------------------------------- */

bool function_takes(const struct function *f, enum role role)
{
    const struct use use = { f->operation, f->probabilities, false, true };
    return f->operation != NULL && use_takes(&use, role);
}

/* The class axis is the slow one, so that a row has to be copied. */
static struct operand operand_of(enum role role)
{
    const enum extent extent = role_rules[role].extent;
    struct operand o = { .dtype = role_is_integer(role) ? XENT_I64 : XENT_F64, .over = role };
    if (extent != EXTENT_CLASSES) {
        o.shape[o.ndim] = ROWS;
        o.strides[o.ndim++] = 1;
    }
    if (extent == EXTENT_CLASSES || extent_has_axis(extent)) {
        o.shape[o.ndim] = extent == EXTENT_BEST ? best_of(CLASSES) : CLASSES;
        o.strides[o.ndim] = o.ndim > 0 ? ROWS : 1;
        o.ndim++;
    }
    return o;
}

void scene_begin(struct scene *s, const struct function *f)
{
    const xent_options defaults = XENT_OPTIONS_INIT;
    (void)f;
    memset(s, 0, sizeof *s);
    s->given.options = defaults;
    s->given.options.reduction = XENT_REDUCTION_NONE;
    s->axis = 1;
    s->number = 2;
    s->name = "scalar";
    s->weight = s->row_weight = 1;
    s->divisor = 7;
    for (int role = 0; role < ROLES; role++) s->operands[role] = operand_of((enum role)role);
    s->made = operand_of(ROLE_INPUT);
}

void *scene_memory(enum role role) { return arena.slots[slot_of(role)] + EDGE; }

/* ---- Building ---------------------------------------------------------------------------------------------------------- */

static unsigned char *memory_of(const struct scene *s, enum role role)
{
    const struct operand *o = &s->operands[role];
    return (o->over == role ? arena.slots[slot_of(role)] + EDGE : memory_of(s, o->over)) + o->past_over;
}

static void build_operand(struct scene *s, enum role role)
{
    const struct operand *o = &s->operands[role];
    void *memory = memory_of(s, role);
    if (o->read_only)
        expect_ok(xent_tensor_wrap_const(&s->tensors[role], o->dtype, o->ndim, o->shape, o->strides, memory));
    else
        expect_ok(xent_tensor_wrap(&s->tensors[role], o->dtype, o->ndim, o->shape, o->strides, memory));
}

/* Over the memory of an operand that may be read-only to the library. */
static xent_tensor *writable(const struct scene *s, enum role role)
{
    const struct operand *o = &s->operands[role];
    return tensor_strided(o->dtype, o->ndim, o->shape, o->strides, memory_of(s, role));
}

/* Behind a bad weight comes another one. */
static void build_weights(const struct scene *s)
{
    xent_tensor *weight = writable(s, ROLE_WEIGHT);
    for (int64_t c = 0; c < xent_tensor_numel(weight); c++)
        tensor_set(weight, c, c == BAD_WEIGHT ? s->weight : c == BAD_WEIGHT + 1 && s->weight != 1 ? -2 : 1);
    xent_tensor_destroy(weight);
}

static void build_row_weights(const struct scene *s)
{
    xent_tensor *weight = writable(s, ROLE_ROW_WEIGHT);
    for (int64_t row = 0; row < xent_tensor_numel(weight); row++) tensor_set(weight, row, row == 1 ? s->row_weight : 1);
    xent_tensor_destroy(weight);
}

static void build_classes(const struct scene *s)
{
    xent_tensor *classes = writable(s, ROLE_CLASSES);
    for (int64_t row = 0; row < xent_tensor_numel(classes); row++)
        tensor_set(classes, row, row == 1 && s->bad_target ? CLASSES : 3 + (double)row);
    xent_tensor_destroy(classes);
}

static void build(struct scene *s, const struct function *f)
{
    memset(arena.slots, PATTERN, sizeof arena.slots);
    for (int role = 0; role < ROLES; role++)
        if (function_takes(f, (enum role)role) && !(s->absent_roles & ROLE_BIT(role))) build_operand(s, (enum role)role);
    if (s->tensors[ROLE_WEIGHT] != NULL) build_weights(s);
    if (s->tensors[ROLE_CLASSES] != NULL) build_classes(s);
    if (s->tensors[ROLE_ROW_WEIGHT] != NULL) build_row_weights(s);
    s->given.options.class_weight = s->tensors[ROLE_WEIGHT];
    s->given.options.row_weight = s->tensors[ROLE_ROW_WEIGHT];
    if (f->takes & TAKES(TENSOR) && !(s->absent & TAKES(TENSOR))) {
        if (s->owner)
            expect_ok(xent_tensor_create(&s->handle, XENT_F64, 2, s->made.shape));
        else
            s->handle = tensor_over(XENT_F64, 2, s->made.shape, memory_of(s, ROLE_OUTPUT));
    }
    if (f->takes & TAKES(OUT)) s->handle = (xent_tensor *)(void *)arena.slots; /* to be replaced */
}

/* ---- Calling ----------------------------------------------------------------------------------------------------------- */

static xent_status call(struct scene *s, const struct function *f)
{
    struct arguments a = { .axis = s->axis };
    if (f->operation == NULL) return f->call(s);
    memcpy(a.tensor, s->tensors, sizeof a.tensor);
    a.options = s->absent & TAKES(OPTIONS) ? NULL : &s->given.options;
    a.divisor = s->absent & TAKES(DIVISOR) ? NULL : &s->divisor;
    return f->operation->call(&a);
}

static const char *what_changed(const struct scene *s, const struct function *f, xent_status status, const void *data,
                                const char *backend, int32_t threads)
{
    if (memcmp(before, arena.slots, sizeof before) != 0) return "memory";
    if (s->divisor != 7) return "the divisor";
    if (f->takes & TAKES(TENSOR) && xent_tensor_const_data(s->handle) != data) return "the tensor's data";
    if (f->takes & TAKES(OUT) && !(s->absent & TAKES(OUT)) && status != XENT_OK && s->handle != NULL) return "the handle";
    if (backend != xent_backend()) return "the backend";
    if (threads != xent_num_threads()) return "the number of threads";
    return NULL;
}

xent_status scene_call(struct scene *s, const struct function *f, const char **changed)
{
    build(s, f);
    const char *backend = xent_backend();
    const int32_t threads = xent_num_threads();
    const void *data = f->takes & TAKES(TENSOR) ? xent_tensor_const_data(s->handle) : NULL;
    memcpy(before, arena.slots, sizeof before);
    if (s->no_memory) allocations_begin(0);
    const xent_status status = call(s, f);
    (void)allocations_end();
    *changed = what_changed(s, f, status, data, backend, threads);
    for (int role = 0; role < ROLES; role++) xent_tensor_destroy(s->tensors[role]);
    if (f->takes & TAKES(TENSOR) || (f->takes & TAKES(OUT) && status == XENT_OK)) xent_tensor_destroy(s->handle);
    return status;
}
