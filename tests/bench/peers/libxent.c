#include <stdio.h>
#include <stdlib.h>
#include <xent.h>

#include "peers/peer.h"

struct state {
    const char *backend;
    xent_options options;
    xent_tensor *target, *loss, *gradient, **logits; /* one of the logits for each copy */
    int copies;
    enum bench_pass pass;
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
    for (int k = 0; k < s->copies; k++) xent_tensor_destroy(s->logits[k]);
    free(s->logits);
    xent_tensor_destroy(s->target);
    xent_tensor_destroy(s->loss);
    xent_tensor_destroy(s->gradient);
    free(s);
}

static void *prepare(const struct bench_peer *peer, const struct bench_problem *p)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    const xent_dtype dtype = dtypes[p->dtype];
    const int32_t ndim = p->shape.inner == 1 ? 2 : 3;
    const int64_t shape[] = { p->shape.n, p->shape.classes, p->shape.inner }, batch[] = { p->shape.n, p->shape.inner };
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->logits = calloc((size_t)p->copies, sizeof *s->logits);
    if (s->logits == NULL) {
        free(s);
        return NULL;
    }
    s->backend = peer->context;
    s->options = (xent_options)XENT_OPTIONS_INIT;
    s->options.num_threads = p->threads;
    s->copies = p->copies;
    s->pass = p->pass;
    for (int k = 0; k < p->copies; k++) check(xent_tensor_wrap(&s->logits[k], dtype, ndim, shape, NULL, bench_logits(p, k)));
    check(xent_tensor_wrap(&s->target, XENT_I64, ndim - 1, batch, NULL, p->target));
    if (p->pass == BENCH_OUT_OF_PLACE) check(xent_tensor_wrap(&s->gradient, dtype, ndim, shape, NULL, p->gradient));
    /* The loss is of the arithmetic's type, whatever the logits are. */
    if (p->dtype == BENCH_F64)
        check(xent_tensor_wrap(&s->loss, XENT_F64, 0, NULL, NULL, &s->value));
    else
        check(xent_tensor_wrap(&s->loss, XENT_F32, 0, NULL, NULL, &s->value_f32));
    return s;
}

static void call(void *argument, int copy)
{
    struct state *s = argument;
    xent_tensor *logits = s->logits[copy];
    if (s->pass == BENCH_FORWARD) {
        check(xent_cross_entropy(logits, s->target, &s->options, s->loss));
    } else {
        xent_tensor *gradient = s->pass == BENCH_IN_PLACE ? logits : s->gradient;
        check(xent_cross_entropy_grad(logits, s->target, &s->options, NULL, s->loss, gradient));
    }
}

static double loss(void *argument)
{
    const struct state *s = argument;
    return xent_tensor_dtype(s->loss) == XENT_F64 ? s->value : (double)s->value_f32;
}

/* The backend is the process's, and other backends are measured in between. */
static double time_calls(void *argument, const struct bench_problem *p, long calls)
{
    const struct state *s = argument;
    check(xent_set_backend(s->backend));
    return bench_time(p, call, argument, calls);
}

void bench_peer_libxent(struct bench_peer *peer, const char *backend)
{
    *peer = (struct bench_peer){ "", backend, prepare, call, loss, release, time_calls };
    snprintf(peer->name, sizeof peer->name, "libxent %s", backend);
}
