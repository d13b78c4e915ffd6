/* The calls whose instructions are counted. Run by itself it makes each of them and prints its name, a line each; count.sh runs it
   in callgrind, which collects inside counted_call alone and writes what it has collected whenever that returns. */
#include <stdio.h>
#include <stdlib.h>
#include <xent.h>

#include "batch.h"

typedef xent_status (*pass)(const struct batch *b);

static xent_status forward(const struct batch *b) { return xent_cross_entropy(b->logits, b->target, &b->options, b->loss); }

static xent_status gradient(const struct batch *b)
{
    return xent_cross_entropy_grad(b->logits, b->target, &b->options, b->grad_loss, b->loss, b->grad);
}

static xent_status softmax(const struct batch *b) { return xent_softmax(b->logits, 1, b->p); }
static xent_status log_softmax(const struct batch *b) { return xent_log_softmax(b->logits, 1, b->logp); }
static xent_status logsumexp(const struct batch *b) { return xent_logsumexp(b->logits, 1, b->per_row); }
static xent_status top_k(const struct batch *b) { return xent_top_k(b->logits, 1, b->index, b->best); }
static xent_status logarithm(const struct batch *b) { return xent_log(b->p, b->logp); }
static xent_status softmax_backward(const struct batch *b) { return xent_softmax_backward(b->p, b->upstream, 1, b->grad); }

static xent_status log_softmax_backward(const struct batch *b)
{
    return xent_log_softmax_backward(b->logp, b->upstream, 1, b->grad);
}

static xent_status nll_loss(const struct batch *b) { return xent_nll_loss(b->logp, b->target, &b->options, b->loss); }

static xent_status nll_loss_backward(const struct batch *b)
{
    return xent_nll_loss_backward(b->logp, b->target, &b->options, b->grad_loss, b->grad);
}

static xent_status kl_div(const struct batch *b)
{
    return xent_kl_div(b->logits, b->upstream, b->target, &b->options, b->loss);
}

static xent_status kl_div_grad(const struct batch *b)
{
    return xent_kl_div_grad(b->logits, b->upstream, b->target, &b->options, b->grad_loss, b->loss, b->grad);
}

static xent_status row_stats(const struct batch *b) { return xent_row_stats(b->logits, b->indices, &b->options, &b->stats); }

static xent_status entropy(const struct batch *b)
{
    xent_stats stats = XENT_STATS_INIT;
    stats.entropy = b->stats.entropy;
    return xent_row_stats(b->logits, NULL, &b->options, &stats);
}

static xent_status mean_divisor(const struct batch *b)
{
    double divisor;
    return xent_mean_divisor(b->target, &b->options, &divisor);
}

static void smoothing(struct batch *b) { b->options.label_smoothing = 0.1; }
static void weights(struct batch *b) { b->options.class_weight = b->class_weight; }

static void smoothing_weights(struct batch *b)
{
    smoothing(b);
    weights(b);
}

static void row_weight(struct batch *b) { b->options.row_weight = b->row_weight; }
static void probabilities(struct batch *b) { b->target = b->p; }
static void softcap(struct batch *b) { b->options.softcap = 30; }
static void logit_scale(struct batch *b) { b->options.logit_scale = 0.5; }
static void z_loss(struct batch *b) { b->options.z_loss = 1e-4; }
static void normalizer(struct batch *b) { b->options.normalizer = 8; }
static void ignored(struct batch *b) { b->options.ignore_index = 1; }

static void each_row(struct batch *b)
{
    b->options.reduction = XENT_REDUCTION_NONE;
    b->loss = b->per_row;
    b->grad_loss = b->row_weight;
}

struct shape {
    const char *name;
    int32_t ndim;
    int64_t extents[4];
};

/* Every operation and option: a call's overhead, rows side by side, rows alone, classes apart. */
static const struct shape shapes[] = {
    { "2x3", 2, { 2, 3 } }, { "128x10", 2, { 128, 10 } }, { "16x1000", 2, { 16, 1000 } }, { "1x21x32x32", 4, { 1, 21, 32, 32 } }
};

static const struct {
    const char *name;
    void (*set)(struct batch *b);
} options[] = {
    { "", NULL },
    { "smoothing ", smoothing },
    { "weights ", weights },
    { "smoothing+weights ", smoothing_weights },
    { "row_weight ", row_weight },
    { "probabilities ", probabilities },
    { "softcap ", softcap },
    { "logit_scale ", logit_scale },
    { "z_loss ", z_loss },
    { "normalizer ", normalizer },
    { "ignored ", ignored },
    { "each row ", each_row },
};

