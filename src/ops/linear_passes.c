/* What a linear layer does to its memory between the products, each in one pass that threads share. */
#include "ops/linear_run.h"
#include "rows/chunk.h"

typedef void body(const void *context, int64_t task, int64_t from, int64_t to);

/* Of so many rows, or classes, with so many elements in all. */
static void share(const struct xent_linear_run *run, int64_t count, int64_t elements, body *part, const void *context)
{
    struct xent_parallel parallel;
    xent_parallel_plan(&parallel, run->settings, run->call->loss.options.num_threads, count, 1, elements);
    parallel.caller = run->caller;
    xent_parallel_rows(&parallel, part, context);
}

/* ---- Wide copies -------------------------------------------------------------------------------------------------- */

struct widening {
    const struct xent_linear_run *run;
    const struct xent_matrix *from;
    int64_t count;
    char *to;
};

/* 16 bits become F32, and whatever is no F64 becomes that. */
static void widen_rows(const void *context, int64_t task, int64_t from, int64_t to)
{
    const struct widening *w = context;
    const xent_dtype dtype = w->from->dtype;
    const struct xent_stored_kernels *kernels = xent_kernels_of(w->run->settings->kernels, dtype);
    const ptrdiff_t size = (ptrdiff_t)xent_element_size(dtype);
    const size_t n = (size_t)w->count, row_size = n * xent_linear_real_size(w->run);
    (void)task;
    for (int64_t i = from; i < to; i++) {
        const char *row = w->from->at + (ptrdiff_t)(i * w->from->stride) * size;
        char *out = w->to + (size_t)i * row_size;
        if (w->run->real == XENT_F32)
            kernels->prepare(row, out, n, 1, 0);
        else
            xent_gather_doubles(dtype, row, size, n, (double *)(void *)out);
    }
}

void xent_linear_widen(const struct xent_linear_run *run, const struct xent_matrix *from, int64_t rows, int64_t count, char *to)
{
    const struct widening widening = { run, from, count, to };
    share(run, rows, rows * count, widen_rows, &widening);
}

/* ---- Bias --------------------------------------------------------------------------------------------------------- */

struct copying {
    char *rows;
    size_t size; /* of a row */
};

static void copy_first_row(const void *context, int64_t task, int64_t from, int64_t to)
{
    const struct copying *c = context;
    (void)task;
    for (int64_t i = from + 1; i < to + 1; i++) memcpy(c->rows + (size_t)i * c->size, c->rows, c->size);
}

void xent_linear_begin_logits(const struct xent_linear_run *run, struct xent_linear_block block)
{
    const struct xent_tensor *bias = run->call->layer.bias;
    const size_t size = xent_linear_real_size(run);
    const int64_t rows = block.rows.count, classes = block.classes.count;
    const struct copying copying = { run->logits, (size_t)classes * size };
    if (bias == NULL || rows == 0) return;
    for (int64_t c = 0; c < classes; c++) {
        const char *at = (const char *)bias->data + (ptrdiff_t)(block.classes.from + c) * bias->step[0];
        xent_store_float(run->real, run->logits + (size_t)c * size, xent_load_float(bias->dtype, at));
    }
    share(run, rows - 1, (rows - 1) * classes, copy_first_row, &copying);
}

struct addition {
    const struct xent_linear_run *run;
    int64_t rows;
};

/* Classes whose sums a first-level cache holds. */
enum { SUMMED_CLASSES = 1024 };

static void add_row(xent_dtype real, const char *gradient, int64_t n, double *sum)
{
    if (real == XENT_F32)
        for (int64_t c = 0; c < n; c++) sum[c] += (double)((const float *)(const void *)gradient)[c];
    else
        for (int64_t c = 0; c < n; c++) sum[c] += ((const double *)(const void *)gradient)[c];
}

static void add_classes(const void *context, int64_t task, int64_t from, int64_t to)
{
    const struct addition *a = context;
    const struct xent_linear_run *run = a->run;
    const size_t size = xent_linear_real_size(run);
    (void)task;
    for (int64_t n = 0; from < to; from += n) {
        n = to - from < SUMMED_CLASSES ? to - from : SUMMED_CLASSES;
        for (int64_t i = 0; i < a->rows; i++)
            add_row(run->real, run->logits + (size_t)(i * run->call->classes + from) * size, n, run->grad_bias + from);
    }
}

void xent_linear_begin_grad_bias(const struct xent_linear_run *run)
{
    const struct xent_tensor *out = run->call->grad_bias;
    if (run->call->layer.accumulate)
        xent_gather_doubles(out->dtype, out->data, out->step[0], (size_t)run->call->classes, run->grad_bias);
    else
        memset(run->grad_bias, 0, (size_t)run->call->classes * sizeof run->grad_bias[0]);
}

void xent_linear_add_grad_bias(const struct xent_linear_run *run, int64_t rows)
{
    const struct addition addition = { run, rows };
    share(run, run->call->classes, rows * run->call->classes, add_classes, &addition);
}

void xent_linear_end_grad_bias(const struct xent_linear_run *run)
{
    const struct xent_tensor *out = run->call->grad_bias;
    xent_store_results(out->dtype, run->grad_bias, (size_t)run->call->classes, out->data, out->step[0]);
}

/* ---- grad_hidden -------------------------------------------------------------------------------------------------- */

bool xent_linear_writes_grad_hidden(const struct xent_linear_loss *call)
{
    const struct xent_tensor *out = call->grad_hidden;
    const bool contiguous = out->shape[1] <= 1 || out->strides[1] == 1,
               behind = out->shape[0] <= 1 || out->strides[0] >= out->shape[1];
    return out->dtype == call->logits.dtype && contiguous && behind;
}

void xent_linear_put_grad_hidden(const struct xent_linear_run *run, struct xent_linear_span rows)
{
    const struct xent_tensor *out = run->call->grad_hidden;
    const size_t features = (size_t)run->call->features;
    for (int64_t i = 0; i < rows.count && features > 0; i++) {
        const struct xent_line line = xent_line_of(out, 1, (ptrdiff_t)(rows.from + i) * out->step[0]);
        xent_chunk_convert(run->settings->kernels, run->real,
                           run->grad_hidden + (size_t)i * features * xent_linear_real_size(run), features, &line, 0,
                           run->elements);
    }
}
