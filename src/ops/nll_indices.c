/* The losses of an NLL of class indices: of each row one log-probability is read, and nothing is written. */
#include "kernels/formulas.h"
#include "ops/loss_plan.h"

enum { BATCH = 64 }; /* rows whose indices and weights are copied at a time */

/* Where the log-probabilities lie. */
struct rows {
    const char *at;
    ptrdiff_t row_step, class_step;
};

static struct rows rows_of(const struct xent_loss *loss, const struct xent_position *first)
{
    return (struct rows){ .at = (const char *)loss->logits->data + first->offset[XENT_LOSS_LOGITS],
                          .row_step = xent_walk_step(&loss->walk, XENT_LOSS_LOGITS),
                          .class_step = loss->logits->step[loss->axis] };
}

/* What is known of their rows beside them. */
struct batch {
    const int64_t *index; /* the caller's, or a copy of them */
    int64_t ignored;      /* this one's rows are */
    double coef[BATCH], weight[BATCH];
};

/* What follows is for one dtype, and one class_step, that are constants where reading an element shall not take a call or a product. */
#define PART static inline __attribute__((always_inline))

PART double load(xent_dtype dtype, const char *at)
{
    return dtype == XENT_F64 ? *(const double *)(const void *)at : xent_load_float(dtype, at);
}

/* Of rows that count once: all that gap_of and a weight would make of it, which is never -0.0. */
PART void negate(xent_dtype dtype, const struct rows *rows, ptrdiff_t class_step, const int64_t *index, size_t n,
                 double *result)
{
    const ptrdiff_t row_step = rows->row_step;
    const char *at = rows->at;
    for (size_t i = 0; i < n; i++, at += row_step) result[i] = 0 - load(dtype, at + (ptrdiff_t)index[i] * class_step);
}

/* Of rows that may be ignored, or have weights: one whose coefficient or weight is 0 is not read either. In one loop, from the element to
   the result, since no vector is to be read that narrow stores have made. */
PART void weigh(xent_dtype dtype, bool ignores, bool by_row, const struct rows *rows, const struct batch *batch, size_t n,
                double *result)
{
    const ptrdiff_t row_step = rows->row_step, class_step = rows->class_step;
    const int64_t *index = batch->index, ignored = batch->ignored;
    const char *at = rows->at;
    for (size_t i = 0; i < n; i++, at += row_step) {
        double coef = batch->coef[i], weight = by_row ? batch->weight[i] : 1, loss = 0;
        if (coef != 0 && weight != 0 && !(ignores && index[i] == ignored))
            loss = xent_loss_weighted(gap_of(coef, 0, load(dtype, at + (ptrdiff_t)index[i] * class_step)), weight);
        result[i] = loss;
    }
}

PART void weigh_rows(const struct xent_loss *loss, xent_dtype dtype, const struct rows *rows, const struct batch *batch,
                     size_t n, double *result)
{
    if (loss->options.row_weight != NULL)
        weigh(dtype, true, true, rows, batch, n, result);
    else if (loss->rule.may_ignore)
        weigh(dtype, true, false, rows, batch, n, result);
    else
        weigh(dtype, false, false, rows, batch, n, result);
}

static void negate_any(const struct xent_loss *loss, const struct rows *rows, const int64_t *index, size_t n, double *result)
{
    const bool contiguous = rows->class_step == (ptrdiff_t)loss->type.size;
    if (loss->type.dtype == XENT_F32 && contiguous)
        negate(XENT_F32, rows, sizeof(float), index, n, result);
    else if (loss->type.dtype == XENT_F32)
        negate(XENT_F32, rows, rows->class_step, index, n, result);
    else if (loss->type.dtype == XENT_F64 && contiguous)
        negate(XENT_F64, rows, sizeof(double), index, n, result);
    else if (loss->type.dtype == XENT_F64)
        negate(XENT_F64, rows, rows->class_step, index, n, result);
    else
        negate(loss->type.dtype, rows, rows->class_step, index, n, result);
}

