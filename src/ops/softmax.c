/* softmax, log_softmax and logsumexp: one first pass, and what each makes of a row's state. */
#include "ops/softmax.h"

#include <math.h>

#include "args/check.h"
#include "ops/side_by_side.h"
#include "rows/write.h"
#include "run/tuning.h"

static struct xent_buffers buffers_of(const struct xent_softmax *softmax, char *task_memory)
{
    return (struct xent_buffers){ .copy = xent_arena_at(task_memory, softmax->copy) };
}

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_softmax *softmax = call;
    row->in = xent_line_of(softmax->z, softmax->axis, position->offset[XENT_SOFTMAX_Z]);
    row->terms = NULL;
    if (softmax->kind == XENT_LOGSUMEXP) return;
    row->out = xent_line_of(softmax->out, softmax->axis, position->offset[XENT_SOFTMAX_OUT]);
    if (softmax->terms_place == XENT_TERMS_IN_OUTPUT) row->terms = row->out.at;
    if (xent_terms_are_apart(softmax->terms_place)) row->terms = memory->row + softmax->terms;
}

static void reduce(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to)
{
    const struct xent_softmax *softmax = call;
    struct xent_buffers buffers = buffers_of(softmax, task_memory);
    xent_row_reduce(&softmax->type, row, NULL, &buffers, chunk, to);
}

/* Without classes, and where all are -inf, the logarithm's sum is 0; +inf stays, and a NaN is in `rest`. */
static void finish(const void *call, struct xent_row *rows, size_t count)
{
    const struct xent_softmax *softmax = call;
    double rest[XENT_BLOCK] = { 0 }, log1p_rest[XENT_BLOCK];
    for (size_t i = 0; i < count; i++) rest[i] = rows[i].state.rest;
    softmax->type.kernels->real->log1p(rest, log1p_rest, count);
    for (size_t i = 0; i < count; i++) {
        rows[i].log1p_rest = log1p_rest[i];
        rows[i].result = rows[i].state.max + log1p_rest[i];
    }
}

static bool is_finite_or_filled(const struct xent_softmax *softmax, const struct xent_row *row, struct xent_span span)
{
    bool finite = xent_state_is_finite(&row->state);
    if (!finite) xent_row_fill(softmax->written, row, (double)NAN, span);
    return finite;
}

/* A gradient of factor 1 whose coefficients sum up to 1 and are those of no class. */
static const struct xent_gradient probabilities = { .factor = 1, .coef = 1, .target = -1 };

/* As reals in the terms' place, from where each chunk is rounded to an output of the other real type. */
static void write_by_way_of_reals(const struct xent_softmax *softmax, const struct xent_row *row,
                                  const struct xent_buffers *buffers, struct xent_span span)
{
    const struct xent_row_type reals = xent_row_type_of_reals(&softmax->type);
    struct xent_row in_reals = *row;
    in_reals.out = (struct xent_line){ row->terms, (ptrdiff_t)reals.size, reals.dtype, true };
    xent_row_write(&reals, &in_reals, &probabilities, false, buffers, span);
    for (int64_t i = span.from; i < span.to; i++) {
        int64_t from = i * XENT_CHUNK;
        size_t n = xent_chunk_size(reals.classes, from);
        xent_chunk_convert(reals.backend, reals.dtype, xent_class_at(&in_reals.out, from), n, &row->out, from, buffers->copy);
    }
}

static void write_probabilities(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span)
{
    const struct xent_softmax *softmax = call;
    const struct xent_row_type *written = softmax->written;
    struct xent_buffers buffers = buffers_of(softmax, task_memory);
    if (!is_finite_or_filled(softmax, row, span)) return;
    if (written->real == softmax->type.real)
        xent_row_write(written, row, &probabilities, softmax->terms_place == XENT_TERMS_STREAMED, &buffers, span);
    else
        write_by_way_of_reals(softmax, row, &buffers, span);
}

static void write_log_probabilities(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span)
{
    const struct xent_softmax *softmax = call;
    struct xent_buffers buffers = buffers_of(softmax, task_memory);
    if (!is_finite_or_filled(softmax, row, span)) return;
    if (softmax->written == &softmax->type) {
        xent_row_write_log_probs(&softmax->type, row, &buffers, span);
        return;
    }
    buffers.prepared = xent_arena_at(task_memory, softmax->prepared);
    xent_row_write_converted_log_probs(&softmax->type, row, &buffers, span);
}

/* ---- The operations ------------------------------------------------------------------------------------------------ */

/* Each kind's name for its output, and its steps. A probability needs no logarithm of the row's sum. */
static const struct kind {
    const char *out;
    struct xent_row_steps steps;
} kinds[] = {
    [XENT_SOFTMAX] = { "p", { .begin = begin, .reduce = reduce, .write = write_probabilities } },
    [XENT_LOG_SOFTMAX] = { "logp", { .begin = begin, .reduce = reduce, .finish = finish, .write = write_log_probabilities } },
    [XENT_LOGSUMEXP] = { "out", { .begin = begin, .reduce = reduce, .finish = finish } },
};

