/* Rows of logits: an array's, or those of a KLD base file. */
#include "source.h"

#include <string.h>

#include "fail.h"

/* Of what is read or decoded for a block. Small enough that the second pass of a divergence finds it in a cache, large enough to keep
   some threads busy. */
static const int64_t block_bytes = 4 << 20;

bool source_is_base(const struct source *source) { return source->contents.format == KLD; }

static int64_t rows_of_a_block(const struct source *source)
{
    const int64_t element = source_is_base(source) ? 4 * (int64_t)sizeof(double) : (int64_t)xent_dtype_size(source->rows.dtype);
    const int64_t rows = block_bytes / element / source->classes;
    return rows > 0 ? rows : 1;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t source_block(const struct source *source, int64_t first, int64_t wanted)
{
    const int64_t most = wanted > 0 ? wanted : rows_of_a_block(source), left = smaller(most, source->count - first);
    return smaller(left, source_is_base(source) ? source->base_rows.capacity : rows_run(&source->rows, first));
}

static void count_rows(struct source *source)
{
    source->count = 1;
    for (int32_t k = 0; k < source->batch_ndim; k++) source->count *= source->batch_shape[k];
    if (source->count == 0) fail("%s: has no rows", source->contents.path);
}

static void init_base(struct source *source, int64_t wanted)
{
    const struct kld *kld = &source->contents.kld;
    source->classes = kld->classes;
    source->batch_ndim = 2;
    source->batch_shape[0] = kld->chunks;
    source->batch_shape[1] = kld->chunk_rows;
    count_rows(source);
    base_rows_init(&source->base_rows, &source->contents.file, kld,
                   smaller(wanted > 0 ? smaller(wanted, rows_of_a_block(source)) : rows_of_a_block(source), source->count));
}

/* The type that the words of a file without one stand for. */
static void settle_type(struct contents *contents, xent_dtype as)
{
    struct array *array = &contents->array;
    const bool words = array->dtype == XENT_U16 || array->dtype == XENT_I16;
    if (words && as != 0) array->dtype = as;
    if (type_is_floating(array->dtype)) return;
    if (words) fail("%s: has 16-bit words of a type that the file does not tell: say --as bf16 or --as f16", contents->path);
    fail("%s: has elements of type %s, expected logits of F32, F64, F16 or BF16", contents->path, type_name(array->dtype));
}

static void init_array(struct source *source, int32_t axis)
{
    const struct array *array = &source->contents.array;
    const char *path = source->contents.path;
    if (axis < -array->ndim || axis >= array->ndim)
        fail("%s: has the shape %s, which has no axis %d for the classes", path, shape_text(array->ndim, array->shape).text,
             axis);
    const int32_t classes_at = axis < 0 ? axis + array->ndim : axis;
    source->classes = array->shape[classes_at];
    source->batch_ndim = 0;
    for (int32_t k = 0; k < array->ndim; k++)
        if (k != classes_at) source->batch_shape[source->batch_ndim++] = array->shape[k];
    count_rows(source);
    if (source->classes == 0) fail("%s: has the shape %s, without classes", path, shape_text(array->ndim, array->shape).text);
    rows_init(&source->rows, &source->contents.file, array, classes_at);
}

void source_open(struct source *source, const char *argument, const struct arguments *arguments)
{
    memset(source, 0, sizeof *source);
    contents_open(&source->contents, argument, "logits");
    if (source_is_base(source)) {
        if (arguments->scale != 1 || arguments->softcap != 0)
            fail("%s: has log-probabilities, not logits: --scale and --softcap cannot be undone in them",
                 source->contents.path);
        init_base(source, arguments->block);
        return;
    }
    settle_type(&source->contents, arguments->as);
    init_array(source, arguments->axis);
}

void source_close(struct source *source)
{
    if (source_is_base(source))
        base_rows_destroy(&source->base_rows);
    else
        rows_destroy(&source->rows);
    contents_close(&source->contents);
}

void source_match(struct source *source, const struct source *base)
{
    const struct kld *kld = &base->contents.kld;
    struct array *array = &source->contents.array;
    const int32_t last = array->ndim - 1;
    if (!source_is_base(base) || source_is_base(source) || array->ndim != 3) return;
    if (array->shape[0] != kld->chunks || array->shape[1] != kld->context || array->shape[last] != kld->classes) return;
    array->offset += (uint64_t)(kld->context / 2 * array->strides[1]) * xent_dtype_size(array->dtype);
    array->shape[1] = kld->chunk_rows;
    init_array(source, last);
}

void source_stats(struct source *source, int64_t first, int64_t count, const xent_tensor *target, const xent_options *options,
                  const xent_stats *stats)
{
    if (source_is_base(source))
        base_rows_stats(&source->base_rows, first, count, target, options, stats);
    else
        must(xent_row_stats(rows_block(&source->rows, first, count), target, options, stats));
}

void source_divergence(struct source *base, struct source *other, int64_t first, int64_t count, const xent_tensor *target,
                       const xent_options *options, xent_tensor *kl)
{
    const xent_tensor *logits = rows_block(&other->rows, first, count);
    if (source_is_base(base))
        base_rows_divergence(&base->base_rows, first, count, logits, target, options, kl);
    else
        must(xent_kl_div(rows_block(&base->rows, first, count), logits, target, options, kl));
}
