#include "ops/loss_tile.h"

#include <math.h>
#include <string.h>

#include "args/element.h"
#include "ops/loss_row.h"

/* Rows side by side between their first pass and their results. Everything of a row is an element of an array, so that loops over
   rows become vector code; a row that the kernels leave out is done alone, by way of struct xent_loss_row. */
struct tile {
    const struct xent_loss *loss;
    const struct xent_position *first; /* row */
    const struct xent_row_scratch *scratch;
    size_t rows, ignored_rows, regular_rows; /* regular: to the kernels */
    bool ignored[XENT_TILE];
    struct xent_tile state;
};

static inline ptrdiff_t step_of(const struct tile *tile, int32_t operand) { return xent_walk_step(&tile->loss->walk, operand); }

static inline char *element(const struct tile *tile, size_t row, size_t class_index)
{
    return (char *)tile->scratch->tile + (class_index * XENT_TILE + row) * tile->loss->shape.real_size;
}

/* An ignored row gets class 0, which it has for sure. */
static void read_targets(struct tile *tile)
{
    const struct xent_loss *loss = tile->loss;
    const struct xent_target_rule rule = loss->rule;
    const struct xent_tensor *weight = loss->options.class_weight;
    const char *at = (const char *)loss->target->data + tile->first->offset[XENT_WALK_TARGET];
    ptrdiff_t step = step_of(tile, XENT_WALK_TARGET);
    size_t ignored_rows = 0;
    for (size_t i = 0; i < tile->rows; i++, at += step) {
        int64_t index = xent_load_index(rule.dtype, at);
        bool ignored = xent_target_ignored(&rule, index);
        ignored_rows += ignored;
        tile->ignored[i] = ignored;
        tile->state.target[i] = ignored ? 0 : (int32_t)index;
        tile->state.coef[i] = ignored ? 0 : 1;
    }
    tile->ignored_rows = ignored_rows;
    for (size_t i = 0; i < tile->rows && weight != NULL; i++)
        tile->state.coef[i] *= xent_weight_of(weight, tile->state.target[i]);
}

/* The rows from `from` on that are ignored, or not, like the first of them. */
static size_t alike(const struct tile *tile, size_t from)
{
    size_t to = from + 1;
    while (to < tile->rows && tile->ignored[to] == tile->ignored[from]) to++;
    return to - from;
}

/* The logits of an ignored row are not read. */
static void read_rows(struct tile *tile)
{
    const struct xent_loss *loss = tile->loss;
    struct xent_tile_place from = { (char *)loss->logits->data + tile->first->offset[XENT_WALK_LOGITS],
                                    step_of(tile, XENT_WALK_LOGITS), loss->logits->step[loss->axis] };
    size_t classes = (size_t)loss->shape.classes, count;
    if (tile->rows % XENT_TILE_VECTOR != 0 || tile->ignored_rows > 0)
        memset(tile->scratch->tile, 0, classes * XENT_TILE * loss->shape.real_size);
    for (size_t row = 0; row < tile->rows; row += count, from.at += (ptrdiff_t)count * from.row_step) {
        count = tile->ignored_rows == 0 ? tile->rows : alike(tile, row);
        if (!tile->ignored[row]) loss->shape.kernels->tile_read(&from, count, classes, element(tile, row, 0));
    }
}

static struct xent_position position_of(const struct tile *tile, size_t i)
{
    struct xent_position position = *tile->first;
    for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) position.offset[k] += (ptrdiff_t)i * step_of(tile, k);
    return position;
}

/* Its terms may take the place of the logits; without keep_terms it has none. */
static struct xent_loss_row reduce_alone(const struct tile *tile, const struct xent_position *position, bool keep_terms)
{
    struct xent_loss_row row;
    xent_loss_row_begin(tile->loss, position, tile->scratch, &row);
    if (!keep_terms) row.terms = NULL;
    xent_loss_row_reduce(tile->loss, tile->scratch, &row);
    xent_loss_row_add_target(&row);
    return row;
}

/* A row of a tile is one chunk; one that the tile cannot do is reduced on its own. */
static void first_pass(struct tile *tile)
{
    const struct xent_row_shape *shape = &tile->loss->shape;
    struct xent_tile *state = &tile->state;
    bool keep_terms = tile->loss->grad_logits != NULL;
    read_targets(tile);
    read_rows(tile);
    tile->regular_rows =
        shape->kernels->real->tile_reduce(tile->scratch->tile, tile->rows, (size_t)shape->classes, keep_terms, state);
    for (size_t i = 0; i < tile->rows && tile->regular_rows < tile->rows; i++) {
        if (state->regular[i]) continue;
        struct xent_position position = position_of(tile, i);
        struct xent_loss_row row = reduce_alone(tile, &position, false);
        state->max[i] = row.state.max;
        state->rest[i] = row.state.rest;
    }
    shape->kernels->real->log1p(state->rest, tile->state.log1p_rest, tile->rows);
}

static bool is_finite(const struct xent_tile *state, size_t i)
{
    return state->max[i] - state->max[i] == 0 && state->rest[i] - state->rest[i] == 0;
}

