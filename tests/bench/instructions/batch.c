#include "batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/half.h"
#include "support/random.h"

enum { BEST = 20 };

void require(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s\n", xent_error_message());
    exit(EXIT_FAILURE);
}

static void set_element(xent_tensor *t, int64_t i, double value)
{
    void *data = xent_tensor_data(t);
    const xent_dtype dtype = xent_tensor_dtype(t);
    switch (dtype) {
    case XENT_F32: ((float *)data)[i] = (float)value; break;
    case XENT_F64: ((double *)data)[i] = value; break;
    case XENT_F16:
    case XENT_BF16: ((uint16_t *)data)[i] = half_encode(dtype, value); break;
    default: abort();
    }
}

static void normal(xent_tensor *t, double deviation, struct random *r)
{
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) set_element(t, i, deviation * random_normal(r));
}

static void weights(xent_tensor *t, struct random *r)
{
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) set_element(t, i, 0.5 + random_uniform(r));
}

struct batch batch_new(xent_dtype dtype, int32_t ndim, const int64_t *shape)
{
    struct batch b = { .options = XENT_OPTIONS_INIT };
    struct random r = random_stream(1, 0);
    int64_t rows[XENT_MAX_NDIM], best[XENT_MAX_NDIM];
    rows[0] = shape[0];
    for (int32_t d = 2; d < ndim; d++) rows[d - 1] = shape[d];
    for (int32_t d = 0; d < ndim; d++) best[d] = d == 1 && shape[d] > BEST ? BEST : shape[d];
    require(xent_tensor_create(&b.logits, dtype, ndim, shape));
    require(xent_tensor_create(&b.grad, dtype, ndim, shape));
    require(xent_tensor_create(&b.indices, XENT_I64, ndim - 1, rows));
    require(xent_tensor_create(&b.one, XENT_F32, 0, NULL));
    require(xent_tensor_create(&b.p, dtype, ndim, shape));
    require(xent_tensor_create(&b.logp, dtype, ndim, shape));
    require(xent_tensor_create(&b.upstream, dtype, ndim, shape));
    require(xent_tensor_create(&b.per_row, dtype, ndim - 1, rows));
    require(xent_tensor_create(&b.row_weight, dtype, ndim - 1, rows));
    require(xent_tensor_create(&b.class_weight, dtype, 1, &shape[1]));
    require(xent_tensor_create(&b.index, XENT_I64, ndim, best));
    require(xent_tensor_create(&b.best, dtype, ndim, best));
    b.stats = (xent_stats)XENT_STATS_INIT;
    for (int k = 0; k < 4; k++)
        require(xent_tensor_create((xent_tensor **[]){ &b.stats.loss, &b.stats.lse, &b.stats.max, &b.stats.entropy }[k], dtype,
                                   ndim - 1, rows));
    require(xent_tensor_create(&b.stats.argmax, XENT_I64, ndim - 1, rows));
    require(xent_tensor_create(&b.stats.rank, XENT_I64, ndim - 1, rows));
    normal(b.logits, 4, &r);
    int64_t *classes = xent_tensor_data(b.indices);
    for (int64_t i = 0; i < xent_tensor_numel(b.indices); i++) classes[i] = random_below(&r, shape[1]);
    normal(b.upstream, 1, &r);
    weights(b.class_weight, &r);
    weights(b.row_weight, &r);
    require(xent_softmax(b.logits, 1, b.p));
    require(xent_log_softmax(b.logits, 1, b.logp));
    b.target = b.indices;
    b.loss = b.one;
    return b;
}

void batch_free(const struct batch *b)
{
    xent_tensor *const tensors[] = { b->logits,       b->indices,       b->one,        b->grad,      b->p,
                                     b->index,        b->best,          b->logp,       b->per_row,   b->upstream,
                                     b->class_weight, b->row_weight,    b->stats.loss, b->stats.lse, b->stats.max,
                                     b->stats.argmax, b->stats.entropy, b->stats.rank };
    for (size_t k = 0; k < sizeof tensors / sizeof *tensors; k++) xent_tensor_destroy(tensors[k]);
}
