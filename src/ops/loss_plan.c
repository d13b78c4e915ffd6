#include "ops/loss_row.h"
#include "ops/loss_shared.h"

#define TILED_CLASSES 1024 /* a tile of so many stays in the second-level cache */
#define CLASSES_PER_ROW 12 /* a row alone takes as long as this many classes of a tile */
#define SHORT_CLASSES 192  /* of more, a row alone is as fast */
#define ROWS_TOGETHER 6    /* fewer are faster one by one, each copied first */
#define BLOCK_CLASSES 8192 /* the terms of a block's rows stay in a cache until the gradient */

/* The terms take the gradient's place where that can hold them, is not written past the caches, and the logits are not needed again. */
static bool needs_terms(const struct xent_loss *loss, bool in_place, bool scattered)
{
    return scattered || loss->shape.streams || loss->shape.real != loss->shape.dtype || (loss->shape.softcap != 0 && in_place);
}

/* Terms that have a place of their own take no more memory than one row would, unless the stack has it. */
static int64_t block_of(const struct xent_loss *loss, bool terms_apart)
{
    const struct xent_row_shape *shape = &loss->shape;
    size_t stack = XENT_SCRATCH_LOCAL / 2 / (xent_scratch_terms(shape) + 1);
    int64_t rows = XENT_BLOCK;
    if (loss->tiled) return 1;
    if (loss->grad_logits == NULL) return rows;
    if (shape->classes > BLOCK_CLASSES / rows) rows = BLOCK_CLASSES / shape->classes;
    if (terms_apart && rows > (int64_t)stack) rows = (int64_t)stack;
    return rows < 1 ? 1 : rows;
}

static void plan_scratch(struct xent_loss *loss)
{
    struct xent_row_shape *shape = &loss->shape;
    struct xent_scratch *scratch = &loss->scratch;
    size_t chunk = shape->classes < XENT_CHUNK ? (size_t)shape->classes : XENT_CHUNK;
    bool dense = xent_loss_is_dense(loss), from_logits = loss->source == XENT_FROM_LOGITS, gradient = loss->grad_logits != NULL;
    bool in_place = gradient && loss->grad_logits->data == loss->logits->data;
    bool gathered = !xent_row_is_contiguous(shape, loss->logits->step[loss->axis]);
    bool terms_apart, scattered = gradient && !xent_row_is_contiguous(shape, loss->grad_logits->step[loss->axis]);
    shape->streams = gradient && from_logits && !in_place && !scattered && !loss->tiled &&
                     xent_row_streams(shape, (size_t)loss->grad_logits->numel * shape->size);
    xent_scratch_none(scratch);
    if (loss->walk.count == 0) return;
    if ((from_logits || (dense && loss->loss != NULL)) && (gathered || (dense && in_place) || scattered))
        xent_scratch_need(scratch, &scratch->logits, chunk * shape->size);
    if (shape->prepared) xent_scratch_need(scratch, &scratch->prepared, chunk * shape->real_size);
    /* smoothing alone: all classes have the same */
    if (dense) {
        bool equal = loss->rule.indices && loss->options.class_weight == NULL;
        xent_scratch_need(scratch, &scratch->coef, (equal ? 1 : chunk) * sizeof(double));
    }
    if (loss->tiled) xent_scratch_need(scratch, &scratch->tile, (size_t)shape->classes * XENT_TILE * shape->real_size);
    if (loss->parallel.shared > 0) xent_scratch_need_record(scratch, &loss->parallel, xent_loss_shared_record());
    terms_apart = gradient && from_logits && needs_terms(loss, in_place, scattered);
    loss->block = block_of(loss, terms_apart);
    if (!gradient || !from_logits) return;
    if (terms_apart) xent_scratch_need_terms(scratch, &loss->parallel, shape, (size_t)loss->block);
    xent_scratch_need_chunks(scratch, &loss->parallel, shape, (size_t)loss->block);
}

/* Rows side by side: where they are short, and where neighbours in memory are of neighbouring rows instead of classes; unless a run
   has so few that most lanes would be idle. */
static bool is_tiled(const struct xent_loss *loss)
{
    const struct xent_row_shape *shape = &loss->shape;
    const struct xent_walk *walk = &loss->walk;
    bool scattered = !xent_row_is_contiguous(shape, loss->logits->step[loss->axis]);
    bool side_by_side = scattered && xent_walk_step(walk, XENT_WALK_LOGITS) == (ptrdiff_t)shape->size;
    int64_t run = walk->ndim == 0 ? 1 : walk->extent[walk->ndim - 1];
    if (loss->source != XENT_FROM_LOGITS || shape->prepared || xent_loss_is_dense(loss) || shape->classes < 1) return false;
    return side_by_side ? shape->classes <= TILED_CLASSES && run >= ROWS_TOGETHER
                        : shape->classes <= SHORT_CLASSES && shape->classes <= CLASSES_PER_ROW * run;
}

xent_status xent_loss_plan(struct xent_loss *loss, const struct xent_settings *settings)
{
    const struct xent_tensor *logits = loss->logits;
    int64_t work;
    xent_row_shape_init(&loss->shape, logits, logits->shape[loss->axis], settings->kernels);
    xent_row_shape_prepare(&loss->shape, loss->options.logit_scale, loss->options.softcap);
    loss->tiled = is_tiled(loss);
    work = logits->numel;
    if (loss->source == XENT_FROM_LOG_PROBS && loss->rule.indices && loss->grad_logits == NULL) work = loss->walk.count;
    xent_parallel_plan(&loss->parallel, settings, loss->options.num_threads, loss->walk.count, loss->shape.classes, work);
    plan_scratch(loss);
    return xent_scratch_allocate(&loss->scratch, &loss->parallel);
}
