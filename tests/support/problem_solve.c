#include <stdlib.h>
#include <string.h>

#include "problem_operand.h"
#include "problem_values.h"

enum stream { STREAM_LOGITS = 1, STREAM_TARGET, STREAM_WEIGHT, STREAM_GRAD_LOSS, STREAM_ROWS, STREAM_ENTRIES };

/* The tensors of one call. */
struct call {
    struct operand logits, target, weight, grad_loss; /* inputs */
    struct operand rows;                              /* a result per row, or for all rows */
    struct operand entries;                           /* a result per logit; unused in place */
    double divisor;
};

typedef void fill(const struct problem *p, void *out);

static void input(struct operand *o, const struct problem *p, uint64_t stream, fill *values, int written)
{
    void *contiguous = memory_new((size_t)operand_elements(o) * xent_dtype_size(o->dtype));
    values(p, contiguous);
    if (written)
        operand_input_output(o, p, stream, contiguous);
    else
        operand_input(o, p, stream, contiguous);
    free(contiguous);
}

static void fill_upstream(const struct problem *p, void *out)
{
    fill_grad_loss(p, out, p->reduction == XENT_REDUCTION_NONE ? problem_logits(p) / problem_classes(p) : 1);
}

static struct operand reduced(const struct problem *p, xent_dtype dtype)
{
    return p->reduction == XENT_REDUCTION_NONE ? operand_of_rows(p, dtype) : operand_of_one(p, dtype);
}

static void open_target(struct call *c, const struct problem *p)
{
    if (p->target_dtype == 0) return;
    const int probabilities = p->target_dtype == XENT_F32 || p->target_dtype == XENT_F64;
    c->target = probabilities ? operand_of_logits(p, p->target_dtype) : operand_of_rows(p, p->target_dtype);
    input(&c->target, p, STREAM_TARGET, probabilities ? fill_probabilities : fill_classes, 0);
    if (p->weight_dtype == 0) return;
    c->weight = operand_of_classes(p, p->weight_dtype);
    input(&c->weight, p, STREAM_WEIGHT, fill_weights, 0);
}

static void open_call(struct call *c, const struct problem *p)
{
    memset(c, 0, sizeof *c);
    open_target(c, p);
    if (p->op == OP_MEAN_DIVISOR) return;
    c->logits = operand_of_logits(p, p->dtype);
    input(&c->logits, p, STREAM_LOGITS, fill_logits, p->in_place);
    if (problem_can_be_in_place(p) && !p->in_place) {
        c->entries = operand_of_logits(p, p->dtype);
        operand_output(&c->entries, p, STREAM_ENTRIES);
    }
    if (p->grad_loss_dtype != 0) {
        c->grad_loss = reduced(p, p->grad_loss_dtype);
        input(&c->grad_loss, p, STREAM_GRAD_LOSS, fill_upstream, 0);
    }
    const int per_row = p->op == OP_LOGSUMEXP;
    if (!per_row && (p->target_dtype == 0 || p->loss_dtype == 0)) return;
    c->rows = per_row ? operand_of_rows(p, p->loss_dtype) : reduced(p, p->loss_dtype);
    operand_output(&c->rows, p, STREAM_ROWS);
}

static xent_status run(struct call *c, const struct problem *p)
{
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *entries = p->in_place ? c->logits.tensor : c->entries.tensor;
    options.axis = p->axis;
    options.reduction = (int32_t)p->reduction;
    options.ignore_index = p->ignore_index;
    options.class_weight = c->weight.tensor;
    options.normalizer = p->normalizer;
    switch (p->op) {
    case OP_SOFTMAX: return xent_softmax(c->logits.tensor, p->axis, entries);
    case OP_LOG_SOFTMAX: return xent_log_softmax(c->logits.tensor, p->axis, entries);
    case OP_LOGSUMEXP: return xent_logsumexp(c->logits.tensor, p->axis, c->rows.tensor);
    case OP_LOG: return xent_log(c->logits.tensor, entries);
    case OP_NLL_LOSS: return xent_nll_loss(c->logits.tensor, c->target.tensor, &options, c->rows.tensor);
    case OP_CROSS_ENTROPY: return xent_cross_entropy(c->logits.tensor, c->target.tensor, &options, c->rows.tensor);
    case OP_CROSS_ENTROPY_GRAD:
        return xent_cross_entropy_grad(c->logits.tensor, c->target.tensor, &options, c->grad_loss.tensor, c->rows.tensor,
                                       entries);
    default: return xent_mean_divisor(c->target.tensor, &options, &c->divisor);
    }
}

/* The call's outputs, in the order of the answer. */
static int outputs(struct call *c, const struct problem *p, struct operand **out)
{
    int n = 0;
    if (c->rows.tensor != NULL) out[n++] = &c->rows;
    if (p->in_place)
        out[n++] = &c->logits;
    else if (c->entries.tensor != NULL)
        out[n++] = &c->entries;
    return n;
}

static void take_divisor(struct answer *a, double divisor)
{
    uint64_t bits;
    memcpy(&bits, &divisor, sizeof bits);
    a->bytes = memory_new(sizeof bits);
    for (; a->size < sizeof bits; a->size++) a->bytes[a->size] = (unsigned char)(bits >> (8 * a->size) & 0xff);
}

static void take_outputs(struct answer *a, struct call *c, const struct problem *p)
{
    struct operand *out[2];
    const int n = outputs(c, p, out);
    for (int i = 0; i < n; i++) a->size += (size_t)operand_elements(out[i]) * xent_dtype_size(out[i]->dtype);
    a->bytes = memory_new(a->size);
    unsigned char *to = a->bytes;
    for (int i = 0; i < n; i++) {
        operand_gather(out[i], to);
        to += (size_t)operand_elements(out[i]) * xent_dtype_size(out[i]->dtype);
        a->stray |= operand_stray(out[i]);
    }
}

struct answer problem_solve(const struct problem *p)
{
    struct answer a = { XENT_OK, 0, NULL, 0 };
    struct call c;
    open_call(&c, p);
    a.status = run(&c, p);
    if (a.status == XENT_OK && p->op == OP_MEAN_DIVISOR)
        take_divisor(&a, c.divisor);
    else if (a.status == XENT_OK)
        take_outputs(&a, &c, p);
    operand_free(&c.logits);
    operand_free(&c.target);
    operand_free(&c.weight);
    operand_free(&c.grad_loss);
    operand_free(&c.rows);
    operand_free(&c.entries);
    return a;
}

void answer_free(struct answer *a) { free(a->bytes); }
