/* The losses of rows by blocks of their logits: where a block has all classes, by the drive of xent_cross_entropy, in the logits' place;
 * where it has a tile of them, by those of partial rows, whose states meet in the row's own tree. */
#include <assert.h>

#include "args/check.h"
#include "ops/linear_run.h"
#include "ops/loss_check.h"
#include "ops/loss_plan.h"

/* ---- A block's share ---------------------------------------------------------------------------------------------- */

static struct xent_tensor cut(const struct xent_tensor *tensor, struct xent_linear_block block)
{
    const struct xent_linear_span spans[2] = { block.rows, block.classes };
    struct xent_tensor piece = *tensor;
    piece.numel = 1;
    for (int32_t d = 0; d < piece.ndim; d++) {
        piece.shape[d] = spans[d].count;
        piece.numel *= spans[d].count;
        if (spans[d].from > 0) piece.data = (char *)piece.data + (ptrdiff_t)spans[d].from * piece.step[d];
    }
    return piece;
}

/* One number for all rows is one for each of them. */
static struct xent_tensor cut_upstream(const struct xent_loss *loss, struct xent_linear_block block)
{
    struct xent_tensor piece = *loss->grad_loss;
    if (loss->options.reduction != XENT_REDUCTION_NONE) {
        piece.ndim = 1;
        piece.step[0] = 0;
    }
    return cut(&piece, block);
}

static struct xent_tensor dense(xent_dtype dtype, void *data, int64_t rows, int64_t columns)
{
    const size_t size = xent_element_size(dtype);
    return (struct xent_tensor){
        .dtype = dtype,
        .ndim = 2,
        .floating = true,
        .shape = { rows, columns },
        .strides = { columns, 1 },
        .step = { (ptrdiff_t)((size_t)columns * size),
                  (ptrdiff_t)size }, /* where that is no address there is no memory either */
        .numel = rows * columns,
        .size = size,
        .data = data,
    };
}

static void cut_loss(const struct xent_linear_run *run, struct xent_linear_block block, struct xent_linear_piece *piece)
{
    struct xent_loss *loss = &piece->slice.stats.loss;
    xent_slice_init(&piece->slice, NULL, NULL, NULL, NULL);
    *loss = run->call->loss;
    piece->logits = dense(run->real, run->logits, block.rows.count, block.classes.count);
    piece->target = cut(loss->target, block);
    loss->logits = &piece->logits;
    loss->target = &piece->target;
    if (loss->options.row_weight != NULL) {
        piece->row_weight = cut(loss->options.row_weight, block);
        loss->options.row_weight = &piece->row_weight;
    }
    if (loss->grad_loss != NULL) {
        piece->grad_loss = cut_upstream(loss, block);
        loss->grad_loss = &piece->grad_loss;
    }
    loss->options.reduction = XENT_REDUCTION_NONE;
}

static void place_losses(const struct xent_linear_run *run, struct xent_linear_span rows, struct xent_linear_piece *piece)
{
    double *data = rows.from == 0 ? run->losses : run->losses + rows.from;
    piece->losses = dense(XENT_F64, data, rows.count, 1);
    piece->losses.ndim = 1;
    piece->slice.stats.loss.loss = &piece->losses;
}

static void end_plan(const struct xent_linear_run *run, struct xent_linear_piece *piece)
{
    piece->drive.parallel.caller = run->caller;
    xent_drive_lay_out(&piece->drive);
    assert(run->drive == NULL || piece->drive.arena.bytes <= run->drive_bytes);
    piece->drive.arena.memory = run->drive;
}

/* ---- Whole rows --------------------------------------------------------------------------------------------------- */

static void plan_rows(const struct xent_linear_run *run, struct xent_linear_span rows)
{
    const struct xent_linear_block block = { rows, xent_linear_all_classes(run) };
    struct xent_linear_piece *piece = run->piece;
    struct xent_loss *loss = &piece->slice.stats.loss;
    cut_loss(run, block, piece);
    loss->grad_logits = xent_linear_has_gradient(run->call) ? &piece->logits : NULL;
    if (loss->loss != NULL) place_losses(run, rows, piece);
    xent_loss_plan_walk(loss);
    xent_cross_entropy_plan(loss, run->settings, &piece->drive);
    loss->divisor = run->call->loss.divisor;
    end_plan(run, piece);
}

/* ---- Tiles of classes --------------------------------------------------------------------------------------------- */

