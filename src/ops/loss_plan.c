/* How the rows of a loss go and what memory they need: decided once, after the checks. What both losses share, and cross entropy's. */
#include "ops/loss_plan.h"

#include "ops/divisor.h"
#include "ops/loss_tile.h"
#include "ops/side_by_side.h"
#include "run/tuning.h"

void xent_loss_plan(struct xent_loss *loss, const struct xent_settings *settings, const struct xent_row_steps *steps,
                    int64_t work, struct xent_drive *drive)
{
    const struct xent_tensor *logits = loss->logits;
    int64_t classes = logits->shape[loss->axis];
    xent_row_type_init(&loss->type, logits, classes, settings->kernels);
    loss->class_weight = loss->options.class_weight;
    loss->dense = !loss->rule.indices || loss->options.label_smoothing != 0;
    loss->knows_sums = false;
    loss->terms_place = XENT_TERMS_NOWHERE;
    loss->copy = loss->prepared = loss->coef = loss->terms = XENT_NOWHERE;
    loss->tile_slopes = loss->tile_targets = loss->tile_coef = loss->tile_weights = XENT_NOWHERE;
    xent_drive_init(drive, loss, steps, &loss->type, &loss->walk);
    xent_parallel_plan(&drive->parallel, settings, loss->options.num_threads, loss->walk.count, xent_chunk_count(classes),
                       work);
    if (loss->loss == NULL) return;
    drive->results = loss->options.reduction == XENT_REDUCTION_NONE ? XENT_RESULTS_APART : XENT_RESULTS_SUMMED;
    drive->result = loss->loss;
    drive->result_operand = XENT_LOSS_LOSS;
}

void xent_loss_find_divisor(struct xent_loss *loss)
{
    const xent_options *options = &loss->options;
    struct xent_divisor_rows rows;
    loss->divisor = options->reduction != XENT_REDUCTION_MEAN ? 1 : options->normalizer;
    if (loss->divisor != 0) return;
    rows = (struct xent_divisor_rows){ .target = loss->target,
                                       .rule = &loss->rule,
                                       .class_weight = options->class_weight,
                                       .row_weight = options->row_weight,
                                       .walk = &loss->walk,
                                       .target_operand = XENT_LOSS_TARGET,
                                       .weight_operand = XENT_LOSS_ROW_WEIGHT,
                                       .counted = loss->counted,
                                       .kernels = loss->type.backend };
    loss->divisor = xent_divisor_of(&rows);
}

/* Bytes for a chunk's coefficients: one number where all classes have the same. */
size_t xent_loss_coef_bytes(const struct xent_loss *loss)
{
    bool equal = loss->rule.indices && loss->options.class_weight == NULL;
    return (equal ? 1 : xent_chunk_most(loss->type.classes)) * sizeof(double);
}

/* Terms that have a place of their own take no more memory than one row would, unless the stack has it. */
static int64_t block_of(const struct xent_loss *loss)
{
    size_t on_stack = XENT_ARENA_LOCAL / 2 / (xent_arena_padded(xent_terms_size(&loss->type)) + 1);
    int64_t rows = XENT_BLOCK;
    if (loss->grad_logits == NULL) return rows;
    if (loss->type.classes > XENT_BLOCK_CLASSES / rows) rows = XENT_BLOCK_CLASSES / loss->type.classes;
    if (xent_terms_are_apart(loss->terms_place) && rows > (int64_t)on_stack) rows = (int64_t)on_stack;
    return rows < 1 ? 1 : rows;
}

void xent_loss_plan_memory(struct xent_loss *loss, struct xent_drive *drive)
{
    const struct xent_row_type *type = &loss->type;
    bool gradient = loss->grad_logits != NULL, in_place = gradient && loss->grad_logits->data == loss->logits->data;
    bool gathered = !xent_lines_are_contiguous(loss->logits, loss->axis);
    bool scattered = gradient && !xent_lines_are_contiguous(loss->grad_logits, loss->axis);
    size_t chunk = xent_chunk_most(type->classes);
    if (gathered || scattered || (loss->dense && in_place))
        loss->copy = xent_arena_need(&drive->task_bytes, chunk * type->size);
    if (xent_row_is_prepared(type)) loss->prepared = xent_arena_need(&drive->task_bytes, chunk * type->real_size);
    if (loss->dense) loss->coef = xent_arena_need(&drive->task_bytes, xent_loss_coef_bytes(loss));
    if (xent_terms_are_apart(loss->terms_place)) loss->terms = xent_arena_need(&drive->row_bytes, xent_terms_size(type));
}

static void plan_tiles(struct xent_loss *loss, struct xent_drive *drive)
{
    const struct xent_row_type *type = &loss->type;
    bool gradient = loss->grad_logits != NULL;
    drive->tiled = gradient ? &xent_loss_gradient_tile_steps : &xent_loss_tile_steps;
    xent_loss_tile_memory(loss, &drive->task_bytes);
    if (gradient && type->softcap != 0)
        loss->tile_slopes = xent_arena_need(&drive->task_bytes, (size_t)type->classes * XENT_TILE * type->real_size);
}

/* For a few rows they are not worth a pass of their own. */
void xent_loss_sum_coefficients(struct xent_loss *loss)
{
    const struct xent_row_type *type = &loss->type;
    const struct xent_coefficients coefficients = { .class_weight = loss->class_weight, .uniform = xent_loss_uniform(loss) };
    bool same = loss->dense && loss->rule.indices && coefficients.class_weight != NULL;
    if (!same || loss->walk.count < XENT_ROWS_TO_SUM || xent_chunk_count(type->classes) > XENT_SUMMED_CHUNKS) return;
    loss->knows_sums = xent_coefficient_sums(&coefficients, type->backend,
                                             xent_row_is_prepared(type) ? type->real : type->dtype, type->classes, loss->sums);
}

void xent_loss_plan_rows(struct xent_loss *loss, bool tiled, struct xent_drive *drive)
{
    bool gradient = loss->grad_logits != NULL;
    if (gradient)
        loss->terms_place =
            xent_terms_of(&loss->type, loss->logits, loss->grad_logits, loss->axis, loss->type.softcap != 0, !tiled);
    if (!tiled) xent_loss_sum_coefficients(loss);
    xent_loss_plan_memory(loss, drive);
    drive->keeps_chunks = gradient;
    if (tiled)
        plan_tiles(loss, drive);
    else
        drive->block = block_of(loss);
}

void xent_cross_entropy_plan(void *call, const struct xent_settings *settings, struct xent_drive *drive)
{
    struct xent_loss *loss = call;
    const struct xent_row_steps *steps =
        loss->grad_logits == NULL ? &xent_cross_entropy_steps : &xent_cross_entropy_gradient_steps;
    bool tiled;
    xent_loss_plan(loss, settings, steps, loss->logits->numel, drive);
    xent_loss_find_divisor(loss);
    if (loss->options.logit_scale != 1 || loss->options.softcap != 0)
        xent_row_type_scale(&loss->type, loss->options.logit_scale, loss->options.softcap);
    if (loss->walk.count == 0) return;
    tiled = xent_rows_go_side_by_side(loss->logits, loss->axis, &loss->walk, XENT_LOSS_LOGITS, loss->rule.indices ? 1 : 2);
    xent_loss_plan_rows(loss, tiled, drive);
}
