/* Rows of a KLD base file as doubles.
 *
 * Where a row is cut off, code 0 stands for whatever lay 16 nats or more below the top, and what it says of a class is nothing but that.
 * These classes count as one, with the probability that the others leave, and so they do in the row beside: merging classes never makes a
 * divergence larger. The others are known to half a step of the codes, and what they leave is known no better.
 */
#include "base_rows.h"

#include <math.h>
#include <stdlib.h>

#include "fail.h"

void base_rows_init(struct base_rows *rows, struct mapped_file *file, const struct kld *kld, int64_t capacity)
{
    const uint64_t elements = (uint64_t)capacity * ((uint64_t)kld->classes + 1);
    *rows = (struct base_rows){ .file = file, .kld = *kld, .capacity = capacity };
    rows->codes = allocate(elements, sizeof(double));
    rows->merged = allocate(elements, sizeof(double));
    rows->other = allocate(elements, sizeof(double));
    rows->masked = allocate(elements, sizeof(double));
    rows->rows = allocate((uint64_t)capacity, sizeof *rows->rows);
}

void base_rows_destroy(struct base_rows *rows)
{
    free(rows->codes);
    free(rows->merged);
    free(rows->other);
    free(rows->masked);
    free(rows->rows);
}

/* A tensor over a buffer's first rows: of the file's classes, or the merged ones too. */
static xent_tensor *wrap(const struct base_rows *rows, double *buffer, int64_t count, int64_t classes)
{
    const int64_t shape[2] = { count, classes }, strides[2] = { rows->kld.classes + 1, 1 };
    xent_tensor *tensor;
    must(xent_tensor_wrap(&tensor, XENT_F64, 2, shape, strides, buffer));
    return tensor;
}

/* One element of each row, behind those of the file's classes. */
static xent_tensor *wrap_last(const struct base_rows *rows, double *buffer, int64_t count)
{
    const int64_t stride = rows->kld.classes + 1;
    xent_tensor *tensor;
    must(xent_tensor_wrap(&tensor, XENT_F64, 1, &count, &stride, buffer + rows->kld.classes));
    return tensor;
}

/* The last element of each row: ln of the sum of what is in `from`. */
static void sum_rows(const struct base_rows *rows, double *from, double *to, int64_t count)
{
    xent_tensor *classes = wrap(rows, from, count, rows->kld.classes), *last = wrap_last(rows, to, count);
    must(xent_logsumexp(classes, -1, last));
    xent_tensor_destroy(classes);
    xent_tensor_destroy(last);
}

/* How many classes are masked, to be merged. */
static int64_t decode_row(const struct kld_row *row, int64_t classes, double *codes, double *merged)
{
    int64_t masked = 0;
    for (int64_t c = 0; c < classes; c++) {
        const unsigned code = kld_code(row, c);
        codes[c] = (double)row->scale * code + (double)row->smallest;
        const bool is_masked = code == 0 && row->cut_off;
        merged[c] = is_masked ? -(double)INFINITY : codes[c];
        masked += is_masked;
    }
    return masked;
}

static double between(double x, double least, double most) { return fmax(least, fmin(x, most)); }

/* sum: ln of the sum of the others. Their logarithms are off by half a step at most, that of the likeliest, whose code is the largest
   there is, by nothing; and all of them by what F32 made of the row's log-sum-exp. */
static struct rest rest_of(const struct kld_row *row, int64_t masked, double sum)
{
    static const double common = 0x1p-19;
    const double half_step = (double)row->scale / 2, top = exp((double)row->scale * KLD_TOP_CODE + (double)row->smallest);
    const double most = fmin(1, (double)masked * exp((double)row->smallest + half_step + common)), left = -expm1(sum);
    const double doubt = fmax(0, exp(sum) - top) * half_step + exp(sum) * common;
    return (struct rest){ between(left - doubt, 0, most), between(left, 0, most), between(left + doubt, 0, most) };
}

