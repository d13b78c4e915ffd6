/* The losses of rows, gathered as F64 from any number of calls, and xent_nll_loss on their negatives as log-probabilities of one class:
 * the bits of one SUM or MEAN over all rows (docs/recipes.md). */
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/random.h"
#include "support/tensors.h"

enum { BATCHES = 400 };

/* Rows [from, to) of a tensor whose first dimension they are. */
static xent_tensor *rows_of(const xent_tensor *t, int64_t from, int64_t to)
{
    const int32_t ndim = xent_tensor_ndim(t);
    int64_t shape[2] = { to - from, ndim > 1 ? xent_tensor_shape(t)[1] : 1 };
    const int64_t *strides = xent_tensor_strides(t);
    char *data = xent_tensor_data((xent_tensor *)(uintptr_t)t);
    return tensor_strided(xent_tensor_dtype(t), ndim, shape, strides,
                          data + from * strides[0] * (int64_t)xent_dtype_size(xent_tensor_dtype(t)));
}

struct batch {
    xent_tensor *z, *y, *class_weight, *row_weight;
    xent_options options;
};

static struct batch draw(struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    const xent_dtype dtype = dtypes[random_below(r, 4)];
    const int64_t rows = 1 + random_below(r, 300), classes = 1 + random_below(r, 12);
    struct batch b = { .z = tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR),
                       .y = tensor_new(XENT_I64, SHAPE(rows), ROW_MAJOR),
                       .class_weight = tensor_new(XENT_F32, SHAPE(classes), ROW_MAJOR),
                       .row_weight = tensor_new(XENT_F64, SHAPE(rows), ROW_MAJOR),
                       .options = XENT_OPTIONS_INIT };
    const double scale = random_chance(r, 4) ? 0x1p12 : 3;
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(b.z, i, scale * random_normal(r));
    for (int64_t i = 0; i < rows; i++) tensor_set(b.y, i, random_chance(r, 5) ? -100 : (double)random_below(r, classes));
    for (int64_t i = 0; i < classes; i++) tensor_set(b.class_weight, i, random_uniform(r));
    for (int64_t i = 0; i < rows; i++) tensor_set(b.row_weight, i, random_chance(r, 5) ? 0 : random_uniform(r));
    if (random_chance(r, 2)) b.options.class_weight = b.class_weight;
    if (random_chance(r, 2)) b.options.label_smoothing = 0.1;
    if (random_chance(r, 3)) b.options.z_loss = 1e-2;
    if (random_chance(r, 3)) b.options.row_weight = b.row_weight;
    return b;
}

static void free_batch(struct batch *b)
{
    tensor_free(b->z);
    tensor_free(b->y);
    tensor_free(b->class_weight);
    tensor_free(b->row_weight);
}

/* One call over the rows [from, to), whose losses it writes. */
static void work(const struct batch *b, int64_t from, int64_t to, const xent_tensor *losses)
{
    xent_options options = b->options;
    xent_tensor *z = rows_of(b->z, from, to), *y = rows_of(b->y, from, to), *weight = rows_of(b->row_weight, from, to);
    xent_tensor *own = rows_of(losses, from, to);
    options.reduction = XENT_REDUCTION_NONE;
    if (options.row_weight != NULL) options.row_weight = weight;
    expect_ok(xent_cross_entropy(z, y, &options, own));
    xent_tensor_destroy(z);
    xent_tensor_destroy(y);
    xent_tensor_destroy(weight);
    xent_tensor_destroy(own);
}

static void reduce(const struct batch *b, xent_tensor *losses, xent_reduction reduction, xent_tensor *out)
{
    const int64_t rows = xent_tensor_numel(losses);
    xent_tensor *logp = tensor_over(XENT_F64, 2, (const int64_t[]){ rows, 1 }, xent_tensor_data(losses));
    xent_tensor *target = tensor_new(XENT_I8, SHAPE(rows), ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    for (int64_t i = 0; i < rows; i++) {
        tensor_set(logp, i, -tensor_get(logp, i));
        tensor_set(target, i, tensor_get(b->y, i) == -100 ? -100 : 0);
    }
    options.reduction = (int32_t)reduction;
    /* Without weights the rows that count are the divisor. */
    if (b->options.class_weight != NULL || b->options.row_weight != NULL)
        expect_ok(xent_mean_divisor(b->y, &b->options, &options.normalizer));
    expect_ok(xent_nll_loss(logp, target, &options, out));
    xent_tensor_destroy(logp);
    tensor_free(target);
}

static void check(struct batch *b, xent_reduction reduction, xent_dtype dtype, struct random *r)
{
    const int64_t rows = xent_tensor_numel(b->y);
    xent_tensor *losses = tensor_new(XENT_F64, SHAPE(rows), ROW_MAJOR);
    xent_tensor *whole = tensor_new(dtype, SCALAR, ROW_MAJOR), *gathered = tensor_new(dtype, SCALAR, ROW_MAJOR);
    double divisor;
    b->options.reduction = (int32_t)reduction;
    expect_ok(xent_cross_entropy(b->z, b->y, &b->options, whole));
    expect_ok(xent_mean_divisor(b->y, &b->options, &divisor));
    for (int64_t from = 0, to; from < rows; from = to) {
        to = from + 1 + random_below(r, rows - from);
        work(b, from, to, losses);
    }
    if (divisor > 0) { /* else there is no mean, and 0 is no normalizer */
        reduce(b, losses, reduction, gathered);
        expect_bits(gathered, 0, tensor_bits(whole, 0));
    }
    tensor_free(losses);
    tensor_free(whole);
    tensor_free(gathered);
}

static void test_gathered_losses(void **state)
{
    (void)state;
    for (int64_t i = 0; i < effort(BATCHES); i++) {
        struct random r = random_stream(2026, (uint64_t)i);
        struct batch b = draw(&r);
        check(&b, i % 2 ? XENT_REDUCTION_SUM : XENT_REDUCTION_MEAN, i % 4 < 2 ? XENT_F64 : XENT_F32, &r);
        free_batch(&b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_gathered_losses) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
