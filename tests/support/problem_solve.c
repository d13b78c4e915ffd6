#include <stdlib.h>
#include <string.h>

#include "problem_element.h"
#include "problem_operand.h"
#include "problem_values.h"

enum stream { STREAM_LOGITS = 1, STREAM_TARGET, STREAM_WEIGHT, STREAM_GRAD_LOSS, STREAM_ROWS, STREAM_ENTRIES, STREAM_GRADIENT };

/* The tensors of one call. */
struct call {
    struct operand logits, gradient, target, weight,
        grad_loss;          /* inputs; gradient: that of probabilities or log-probabilities */
    struct operand rows;    /* a result per row, or for all rows */
    struct operand entries; /* a result per logit; unused in place */
    double divisor;
};

/* ---- Tensors ------------------------------------------------------------------------------------------------------------- */

typedef void fill(const struct problem *p, void *out);

static void lay_in(struct operand *o, const struct problem *p, uint64_t stream, const void *contiguous, int written)
{
    if (written)
        operand_input_output(o, p, stream, contiguous);
    else
        operand_input(o, p, stream, contiguous);
}

static void input(struct operand *o, const struct problem *p, uint64_t stream, fill *values)
{
    void *contiguous = memory_new((size_t)operand_elements(o) * xent_dtype_size(o->dtype));
    values(p, contiguous);
    lay_in(o, p, stream, contiguous, 0);
    free(contiguous);
}

/* The dtype of the tensors that have the logits' shape and dtype. */
static xent_dtype held_as(const struct problem *p) { return p->widened ? XENT_F32 : p->dtype; }

static void logits_input(struct operand *o, const struct problem *p, uint64_t stream, fill *values, int written)
{
    const int64_t n = problem_logits(p);
    void *contiguous = memory_new((size_t)n * sizeof(double)), *widened = memory_new((size_t)n * sizeof(float));
    *o = operand_of_logits(p, held_as(p));
    values(p, contiguous);
    for (int64_t i = 0; p->widened && i < n; i++) element_store(XENT_F32, widened, i, element_load(p->dtype, contiguous, i));
    lay_in(o, p, stream, p->widened ? widened : contiguous, written);
    free(contiguous);
    free(widened);
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
    const int probabilities = problem_is_floating(p->target_dtype);
    c->target = probabilities ? operand_of_logits(p, p->target_dtype) : operand_of_rows(p, p->target_dtype);
    input(&c->target, p, STREAM_TARGET, probabilities ? fill_probabilities : fill_classes);
    if (p->weight_dtype == 0) return;
    c->weight = operand_of_classes(p, p->weight_dtype);
    input(&c->weight, p, STREAM_WEIGHT, fill_weights);
}

static void open_call(struct call *c, const struct problem *p)
{
    memset(c, 0, sizeof *c);
    open_target(c, p);
    if (p->op == OP_MEAN_DIVISOR) return;
    logits_input(&c->logits, p, STREAM_LOGITS, fill_logits, p->in_place == 1);
    if (p->op == OP_SOFTMAX_BACKWARD || p->op == OP_LOG_SOFTMAX_BACKWARD)
        logits_input(&c->gradient, p, STREAM_GRADIENT, fill_gradient, p->in_place == 2);
    if (problem_places(p) > 0 && !p->in_place) {
        c->entries = operand_of_logits(p, held_as(p));
        operand_output(&c->entries, p, STREAM_ENTRIES);
    }
    if (p->grad_loss_dtype != 0) {
        c->grad_loss = reduced(p, p->grad_loss_dtype);
        input(&c->grad_loss, p, STREAM_GRAD_LOSS, fill_upstream);
    }
    const int per_row = p->op == OP_LOGSUMEXP;
    if (!per_row && (!problem_has_loss(p) || p->loss_dtype == 0)) return;
    c->rows = per_row ? operand_of_rows(p, p->loss_dtype) : reduced(p, p->loss_dtype);
    operand_output(&c->rows, p, STREAM_ROWS);
}

static void close_call(struct call *c)
{
    operand_free(&c->logits);
    operand_free(&c->gradient);
    operand_free(&c->target);
    operand_free(&c->weight);
    operand_free(&c->grad_loss);
    operand_free(&c->rows);
    operand_free(&c->entries);
}

/* ---- Calls --------------------------------------------------------------------------------------------------------------- */

static struct operand *entries_of(struct call *c, const struct problem *p)
{
    return p->in_place == 0 ? &c->entries : p->in_place == 1 ? &c->logits : &c->gradient;
}