static struct xent_linear_block block_of(const struct xent_linear_run *run, struct xent_linear_span rows, int32_t tile)
{
    const xent_shard *shard = &run->shards[tile];
    return (struct xent_linear_block){ rows, { shard->first, shard->classes } };
}

static void plan_states(const struct xent_linear_run *run, struct xent_linear_span rows, int32_t tile, xent_partial *to)
{
    struct xent_linear_piece *piece = run->piece;
    struct xent_loss *loss = &piece->slice.stats.loss;
    cut_loss(run, block_of(run, rows, tile), piece);
    loss->loss = NULL;
    loss->shard = &run->shards[tile];
    piece->slice.has_target = loss->rule.indices;
    piece->slice.partials = to;
    xent_loss_plan_walk(loss);
    xent_partial_reduce_operation.plan(&piece->slice, run->settings, &piece->drive);
    end_plan(run, piece);
}

static void plan_merge(const struct xent_linear_run *run, struct xent_linear_span rows)
{
    struct xent_linear_piece *piece = run->piece;
    piece->merge = (struct xent_merge){
        .parts = run->tiles, .shards = run->shards, .partials = run->partials, .rows = rows.count, .whole = run->whole
    };
    xent_partial_merge_operation.plan(&piece->merge, run->settings, &piece->drive);
    end_plan(run, piece);
}

static void plan_finish(const struct xent_linear_run *run, struct xent_linear_span rows)
{
    struct xent_linear_piece *piece = run->piece;
    struct xent_loss *loss = &piece->slice.stats.loss;
    cut_loss(run, (struct xent_linear_block){ rows, xent_linear_all_classes(run) }, piece);
    place_losses(run, rows, piece);
    loss->shard = &run->shards[0];
    piece->slice.whole = run->whole;
    xent_loss_plan_walk(loss);
    xent_partial_finish_operation.plan(&piece->slice, run->settings, &piece->drive);
    end_plan(run, piece);
}

/* ---- Both --------------------------------------------------------------------------------------------------------- */

static void drive(const struct xent_linear_run *run) { (void)xent_drive_run(&run->piece->drive); }

static xent_status make_logits(struct xent_linear_run *run, struct xent_linear_block block)
{
    xent_linear_begin_logits(run, block);
    return xent_linear_multiply(run, XENT_PRODUCT_LOGITS, block);
}

static xent_status find_by_tiles(struct xent_linear_run *run, struct xent_linear_span rows)
{
    xent_partial *states = run->states;
    for (int32_t tile = 0; tile < run->tiles; tile++) {
        XENT_TRY(make_logits(run, block_of(run, rows, tile)));
        run->partials[tile] = states;
        plan_states(run, rows, tile, states);
        drive(run);
        states += (ptrdiff_t)(rows.count * xent_shard_states(&run->shards[tile]));
    }
    plan_merge(run, rows);
    drive(run);
    plan_finish(run, rows);
    drive(run);
    return XENT_OK;
}

xent_status xent_linear_find_losses(struct xent_linear_run *run, struct xent_linear_span rows)
{
    if (run->tiles > 1) return find_by_tiles(run, rows);
    XENT_TRY(make_logits(run, (struct xent_linear_block){ rows, xent_linear_all_classes(run) }));
    plan_rows(run, rows);
    drive(run);
    return XENT_OK;
}

/* ---- Memory ------------------------------------------------------------------------------------------------------- */

static size_t larger(size_t bytes, const struct xent_linear_run *run)
{
    const size_t these = run->piece->drive.arena.bytes;
    return these > bytes ? these : bytes;
}

/* Of so many rows; the last tile alone may have other classes than the first. */
static size_t bytes_of(const struct xent_linear_run *run, int64_t count)
{
    const struct xent_linear_span rows = { 0, count };
    size_t bytes = 0;
    if (run->tiles == 1) {
        plan_rows(run, rows);
        return larger(bytes, run);
    }
    plan_states(run, rows, 0, NULL);
    bytes = larger(bytes, run);
    plan_states(run, rows, run->tiles - 1, NULL);
    bytes = larger(bytes, run);
    plan_merge(run, rows);
    bytes = larger(bytes, run);
    plan_finish(run, rows);
    return larger(bytes, run);
}

size_t xent_linear_drive_bytes(const struct xent_linear_run *run)
{
    const size_t first = bytes_of(run, run->block_rows),
                 last = bytes_of(run, run->block_rows == 0 ? 0 : run->call->rows % run->block_rows);
    return first > last ? first : last;
}
