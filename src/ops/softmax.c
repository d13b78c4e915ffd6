#include "ops/softmax.h"

#include <math.h>

#include "args/element.h"

enum { WALK_Z, WALK_OUT };

/* What is known of a row after its first pass. */
struct record {
    struct xent_state state;
    double log1p_rest;
};

static void plan_scratch(struct xent_softmax *softmax, bool per_class)
{
    struct xent_row_shape *shape = &softmax->shape;
    struct xent_scratch *scratch = &softmax->scratch;
    bool gathered = !xent_row_is_contiguous(shape, softmax->z->step[softmax->axis]);
    bool scattered = per_class && !xent_row_is_contiguous(shape, softmax->out->step[softmax->axis]);
    size_t classes = (size_t)shape->classes, chunk = classes < XENT_CHUNK ? classes : XENT_CHUNK;
    xent_scratch_none(scratch);
    if (softmax->walk.count == 0) return;
    xent_scratch_need_record(scratch, &softmax->parallel, sizeof(struct record));
    if (gathered || scattered) xent_scratch_need(scratch, &scratch->logits, chunk * shape->size);
    if (softmax->kind != XENT_SOFTMAX) return;
    shape->streams = !scattered && softmax->out->data != softmax->z->data &&
                     xent_row_streams(shape, (size_t)softmax->out->numel * shape->size);
    if (scattered || shape->streams || shape->real != shape->dtype)
        xent_scratch_need_terms(scratch, &softmax->parallel, shape, 1);
    xent_scratch_need_chunks(scratch, &softmax->parallel, shape, 1);
}

xent_status xent_softmax_plan(struct xent_softmax *softmax, const struct xent_settings *settings)
{
    bool per_class = softmax->kind != XENT_LOGSUMEXP;
    const struct xent_operand operands[] = {
        [WALK_Z] = { softmax->z, softmax->axis }, [WALK_OUT] = { softmax->out, per_class ? softmax->axis : XENT_NO_AXIS }
    };
    xent_row_shape_init(&softmax->shape, softmax->z, softmax->z->shape[softmax->axis], settings->kernels);
    xent_walk_plan(&softmax->walk, operands, 2);
    xent_parallel_plan(&softmax->parallel, settings, 0, softmax->walk.count, softmax->shape.classes, softmax->z->numel);
    plan_scratch(softmax, per_class);
    return xent_scratch_allocate(&softmax->scratch, &softmax->parallel);
}

/* One row between its passes. */
struct row {
    struct xent_line z, out;
    char *terms; /* NULL: softmax alone has them */
    char *lse;   /* where logsumexp's result belongs */
};

static struct row row_at(const struct xent_softmax *softmax, const struct xent_position *position,
                         const struct xent_row_scratch *scratch)
{
    struct row row = { .z = xent_line_of(softmax->z, softmax->axis, position->offset[WALK_Z]) };
    if (softmax->kind == XENT_LOGSUMEXP) {
        row.lse = (char *)softmax->out->data + position->offset[WALK_OUT];
        return row;
    }
    row.out = xent_line_of(softmax->out, softmax->axis, position->offset[WALK_OUT]);
    if (softmax->kind == XENT_SOFTMAX) row.terms = scratch->terms != NULL ? scratch->terms : row.out.at;
    return row;
}

/* Without classes, and where all are -inf, the logarithm's sum is 0; +inf stays, and a NaN is in `rest`. */
static void finish(const struct xent_softmax *softmax, const struct row *row, struct record *record)
{
    softmax->shape.kernels->real->log1p(&record->state.rest, &record->log1p_rest, 1);
    if (softmax->kind == XENT_LOGSUMEXP)
        xent_store_float(softmax->out->dtype, row->lse, record->state.max + record->log1p_rest);
}

static void write_span(const struct xent_softmax *softmax, const struct row *row, const struct record *record,
                       const struct xent_row_scratch *scratch, struct xent_span span)
{
    static const struct xent_row_gradient plain = { 1, 1, 0, NULL, -1, 0 };
    const struct xent_row_shape *shape = &softmax->shape;
    if (!xent_state_is_finite(&record->state))
        xent_row_fill(shape, &row->out, (double)NAN, span);
    else if (softmax->kind == XENT_SOFTMAX)
        xent_row_write(shape, &record->state, &plain, &row->z, row->terms, &row->out, scratch, span);
    else
        xent_row_log_probs(shape, &row->z, record->state.max, record->log1p_rest, &row->out, scratch, span);
}

static void run_rows(void *job, int64_t task, int64_t from, int64_t to)
{
    const struct xent_softmax *softmax = job;
    struct xent_row_scratch scratch = xent_scratch_of(&softmax->scratch, task);
    struct xent_position position;
    xent_walk_seek(&softmax->walk, from, &position);
    for (; from < to; from++, xent_walk_next(&softmax->walk, &position)) {
        struct row row = row_at(softmax, &position, &scratch);
        struct record record = { .state = { .max = -(double)INFINITY } };
        if (softmax->shape.classes > 0) record.state = xent_row_reduce(&softmax->shape, &row.z, NULL, row.terms, &scratch);
        finish(softmax, &row, &record);
        if (softmax->kind != XENT_LOGSUMEXP) write_span(softmax, &row, &record, &scratch, xent_row_all(&softmax->shape));
    }
}

/* ---- Shared rows --------------------------------------------------------------------------------------------------------- */

static struct row shared_row(const struct xent_softmax *softmax, int64_t shared, const struct xent_row_scratch *scratch)
{
    struct xent_position position;
    xent_walk_seek(&softmax->walk, softmax->walk.count - softmax->parallel.shared + shared, &position);
    return row_at(softmax, &position, scratch);
}

static void first_pass(void *job, int64_t task, int64_t shared, struct xent_span span)
{
    const struct xent_softmax *softmax = job;
    struct xent_row_scratch scratch = xent_scratch_shared(&softmax->scratch, task, shared);
    struct row row = shared_row(softmax, shared, &scratch);
    xent_row_reduce_span(&softmax->shape, &row.z, NULL, row.terms, &scratch, span);
}

static void between(void *job, int64_t shared)
{
    const struct xent_softmax *softmax = job;
    struct xent_row_scratch scratch = xent_scratch_shared(&softmax->scratch, 0, shared);
    struct row row = shared_row(softmax, shared, &scratch);
    struct record *record = xent_scratch_record(&softmax->scratch, shared);
    record->state = xent_row_merge(&softmax->shape, scratch.chunks);
    finish(softmax, &row, record);
}

static void second_pass(void *job, int64_t task, int64_t shared, struct xent_span span)
{
    const struct xent_softmax *softmax = job;
    struct xent_row_scratch scratch = xent_scratch_shared(&softmax->scratch, task, shared);
    struct row row = shared_row(softmax, shared, &scratch);
    write_span(softmax, &row, xent_scratch_record(&softmax->scratch, shared), &scratch, span);
}

void xent_softmax_run(struct xent_softmax *softmax)
{
    struct xent_passes passes = { run_rows, NULL, first_pass, between, softmax->kind == XENT_LOGSUMEXP ? NULL : second_pass };
    if (softmax->out->numel > 0) xent_parallel_run(&softmax->parallel, &passes, softmax);
    xent_scratch_free(&softmax->scratch);
}
