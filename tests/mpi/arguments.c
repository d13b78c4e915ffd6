#include "arguments.h"

#include <stdio.h>
#include <string.h>

#include "support/refusal.h"

void case_begin(struct case_data *data, const struct grid *g, int64_t rows_each)
{
    struct random r = random_stream(3, 0);
    struct batch *b = &data->batch;
    const int64_t rows = rows_each * g->batches, classes = 2 * CHUNK * (int64_t)g->parts - 100;
    xent_shard shard;
    *b = (struct batch){ .dtype = XENT_F32, .outer = rows, .classes = classes, .inner = 2 };
    batch_draw(b, true, &r);
    tensor_free(b->grad_loss);
    b->options.reduction = XENT_REDUCTION_NONE;
    b->grad_loss = tensor_new(XENT_F32, SHAPE(rows, 2), ROW_MAJOR);
    b->row_weight = tensor_new(XENT_F32, SHAPE(rows, 2), ROW_MAJOR);
    b->class_weight = tensor_new(XENT_F32, SHAPE(classes), ROW_MAJOR);
    b->options.class_weight = b->class_weight;
    for (int64_t i = 0; i < 2 * rows; i++) tensor_set(b->grad_loss, i, 1);
    for (int64_t i = 0; i < 2 * rows; i++) tensor_set(b->row_weight, i, 1);
    for (int64_t i = 0; i < 2 * rows; i++) tensor_set(b->target, i, (double)i);
    for (int64_t i = 0; i < classes; i++) tensor_set(b->class_weight, i, 1);
    data->out = rows_new(b, XENT_F64, &r);
    expect_ok(xent_shard_cut(classes, XENT_F32, g->parts, g->part, &shard));
    data->share = share_of(g, b, &data->out, &shard, 0);
}

void case_end(struct case_data *data)
{
    share_free(&data->share);
    rows_free(&data->out);
    batch_free(&data->batch);
}

void arguments_init(struct arguments *a, const struct grid *g, const struct case_data *data, enum function function)
{
    const struct share *s = &data->share;
    *a = (struct arguments){ .function = function,
                             .classes = g->classes,
                             .rows = g->rows,
                             .logits = s->logits,
                             .target = s->target,
                             .grad_loss = s->grad_loss,
                             .loss = s->loss,
                             .grad_logits = s->grad_logits,
                             .own_shard = s->shard,
                             .own_options = s->options,
                             .own_stats = s->stats };
    a->shard = &a->own_shard;
    a->options = &a->own_options;
    a->stats = &a->own_stats;
}

xent_status arguments_call(const struct arguments *a)
{
    switch (a->function) {
    case CALL_LOSS: return xent_mpi_cross_entropy(a->classes, a->rows, a->logits, a->shard, a->target, a->options, a->loss);
    case CALL_GRADIENT:
        return xent_mpi_cross_entropy_grad(a->classes, a->rows, a->logits, a->shard, a->target, a->options, a->grad_loss,
                                           a->loss, a->grad_logits);
    default: return xent_mpi_row_stats(a->classes, a->logits, a->shard, a->target, a->options, a->stats);
    }
}

void expect_answer(const struct arguments *a, const struct case_data *data, const char *name, xent_status status, int world,
                   const char *words)
{
    const struct rows *out = &data->out;
    const xent_tensor *const outputs[] = { out->loss,        out->gradient,       out->member[LOSS],   out->member[LSE],
                                           out->member[MAX], out->member[ARGMAX], out->member[ENTROPY] };
    struct refusal refusal = refusal_begin(outputs, sizeof outputs / sizeof outputs[0]);
    const xent_status got = arguments_call(a);
    char prefix[32] = "";
    refusal_end(&refusal, name, __FILE__, __LINE__);
    if (world == SOME_RANK) (void)snprintf(prefix, sizeof prefix, "rank ");
    if (world >= 0) (void)snprintf(prefix, sizeof prefix, "rank %d: ", world);
    if (got != status || strncmp(xent_error_message(), prefix, strlen(prefix)) != 0 ||
        strstr(xent_error_message(), words) == NULL)
        fail_msg("%s on rank %d: %s, \"%s\", expected %s, \"%s ... %s\"", name, world, xent_status_name(got),
                 xent_error_message(), xent_status_name(status), prefix, words);
}
