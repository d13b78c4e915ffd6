#include <stdio.h>
#include <stdlib.h>
#include <xent.h>

#include "peers/peer.h"

struct state {
    const char *backend;
    const struct bench_problem *problem;
    enum bench_operation operation;
    xent_options options;
    xent_tensor **logits; /* one of the inputs for each copy */
    xent_tensor *second, *target, *class_weight, *row_weight, *per_row, *index, *loss, *output;
    xent_stats stats; /* entropy: per_row; the others have memory of their own, NULL where the operation is another */
    int last;         /* the copy of the last call */
    double value;
    float value_f32;
};

static void check(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "bench: libxent: %s\n", xent_error_message());
    exit(1);
}

static void release(void *argument)
{
    struct state *s = argument;
    xent_tensor *const tensors[] = { s->second,    s->target,       s->class_weight, s->row_weight, s->per_row,
                                     s->index,     s->loss,         s->output,       s->stats.loss, s->stats.lse,
                                     s->stats.max, s->stats.argmax, s->stats.rank };
    for (int k = 0; k < s->problem->copies; k++) xent_tensor_destroy(s->logits[k]);
    for (size_t k = 0; k < sizeof tensors / sizeof *tensors; k++) xent_tensor_destroy(tensors[k]);
    free(s->logits);
    free(s);
}

static xent_dtype dtype_of(const struct bench_problem *p)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    return dtypes[p->dtype];
}

/* A tensor of the logits' shape. */
static xent_tensor *full(const struct bench_problem *p, void *data)
{
    const int64_t shape[] = { p->shape.n, p->shape.classes, p->shape.inner };
    xent_tensor *t = NULL;
    if (data != NULL) check(xent_tensor_wrap(&t, dtype_of(p), p->shape.inner == 1 ? 2 : 3, shape, NULL, data));
    return t;
}

static xent_tensor *batch(const struct bench_problem *p, xent_dtype dtype, void *data)
{
    const int64_t shape[] = { p->shape.n, p->shape.inner };
    xent_tensor *t = NULL;
    if (data != NULL) check(xent_tensor_wrap(&t, dtype, p->shape.inner == 1 ? 1 : 2, shape, NULL, data));
    return t;
}

/* The best classes of each row. */
static xent_tensor *best(const struct bench_problem *p, xent_dtype dtype, void *data)
{
    const int64_t shape[] = { p->shape.n, bench_best(p->shape.classes), p->shape.inner };
    xent_tensor *t = NULL;
    check(xent_tensor_wrap(&t, dtype, p->shape.inner == 1 ? 2 : 3, shape, NULL, data));
    return t;
}

static void set_options(struct state *s, const struct bench_problem *p, const struct bench_workload *w)
{
    s->operation = w->operation;
    s->options = (xent_options)XENT_OPTIONS_INIT;
    s->options.label_smoothing = w->label_smoothing;
    s->options.softcap = w->softcap;
    s->options.logit_scale = w->logit_scale;
    s->options.z_loss = w->z_loss;
    if (w->class_weight) check(xent_tensor_wrap(&s->class_weight, dtype_of(p), 1, &p->shape.classes, NULL, p->class_weight));
    if (w->row_weight) s->row_weight = batch(p, dtype_of(p), p->row_weight);
    s->options.class_weight = s->class_weight;
    s->options.row_weight = s->row_weight;
    if (!w->probabilities) s->target = batch(p, XENT_I64, p->target);
    if (bench_has_second(w)) s->second = full(p, p->second);
    if (w->probabilities) {
        s->target = s->second;
        s->second = NULL;
    }
}

static xent_tensor *own_batch(const struct bench_problem *p, xent_dtype dtype)
{
    const int64_t shape[] = { p->shape.n, p->shape.inner };
    xent_tensor *t;
    check(xent_tensor_create(&t, dtype, p->shape.inner == 1 ? 1 : 2, shape));
    return t;
}

static void set_stats(struct state *s, const struct bench_problem *p)
{
    s->stats = (xent_stats)XENT_STATS_INIT;
    if (s->operation != BENCH_ROW_STATS) return;
    s->stats.loss = own_batch(p, dtype_of(p));
    s->stats.lse = own_batch(p, dtype_of(p));
    s->stats.max = own_batch(p, dtype_of(p));
    s->stats.argmax = own_batch(p, XENT_I64);
    s->stats.entropy = s->per_row;
    s->stats.rank = own_batch(p, XENT_I64);
}

