/* Rows of an NLL side by side: as gaps from a maximum of 0. */
#include <string.h>

#include "kernels/formulas.h"
#include "ops/loss_plan.h"
#include "ops/loss_tile.h"

static void begin(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    xent_loss_tile_begin(loss, position, false, tile);
    xent_loss_tile_coefficients(loss, position, tile);
}

/* The sum over the log-probabilities. */
static void reduce(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    memset(tile->state.max, 0, sizeof tile->state.max);
    loss->type.kernels->real->tile_weigh(tile->reals, tile->rows, (size_t)loss->type.classes, &tile->coef, true, &tile->ahead,
                                         &tile->state);
    tile->regular_rows = tile->rows;
}

/* Times the row's weight; that of an ignored row is 0 already. */
static inline void set_result(const struct xent_loss *loss, struct xent_tile_rows *tile, size_t row, double gap)
{
    tile->result[row] = xent_loss_weighted(gap, loss->options.row_weight == NULL ? 1 : tile->weight[row]);
}

static void finish_probabilities(const void *call, struct xent_tile_rows *tile)
{
    for (size_t i = 0; i < tile->rows; i++)
        set_result(call, tile, i, tile->ignored_rows != 0 && tile->ignored[i] ? 0 : tile->state.gap[i]);
}

/* Row by row, from the target to the result: no vector is read that narrow stores have made. dtype is that of the log-probabilities, a
   constant where reading one shall not take a call. */
static inline void finish_targets(const struct xent_loss *loss, struct xent_tile_rows *tile, xent_dtype dtype)
{
    const struct xent_tile_place in = tile->in;
    const char *at = in.at;
    for (size_t i = 0; i < tile->rows; i++, at += in.row_step) {
        double logp = xent_load_float(dtype, at + tile->state.target[i] * in.class_step);
        set_result(loss, tile, i, gap_of(tile->state.target_coef[i], 0, logp));
    }
}

static __attribute__((noinline)) void finish_converted(const struct xent_loss *loss, struct xent_tile_rows *tile)
{
    finish_targets(loss, tile, loss->type.dtype);
}

/* Of an ignored row nothing is read. */
static __attribute__((noinline)) void finish_around_ignored(const struct xent_loss *loss, struct xent_tile_rows *tile)
{
    const char *at = tile->in.at;
    for (size_t i = 0; i < tile->rows; i++, at += tile->in.row_step) {
        double gap = 0;
        if (!tile->ignored[i])
            gap = gap_of(tile->state.target_coef[i], 0,
                         xent_load_float(loss->type.dtype, at + tile->state.target[i] * tile->in.class_step));
        set_result(loss, tile, i, gap);
    }
}

/* Of a class index nothing else is read than its log-probability. */
static void finish_indices(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    if (tile->ignored_rows != 0)
        finish_around_ignored(loss, tile);
    else if (loss->type.dtype == XENT_F32)
        finish_targets(loss, tile, XENT_F32);
    else
        finish_converted(loss, tile);
}

static void begin_gradient(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    xent_loss_tile_begin(call, position, true, tile);
}

/* Zeros, which have no bits set, in as few pieces as the steps allow. */
static void clear(const struct xent_loss *loss, const struct xent_tile_rows *tile)
{
    const struct xent_tile_place out = tile->out;
    size_t size = loss->type.size, classes = (size_t)loss->type.classes;
    bool close = out.class_step == (ptrdiff_t)size, rows_close = out.row_step == (ptrdiff_t)size;
    if (close && out.row_step == (ptrdiff_t)(classes * size))
        memset(out.at, 0, tile->rows * classes * size);
    else if (rows_close)
        for (size_t c = 0; c < classes; c++) memset(out.at + (ptrdiff_t)c * out.class_step, 0, tile->rows * size);
    else if (close)
        for (size_t i = 0; i < tile->rows; i++) memset(out.at + (ptrdiff_t)i * out.row_step, 0, classes * size);
    else
        for (size_t i = 0; i < tile->rows; i++)
            xent_fill(loss->type.dtype, out.at + (ptrdiff_t)i * out.row_step, out.class_step, classes, 0);
}

/* The gradient does not depend on logp: 0 but at the targets. */
static void write_indices(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    clear(loss, tile);
    for (size_t i = 0; i < tile->rows; i++) {
        char *row = tile->out.at + (ptrdiff_t)i * tile->out.row_step;
        double entry = xent_nll_entry(loss, tile->factor[i], tile->state.target_coef[i]);
        if (!tile->ignored[i]) xent_row_store(&loss->type, entry, row + tile->state.target[i] * tile->out.class_step);
    }
}

const struct xent_tile_steps xent_nll_index_gradient_tile_steps = { begin_gradient, NULL, NULL, write_indices };
const struct xent_tile_steps xent_nll_index_tile_steps = { begin, NULL, finish_indices, NULL };
const struct xent_tile_steps xent_nll_probability_tile_steps = { begin, reduce, finish_probabilities, NULL };
