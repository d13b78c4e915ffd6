/* How the pairs of rows of a divergence go and what memory they need: decided once, after the checks. */
#include "kernels/divergence.h"
#include "kernels/pair.h"
#include "ops/kl.h"
#include "ops/side_by_side.h"

static void plan_rows(struct xent_kl *kl, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_loss *loss = &kl->loss;
    const struct xent_row_steps *steps = loss->grad_logits == NULL ? &xent_kl_steps : &xent_kl_gradient_steps;
    const int64_t classes = loss->logits->shape[loss->axis];
    xent_pair_type_init(&kl->type, kl->logits_p, loss->logits, classes, loss->options.logit_scale, loss->options.softcap,
                        settings->kernels);
    loss->type = kl->type.type;
    xent_drive_init(drive, kl, steps, &kl->type.type, &loss->walk);
    drive->written = &kl->type.q;
    xent_parallel_plan(&drive->parallel, settings, loss->options.num_threads, loss->walk.count, xent_chunk_count(classes),
                       loss->logits->numel);
    if (loss->loss == NULL) return;
    drive->results = loss->options.reduction == XENT_REDUCTION_NONE ? XENT_RESULTS_APART : XENT_RESULTS_SUMMED;
    drive->result = loss->loss;
    drive->result_operand = XENT_LOSS_LOSS;
}

/* A chunk's terms stay in the task's memory, unless there is a second pass; a row of a tile that goes alone has them there at first. */
static void plan_memory(struct xent_kl *kl, bool tiled, struct xent_drive *drive)
{
    const struct xent_loss *loss = &kl->loss;
    const struct xent_row_type *type = &kl->type.type;
    const size_t chunk = xent_chunk_most(type->classes);
    const bool gradient = loss->grad_logits != NULL;
    const bool scattered = gradient && !xent_lines_are_contiguous(loss->grad_logits, loss->axis);
    if (!xent_lines_are_contiguous(kl->logits_p, loss->axis))
        kl->copy_p = xent_arena_need(&drive->task_bytes, chunk * kl->type.p.size);
    if (scattered || !xent_lines_are_contiguous(loss->logits, loss->axis))
        kl->copy_q = xent_arena_need(&drive->task_bytes, chunk * kl->type.q.size);
    if (!kl->type.direct) kl->real_p = xent_arena_need(&drive->task_bytes, chunk * type->real_size);
    if (!kl->type.direct) kl->real_q = xent_arena_need(&drive->task_bytes, chunk * type->real_size);
    if (!gradient || tiled) kl->chunk_p = xent_arena_need(&drive->task_bytes, chunk * type->real_size);
    if (!gradient || tiled) kl->chunk_q = xent_arena_need(&drive->task_bytes, chunk * type->real_size);
    kl->pairs = xent_arena_need(&drive->row_bytes, (size_t)xent_chunk_count(type->classes) * sizeof(struct xent_chunk_pair));
    if (gradient) kl->terms_p = xent_arena_need(&drive->row_bytes, xent_terms_size(type));
    if (gradient) kl->terms_q = xent_arena_need(&drive->row_bytes, xent_terms_size(type));
}

static void plan_tiles(struct xent_kl *kl, struct xent_drive *drive)
{
    const struct xent_row_type *type = &kl->type.type;
    const bool gradient = kl->loss.grad_logits != NULL;
    const size_t tile = (size_t)type->classes * XENT_TILE * type->real_size;
    drive->tiled = gradient ? &xent_kl_gradient_tile_steps : &xent_kl_tile_steps;
    kl->tile_p = xent_arena_need(&drive->task_bytes, tile);
    kl->tile_terms_p = xent_arena_need(&drive->task_bytes, tile);
    kl->tile_terms_q = xent_arena_need(&drive->task_bytes, tile);
    if (gradient && type->softcap != 0) kl->tile_slopes = xent_arena_need(&drive->task_bytes, tile);
    kl->tile_state_p = xent_arena_need(&drive->task_bytes, sizeof(struct xent_tile));
    kl->tile_divergence = xent_arena_need(&drive->task_bytes, sizeof(struct xent_tile_divergence));
}

void xent_kl_plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_kl *kl = call;
    const struct xent_loss *loss = &kl->loss;
    bool tiled;
    kl->copy_p = kl->copy_q = kl->real_p = kl->real_q = kl->chunk_p = kl->chunk_q = XENT_NOWHERE;
    kl->pairs = kl->terms_p = kl->terms_q = XENT_NOWHERE;
    kl->tile_p = kl->tile_terms_p = kl->tile_terms_q = kl->tile_slopes = XENT_NOWHERE;
    kl->tile_state_p = kl->tile_divergence = XENT_NOWHERE;
    plan_rows(kl, settings, drive);
    if (loss->walk.count == 0) return;
    tiled = kl->type.p.real == kl->type.q.real && kl->type.type.classes <= XENT_PLAIN_CLASSES &&
            xent_rows_go_side_by_side(loss->logits, loss->axis, &loss->walk, XENT_LOSS_LOGITS, 4);
    plan_memory(kl, tiled, drive);
    if (tiled) plan_tiles(kl, drive);
}
