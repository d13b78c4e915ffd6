/* oneDNN: log-softmax and a look at the targets; for a gradient softmax, since its backward pass would read and write more. */
#include <dnnl.h>
#include <omp.h>
#include <stdlib.h>

#include "peers/peer.h"
#include "peers/probabilities.h"

struct state {
    const struct bench_problem *problem;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive;
    dnnl_memory_t from, to;
    void *result; /* forward: log-probabilities */
    double value;
};

static void release(void *argument)
{
    struct state *s = argument;
    if (s->from != NULL) dnnl_memory_destroy(s->from);
    if (s->to != NULL) dnnl_memory_destroy(s->to);
    if (s->primitive != NULL) dnnl_primitive_destroy(s->primitive);
    if (s->stream != NULL) dnnl_stream_destroy(s->stream);
    if (s->engine != NULL) dnnl_engine_destroy(s->engine);
    free(s->result);
    free(s);
}

#if DNNL_VERSION_MAJOR >= 3
static bool create(struct state *s, dnnl_dims_t dims, dnnl_data_type_t type, bool log)
{
    dnnl_memory_desc_t memory = NULL;
    dnnl_primitive_desc_t description = NULL;
    bool done = dnnl_memory_desc_create_with_tag(&memory, 3, dims, type, dnnl_abc) == dnnl_success &&
                dnnl_softmax_forward_primitive_desc_create(&description, s->engine, dnnl_forward_inference,
                                                           log ? dnnl_softmax_log : dnnl_softmax_accurate, memory, memory, 1,
                                                           NULL) == dnnl_success &&
                dnnl_primitive_create(&s->primitive, description) == dnnl_success &&
                dnnl_memory_create(&s->from, memory, s->engine, DNNL_MEMORY_NONE) == dnnl_success &&
                dnnl_memory_create(&s->to, memory, s->engine, DNNL_MEMORY_NONE) == dnnl_success;
    if (description != NULL) dnnl_primitive_desc_destroy(description);
    if (memory != NULL) dnnl_memory_desc_destroy(memory);
    return done;
}
#else
static bool create(struct state *s, dnnl_dims_t dims, dnnl_data_type_t type, bool log)
{
    dnnl_memory_desc_t memory;
    dnnl_softmax_v2_desc_t operation;
    dnnl_primitive_desc_t description = NULL;
    bool done =
        dnnl_memory_desc_init_by_tag(&memory, 3, dims, type, dnnl_abc) == dnnl_success &&
        dnnl_softmax_v2_forward_desc_init(&operation, dnnl_forward_inference, log ? dnnl_softmax_log : dnnl_softmax_accurate,
                                          &memory, &memory, 1) == dnnl_success &&
        dnnl_primitive_desc_create(&description, &operation, NULL, s->engine, NULL) == dnnl_success &&
        dnnl_primitive_create(&s->primitive, description) == dnnl_success &&
        dnnl_memory_create(&s->from, &memory, s->engine, DNNL_MEMORY_NONE) == dnnl_success &&
        dnnl_memory_create(&s->to, &memory, s->engine, DNNL_MEMORY_NONE) == dnnl_success;
    if (description != NULL) dnnl_primitive_desc_destroy(description);
    return done;
}
#endif

static void *prepare(const struct bench_peer *peer, const struct bench_problem *p)
{
    (void)peer;
    static const dnnl_data_type_t types[] = { dnnl_f32, dnnl_data_type_undef, dnnl_f16, dnnl_bf16 };
    dnnl_dims_t dims = { p->shape.n, p->shape.classes, p->shape.inner };
    const bool forward = p->pass == BENCH_FORWARD;
    if (p->dtype == BENCH_F64 || !bench_is_plain_loss(p->workload)) return NULL;
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL) return NULL;
    s->problem = p;
    omp_set_num_threads(p->threads);
    if (forward) s->result = malloc(p->bytes);
    if ((!forward || s->result != NULL) && dnnl_engine_create(&s->engine, dnnl_cpu, 0) == dnnl_success &&
        dnnl_stream_create(&s->stream, s->engine, dnnl_stream_default_flags) == dnnl_success &&
        create(s, dims, types[p->dtype], forward))
        return s;
    release(s);
    return NULL;
}

static void call(void *argument, int copy)
{
    struct state *s = argument;
    const struct bench_problem *p = s->problem;
    void *to = p->pass == BENCH_FORWARD ? s->result : bench_output(p, copy);
    const dnnl_exec_arg_t arguments[] = { { DNNL_ARG_SRC, s->from }, { DNNL_ARG_DST, s->to } };
    dnnl_memory_set_data_handle(s->from, bench_logits(p, copy));
    dnnl_memory_set_data_handle(s->to, to);
    if (dnnl_primitive_execute(s->primitive, s->stream, 2, arguments) != dnnl_success) abort();
    dnnl_stream_wait(s->stream);
    const double loss = p->pass == BENCH_FORWARD ? bench_from_log_probabilities(p, to) : bench_from_probabilities(p, to, true);
    s->value = bench_value(p, copy, loss);
}

static double value(void *argument) { return ((struct state *)argument)->value; }

bool bench_peer_onednn(struct bench_peer *peer)
{
    *peer = (struct bench_peer){ "oneDNN", NULL, prepare, call, value, release, NULL };
    return true;
}