static xent_status check(void *call)
{
    struct xent_softmax *softmax = call;
    const struct xent_tensor *z = softmax->z, *out = softmax->out;
    const char *name = kinds[softmax->kind].out;
    bool per_class = softmax->kind != XENT_LOGSUMEXP;
    XENT_TRY(xent_check_not_null("z", z));
    XENT_TRY(xent_check_not_null(name, out));
    XENT_TRY(xent_check_floating("z", z));
    XENT_TRY(xent_check_floating(name, out));
    XENT_TRY(xent_check_axis("z", z, softmax->given_axis, &softmax->axis));
    if (per_class)
        XENT_TRY(xent_check_shape(name, out, z, XENT_NO_AXIS, "that of z"));
    else
        XENT_TRY(xent_check_shape(name, out, z, softmax->axis, "that of z without the axis"));
    XENT_TRY(xent_check_output(name, out));
    return xent_check_apart(name, out, "z", z, per_class);
}

static void plan_memory(struct xent_softmax *softmax, struct xent_drive *drive)
{
    const struct xent_row_type *type = &softmax->type, *written = softmax->written;
    bool gathered = !xent_lines_are_contiguous(softmax->z, softmax->axis);
    bool scattered = softmax->kind != XENT_LOGSUMEXP && !xent_lines_are_contiguous(softmax->out, softmax->axis);
    size_t chunk = xent_chunk_most(type->classes);
    if (gathered || scattered)
        softmax->copy = xent_arena_need(&drive->task_bytes, chunk * (type->size > written->size ? type->size : written->size));
    if (softmax->kind == XENT_LOG_SOFTMAX && written != type)
        softmax->prepared = xent_arena_need(&drive->task_bytes, chunk * sizeof(double));
    if (softmax->kind != XENT_SOFTMAX) return;
    softmax->terms_place = XENT_TERMS_APART;
    if (written->real == type->real)
        softmax->terms_place = xent_terms_of(written, softmax->z, softmax->out, softmax->axis, false, true);
    drive->keeps_chunks = true;
    if (xent_terms_are_apart(softmax->terms_place)) softmax->terms = xent_arena_need(&drive->row_bytes, xent_terms_size(type));
}

/* The log-probabilities of a block look at their logits twice: once for all rows, and again row by row. */
static int64_t block_of(const struct xent_softmax *softmax)
{
    int64_t rows = XENT_BLOCK, classes = softmax->type.classes;
    if (softmax->kind == XENT_SOFTMAX) return 1;
    if (softmax->kind == XENT_LOG_SOFTMAX && classes > XENT_BLOCK_CLASSES / rows) rows = XENT_BLOCK_CLASSES / classes;
    return rows < 1 ? 1 : rows;
}

/* The reals of a tile become elements of their own kind only. */
static bool is_tiled(const struct xent_softmax *softmax)
{
    return softmax->written->real == softmax->type.real &&
           xent_rows_go_side_by_side(softmax->z, softmax->axis, &softmax->walk, XENT_SOFTMAX_Z, 1);
}

static void plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_softmax *softmax = call;
    const struct xent_tensor *z = softmax->z, *out = softmax->out;
    bool per_class = softmax->kind != XENT_LOGSUMEXP;
    int64_t classes = z->shape[softmax->axis], rows;
    const struct xent_operand operands[] = {
        [XENT_SOFTMAX_Z] = { z, softmax->axis }, [XENT_SOFTMAX_OUT] = { out, per_class ? softmax->axis : XENT_NO_AXIS }
    };
    xent_row_type_init(&softmax->type, z, classes, settings->kernels);
    softmax->written = &softmax->type;
    if (per_class && out->dtype != z->dtype) {
        xent_row_type_init(&softmax->converted, out, classes, settings->kernels);
        softmax->written = &softmax->converted;
    }
    xent_walk_plan(&softmax->walk, operands, XENT_SOFTMAX_OPERANDS);
    softmax->terms_place = XENT_TERMS_NOWHERE;
    softmax->copy = softmax->terms = softmax->prepared = XENT_NOWHERE;
    xent_drive_init(drive, softmax, &kinds[softmax->kind].steps, &softmax->type, &softmax->walk);
    drive->written = softmax->written;
    rows = out->numel == 0 ? 0 : softmax->walk.count; /* without classes there may be 2^60 of them, and nothing to write */
    xent_parallel_plan(&drive->parallel, settings, 0, rows, xent_chunk_count(classes), z->numel);
    if (!per_class) {
        drive->results = XENT_RESULTS_APART;
        drive->result = softmax->out;
        drive->result_operand = XENT_SOFTMAX_OUT;
    }
    if (out->numel == 0) return;
    plan_memory(softmax, drive);
    if (is_tiled(softmax))
        drive->tiled = &xent_softmax_tile_steps[softmax->kind];
    else
        drive->block = block_of(softmax);
}

const struct xent_operation xent_softmax_operation = { .check = check, .plan = plan };