static void decode(struct base_rows *rows, int64_t first, int64_t count)
{
    const int64_t classes = rows->kld.classes, width = classes + 1;
    if (first == rows->first && count == rows->count) return;
    const unsigned char *bytes =
        file_bytes(rows->file, rows->kld.rows + (uint64_t)first * rows->kld.row_bytes, (uint64_t)count * rows->kld.row_bytes);
    for (int64_t k = 0; k < count; k++) {
        struct reason why;
        struct base_row *row = &rows->rows[k];
        if (!kld_read_row(&row->read, bytes + (uint64_t)k * rows->kld.row_bytes, &why))
            fail("%s: row %lld %s", rows->file->path, (long long)(first + k), why.text);
        row->masked = decode_row(&row->read, classes, rows->codes + k * width, rows->merged + k * width);
    }
    sum_rows(rows, rows->merged, rows->masked, count);
    for (int64_t k = 0; k < count; k++) {
        struct base_row *row = &rows->rows[k];
        row->rest = rest_of(&row->read, row->masked, rows->masked[k * width + classes]);
        rows->merged[k * width + classes] = log(row->rest.likeliest);
    }
    rows->first = first;
    rows->count = count;
}

/* The other model's log-probabilities, merged as this block's are, whose last class is fitted to them. */
static void merge_other(struct base_rows *rows, const xent_tensor *logits, int64_t count)
{
    const int64_t classes = rows->kld.classes, width = classes + 1;
    xent_tensor *other = wrap(rows, rows->other, count, classes);
    must(xent_log_softmax(logits, -1, other));
    xent_tensor_destroy(other);
    for (int64_t k = 0; k < count * width; k++) {
        const bool alone = rows->merged[k] > -(double)INFINITY;
        rows->masked[k] = alone ? -(double)INFINITY : rows->other[k];
        if (!alone) rows->other[k] = -(double)INFINITY;
    }
    sum_rows(rows, rows->masked, rows->other, count);
    for (int64_t last = classes; last < count * width; last += width) {
        const struct rest *rest = &rows->rows[last / width].rest;
        rows->merged[last] = log(between(exp(rows->other[last]), rest->least, rest->most));
    }
}

void base_rows_stats(struct base_rows *rows, int64_t first, int64_t count, const xent_tensor *target,
                     const xent_options *options, const xent_stats *stats)
{
    xent_options as_it_is = XENT_OPTIONS_INIT;
    xent_stats of_codes = XENT_STATS_INIT, of_merged = XENT_STATS_INIT;
    as_it_is.axis = -1;
    as_it_is.ignore_index = options->ignore_index;
    as_it_is.reduction = XENT_REDUCTION_NONE;
    decode(rows, first, count);
    xent_tensor *codes = wrap(rows, rows->codes, count, rows->kld.classes);
    xent_tensor *merged = wrap(rows, rows->merged, count, rows->kld.classes + 1);
    if (stats->loss != NULL) must(xent_nll_loss(codes, target, &as_it_is, stats->loss));
    of_codes.argmax = stats->argmax;
    of_codes.rank = stats->rank;
    if (stats->argmax != NULL || stats->rank != NULL) must(xent_row_stats(codes, target, &as_it_is, &of_codes));
    of_merged.entropy = stats->entropy;
    if (stats->entropy != NULL) must(xent_row_stats(merged, target, &as_it_is, &of_merged));
    xent_tensor_destroy(codes);
    xent_tensor_destroy(merged);
}

void base_rows_divergence(struct base_rows *rows, int64_t first, int64_t count, const xent_tensor *logits,
                          const xent_tensor *target, const xent_options *options, xent_tensor *kl)
{
    decode(rows, first, count);
    merge_other(rows, logits, count);
    xent_tensor *merged = wrap(rows, rows->merged, count, rows->kld.classes + 1);
    xent_tensor *other = wrap(rows, rows->other, count, rows->kld.classes + 1);
    must(xent_kl_div(merged, other, target, options, kl));
    xent_tensor_destroy(merged);
    xent_tensor_destroy(other);
}
