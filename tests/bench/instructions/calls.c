/* The calls whose instructions are counted. Run by itself it makes each of them and prints its name, a line each; count.sh runs it
   in callgrind, which collects inside counted_call alone and writes what it has collected whenever that returns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent.h>

#include "support/half.h"
#include "support/random.h"

/* A call made ready. p are the probabilities of the logits and logp their logarithms; per_row has a number for each row. */
struct batch {
    xent_tensor *logits, *target, *loss, *grad, *p, *logp, *upstream, *per_row;
    xent_options options;
};

static xent_status forward(const struct batch *b) { return xent_cross_entropy(b->logits, b->target, &b->options, b->loss); }

static xent_status gradient(const struct batch *b)
{
    return xent_cross_entropy_grad(b->logits, b->target, &b->options, NULL, b->loss, b->grad);
}

static xent_status softmax(const struct batch *b) { return xent_softmax(b->logits, 1, b->p); }
static xent_status log_softmax(const struct batch *b) { return xent_log_softmax(b->logits, 1, b->logp); }
static xent_status logsumexp(const struct batch *b) { return xent_logsumexp(b->logits, 1, b->per_row); }
static xent_status logarithm(const struct batch *b) { return xent_log(b->p, b->logp); }
static xent_status softmax_backward(const struct batch *b) { return xent_softmax_backward(b->p, b->upstream, 1, b->grad); }

static xent_status log_softmax_backward(const struct batch *b)
{
    return xent_log_softmax_backward(b->logp, b->upstream, 1, b->grad);
}

static const struct call {
    const char *name;
    xent_status (*pass)(const struct batch *b);
    xent_dtype dtype;
    int32_t ndim;
    int64_t shape[4];
    double label_smoothing;
} calls[] = {
    { "f32 2x3 forward", forward, XENT_F32, 2, { 2, 3 }, 0 },
    { "f32 2x3 gradient", gradient, XENT_F32, 2, { 2, 3 }, 0 },
    { "f32 128x10 forward", forward, XENT_F32, 2, { 128, 10 }, 0 },
    { "f32 128x10 gradient", gradient, XENT_F32, 2, { 128, 10 }, 0 },
    { "f32 256x64 forward", forward, XENT_F32, 2, { 256, 64 }, 0 },
    { "f32 256x64 gradient", gradient, XENT_F32, 2, { 256, 64 }, 0 },
    { "f32 4x1000 forward", forward, XENT_F32, 2, { 4, 1000 }, 0 },
    { "f32 4x1000 gradient", gradient, XENT_F32, 2, { 4, 1000 }, 0 },
    { "f32 4x1000 smoothing forward", forward, XENT_F32, 2, { 4, 1000 }, 0.1 },
    { "f32 4x1000 smoothing gradient", gradient, XENT_F32, 2, { 4, 1000 }, 0.1 },
    { "f32 1x32000 forward", forward, XENT_F32, 2, { 1, 32000 }, 0 },
    { "f32 1x32000 gradient", gradient, XENT_F32, 2, { 1, 32000 }, 0 },
    { "bf16 1x32000 forward", forward, XENT_BF16, 2, { 1, 32000 }, 0 },
    { "bf16 1x32000 gradient", gradient, XENT_BF16, 2, { 1, 32000 }, 0 },
    { "f64 1x32000 forward", forward, XENT_F64, 2, { 1, 32000 }, 0 },
    { "f64 1x32000 gradient", gradient, XENT_F64, 2, { 1, 32000 }, 0 },
    { "f32 1x21x64x64 forward", forward, XENT_F32, 4, { 1, 21, 64, 64 }, 0 },
    { "f32 1x21x64x64 gradient", gradient, XENT_F32, 4, { 1, 21, 64, 64 }, 0 },
    { "f32 2x3 softmax", softmax, XENT_F32, 2, { 2, 3 }, 0 },
    { "f32 2x3 log_softmax", log_softmax, XENT_F32, 2, { 2, 3 }, 0 },
    { "f32 2x3 logsumexp", logsumexp, XENT_F32, 2, { 2, 3 }, 0 },
    { "f32 2x3 log", logarithm, XENT_F32, 2, { 2, 3 }, 0 },
    { "f32 2x3 softmax_backward", softmax_backward, XENT_F32, 2, { 2, 3 }, 0 },
    { "f32 2x3 log_softmax_backward", log_softmax_backward, XENT_F32, 2, { 2, 3 }, 0 },
    { "f32 4x1000 softmax", softmax, XENT_F32, 2, { 4, 1000 }, 0 },
    { "f32 4x1000 log_softmax", log_softmax, XENT_F32, 2, { 4, 1000 }, 0 },
    { "f32 4x1000 softmax_backward", softmax_backward, XENT_F32, 2, { 4, 1000 }, 0 },
    { "f32 64x64 log", logarithm, XENT_F32, 2, { 64, 64 }, 0 },
};
enum { CALLS = sizeof calls / sizeof calls[0] };