/* A regular row has a finite maximum, and with a NaN in its sum its loss is one. */
static void find_losses(const struct tile *tile, double *value)
{
    const struct xent_tile *state = &tile->state;
    tile->loss->shape.kernels->real->tile_losses(state, tile->rows, tile->loss->options.z_loss, value);
    if (tile->ignored_rows == 0 && tile->regular_rows == tile->rows) return;
    for (size_t i = 0; i < tile->rows; i++) value[i] = tile->ignored[i] ? 0 : is_finite(state, i) ? value[i] : (double)NAN;
}

static void deliver(const struct tile *tile, struct xent_sum *sum)
{
    const struct xent_loss *loss = tile->loss;
    char *place = (char *)loss->loss->data + tile->first->offset[XENT_WALK_LOSS];
    double value[XENT_TILE];
    find_losses(tile, value);
    if (loss->options.reduction != XENT_REDUCTION_NONE) {
        xent_sum_rows(sum, value, tile->rows);
        return;
    }
    for (size_t i = 0; i < tile->rows; i++, place += step_of(tile, XENT_WALK_LOSS))
        xent_store_float(loss->loss->dtype, place, value[i]);
}

/* A row whose gradient the tile cannot do goes to the output by way of its own, and from there back to the tile, which is written
   as a whole. */
static void write_row_alone(struct tile *tile, size_t i)
{
    const struct xent_row_shape *shape = &tile->loss->shape;
    struct xent_position position = position_of(tile, i);
    struct xent_loss_row row = reduce_alone(tile, &position, true);
    xent_loss_row_write_gradient(tile->loss, &row, &position, tile->state.log1p_rest[i], tile->scratch);
    for (size_t c = (size_t)shape->classes; c-- > 0;) {
        double entry = xent_load_float(shape->dtype, row.out.at + (ptrdiff_t)c * row.out.step);
        xent_store_float(shape->real, element(tile, i, c), entry);
        tile->state.first_entry[i] = tile->state.target_entry[i] = entry;
    }
    tile->state.first[i] = tile->state.target[i] = 0;
    tile->state.scale[i] = 0x1p64;
}

static void find_factors(const struct tile *tile, double *factor)
{
    struct xent_position position = *tile->first;
    ptrdiff_t step = step_of(tile, XENT_WALK_GRAD_LOSS);
    double first = xent_loss_row_factor(tile->loss, &position);
    for (size_t i = 0; i < tile->rows; i++) factor[i] = first;
    for (size_t i = 0; i < tile->rows && step != 0; i++, position.offset[XENT_WALK_GRAD_LOSS] += step)
        factor[i] = xent_loss_row_factor(tile->loss, &position);
}

/* How many rows have entries that the kernels can do: no NaN in the sum, and a divisor that is not 0, or else total or factor is one. */
static size_t count_fitting(const struct tile *tile, const double *factor, const double *total)
{
    const struct xent_entry_limits limits = tile->loss->shape.kernels->real->limits;
    int32_t count = 0;
    for (size_t i = 0; i < tile->rows; i++) count += xent_row_fits(&limits, factor[i], total[i], tile->state.coef[i]);
    return (size_t)count;
}

static void write_others(struct tile *tile, const double *factor, const double *total)
{
    struct xent_tile *state = &tile->state;
    for (size_t i = 0; i < tile->rows; i++) {
        if (tile->ignored[i])
            state->scale[i] = state->first_entry[i] = state->target_entry[i] = 0;
        else if (!state->regular[i] ||
                 !xent_row_fits(&tile->loss->shape.kernels->real->limits, factor[i], total[i], tile->state.coef[i]))
            write_row_alone(tile, i);
    }
}

static void second_pass(struct tile *tile)
{
    const struct xent_loss *loss = tile->loss;
    struct xent_tile_place to = { (char *)loss->grad_logits->data + tile->first->offset[XENT_WALK_GRAD],
                                  step_of(tile, XENT_WALK_GRAD), loss->grad_logits->step[loss->axis] };
    double factor[XENT_TILE], total[XENT_TILE];
    find_factors(tile, factor);
    loss->shape.kernels->real->tile_entries(&tile->state, tile->rows, loss->options.z_loss, factor, total);
    if (tile->ignored_rows > 0 || tile->regular_rows < tile->rows || count_fitting(tile, factor, total) < tile->rows)
        write_others(tile, factor, total);
    loss->shape.kernels->tile_write(tile->scratch->tile, tile->rows, (size_t)loss->shape.classes, &tile->state, &to);
}

int64_t xent_loss_run_tile(const struct xent_loss *loss, struct xent_position *position, int64_t rows,
                           const struct xent_row_scratch *scratch, struct xent_sum *sum)
{
    struct tile tile;
    int64_t run = xent_walk_run(&loss->walk, position), count = rows < run ? rows : run;
    if (count > XENT_TILE) count = XENT_TILE;
    tile.loss = loss;
    tile.first = position;
    tile.scratch = scratch;
    tile.rows = (size_t)count;
    first_pass(&tile);
    if (loss->loss != NULL) deliver(&tile, sum);
    if (loss->grad_logits != NULL) second_pass(&tile);
    if (count < rows) xent_walk_advance(&loss->walk, position, count);
    return count;
}
