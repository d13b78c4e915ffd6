/* Targets, weights, coefficients and factors of the rows of a loss that go side by side. */
#include <string.h>

#include "ops/loss_plan.h"
#include "ops/loss_tile.h"

/* An ignored row gets class 0, which it always has. dtype is the rule's, a constant where reading an index shall not take a call. */
static inline void read_indices(const struct xent_target_rule *rule, xent_dtype dtype, const char *at, ptrdiff_t step,
                                double hot, struct xent_tile_rows *tile)
{
    const bool may_ignore = rule->may_ignore;
    const int64_t ignore_index = rule->ignore_index;
    const size_t rows = tile->rows;
    size_t ignored_rows = 0;
    if (!may_ignore) {
        for (size_t i = 0; i < rows; i++) tile->state.target[i] = (int32_t)xent_load_index(dtype, at + (ptrdiff_t)i * step);
        for (size_t i = 0; i < rows; i++) tile->state.target_coef[i] = hot;
        for (size_t i = 0; i < rows; i++) tile->ignored[i] = false;
        tile->ignored_rows = 0;
        return;
    }
    for (size_t i = 0; i < rows; i++, at += step) {
        int64_t index = xent_load_index(dtype, at);
        tile->ignored[i] = false;
        tile->state.target[i] = (int32_t)index;
        tile->state.target_coef[i] = hot;
        if (index != ignore_index) continue;
        ignored_rows++;
        tile->ignored[i] = true;
        tile->state.target[i] = 0;
        tile->state.target_coef[i] = 0;
    }
    tile->ignored_rows = ignored_rows;
}

static __attribute__((noinline)) void read_converted_indices(const struct xent_target_rule *rule, const char *at,
                                                             ptrdiff_t step, double hot, struct xent_tile_rows *tile)
{
    read_indices(rule, rule->dtype, at, step, hot, tile);
}

static __attribute__((noinline)) void weigh_targets(const struct xent_tensor *class_weight, struct xent_tile_rows *tile)
{
    double weight[XENT_TILE];
    int64_t index[XENT_TILE];
    for (size_t i = 0; i < tile->rows; i++) index[i] = tile->state.target[i];
    xent_weights_of(class_weight, index, tile->rows, weight);
    for (size_t i = 0; i < tile->rows; i++) tile->state.target_coef[i] *= weight[i];
}

static inline void read_targets(const struct xent_loss *loss, const char *at, ptrdiff_t step, struct xent_tile_rows *tile)
{
    const struct xent_target_rule *rule = &loss->rule;
    const double hot = 1 - loss->options.label_smoothing;
    if (rule->dtype == XENT_I64)
        read_indices(rule, XENT_I64, at, step, hot, tile);
    else
        read_converted_indices(rule, at, step, hot, tile);
    if (loss->options.class_weight != NULL) weigh_targets(loss->options.class_weight, tile);
}

/* Rows of probabilities: no class has a coefficient beside those of all. */
static __attribute__((noinline)) void set_no_targets(struct xent_tile_rows *tile)
{
    tile->ignored_rows = 0;
    for (size_t i = 0; i < tile->rows; i++) {
        tile->ignored[i] = false;
        tile->state.target[i] = 0;
        tile->state.target_coef[i] = 0;
    }
}

/* What their weights change: rows of weight 0 are ignored too. */
static __attribute__((noinline)) void read_row_weights(const struct xent_loss *loss, const struct xent_position *first,
                                                       struct xent_tile_rows *tile)
{
    const struct xent_tensor *weight = loss->options.row_weight;
    const char *at = (const char *)weight->data + first->offset[XENT_LOSS_ROW_WEIGHT];
    xent_gather_doubles(weight->dtype, at, xent_walk_step(&loss->walk, XENT_LOSS_ROW_WEIGHT), tile->rows, tile->weight);
    for (size_t i = 0; i < tile->rows; i++) {
        if (tile->weight[i] != 0 || tile->ignored[i]) continue;
        tile->ignored_rows++;
        tile->ignored[i] = true;
        tile->state.target[i] = 0;
        tile->state.target_coef[i] = 0;
    }
}

/* Where each row has an upstream gradient or a weight of its own. */
static __attribute__((noinline)) void find_factors_of_rows(const struct xent_loss *loss, const struct xent_position *first,
                                                           struct xent_tile_rows *tile)
{
    struct xent_position position = *first;
    ptrdiff_t step = xent_walk_step(&loss->walk, XENT_LOSS_GRAD_LOSS);
    size_t last = tile->rows / XENT_TILE_DOUBLES * XENT_TILE_DOUBLES;
    if (last < tile->rows) memset(tile->factor + last, 0, XENT_TILE_DOUBLES * sizeof tile->factor[0]);
    for (size_t i = 0; i < tile->rows; i++, position.offset[XENT_LOSS_GRAD_LOSS] += step) {
        struct xent_upstream upstream = xent_loss_upstream(loss, &position);
        double weight = loss->options.row_weight == NULL ? 1 : tile->weight[i];
        tile->factor[i] = xent_loss_weighted_factor(loss, &upstream, weight);
    }
}