static xent_options options_of(const struct call *c, const struct problem *p)
{
    xent_options options = XENT_OPTIONS_INIT;
    options.axis = p->axis;
    options.reduction = (int32_t)p->reduction;
    options.ignore_index = p->ignore_index;
    options.class_weight = c->weight.tensor;
    options.normalizer = p->normalizer;
    options.label_smoothing = p->label_smoothing;
    options.z_loss = p->z_loss;
    options.logit_scale = p->logit_scale;
    options.softcap = p->softcap;
    return options;
}

static xent_status run(struct call *c, const struct problem *p)
{
    const xent_options options = options_of(c, p);
    const xent_tensor *logits = c->logits.tensor, *target = c->target.tensor, *grad_loss = c->grad_loss.tensor;
    xent_tensor *entries = entries_of(c, p)->tensor, *rows = c->rows.tensor;
    switch (p->op) {
    case OP_SOFTMAX: return xent_softmax(logits, p->axis, entries);
    case OP_LOG_SOFTMAX: return xent_log_softmax(logits, p->axis, entries);
    case OP_LOGSUMEXP: return xent_logsumexp(logits, p->axis, rows);
    case OP_LOG: return xent_log(logits, entries);
    case OP_NLL_LOSS: return xent_nll_loss(logits, target, &options, rows);
    case OP_CROSS_ENTROPY: return xent_cross_entropy(logits, target, &options, rows);
    case OP_CROSS_ENTROPY_GRAD: return xent_cross_entropy_grad(logits, target, &options, grad_loss, rows, entries);
    case OP_SOFTMAX_BACKWARD: return xent_softmax_backward(logits, c->gradient.tensor, p->axis, entries);
    case OP_LOG_SOFTMAX_BACKWARD: return xent_log_softmax_backward(logits, c->gradient.tensor, p->axis, entries);
    case OP_NLL_LOSS_BACKWARD: return xent_nll_loss_backward(logits, target, &options, grad_loss, entries);
    default: return xent_mean_divisor(target, &options, &c->divisor);
    }
}

/* Cuts an operand of the batch shape, with or without the class axis; o has a tensor. */
static void narrow(struct operand *o, const struct problem *p, int32_t dimension, int64_t begin, int64_t end)
{
    operand_narrow(o, o->ndim == p->ndim || dimension < p->axis ? dimension : dimension - 1, begin, end);
}

/* The call for the rows whose index along the dimension lies in [begin, end). */
static xent_status run_piece(struct call *whole, const struct problem *p, int32_t dimension, int64_t begin, int64_t end)
{
    struct call piece = *whole;
    const int per_row = p->op == OP_LOGSUMEXP || p->reduction == XENT_REDUCTION_NONE;
    struct operand *const cut[] = { &piece.logits,
                                    &piece.gradient,
                                    &piece.target,
                                    &piece.entries,
                                    per_row ? &piece.grad_loss : NULL,
                                    per_row ? &piece.rows : NULL };
    enum { CUT = sizeof cut / sizeof cut[0] };
    int narrowed[CUT];
    for (int i = 0; i < CUT; i++) {
        narrowed[i] = cut[i] != NULL && cut[i]->tensor != NULL;
        if (narrowed[i]) narrow(cut[i], p, dimension, begin, end);
    }
    const xent_status status = run(&piece, p);
    for (int i = 0; i < CUT; i++)
        if (narrowed[i]) xent_tensor_destroy(cut[i]->tensor);
    return status;
}

/* ---- Answers ------------------------------------------------------------------------------------------------------------- */

/* The call's outputs, in the order of the answer. */
static int outputs(struct call *c, const struct problem *p, struct operand **out)
{
    int n = 0;
    if (c->rows.tensor != NULL) out[n++] = &c->rows;
    if (problem_places(p) > 0) out[n++] = entries_of(c, p);
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

static struct answer take(struct call *c, const struct problem *p, xent_status status)
{
    struct answer a = { status, 0, NULL, 0 };
    if (status == XENT_OK && p->op == OP_MEAN_DIVISOR)
        take_divisor(&a, c->divisor);
    else if (status == XENT_OK)
        take_outputs(&a, c, p);
    return a;
}

struct answer problem_solve(const struct problem *p)
{
    struct call c;
    open_call(&c, p);
    struct answer a = take(&c, p, run(&c, p));
    close_call(&c);
    return a;
}

struct answer problem_solve_pieces(const struct problem *p, int32_t dimension, struct random *r)
{
    struct call c;
    xent_status status = XENT_OK;
    const int64_t rows = p->shape[dimension], longest = random_chance(r, 3) ? 1 : rows;
    open_call(&c, p);
    for (int64_t begin = 0, end; begin < rows && status == XENT_OK; begin = end) {
        end = begin + 1 + random_below(r, longest < rows - begin ? longest : rows - begin);
        status = run_piece(&c, p, dimension, begin, end);
    }
    struct answer a = take(&c, p, status);
    close_call(&c);
    return a;
}

void answer_free(struct answer *a) { free(a->bytes); }