static void require(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s\n", xent_error_message());
    exit(EXIT_FAILURE);
}

static void set_element(xent_tensor *t, int64_t i, double value)
{
    void *data = xent_tensor_data(t);
    switch (xent_tensor_dtype(t)) {
    case XENT_F32: ((float *)data)[i] = (float)value; break;
    case XENT_F64: ((double *)data)[i] = value; break;
    case XENT_BF16: ((uint16_t *)data)[i] = half_encode(XENT_BF16, value); break;
    default: abort();
    }
}

/* The same numbers in every run: the way of a call may depend on where a row's maximum lies. */
static struct batch batch_new(const struct call *call)
{
    struct batch b = { .options = XENT_OPTIONS_INIT };
    struct random r = random_stream(1, 0);
    /* Without the class axis, which is axis 1. */
    const int64_t rows[3] = { call->shape[0], call->shape[2], call->shape[3] };
    require(xent_tensor_create(&b.logits, call->dtype, call->ndim, call->shape));
    require(xent_tensor_create(&b.grad, call->dtype, call->ndim, call->shape));
    require(xent_tensor_create(&b.target, XENT_I64, call->ndim - 1, rows));
    require(xent_tensor_create(&b.loss, XENT_F32, 0, NULL));
    require(xent_tensor_create(&b.p, call->dtype, call->ndim, call->shape));
    require(xent_tensor_create(&b.logp, call->dtype, call->ndim, call->shape));
    require(xent_tensor_create(&b.upstream, call->dtype, call->ndim, call->shape));
    require(xent_tensor_create(&b.per_row, call->dtype, call->ndim - 1, rows));
    for (int64_t i = 0; i < xent_tensor_numel(b.logits); i++) set_element(b.logits, i, 4 * random_normal(&r));
    int64_t *classes = xent_tensor_data(b.target);
    for (int64_t i = 0; i < xent_tensor_numel(b.target); i++) classes[i] = random_below(&r, call->shape[1]);
    for (int64_t i = 0; i < xent_tensor_numel(b.upstream); i++) set_element(b.upstream, i, random_normal(&r));
    b.options.label_smoothing = call->label_smoothing;
    require(softmax(&b));
    require(log_softmax(&b));
    return b;
}

static void batch_free(const struct batch *b)
{
    xent_tensor_destroy(b->logits);
    xent_tensor_destroy(b->grad);
    xent_tensor_destroy(b->target);
    xent_tensor_destroy(b->loss);
    xent_tensor_destroy(b->p);
    xent_tensor_destroy(b->logp);
    xent_tensor_destroy(b->upstream);
    xent_tensor_destroy(b->per_row);
}

/* callgrind goes by this name, so it has to be a function of its own. */
xent_status counted_call(xent_status (*pass)(const struct batch *b), const struct batch *b);
__attribute__((noinline)) xent_status counted_call(xent_status (*pass)(const struct batch *b), const struct batch *b)
{
    return pass(b);
}

/* One thread, on AVX2 even where the CPU has better: figures of different machines shall be the same. */
static void choose_backend(void)
{
    if (xent_set_backend("avx2") != XENT_OK) {
        fprintf(stderr, "skipped: %s\n", xent_error_message());
        exit(77);
    }
    require(xent_set_num_threads(1));
}

int main(void)
{
    choose_backend();
    for (int i = 0; i < CALLS; i++) {
        const struct batch b = batch_new(&calls[i]);
        /* The first call of a process reads the environment and has the loader do its part. */
        require(calls[i].pass(&b));
        require(counted_call(calls[i].pass, &b));
        batch_free(&b);
        puts(calls[i].name);
    }
    return EXIT_SUCCESS;
}
