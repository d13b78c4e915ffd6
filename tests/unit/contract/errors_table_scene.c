#include <stdlib.h>
#include <string.h>

#include "errors_table.h"

const char *const thing_names[THINGS] = {
    "takes no input",        "takes no upstream gradient",
    "takes no target",       "takes no weights",
    "takes no grad_loss",    "takes no loss",
    "has no output",         "takes no options",
    "takes no axis",         "gives no divisor",
    "makes no tensor",       "takes no shape",
    "takes no strides",      "takes no data",
    "takes no tensor alone", "takes no name",
    "takes no number",       "takes no callback",
};

/* Each operand's own memory, with room on both sides for what lies over its edges. Zero would be a good target and a good weight:
   whatever is not set is this pattern instead, in doubles a small negative number, in indices a huge one. */
enum { SLOT = ROWS * CLASSES * 8 + 256, EDGE = 128, PATTERN = 0xA5 };
static union {
    double align;
    unsigned char slots[OPERANDS + 1][SLOT]; /* one more: what is put over the end of the last one goes on there */
} arena;

static unsigned char before[sizeof arena.slots];

/* ---- A call in which nothing is wrong ---------------------------------------------------------------------------------- */

/* Shape (rows, classes), without the 0 ones; the class axis is the slow one, so that a row has to be copied. */
static struct operand operand_of(enum thing self, xent_dtype dtype, int64_t rows, int64_t classes)
{
    struct operand o = { .dtype = dtype, .over = self };
    if (rows > 0) {
        o.shape[o.ndim] = rows;
        o.strides[o.ndim++] = 1;
    }
    if (classes > 0) {
        o.shape[o.ndim] = classes;
        o.strides[o.ndim++] = rows > 0 ? rows : 1;
    }
    return o;
}

static int has_classes(const struct function *f) { return strcmp(f->kind, "class indices") == 0; }

void scene_begin(struct scene *s, const struct function *f)
{
    const xent_options defaults = XENT_OPTIONS_INIT;
    memset(s, 0, sizeof *s);
    s->given.options = defaults;
    s->given.options.reduction = XENT_REDUCTION_NONE;
    s->axis = 1;
    s->number = 2;
    s->name = "scalar";
    s->divisor = 7;
    s->operands[INPUT] = operand_of(INPUT, XENT_F64, ROWS, CLASSES);
    s->operands[UPSTREAM] = operand_of(UPSTREAM, XENT_F64, ROWS, CLASSES);
    s->operands[TARGET] = has_classes(f) ? operand_of(TARGET, XENT_I64, ROWS, 0) : operand_of(TARGET, XENT_F64, ROWS, CLASSES);
    s->operands[WEIGHT] = operand_of(WEIGHT, XENT_F64, 0, CLASSES);
    s->operands[GRAD_LOSS] = operand_of(GRAD_LOSS, XENT_F64, ROWS, 0);
    s->operands[LOSS] = operand_of(LOSS, XENT_F64, ROWS, 0);
    s->operands[OUTPUT] = operand_of(OUTPUT, XENT_F64, ROWS, strcmp(f->name, "xent_logsumexp") == 0 ? 0 : CLASSES);
    s->made = operand_of(INPUT, XENT_F64, ROWS, CLASSES);
}

/* ---- Building ---------------------------------------------------------------------------------------------------------- */

static unsigned char *memory_of(const struct scene *s, enum thing thing)
{
    const struct operand *o = &s->operands[thing];
    return o->over == thing ? arena.slots[thing] + EDGE : memory_of(s, o->over) + o->past_over;
}

static void build(struct scene *s, const struct function *f)
{
    memset(arena.slots, PATTERN, sizeof arena.slots);
    for (int i = 0; i < OPERANDS; i++) {
        const struct operand *o = &s->operands[i];
        if (!(f->takes & TAKES(i)) || (s->absent & TAKES(i))) continue;
        if (o->read_only)
            expect_ok(
                xent_tensor_wrap_const(&s->tensors[i], o->dtype, o->ndim, o->shape, o->strides, memory_of(s, (enum thing)i)));
        else
            expect_ok(xent_tensor_wrap(&s->tensors[i], o->dtype, o->ndim, o->shape, o->strides, memory_of(s, (enum thing)i)));
    }
    s->given.options.class_weight = s->tensors[WEIGHT];
    if (s->tensors[WEIGHT] != NULL && s->operands[WEIGHT].dtype == XENT_F64) {
        double *weights = (double *)(void *)memory_of(s, WEIGHT);
        for (int c = 0; c < CLASSES; c++) weights[c] = s->bad_value_of_weight && c == 7 ? -1 : 1;
    }
    if (s->tensors[TARGET] != NULL && has_classes(f)) {
        int64_t *classes = (int64_t *)(void *)memory_of(s, TARGET);
        classes[0] = 3;
        classes[1] = s->bad_value_of_target ? CLASSES : 4;
    }
    if (f->takes & TAKES(TENSOR) && !(s->absent & TAKES(TENSOR))) {
        if (s->owner)
            expect_ok(xent_tensor_create(&s->handle, XENT_F64, 2, s->made.shape));
        else
            s->handle = tensor_over(XENT_F64, 2, s->made.shape, arena.slots[OUTPUT]);
    }
    if (f->takes & TAKES(OUT)) s->handle = (xent_tensor *)(void *)arena.slots; /* to be replaced */
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
    memory_refuse(s->no_memory);
    const xent_status status = f->call(s);
    memory_refuse(0);
    *changed = what_changed(s, f, status, data, backend, threads);
    for (int i = 0; i < OPERANDS; i++) xent_tensor_destroy(s->tensors[i]);
    if (f->takes & TAKES(TENSOR) || (f->takes & TAKES(OUT) && status == XENT_OK)) xent_tensor_destroy(s->handle);
    return status;
}
