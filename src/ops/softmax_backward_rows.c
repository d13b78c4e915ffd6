/* Rows of the backward of softmax and log_softmax that are a matter of two kernels each: what their steps come to where a row is one
 * chunk, read and written where it is. */
#include "ops/softmax_backward.h"

/* The lines of a row. */
struct lines {
    const char *result, *upstream;
    char *out;
};

static struct lines lines_at(const struct xent_softmax_backward *backward, const struct xent_position *first, size_t row)
{
    const struct xent_line *line = backward->line;
    const ptrdiff_t steps = (ptrdiff_t)row;
    const int32_t p = XENT_BACKWARD_RESULT, g = XENT_BACKWARD_UPSTREAM, out = XENT_BACKWARD_OUT;
    return (struct lines){ line[p].at + first->offset[p] + steps * xent_walk_step(&backward->walk, p),
                           line[g].at + first->offset[g] + steps * xent_walk_step(&backward->walk, g),
                           line[out].at + first->offset[out] + steps * xent_walk_step(&backward->walk, out) };
}

static void do_block(const struct xent_softmax_backward *backward, const struct xent_position *first, size_t from, size_t rows)
{
    const struct xent_stored_kernels *kernels = backward->type.kernels;
    const bool of_logarithm = backward->kind->of_logarithm;
    const size_t n = (size_t)backward->type.classes;
    double sum[XENT_BLOCK];
    bool odd[XENT_BLOCK];
    for (size_t i = 0; i < rows; i++) {
        const struct lines row = lines_at(backward, first, from + i);
        /* as a state's gap has it */
        sum[i] = of_logarithm ? kernels->upstream_sum(row.upstream, n)
                              : -(0 - kernels->upstream_dot(row.result, row.upstream, n, &odd[i]));
    }
    for (size_t i = 0; i < rows; i++) {
        const struct lines row = lines_at(backward, first, from + i);
        if (of_logarithm)
            kernels->log_softmax_backward(row.result, row.upstream, row.out, n, sum[i]);
        else
            kernels->softmax_backward(row.result, row.upstream, row.out, n, sum[i], odd[i]);
    }
}

void xent_softmax_backward_rows(const void *call, const struct xent_position *first, size_t n, double *result)
{
    const struct xent_softmax_backward *backward = call;
    const size_t block = (size_t)backward->block;
    (void)result;
    for (size_t from = 0; from < n; from += block) do_block(backward, first, from, n - from < block ? n - from : block);
}
