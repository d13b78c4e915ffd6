#include "grid.h"

#include <stdlib.h>

void grid_begin(struct grid *g, int parts, int *argc, char ***argv)
{
    int level, count;
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    MPI_Comm_rank(MPI_COMM_WORLD, &g->world);
    assert_true(level >= MPI_THREAD_FUNNELED);
    assert_int_equal(count % parts, 0);
    g->parts = parts;
    g->batches = count / parts;
    g->part = g->world % parts;
    g->batch = g->world / parts;
    MPI_Comm_split(MPI_COMM_WORLD, g->batch, g->part, &g->classes);
    MPI_Comm_split(MPI_COMM_WORLD, g->part, g->batch, &g->rows);
}

void grid_end(struct grid *g)
{
    MPI_Comm_free(&g->classes);
    MPI_Comm_free(&g->rows);
    MPI_Finalize();
}

struct rows_range grid_rows(const struct grid *g, int64_t outer)
{
    return (struct rows_range){ outer * g->batch / g->batches, outer * (g->batch + 1) / g->batches };
}

static xent_tensor *part_of(const xent_tensor *t, int32_t ndim, const int64_t *shape, int64_t offset)
{
    const xent_dtype dtype = xent_tensor_dtype(t);
    char *at = (char *)xent_tensor_data((xent_tensor *)(uintptr_t)t);
    if (xent_tensor_numel(t) > 0) at += (ptrdiff_t)offset * (ptrdiff_t)xent_dtype_size(dtype);
    return tensor_strided(dtype, ndim, shape, xent_tensor_strides(t), at);
}

xent_tensor *grid_table(const struct grid *g, const xent_tensor *t, const xent_shard *shard)
{
    const int64_t *all = xent_tensor_shape(t), *strides = xent_tensor_strides(t);
    const struct rows_range rows = grid_rows(g, all[0]);
    const int64_t shape[3] = { rows.to - rows.from, shard->classes, all[2] };
    const int64_t first = shard->classes == 0 ? 0 : shard->first, row = rows.to == rows.from ? 0 : rows.from;
    return part_of(t, 3, shape, row * strides[0] + first * strides[1]);
}

xent_tensor *grid_column(const struct grid *g, const xent_tensor *t)
{
    const int64_t *all, *strides;
    if (t == NULL) return NULL;
    all = xent_tensor_shape(t);
    strides = xent_tensor_strides(t);
    const struct rows_range rows = grid_rows(g, all[0]);
    const int64_t shape[2] = { rows.to - rows.from, all[1] };
    return part_of(t, 2, shape, rows.to == rows.from ? 0 : rows.from * strides[0]);
}

/* One element for the batch, or this rank's. */
static xent_tensor *grid_result(const struct grid *g, const xent_tensor *t)
{
    if (t == NULL || xent_tensor_ndim(t) == 2) return grid_column(g, t);
    return part_of(t, xent_tensor_ndim(t), xent_tensor_shape(t), 0);
}

struct share share_of(const struct grid *g, const struct batch *b, const struct rows *out, const xent_shard *shard,
                      int in_place)
{
    struct share s = { .shard = *shard, .options = b->options };
    const xent_stats none = XENT_STATS_INIT;
    s.logits = grid_table(g, b->logits, shard);
    s.target = b->probabilities ? grid_table(g, b->target, shard) : grid_column(g, b->target);
    s.options.row_weight = s.row_weight = grid_column(g, b->row_weight);
    s.grad_loss = grid_result(g, b->grad_loss);
    s.loss = grid_result(g, out->loss);
    s.grad_logits = in_place ? s.logits : grid_table(g, out->gradient, shard);
    s.stats = none;
    s.stats.loss = grid_column(g, out->member[LOSS]);
    s.stats.lse = grid_column(g, out->member[LSE]);
    s.stats.max = grid_column(g, out->member[MAX]);
    s.stats.argmax = grid_column(g, out->member[ARGMAX]);
    s.stats.entropy = grid_column(g, out->member[ENTROPY]);
    return s;
}

void share_free(struct share *s)
{
    if (s->grad_logits != s->logits) xent_tensor_destroy(s->grad_logits);
    xent_tensor_destroy(s->logits);
    xent_tensor_destroy(s->target);
    xent_tensor_destroy(s->row_weight);
    xent_tensor_destroy(s->grad_loss);
    xent_tensor_destroy(s->loss);
    xent_tensor_destroy(s->stats.loss);
    xent_tensor_destroy(s->stats.lse);
    xent_tensor_destroy(s->stats.max);
    xent_tensor_destroy(s->stats.argmax);
    xent_tensor_destroy(s->stats.entropy);
}
