/* The natural logarithm, element by element: a second pass alone. */
#include "ops/log.h"

#include "args/check.h"

enum { LOG_X, LOG_OUT, LOG_OPERANDS };
_Static_assert(LOG_OPERANDS <= XENT_WALK_OPERANDS, "a walk has room for the operands of a logarithm");

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_logarithm *logarithm = call;
    (void)memory;
    row->in = logarithm->run_x;
    row->in.at += position->offset[LOG_X];
    row->out = logarithm->run_out;
    row->out.at += position->offset[LOG_OUT];
}

static void write(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span)
{
    const struct xent_logarithm *logarithm = call;
    void *copy = xent_arena_at(task_memory, logarithm->copy);
    for (int64_t i = span.from; i < span.to; i++) {
        int64_t from = i * XENT_CHUNK;
        size_t n = xent_chunk_size(logarithm->type.classes, from);
        void *to = xent_chunk_place(&row->out, from, copy);
        logarithm->type.kernels->log(xent_chunk_read(&row->in, from, n, copy, false), to, n);
        xent_chunk_put(to, n, &row->out, from);
    }
}

static xent_status check(void *call)
{
    const struct xent_logarithm *logarithm = call;
    const struct xent_tensor *x = logarithm->x, *out = logarithm->out;
    XENT_TRY(xent_check_not_null("x", x));
    XENT_TRY(xent_check_not_null("out", out));
    XENT_TRY(xent_check_floating("x", x));
    XENT_TRY(xent_check_same_dtype("out", out, "x", x));
    XENT_TRY(xent_check_shape("out", out, x, XENT_NO_AXIS, "that of x"));
    XENT_TRY(xent_check_output("out", out));
    return xent_check_apart("out", out, "x", x, true);
}

static struct xent_line run_of(const struct xent_tensor *tensor, ptrdiff_t step, int64_t elements)
{
    return (struct xent_line){
        .at = tensor->data, .step = step, .dtype = tensor->dtype, .contiguous = step == (ptrdiff_t)tensor->size || elements <= 1
    };
}

/* Takes the innermost dimension of the joined walk as the run; a tensor without dimensions is a run of one. */
static void take_run(struct xent_logarithm *logarithm)
{
    struct xent_walk *walk = &logarithm->walk;
    int64_t elements = 1;
    ptrdiff_t step_x = 0, step_out = 0;
    if (walk->count > 0) {
        elements = xent_walk_whole_run(walk);
        step_x = xent_walk_step(walk, LOG_X);
        step_out = xent_walk_step(walk, LOG_OUT);
        walk->ndim -= walk->ndim > 0;
        walk->count = walk->ndim == 0 ? 1 : walk->count / elements;
        xent_walk_end_plan(walk);
    }
    logarithm->type.classes = elements;
    logarithm->run_x = run_of(logarithm->x, step_x, elements);
    logarithm->run_out = run_of(logarithm->out, step_out, elements);
}

static void plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    static const struct xent_row_steps steps = { .begin = begin, .write = write };
    struct xent_logarithm *logarithm = call;
    const struct xent_row_type *type = &logarithm->type;
    const struct xent_operand operands[] = {
        [LOG_X] = { logarithm->x, XENT_NO_AXIS }, [LOG_OUT] = { logarithm->out, XENT_NO_AXIS }
    };
    xent_row_type_init(&logarithm->type, logarithm->x, 1, settings->kernels);
    xent_walk_plan(&logarithm->walk, operands, LOG_OPERANDS);
    take_run(logarithm);
    logarithm->copy = XENT_NOWHERE;
    xent_drive_init(drive, logarithm, &steps, type, &logarithm->walk);
    xent_parallel_plan(&drive->parallel, settings, 0, logarithm->walk.count, xent_chunk_count(type->classes),
                       logarithm->x->numel);
    if (!logarithm->run_x.contiguous || !logarithm->run_out.contiguous)
        logarithm->copy = xent_arena_need(&drive->task_bytes, xent_chunk_most(type->classes) * type->size);
}

const struct xent_operation xent_log_operation = { .check = check, .plan = plan };