static const struct {
    const char *name;
    pass call;
} others[] = {
    { "softmax", softmax },
    { "log_softmax", log_softmax },
    { "logsumexp", logsumexp },
    { "log", logarithm },
    { "softmax_backward", softmax_backward },
    { "log_softmax_backward", log_softmax_backward },
    { "nll_loss", nll_loss },
    { "nll_loss_backward", nll_loss_backward },
    { "mean_divisor", mean_divisor },
    { "top_k", top_k },
    { "kl_div", kl_div },
    { "kl_div_grad", kl_div_grad },
    { "row_stats", row_stats },
};

/* Longer rows and other types. */
static const struct {
    const char *name;
    pass call;
    xent_dtype dtype;
    int32_t ndim;
    int64_t shape[4];
} more[] = {
    { "f32 256x64 forward", forward, XENT_F32, 2, { 256, 64 } },
    { "f32 256x64 gradient", gradient, XENT_F32, 2, { 256, 64 } },
    { "f32 1x32000 forward", forward, XENT_F32, 2, { 1, 32000 } },
    { "f32 1x32000 gradient", gradient, XENT_F32, 2, { 1, 32000 } },
    { "bf16 1x32000 forward", forward, XENT_BF16, 2, { 1, 32000 } },
    { "bf16 1x32000 gradient", gradient, XENT_BF16, 2, { 1, 32000 } },
    { "f64 1x32000 forward", forward, XENT_F64, 2, { 1, 32000 } },
    { "f64 1x32000 gradient", gradient, XENT_F64, 2, { 1, 32000 } },
    { "f16 4x1000 forward", forward, XENT_F16, 2, { 4, 1000 } },
    { "f16 4x1000 gradient", gradient, XENT_F16, 2, { 4, 1000 } },
    { "bf16 4x1000 softmax", softmax, XENT_BF16, 2, { 4, 1000 } },
    { "bf16 4x1000 softmax_backward", softmax_backward, XENT_BF16, 2, { 4, 1000 } },
    { "bf16 4x1000 log", logarithm, XENT_BF16, 2, { 4, 1000 } },
    { "f64 4x1000 softmax", softmax, XENT_F64, 2, { 4, 1000 } },
    { "f64 4x1000 softmax_backward", softmax_backward, XENT_F64, 2, { 4, 1000 } },
    { "f64 4x1000 log", logarithm, XENT_F64, 2, { 4, 1000 } },
    { "f32 1x128000 top_k", top_k, XENT_F32, 2, { 1, 128000 } },
    { "bf16 4x1000 top_k", top_k, XENT_BF16, 2, { 4, 1000 } },
    { "f64 4x1000 top_k", top_k, XENT_F64, 2, { 4, 1000 } },
    { "f32 1x32000 kl_div", kl_div, XENT_F32, 2, { 1, 32000 } },
    { "f32 1x32000 kl_div_grad", kl_div_grad, XENT_F32, 2, { 1, 32000 } },
    { "bf16 4x1000 kl_div_grad", kl_div_grad, XENT_BF16, 2, { 4, 1000 } },
    { "f64 4x1000 kl_div_grad", kl_div_grad, XENT_F64, 2, { 4, 1000 } },
    { "f32 1x32000 row_stats", row_stats, XENT_F32, 2, { 1, 32000 } },
    { "bf16 1x32000 row_stats", row_stats, XENT_BF16, 2, { 1, 32000 } },
    { "f64 4x1000 row_stats", row_stats, XENT_F64, 2, { 4, 1000 } },
    { "f32 4x1000 entropy", entropy, XENT_F32, 2, { 4, 1000 } },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* callgrind goes by this name, so it has to be a function of its own. */
xent_status counted_call(pass call, const struct batch *b);
__attribute__((noinline)) xent_status counted_call(pass call, const struct batch *b) { return call(b); }

/* The first call of a process reads the environment and has the loader do its part. */
static void count(pass call, const struct batch *b)
{
    require(call(b));
    require(counted_call(call, b));
    batch_free(b);
}

static void of_shape(const struct shape *shape)
{
    for (size_t k = 0; k < COUNT(options); k++)
        for (int with_gradient = 0; with_gradient < 2; with_gradient++) {
            struct batch b = batch_new(XENT_F32, shape->ndim, shape->extents);
            if (options[k].set != NULL) options[k].set(&b);
            count(with_gradient ? gradient : forward, &b);
            printf("f32 %s %s%s\n", shape->name, options[k].name, with_gradient ? "gradient" : "forward");
        }
    for (size_t k = 0; k < COUNT(others); k++) {
        const struct batch b = batch_new(XENT_F32, shape->ndim, shape->extents);
        count(others[k].call, &b);
        printf("f32 %s %s\n", shape->name, others[k].name);
    }
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
    for (size_t k = 0; k < COUNT(shapes); k++) of_shape(&shapes[k]);
    for (size_t k = 0; k < COUNT(more); k++) {
        const struct batch b = batch_new(more[k].dtype, more[k].ndim, more[k].shape);
        count(more[k].call, &b);
        puts(more[k].name);
    }
    return EXIT_SUCCESS;
}
