/* Negative log likelihood of log-probabilities: a sum of coefficient * -logp, for a class index of one such product, which needs no
 * pass over the row. Its gradient does not depend on logp at all. */
#include <math.h>

#include "kernels/formulas.h"
#include "ops/loss_plan.h"
#include "ops/loss_tile.h"
#include "ops/side_by_side.h"
#include "rows/write.h"
#include "run/tuning.h"

static struct xent_buffers buffers_of(const struct xent_loss *loss, char *task_memory)
{
    return (struct xent_buffers){ .copy = xent_arena_at(task_memory, loss->copy),
                                  .coef = xent_arena_at(task_memory, loss->coef) };
}

static void begin(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row)
{
    const struct xent_loss *loss = call;
    (void)memory;
    row->in = xent_line_of(loss->logits, loss->axis, position->offset[XENT_LOSS_LOGITS]);
    xent_loss_read_target(loss, position, row);
    xent_loss_read_logit(loss, row);
    if (loss->grad_logits == NULL) return;
    row->out = xent_line_of(loss->grad_logits, loss->axis, position->offset[XENT_LOSS_GRAD]);
    row->factor = xent_loss_factor(loss, position, row->weight);
}

static void reduce(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to)
{
    const struct xent_loss *loss = call;
    struct xent_buffers buffers = buffers_of(loss, task_memory);
    const struct xent_line *t = &row->coefficients.per_class;
    int64_t from = chunk * XENT_CHUNK;
    size_t n = xent_chunk_size(loss->type.classes, from);
    if (row->coefficients.class_weight != NULL || t->dtype != loss->type.dtype || !t->contiguous) {
        xent_row_dot(&loss->type, &row->in, &row->coefficients, &buffers, chunk, to);
        return;
    }
    /* the same sum, of products that need no coefficients in double */
    to->state = (struct xent_state){ .max = 0 };
    to->state.gap =
        0 - loss->type.kernels->dot(xent_chunk_read(&row->in, from, n, buffers.copy, false), xent_class_at(t, from), n);
}

/* As gaps from a maximum of 0; never -0.0. */
static void finish(const void *call, struct xent_row *rows, size_t count)
{
    (void)call;
    for (size_t i = 0; i < count; i++) {
        double of_target = gap_of(rows[i].target_coef, 0, rows[i].at_target);
        rows[i].result = rows[i].ignored ? 0 : xent_loss_weighted(rows[i].state.gap + of_target, rows[i].weight);
    }
}

static void write_entry(const struct xent_loss *loss, const struct xent_row *row, double coef, int64_t class_index)
{
    xent_row_store(&loss->type, xent_nll_entry(loss, row->factor, coef), xent_class_at(&row->out, class_index));
}

static void write(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span)
{
    const struct xent_loss *loss = call;
    struct xent_buffers buffers = buffers_of(loss, task_memory);
    if (row->ignored) {
        xent_row_fill(&loss->type, row, 0, span);
        return;
    }
    if (loss->rule.indices) {
        bool here = row->target / XENT_CHUNK >= span.from && row->target / XENT_CHUNK < span.to;
        xent_row_fill(&loss->type, row, 0, span);
        if (here) write_entry(loss, row, row->target_coef, row->target);
        return;
    }
    for (int64_t from = span.from * XENT_CHUNK; from < span.to * XENT_CHUNK; from += XENT_CHUNK) {
        size_t n = xent_chunk_size(loss->type.classes, from);
        struct xent_chunk_coef coef = xent_chunk_coefficients(&row->coefficients, loss->type.backend, from, n, buffers.coef);
        for (size_t i = 0; i < n; i++) write_entry(loss, row, coef.at[i * coef.step], from + (int64_t)i);
    }
}

static const struct xent_row_steps loss_of_indices = { .begin = begin, .finish = finish };
static const struct xent_row_steps loss_of_probabilities = { .begin = begin, .reduce = reduce, .finish = finish };
static const struct xent_row_steps gradient = { .begin = begin, .write = write };

/* Of class indices whatever the rows are, since at most one element of each is read or is not 0. */
static void plan_way(struct xent_loss *loss, struct xent_drive *drive)
{
    if (loss->rule.indices && loss->grad_logits == NULL) {
        drive->find = xent_nll_find_of_indices;
    } else if (loss->rule.indices) {
        if (loss->type.classes > INT32_MAX) return; /* more than a tile has indices for */
        drive->tiled = &xent_nll_index_gradient_tile_steps;
    } else if (xent_rows_go_side_by_side(loss->logits, loss->axis, &loss->walk, XENT_LOSS_LOGITS, 2)) {
        drive->tiled = &xent_nll_probability_tile_steps;
        xent_loss_tile_memory(loss, &drive->task_bytes);
    }
}

static void plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_loss *loss = call;
    bool forward = loss->grad_logits == NULL, indices = loss->rule.indices;
    const struct xent_row_steps *steps = !forward ? &gradient : indices ? &loss_of_indices : &loss_of_probabilities;
    xent_loss_plan(loss, settings, steps, forward && indices ? loss->walk.count : loss->logits->numel, drive);
    xent_loss_find_divisor(loss);
    if (loss->walk.count == 0) return;
    drive->block = forward ? XENT_BLOCK : 1;
    if (forward && !indices && !xent_lines_are_contiguous(loss->logits, loss->axis))
        loss->copy = xent_arena_need(&drive->task_bytes, xent_chunk_most(loss->type.classes) * loss->type.size);
    if (!indices) loss->coef = xent_arena_need(&drive->task_bytes, xent_loss_coef_bytes(loss));
    if (forward || indices) plan_way(loss, drive);
}

static xent_status check(void *call)
{
    static const struct xent_loss_kind kind = { "logp", "grad_logp", "that of logp", "that of logp, for probabilities", true };
    struct xent_loss *loss = call;
    loss->kind = &kind;
    return xent_loss_check(loss);
}

const struct xent_operation xent_nll_operation = { .check = check, .plan = plan, .end = xent_loss_end };