static void weigh_any(const struct xent_loss *loss, const struct rows *rows, const struct batch *batch, size_t n,
                      double *result)
{
    if (loss->type.dtype == XENT_F32)
        weigh_rows(loss, XENT_F32, rows, batch, n, result);
    else if (loss->type.dtype == XENT_F64)
        weigh_rows(loss, XENT_F64, rows, batch, n, result);
    else
        weigh(loss->type.dtype, true, true, rows, batch, n, result);
}

/* Those of their classes; of a row that is ignored, that of a class that there always is. */
static void read_class_weights(const struct xent_loss *loss, size_t n, struct batch *batch)
{
    int64_t present[BATCH];
    if (!loss->rule.may_ignore) {
        xent_weights_of(loss->options.class_weight, batch->index, n, batch->coef);
        return;
    }
    for (size_t i = 0; i < n; i++) present[i] = batch->index[i] == batch->ignored ? 0 : batch->index[i];
    xent_weights_of(loss->options.class_weight, present, n, batch->coef);
}

/* Whether all rows count, once. */
static bool is_plain(const struct xent_loss *loss)
{
    return !loss->rule.may_ignore && loss->options.class_weight == NULL && loss->options.row_weight == NULL;
}

/* Whether a batch's indices can be read where they are. */
static bool are_in_place(const struct xent_loss *loss)
{
    return loss->rule.dtype == XENT_I64 && xent_walk_step(&loss->walk, XENT_LOSS_TARGET) == sizeof(int64_t);
}

/* n rows from `first` on, batch by batch. */
static void find_batches(const struct xent_loss *loss, const struct xent_position *first, size_t n, double *result)
{
    const struct xent_tensor *class_weight = loss->options.class_weight, *row_weight = loss->options.row_weight;
    const ptrdiff_t step = xent_walk_step(&loss->walk, XENT_LOSS_TARGET);
    const ptrdiff_t weight_step = xent_walk_step(&loss->walk, XENT_LOSS_ROW_WEIGHT);
    const char *target = (const char *)loss->target->data + first->offset[XENT_LOSS_TARGET];
    const bool plain = is_plain(loss);
    struct rows rows = rows_of(loss, first);
    struct batch batch = { .ignored = loss->rule.may_ignore ? loss->rule.ignore_index : -1 };
    int64_t copy[BATCH];
    for (size_t i = 0; i < BATCH; i++) batch.coef[i] = batch.weight[i] = 1;
    for (size_t from = 0, count; from < n; from += count) {
        const char *at = target + (ptrdiff_t)from * step;
        count = n - from < BATCH ? n - from : BATCH;
        batch.index = are_in_place(loss) ? (const int64_t *)(const void *)at : copy;
        if (!are_in_place(loss)) xent_gather_indices(loss->rule.dtype, at, step, count, copy);
        if (class_weight != NULL) read_class_weights(loss, count, &batch);
        if (row_weight != NULL)
            xent_gather_doubles(row_weight->dtype,
                                (const char *)row_weight->data + first->offset[XENT_LOSS_ROW_WEIGHT] +
                                    (ptrdiff_t)from * weight_step,
                                weight_step, count, batch.weight);
        if (plain)
            negate_any(loss, &rows, batch.index, count, result + from);
        else
            weigh_any(loss, &rows, &batch, count, result + from);
        rows.at += (ptrdiff_t)count * rows.row_step;
    }
}

void xent_nll_find_of_indices(const void *call, const struct xent_position *first, size_t n, double *result)
{
    const struct xent_loss *loss = call;
    if (is_plain(loss) && are_in_place(loss)) {
        const struct rows rows = rows_of(loss, first);
        const char *target = (const char *)loss->target->data + first->offset[XENT_LOSS_TARGET];
        negate_any(loss, &rows, (const int64_t *)(const void *)target, n, result);
    } else {
        find_batches(loss, first, n, result);
    }
}
