#include "core/loss_tile.h"

#include <string.h>

#include "core/element.h"
#include "core/loss_row.h"
#include "core/row_special.h"

struct tile {
    const struct xent_loss *loss;
    const struct xent_row_scratch *scratch;
    size_t rows;
    ptrdiff_t step[XENT_WALK_OPERANDS]; /* bytes from one row to the next */
    struct xent_tile state;
    struct xent_loss_row row[XENT_TILE];
    double log1p_rest[XENT_TILE];
    struct xent_row_gradient gradient[XENT_TILE];
    struct xent_rescale rescale[XENT_TILE];
    double scale[XENT_TILE];       /* of a row's terms in the second pass */
    double target_term[XENT_TILE]; /* before the second pass */
    bool rescaled[XENT_TILE];      /* whether the second pass is the tile's */
};

static char *element(const struct tile *tile, size_t row, size_t class_index)
{
    return (char *)tile->scratch->tile + (class_index * XENT_TILE + row) * tile->loss->shape.real_size;
}

static inline void next_row(const struct tile *tile, struct xent_position *position)
{
    for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) position->offset[k] += tile->step[k];
}

/* A row of a tile is one chunk; one that the tile cannot do is reduced on its own. */
static void finish_state(const struct tile *tile, size_t i, struct xent_loss_row *row)
{
    if (tile->state.regular[i] && !row->ignored)
        row->state = (struct xent_state){ .max = tile->state.max[i], .rest = tile->state.rest[i] };
    else
        xent_loss_row_reduce(tile->loss, tile->scratch, row);
    xent_loss_row_add_target(row);
}

/* The rows from `from` on that are ignored, or not, like the first of them. */
static size_t alike(const struct tile *tile, size_t from)
{
    size_t to = from + 1;
    while (to < tile->rows && tile->row[to].ignored == tile->row[from].ignored) to++;
    return to - from;
}

/* The logits of an ignored row are not read. */
static void read_rows(struct tile *tile)
{
    const struct xent_loss *loss = tile->loss;
    size_t classes = (size_t)loss->shape.classes, count;
    if (tile->rows < XENT_TILE || tile->row[0].ignored || alike(tile, 0) < tile->rows)
        memset(tile->scratch->tile, 0, classes * XENT_TILE * loss->shape.real_size);
    for (size_t from = 0; from < tile->rows; from += count) {
        count = alike(tile, from);
        if (tile->row[from].ignored) continue;
        loss->shape.kernels->tile_read(tile->row[from].logits.at, tile->step[XENT_WALK_LOGITS], tile->row[from].logits.step,
                                       count, classes, element(tile, from, 0));
    }
}

static void first_pass(struct tile *tile, const struct xent_position *first)
{
    const struct xent_loss *loss = tile->loss;
    const struct xent_row_kernels *kernels = loss->shape.kernels;
    const char *target = (const char *)loss->target->data + first->offset[XENT_WALK_TARGET];
    struct xent_line logits = xent_line_of(loss->logits, loss->axis, first->offset[XENT_WALK_LOGITS]);
    double rest[XENT_TILE];
    for (size_t i = 0; i < tile->rows; i++) {
        tile->row[i].logits = logits;
        tile->row[i].terms = NULL;
        xent_loss_row_read_target(loss, target, &tile->row[i]);
        logits.at += tile->step[XENT_WALK_LOGITS];
        target += tile->step[XENT_WALK_TARGET];
    }
    read_rows(tile);
    for (size_t i = 0; i < tile->rows; i++)
        if (!tile->row[i].ignored)
            tile->row[i].at_target = xent_load_float(loss->shape.real, element(tile, i, (size_t)tile->row[i].target));
    kernels->tile_reduce(tile->scratch->tile, tile->rows, (size_t)loss->shape.classes, loss->grad_logits != NULL, &tile->state);
    for (size_t i = 0; i < tile->rows; i++) {
        finish_state(tile, i, &tile->row[i]);
        rest[i] = tile->row[i].state.rest;
    }
    kernels->log1p(rest, tile->log1p_rest, tile->rows);
}

/* A row whose gradient the tile cannot do goes to the output by way of its own, and from there back to the tile, which is written
   as a whole. */
