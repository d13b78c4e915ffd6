/* Rows of an NLL side by side: as gaps from a maximum of 0. */
#include <math.h>
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

/* Times the row's weight. An ignored row stands in the tile as zeros, so its gap is 0. */
static void finish(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    for (size_t i = 0; i < tile->rows; i++)
        tile->result[i] = xent_loss_weighted(tile->state.gap[i], loss->options.row_weight == NULL ? 1 : tile->weight[i]);
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

/* Those at the targets. dtype is that of the gradient, a constant where storing an entry shall not take a call. */
static inline __attribute__((always_inline)) void store_entries(const struct xent_loss *loss, const struct xent_tile_rows *tile,
                                                                xent_dtype dtype)
{
    const struct xent_tile_place out = tile->out;
    char *row = out.at;
    for (size_t i = 0; i < tile->rows; i++, row += out.row_step) {
        double entry = xent_nll_entry(loss, tile->factor[i], tile->state.target_coef[i]);
        char *to = row + tile->state.target[i] * out.class_step;
        if (tile->ignored[i]) continue;
        if (dtype == XENT_F64)
            *(double *)(void *)to = entry == entry ? entry : (double)NAN;
        else
            xent_store_float(dtype, to, (double)(float)entry);
    }
}

/* The gradient does not depend on logp: 0 but at the targets. */
static void write_indices(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_loss *loss = call;
    clear(loss, tile);
    switch (loss->type.dtype) {
    case XENT_F32: store_entries(loss, tile, XENT_F32); break;
    case XENT_F64: store_entries(loss, tile, XENT_F64); break;
    default: store_entries(loss, tile, loss->type.dtype); break;
    }
}

const struct xent_tile_steps xent_nll_index_gradient_tile_steps = { begin_gradient, NULL, NULL, write_indices };
const struct xent_tile_steps xent_nll_probability_tile_steps = { begin, reduce, finish, NULL };
