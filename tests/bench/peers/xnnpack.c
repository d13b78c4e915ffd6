/* XNNPACK: softmax, then the loss and the gradient from the probabilities. */
#include <stdlib.h>
#include <xnnpack.h>

#include "peers/peer.h"
#include "peers/probabilities.h"

struct state {
    const struct bench_problem *problem;
    xnn_operator_t softmax;
    pthreadpool_t pool; /* NULL: the calling thread */
    float *result;      /* forward: probabilities */
    double value;
};

static void release(void *argument)
{
    struct state *s = argument;
    if (s->softmax != NULL) xnn_delete_operator(s->softmax);
    if (s->pool != NULL) pthreadpool_destroy(s->pool);
    free(s->result);
    free(s);
}

static void *prepare(const struct bench_peer *peer, const struct bench_problem *p)
{
    (void)peer;
    const size_t classes = (size_t)p->shape.classes;
    const bool forward = p->pass == BENCH_FORWARD;
    if (p->dtype != BENCH_F32 || p->shape.inner != 1 || !bench_is_plain_loss(p->workload)) return NULL;
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->problem = p;
    if (forward) s->result = malloc(p->bytes);
    if (p->threads > 1) s->pool = pthreadpool_create((size_t)p->threads);
    if ((!forward || s->result != NULL) && (p->threads == 1 || s->pool != NULL) &&
        xnn_create_softmax_nc_f32(classes, classes, classes, 0, &s->softmax) == xnn_status_success)
        return s;
    release(s);
    return NULL;
}

static void call(void *argument, int copy)
{
    struct state *s = argument;
    const struct bench_problem *p = s->problem;
    float *to = p->pass == BENCH_FORWARD ? s->result : bench_output(p, copy);
    if (xnn_setup_softmax_nc_f32(s->softmax, (size_t)p->shape.n, bench_logits(p, copy), to, s->pool) != xnn_status_success ||
        xnn_run_operator(s->softmax, s->pool) != xnn_status_success)
        abort();
    s->value = bench_value(p, copy, bench_from_probabilities(p, to, p->pass != BENCH_FORWARD));
}

static double value(void *argument) { return ((struct state *)argument)->value; }

bool bench_peer_xnnpack(struct bench_peer *peer)
{
    *peer = (struct bench_peer){ "XNNPACK", NULL, prepare, call, value, release, NULL };
    return xnn_initialize(NULL) == xnn_status_success;
}
