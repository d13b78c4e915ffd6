/* The three products of a block, by the caller's gemm: on the operands as they are stored, or on wide copies where it does not take those. */
#include "args/check.h"
#include "ops/linear_run.h"

/* What gemm answers, beside statuses. */
enum { DONE = 0, NOT_THESE_TYPES = 1 };

struct xent_matrix xent_matrix_of(const struct xent_tensor *tensor, int64_t row)
{
    const int64_t extent = tensor->shape[1] > 1 ? tensor->shape[1] : 1;
    struct xent_matrix matrix = { tensor->data, tensor->dtype, tensor->shape[0] > 1 ? tensor->strides[0] : extent };
    if (row > 0) matrix.at += (ptrdiff_t)row * tensor->step[0];
    return matrix;
}

static struct xent_matrix logits_of(const struct xent_linear_run *run, struct xent_linear_span classes, int64_t from)
{
    const size_t offset = (size_t)(from - classes.from) * xent_linear_real_size(run);
    return (struct xent_matrix){ run->logits + offset, run->real, classes.count };
}

static void clear(const struct xent_matrix *c, int64_t m, int64_t n)
{
    const size_t size = xent_element_size(c->dtype);
    for (int64_t i = 0; i < m; i++) memset(c->at + (size_t)(i * c->stride) * size, 0, (size_t)n * size);
}

struct product {
    int32_t transpose;
    int64_t m, n, k;
    const struct xent_matrix *a, *b, *c;
    double beta;
};

/* gemm is the caller's code. It never sees an empty matrix, of which there are libraries with ideas of their own. */
static int multiply(const struct xent_linear_run *run, const struct product *p)
{
    const xent_linear *layer = &run->call->layer;
    fenv_t before;
    int answer;
    if (p->m == 0 || p->n == 0) return DONE;
    if (p->k == 0) {
        if (p->beta == 0) clear(p->c, p->m, p->n);
        return DONE;
    }
    xent_fpenv_lend(run->caller, &before);
    answer = layer->gemm(layer->user, p->transpose, p->m, p->n, p->k, p->a->dtype, p->a->at, p->a->stride, p->b->dtype,
                         p->b->at, p->b->stride, p->beta, p->c->at, p->c->stride);
    xent_fpenv_take_back(&before);
    return answer;
}

/* ---- Operands ----------------------------------------------------------------------------------------------------- */

/* Rows of an operand, in `wide` where they are to be widened and are not reals anyway. */
static struct xent_matrix operand_of(const struct xent_linear_run *run, enum xent_product product,
                                     const struct xent_tensor *tensor, struct xent_linear_span rows, char *wide)
{
    const int64_t features = run->call->features;
    struct xent_matrix matrix = xent_matrix_of(tensor, rows.from);
    if (!run->widens[product] || matrix.dtype == run->real) return matrix;
    xent_linear_widen(run, &matrix, rows.count, features, wide);
    return (struct xent_matrix){ wide, run->real, features };
}

static struct xent_matrix hidden_of(const struct xent_linear_run *run, enum xent_product product, struct xent_linear_span rows)
{
    return operand_of(run, product, run->call->layer.hidden, rows, run->hidden);
}

/* The first of these classes that go into one product: all, or as many as are widened at a time. */
static struct xent_linear_span factor_of(const struct xent_linear_run *run, enum xent_product product,
                                         struct xent_linear_span classes)
{
    const bool widened = run->widens[product] && run->call->layer.weight->dtype != run->real;
    if (widened && classes.count > XENT_WIDENED_CLASSES) classes.count = XENT_WIDENED_CLASSES;
    return classes;
}

static struct xent_matrix weight_of(const struct xent_linear_run *run, enum xent_product product,
                                    struct xent_linear_span classes)
{
    return operand_of(run, product, run->call->layer.weight, classes, run->weight);
}

static void leave_behind(struct xent_linear_span *span, int64_t count)
{
    span->from += count;
    span->count -= count;
}

/* ---- Products ----------------------------------------------------------------------------------------------------- */

enum { A_TRANSPOSED = 1, B_TRANSPOSED = 2 };