static inline void find_factors(const struct xent_loss *loss, const struct xent_position *first, struct xent_tile_rows *tile)
{
    if (xent_walk_step(&loss->walk, XENT_LOSS_GRAD_LOSS) != 0 || loss->options.row_weight != NULL) {
        find_factors_of_rows(loss, first, tile);
    } else {
        const double factor = xent_loss_upstream(loss, first).factor;
        const size_t whole = (tile->rows + XENT_TILE_DOUBLES - 1) / XENT_TILE_DOUBLES * XENT_TILE_DOUBLES;
        for (size_t i = 0; i < whole; i++) tile->factor[i] = factor;
    }
}

static inline struct xent_tile_place place_of(const struct xent_loss *loss, const struct xent_position *position,
                                              const struct xent_tensor *tensor, int32_t operand)
{
    return (struct xent_tile_place){ .at = (char *)tensor->data + position->offset[operand],
                                     .row_step = xent_walk_step(&loss->walk, operand),
                                     .class_step = tensor->step[loss->axis] };
}

static __attribute__((noinline)) void prepare_gradient(const struct xent_loss *loss, const struct xent_position *position,
                                                       struct xent_tile_rows *tile)
{
    tile->out = place_of(loss, position, loss->grad_logits, XENT_LOSS_GRAD);
    find_factors(loss, position, tile);
    for (size_t i = 0; i < tile->rows && tile->ignored_rows != 0; i++)
        if (tile->ignored[i]) tile->factor[i] = 0;
}

void xent_loss_tile_begin(const struct xent_loss *loss, const struct xent_position *position, bool with_factors,
                          struct xent_tile_rows *tile)
{
    const char *targets = (const char *)loss->target->data + position->offset[XENT_LOSS_TARGET];
    tile->in = place_of(loss, position, loss->logits, XENT_LOSS_LOGITS);
    if (loss->rule.indices)
        read_targets(loss, targets, xent_walk_step(&loss->walk, XENT_LOSS_TARGET), tile);
    else
        set_no_targets(tile);
    if (loss->options.row_weight != NULL) read_row_weights(loss, position, tile);
    if (with_factors) prepare_gradient(loss, position, tile);
}

/* ---- Coefficients of all classes ---------------------------------------------------------------------------------- */

/* Those that all rows have, which label smoothing makes. */
static struct xent_tile_coef equal_rows(const struct xent_loss *loss, char *memory)
{
    const struct xent_coefficients all = { .class_weight = loss->options.class_weight,
                                           .hot = 1 - loss->options.label_smoothing,
                                           .uniform = xent_loss_uniform(loss) };
    struct xent_chunk_coef coef =
        xent_chunk_coefficients(&all, loss->type.backend, 0, (size_t)loss->type.classes, xent_arena_at(memory, loss->coef));
    return (struct xent_tile_coef){ coef.at, coef.step, 0 };
}

/* The class weights as doubles; NULL without. */
static const double *class_weights(const struct xent_loss *loss, char *memory)
{
    const struct xent_coefficients weights = { .class_weight = loss->options.class_weight, .uniform = 1 };
    if (loss->options.class_weight == NULL) return NULL;
    return xent_chunk_coefficients(&weights, loss->type.backend, 0, (size_t)loss->type.classes,
                                   xent_arena_at(memory, loss->tile_weights))
        .at;
}

void xent_loss_tile_find_coefficients(const struct xent_loss *loss, const struct xent_position *position,
                                      struct xent_tile_rows *tile)
{
    struct xent_tile_place from;
    void *targets;
    double *coef;
    if (loss->rule.indices) {
        tile->coef = equal_rows(loss, tile->memory);
        return;
    }
    from = place_of(loss, position, loss->target, XENT_LOSS_TARGET);
    targets = xent_arena_at(tile->memory, loss->tile_targets);
    coef = xent_arena_at(tile->memory, loss->tile_coef);
    xent_tile_read(&loss->target_type, tile, &from, targets);
    loss->target_type.kernels->real->tile_smooth(targets, tile->rows, (size_t)loss->type.classes,
                                                 1 - loss->options.label_smoothing, xent_loss_uniform(loss),
                                                 class_weights(loss, tile->memory), coef);
    tile->coef = (struct xent_tile_coef){ coef, XENT_TILE, 1 };
}

void xent_loss_tile_memory(struct xent_loss *loss, size_t *task_bytes)
{
    size_t classes = (size_t)loss->type.classes;
    if (loss->rule.indices) return;
    xent_row_type_init(&loss->target_type, loss->target, loss->type.classes, loss->type.backend);
    loss->tile_targets = xent_arena_need(task_bytes, classes * XENT_TILE * loss->target_type.real_size);
    loss->tile_coef = xent_arena_need(task_bytes, classes * XENT_TILE * sizeof(double));
    if (loss->options.class_weight != NULL) loss->tile_weights = xent_arena_need(task_bytes, classes * sizeof(double));
}