static void write_row_alone(struct tile *tile, size_t i, const struct xent_position *position)
{
    const struct xent_loss *loss = tile->loss;
    struct xent_loss_row row;
    xent_loss_row_begin(loss, position, tile->scratch, &row);
    xent_loss_row_reduce(loss, tile->scratch, &row);
    xent_loss_row_add_target(&row);
    xent_loss_row_write_gradient(loss, &row, position, tile->log1p_rest[i], tile->scratch);
    for (size_t c = 0; c < (size_t)loss->shape.classes; c++) {
        double entry = xent_load_float(loss->shape.dtype, row.out.at + (ptrdiff_t)c * row.out.step);
        xent_store_float(loss->shape.real, element(tile, i, c), entry);
    }
}

static void plan_second_pass(struct tile *tile, size_t i)
{
    const struct xent_loss_row *row = &tile->row[i];
    const struct xent_row_shape *shape = &tile->loss->shape;
    const struct xent_row_gradient *gradient = &tile->gradient[i];
    struct xent_rescale *rescale = &tile->rescale[i];
    *rescale = (struct xent_rescale){ gradient->factor, gradient->coef + gradient->pull, gradient->coef * 0,
                                      1 / (1 + row->state.rest), tile->state.unit[i] };
    tile->rescaled[i] = tile->state.regular[i] && xent_loss_row_has_entries(tile->loss, row) &&
                        shape->kernels->fits(rescale->factor, rescale->total, gradient->target_coef);
    tile->scale[i] = 0;
    if (!tile->rescaled[i]) return;
    tile->scale[i] = rescale->factor * rescale->total * rescale->share * rescale->unit;
    tile->target_term[i] = xent_load_float(shape->real, element(tile, i, (size_t)row->target));
}

static void write_special(struct tile *tile, size_t i)
{
    const struct xent_row_shape *shape = &tile->loss->shape;
    struct xent_special special = { .shape = shape,
                                    .gradient = &tile->gradient[i],
                                    .rescale = &tile->rescale[i],
                                    .entries = element(tile, i, 0),
                                    .dtype = shape->real,
                                    .step = XENT_TILE * shape->real_size,
                                    .first = tile->state.first[i],
                                    .leads = true,
                                    .target = (size_t)tile->row[i].target,
                                    .target_term = tile->target_term[i],
                                    .rest = tile->row[i].state.rest };
    xent_row_write_special(&special);
}

static void second_pass(struct tile *tile, const struct xent_position *first)
{
    const struct xent_loss *loss = tile->loss;
    const struct xent_row_shape *shape = &loss->shape;
    struct xent_position position = *first;
    size_t classes = (size_t)shape->classes;
    for (size_t i = 0; i < tile->rows; i++, next_row(tile, &position)) {
        tile->gradient[i] = xent_loss_row_gradient(loss, &tile->row[i], &position, tile->log1p_rest[i]);
        plan_second_pass(tile, i);
    }
    shape->kernels->tile_rescale(tile->scratch->tile, tile->rows, classes, tile->scale);
    position = *first;
    for (size_t i = 0; i < tile->rows; i++, next_row(tile, &position)) {
        if (tile->rescaled[i])
            write_special(tile, i);
        else
            write_row_alone(tile, i, &position);
    }
    shape->kernels->tile_write(tile->scratch->tile, tile->rows, classes,
                               (char *)loss->grad_logits->data + first->offset[XENT_WALK_GRAD], tile->step[XENT_WALK_GRAD],
                               loss->grad_logits->step[loss->axis]);
}

static void deliver(const struct tile *tile, const struct xent_position *first, struct xent_sum *sum)
{
    const struct xent_loss *loss = tile->loss;
    char *place = (char *)loss->loss->data + first->offset[XENT_WALK_LOSS];
    for (size_t i = 0; i < tile->rows; i++, place += tile->step[XENT_WALK_LOSS])
        xent_loss_row_deliver(loss, &tile->row[i], tile->log1p_rest[i], place, sum);
}

int64_t xent_loss_run_tile(const struct xent_loss *loss, struct xent_position *position, int64_t rows,
                           const struct xent_row_scratch *scratch, struct xent_sum *sum)
{
    struct tile tile;
    int64_t run = xent_walk_run(&loss->walk, position), count = rows < run ? rows : run;
    if (count > XENT_TILE) count = XENT_TILE;
    tile.loss = loss;
    tile.scratch = scratch;
    tile.rows = (size_t)count;
    for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) tile.step[k] = xent_walk_step(&loss->walk, k);
    first_pass(&tile, position);
    if (loss->loss != NULL) deliver(&tile, position, sum);
    if (loss->grad_logits != NULL) second_pass(&tile, position);
    if (count < rows) xent_walk_advance(&loss->walk, position, count);
    return count;
}