static void *prepare_workload(const char *backend, const struct bench_problem *p, const struct bench_workload *w)
{
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->backend = backend;
    s->problem = p;
    s->logits = calloc((size_t)p->copies, sizeof(xent_tensor *));
    if (s->logits == NULL) {
        free(s);
        return NULL;
    }
    set_options(s, p, w);
    for (int k = 0; k < p->copies; k++) s->logits[k] = full(p, bench_logits(p, k));
    s->per_row = p->index != NULL ? best(p, dtype_of(p), p->per_row) : batch(p, dtype_of(p), p->per_row);
    if (p->index != NULL) s->index = best(p, XENT_I64, p->index);
    s->output = full(p, p->output);
    set_stats(s, p);
    /* The loss is of the arithmetic's type, whatever the logits are. */
    if (p->dtype == BENCH_F64)
        check(xent_tensor_wrap(&s->loss, XENT_F64, 0, NULL, NULL, &s->value));
    else
        check(xent_tensor_wrap(&s->loss, XENT_F32, 0, NULL, NULL, &s->value_f32));
    return s;
}

static void *prepare(const struct bench_peer *peer, const struct bench_problem *p)
{
    return prepare_workload(peer->context, p, p->workload);
}

static void *prepare_own_loss(const struct bench_peer *peer, const struct bench_problem *p)
{
    return bench_is_plain_loss(p->workload) ? NULL : prepare_workload(peer->context, p, &bench_workloads[0]);
}

static xent_status run(const struct state *s, xent_tensor *in, xent_tensor *out)
{
    switch (s->operation) {
    case BENCH_CROSS_ENTROPY:
        if (out != NULL) return xent_cross_entropy_grad(in, s->target, &s->options, NULL, s->loss, out);
        return xent_cross_entropy(in, s->target, &s->options, s->loss);
    case BENCH_NLL_LOSS:
        if (out != NULL) return xent_nll_loss_backward(in, s->target, &s->options, NULL, out);
        return xent_nll_loss(in, s->target, &s->options, s->loss);
    case BENCH_KL_DIV:
        if (out != NULL) return xent_kl_div_grad(s->second, in, NULL, &s->options, NULL, s->loss, out);
        return xent_kl_div(s->second, in, NULL, &s->options, s->loss);
    case BENCH_SOFTMAX: return xent_softmax(in, 1, out);
    case BENCH_LOG_SOFTMAX: return xent_log_softmax(in, 1, out);
    case BENCH_LOGSUMEXP: return xent_logsumexp(in, 1, s->per_row);
    case BENCH_ROW_STATS: return xent_row_stats(in, s->target, &s->options, &s->stats);
    case BENCH_TOP_K: return xent_top_k(in, 1, s->index, s->per_row);
    case BENCH_SOFTMAX_BACKWARD: return xent_softmax_backward(in, s->second, 1, out);
    case BENCH_LOG_SOFTMAX_BACKWARD: return xent_log_softmax_backward(in, s->second, 1, out);
    default: return xent_log(in, out);
    }
}

static void call(void *argument, int copy)
{
    struct state *s = argument;
    xent_tensor *in = s->logits[copy];
    s->last = copy;
    check(run(s, in, s->problem->pass == BENCH_IN_PLACE ? in : s->output));
}

static double value(void *argument)
{
    const struct state *s = argument;
    return bench_value(s->problem, s->last, xent_tensor_dtype(s->loss) == XENT_F64 ? s->value : (double)s->value_f32);
}

/* Backend and threads are the process's, and others are measured in between. */
static double time_calls(void *argument, const struct bench_problem *p, long calls)
{
    const struct state *s = argument;
    check(xent_set_backend(s->backend));
    check(xent_set_num_threads(p->threads));
    return bench_time(p, call, argument, calls);
}

void bench_peer_libxent(struct bench_peer *peer, const char *backend)
{
    *peer = (struct bench_peer){ "", backend, prepare, call, value, release, time_calls };
    snprintf(peer->name, sizeof peer->name, "libxent %s", backend);
}

void bench_peer_own_loss(struct bench_peer *peer, const char *backend)
{
    *peer = (struct bench_peer){ "own loss", backend, prepare_own_loss, call, NULL, release, time_calls };
}
