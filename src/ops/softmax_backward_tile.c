/* Rows of the backward of softmax and log_softmax side by side. */
#include "ops/softmax_backward.h"

static struct xent_tile_place place_of(const struct xent_softmax_backward *backward, const struct xent_position *position,
                                       const struct xent_tensor *tensor, int32_t operand)
{
    return (struct xent_tile_place){ .at = (char *)tensor->data + position->offset[operand],
                                     .row_step = xent_walk_step(&backward->walk, operand),
                                     .class_step = tensor->step[backward->axis] };
}

/* The upstream gradient, which is read here, has a tile of its own. */
static void begin(const void *call, const struct xent_position *position, struct xent_tile_rows *tile)
{
    const struct xent_softmax_backward *backward = call;
    const struct xent_tile_place upstream = place_of(backward, position, backward->upstream, XENT_BACKWARD_UPSTREAM);
    tile->in = place_of(backward, position, backward->result, XENT_BACKWARD_RESULT);
    tile->out = place_of(backward, position, backward->out, XENT_BACKWARD_OUT);
    tile->ignored_rows = 0;
    xent_tile_read(&backward->type, tile, &upstream, xent_arena_at(tile->memory, backward->tile_upstream));
}

static void reduce(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_softmax_backward *backward = call;
    const void *upstream = xent_arena_at(tile->memory, backward->tile_upstream);
    backward->type.kernels->real->tile_dot(backward->kind->of_logarithm ? NULL : tile->reals, upstream, tile->rows,
                                           (size_t)backward->type.classes, &tile->ahead, tile->result);
    tile->regular_rows = tile->rows;
}

static void make_entries(const void *call, struct xent_tile_rows *tile)
{
    const struct xent_softmax_backward *backward = call;
    const struct xent_real_kernels *kernels = backward->type.kernels->real;
    const void *upstream = xent_arena_at(tile->memory, backward->tile_upstream);
    size_t classes = (size_t)backward->type.classes;
    tile->alone_rows =
        backward->kind->of_logarithm
            ? kernels->tile_log_softmax_backward(tile->reals, upstream, tile->rows, classes, tile->result, tile->alone)
            : kernels->tile_softmax_backward(tile->reals, upstream, tile->rows, classes, tile->result, tile->alone);
    tile->made = true;
}

const struct xent_tile_steps xent_softmax_backward_tile_steps = { begin, reduce, NULL, make_entries };