static int make_logits(const struct xent_linear_run *run, struct xent_linear_block block)
{
    const struct xent_matrix hidden = hidden_of(run, XENT_PRODUCT_LOGITS, block.rows);
    struct xent_linear_span left = block.classes, some;
    int answer = DONE;
    for (; left.count > 0 && answer == DONE; leave_behind(&left, some.count)) {
        some = factor_of(run, XENT_PRODUCT_LOGITS, left);
        const struct xent_matrix weight = weight_of(run, XENT_PRODUCT_LOGITS, some),
                                 logits = logits_of(run, block.classes, some.from);
        answer = multiply(run, &(struct product){ B_TRANSPOSED, block.rows.count, some.count, run->call->features, &hidden,
                                                  &weight, &logits, run->call->layer.bias == NULL ? 0 : 1 });
    }
    return answer;
}

static int make_grad_hidden(const struct xent_linear_run *run, struct xent_linear_block block)
{
    struct xent_matrix out = { run->grad_hidden, run->real, run->call->features };
    struct xent_linear_span left = block.classes, some;
    int answer = DONE;
    if (xent_linear_writes_grad_hidden(run->call)) out = xent_matrix_of(run->call->grad_hidden, block.rows.from);
    for (; left.count > 0 && answer == DONE; leave_behind(&left, some.count)) {
        some = factor_of(run, XENT_PRODUCT_GRAD_HIDDEN, left);
        const struct xent_matrix weight = weight_of(run, XENT_PRODUCT_GRAD_HIDDEN, some),
                                 gradient = logits_of(run, block.classes, some.from);
        answer = multiply(run, &(struct product){ 0, block.rows.count, run->call->features, some.count, &gradient, &weight,
                                                  &out, some.from == 0 ? 0 : 1 });
    }
    return answer;
}

static int make_grad_weight(const struct xent_linear_run *run, struct xent_linear_block block)
{
    const struct xent_matrix hidden = hidden_of(run, XENT_PRODUCT_GRAD_WEIGHT, block.rows),
                             gradient = logits_of(run, block.classes, 0), out = xent_matrix_of(run->call->grad_weight, 0);
    const bool adds = block.rows.from > 0 || run->call->layer.accumulate;
    return multiply(run, &(struct product){ A_TRANSPOSED, run->call->classes, run->call->features, block.rows.count, &gradient,
                                            &hidden, &out, adds ? 1 : 0 });
}

/* ---- Answers ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int (*make)(const struct xent_linear_run *run, struct xent_linear_block block);
    bool of_hidden, of_weight; /* which operands may be of another type than the logits */
} products[XENT_PRODUCTS] = {
    [XENT_PRODUCT_LOGITS] = { "the logits", make_logits, true, true },
    [XENT_PRODUCT_GRAD_HIDDEN] = { "grad_hidden", make_grad_hidden, false, true },
    [XENT_PRODUCT_GRAD_WEIGHT] = { "grad_weight", make_grad_weight, true, false },
};

static bool may_widen(const struct xent_linear_run *run, enum xent_product product)
{
    const xent_linear *layer = &run->call->layer;
    if (run->widens[product]) return false;
    return (products[product].of_hidden && layer->hidden->dtype != run->real) ||
           (products[product].of_weight && layer->weight->dtype != run->real);
}

static XENT_COLD xent_status fail(const struct xent_linear_run *run, enum xent_product product, int answer)
{
    const xent_status status =
        answer == XENT_ERROR_OVERFLOW || answer == XENT_ERROR_NO_MEMORY ? (xent_status)answer : XENT_ERROR_UNSUPPORTED;
    if (answer == NOT_THESE_TYPES)
        return xent_fail(status, "layer->gemm returned 1 for %s: it cannot multiply %s, which every gemm must",
                         products[product].name, xent_element_name(run->real));
    return xent_fail(status, "layer->gemm returned %d%s for %s", answer,
                     status == XENT_ERROR_OVERFLOW    ? ", an extent too large for it,"
                     : status == XENT_ERROR_NO_MEMORY ? ", too little memory,"
                                                      : "",
                     products[product].name);
}

xent_status xent_linear_multiply(struct xent_linear_run *run, enum xent_product product, struct xent_linear_block block)
{
    int answer = products[product].make(run, block);
    if (answer == NOT_THESE_TYPES && may_widen(run, product)) {
        run->widens[product] = true;
        answer = products[product].make(run, block);
    }
    return answer == DONE ? XENT_OK : fail(run, product, answer);
}
