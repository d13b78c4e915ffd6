#include "partial_batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "partial_peers.h"

const char *const member_names[MEMBERS] = { "loss", "lse", "max", "argmax", "entropy" };

/* ---- Drawing -------------------------------------------------------------------------------------------------------- */

enum { KINDS = 8 };

/* Ordinary rows, ties, masked classes, one class far ahead, large logits, a NaN or +inf, nothing but -inf, a few equal maxima. */
static double logit(int kind, bool special, struct random *r)
{
    const double plain = 16 * random_uniform(r) - 8;
    switch (kind) {
    case 1: return (double)random_below(r, 4) - 2;
    case 2: return random_chance(r, 3) ? -(double)INFINITY : plain;
    case 3: return special ? 100 : plain;
    case 4: return 40000 + plain;
    case 5: return special ? (random_chance(r, 2) ? (double)NAN : (double)INFINITY) : plain;
    case 6: return -(double)INFINITY;
    case 7: return random_chance(r, CHUNK) ? 40 : plain;
    default: return plain;
    }
}

static int64_t element(const struct batch *b, int64_t row, int64_t c)
{
    return (row / b->inner * b->classes + c) * b->inner + row % b->inner;
}

static enum layout any_layout(struct random *r) { return (enum layout)random_below(r, LAYOUTS); }

static xent_tensor *table(const struct batch *b, xent_dtype dtype, struct random *r)
{
    return tensor_new(dtype, SHAPE(b->outer, b->classes, b->inner), any_layout(r));
}

static xent_tensor *column(const struct batch *b, xent_dtype dtype, struct random *r)
{
    return tensor_new(dtype, SHAPE(b->outer, b->inner), any_layout(r));
}

static void draw_logits(struct batch *b, struct random *r)
{
    b->logits = table(b, b->dtype, r);
    for (int64_t row = 0; row < b->rows; row++) {
        const int kind = random_chance(r, 2) ? 0 : (int)random_below(r, KINDS);
        const int64_t special = random_below(r, b->classes);
        for (int64_t c = 0; c < b->classes; c++) tensor_set(b->logits, element(b, row, c), logit(kind, c == special, r));
    }
}

/* The first maximum of a chunk is a target as often as not: the entry of the row's is a case of its own, and another chunk's may equal it. */
static int64_t draw_class(const struct batch *b, int64_t row, struct random *r)
{
    const int64_t any = random_below(r, b->classes), from = any - any % CHUNK;
    const int64_t to = from + CHUNK < b->classes ? from + CHUNK : b->classes;
    int64_t best = from;
    if (random_chance(r, 2)) return any;
    for (int64_t c = from + 1; c < to; c++)
        if (tensor_get(b->logits, element(b, row, c)) > tensor_get(b->logits, element(b, row, best))) best = c;
    return best;
}

static void draw_target(struct batch *b, struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_BF16 };
    if (!b->probabilities) {
        b->target = column(b, random_chance(r, 2) ? XENT_I64 : XENT_I32, r);
        for (int64_t row = 0; row < b->rows; row++)
            tensor_set(b->target, row, random_chance(r, 8) ? -100 : (double)draw_class(b, row, r));
        return;
    }
    b->target = table(b, dtypes[random_below(r, 3)], r);
    for (int64_t i = 0; i < b->rows * b->classes; i++) tensor_set(b->target, i, random_chance(r, 3) ? 0 : random_uniform(r));
}

static void draw_options(struct batch *b, struct random *r)
{
    static const xent_dtype weights[] = { XENT_F32, XENT_F64, XENT_F16 };
    xent_options *o = &b->options;
    if (random_chance(r, 2)) o->label_smoothing = random_chance(r, 5) ? 1 : 0.125;
    if (random_chance(r, 3)) o->z_loss = 0.01;
    if (random_chance(r, 3)) o->logit_scale = 0.7;
    if (random_chance(r, 3)) o->softcap = 3;
    if (random_chance(r, 6)) o->normalizer = 3;
    if (random_chance(r, 3)) {
        b->row_weight = column(b, XENT_F32, r);
        for (int64_t i = 0; i < b->rows; i++) tensor_set(b->row_weight, i, random_chance(r, 4) ? 0 : 1 + random_uniform(r));
    }
    if (random_chance(r, 2)) {
        b->class_weight = tensor_new(weights[random_below(r, 3)], SHAPE(b->classes), any_layout(r));
        for (int64_t c = 0; c < b->classes; c++) tensor_set(b->class_weight, c, random_chance(r, 9) ? 0 : random_uniform(r));
    }
    o->row_weight = b->row_weight;
    o->class_weight = b->class_weight;
}

void batch_draw(struct batch *b, bool plain, struct random *r)
{
    const xent_options defaults = XENT_OPTIONS_INIT;
    const int64_t one = 1;
    b->rows = b->outer * b->inner;
    b->options = defaults;
    b->options.axis = 1;
    b->options.reduction = (int32_t)random_below(r, 3);
    b->options.num_threads = (int32_t)random_below(r, 4);
    b->class_weight = b->row_weight = b->grad_loss = NULL;
    draw_logits(b, r);
    draw_target(b, r);
    if (!plain) draw_options(b, r);
    if (random_chance(r, 2)) return;
    b->grad_loss =
        b->options.reduction == XENT_REDUCTION_NONE ? column(b, XENT_F32, r) : tensor_new(XENT_F64, 1, &one, ROW_MAJOR);
    for (int64_t i = 0; i < xent_tensor_numel(b->grad_loss); i++)
        tensor_set(b->grad_loss, i, random_chance(r, 9) ? 0 : random_uniform(r) - 0.5);
}

void batch_free(struct batch *b)
{
    tensor_free(b->logits);
    tensor_free(b->target);
    tensor_free(b->class_weight);
    tensor_free(b->row_weight);
    tensor_free(b->grad_loss);
}

struct rows rows_new(const struct batch *b, xent_dtype loss_dtype, struct random *r)
{
    struct rows rows = { .gradient = table(b, b->dtype, r) };
    const int64_t one = 1;
    rows.loss =
        b->options.reduction == XENT_REDUCTION_NONE ? column(b, loss_dtype, r) : tensor_new(loss_dtype, 1, &one, ROW_MAJOR);
    for (int m = 0; m < MEMBERS; m++) rows.member[m] = column(b, m == ARGMAX ? XENT_I64 : loss_dtype, r);
    return rows;
}

void rows_free(struct rows *rows)
{
    tensor_free(rows->loss);
    tensor_free(rows->gradient);
    for (int m = 0; m < MEMBERS; m++) tensor_free(rows->member[m]);
}

/* ---- Solving -------------------------------------------------------------------------------------------------------- */

static xent_stats stats_of(const struct rows *rows)
{
    xent_stats stats = XENT_STATS_INIT;
    stats.loss = rows->member[LOSS];
    stats.lse = rows->member[LSE];
    stats.max = rows->member[MAX];
    stats.argmax = rows->member[ARGMAX];
    stats.entropy = rows->member[ENTROPY];
    return stats;
}

void solve_whole(const struct batch *b, struct rows *rows)
{
    const xent_stats stats = stats_of(rows);
    expect_ok(xent_cross_entropy_grad(b->logits, b->target, &b->options, b->grad_loss, rows->loss, rows->gradient));
    expect_ok(xent_row_stats(b->logits, b->target, &b->options, &stats));
}

xent_tensor *slice_of(const xent_tensor *t, const xent_shard *shard)
{
    const int64_t *shape = xent_tensor_shape(t), *strides = xent_tensor_strides(t);
    const int64_t offset = shard->classes == 0 ? 0 : shard->first * strides[1];
    char *at = (char *)xent_tensor_data(t) + offset * (int64_t)xent_dtype_size(xent_tensor_dtype(t));
    return tensor_strided(xent_tensor_dtype(t), SHAPE(shape[0], shard->classes, shape[2]), strides, at);
}

static xent_tensor *target_of(const struct batch *b, const xent_shard *shard)
{
    return b->probabilities ? slice_of(b->target, shard) : b->target;
}

static void drop_target(const struct batch *b, xent_tensor *target)
{
    if (b->probabilities) xent_tensor_destroy(target);
}

xent_partial *reduce_shard(const struct batch *b, const xent_shard *shard)
{
    const size_t count = (size_t)(b->rows * xent_partials_per_row(shard));
    xent_tensor *logits = slice_of(b->logits, shard), *target = target_of(b, shard);
    xent_partial *states = count == 0 ? NULL : malloc(count * sizeof *states);
    assert_true(count == 0 || states != NULL);
    expect_ok(xent_partial_reduce(logits, shard, target, &b->options, states));
    xent_tensor_destroy(logits);
    drop_target(b, target);
    return states;
}

static void finish_by(const struct batch *b, const xent_shard *shard, const xent_partial *whole, struct rows *rows)
{
    const xent_stats stats = stats_of(rows);
    xent_tensor *target = target_of(b, shard);
    expect_ok(xent_partial_finish(whole, shard, target, &b->options, &stats, rows->loss));
    drop_target(b, target);
}

static void write_gradient(const struct batch *b, const xent_shard *shard, int64_t block_rows, const xent_partial *states,
                           const xent_partial *whole, xent_tensor *gradient)
{
    xent_tensor *logits = slice_of(b->logits, shard), *target = target_of(b, shard), *to = slice_of(gradient, shard);
    struct peers peers = { .shard = shard, .states = states, .whole = whole, .rows = b->rows, .block_rows = block_rows };
    if (block_rows == 0) {
        expect_ok(xent_partial_grad(logits, shard, target, &b->options, whole, b->grad_loss, to));
    } else {
        exchange_shard(b, &peers, logits, target, NULL);
        exchange_shard(b, &peers, logits, target, to);
    }
    xent_tensor_destroy(logits);
    xent_tensor_destroy(to);
    drop_target(b, target);
}

void solve_in_parts(struct batch *b, const struct cut *cut, bool in_place, struct rows *rows)
{
    xent_partial *states[MOST_PARTS], *whole = malloc((size_t)b->rows * sizeof *whole);
    assert_non_null(whole);
    for (int32_t i = 0; i < cut->parts; i++) states[i] = reduce_shard(b, &cut->shard[i]);
    expect_ok(xent_partial_merge(cut->parts, cut->shard, (const xent_partial *const *)states, b->rows, whole));
    for (int32_t i = 0; i < cut->parts; i++) {
        finish_by(b, &cut->shard[i], whole, rows);
        write_gradient(b, &cut->shard[i], cut->block_rows, states[i], whole, in_place ? b->logits : rows->gradient);
        free(states[i]);
    }
    free(whole);
    if (!in_place) return;
    tensor_free(rows->gradient);
    rows->gradient = b->logits;
    b->logits = NULL;
}

/* ---- Comparing ------------------------------------------------------------------------------------------------------ */

enum { RANK = 3 };

/* Byte steps and extents of a tensor of rank 1 to 3, as one of rank 3. */
static void steps_of(const xent_tensor *t, int64_t extent[RANK], int64_t step[RANK])
{
    const int32_t ndim = xent_tensor_ndim(t);
    for (int32_t d = 0; d < RANK; d++) {
        extent[d] = d < ndim ? xent_tensor_shape(t)[d] : 1;
        step[d] = d < ndim ? xent_tensor_strides(t)[d] * (int64_t)xent_dtype_size(xent_tensor_dtype(t)) : 0;
    }
}

/* The first element, in row-major order, that has other bits; -1 where none has. */
static int64_t first_difference(const xent_tensor *a, const xent_tensor *b)
{
    const size_t size = xent_dtype_size(xent_tensor_dtype(a));
    const char *at_a = xent_tensor_const_data(a), *at_b = xent_tensor_const_data(b);
    int64_t extent[RANK], of_a[RANK], of_b[RANK];
    steps_of(a, extent, of_a);
    steps_of(b, extent, of_b);
    for (int64_t i = 0; i < extent[0]; i++)
        for (int64_t j = 0; j < extent[1]; j++)
            for (int64_t k = 0; k < extent[2]; k++)
                if (memcmp(at_a + i * of_a[0] + j * of_a[1] + k * of_a[2], at_b + i * of_b[0] + j * of_b[1] + k * of_b[2],
                           size) != 0)
                    return (i * extent[1] + j) * extent[2] + k;
    return -1;
}

void expect_same_bits(const xent_tensor *got, const xent_tensor *want, const char *name, const char *what)
{
    const int64_t i = first_difference(got, want);
    if (i >= 0)
        fail_msg("%s[%lld], dtype %d: %a %s, expected %a", name, (long long)i, (int)xent_tensor_dtype(got), tensor_get(got, i),
                 what, tensor_get(want, i));
}

void expect_same_rows(const struct rows *got, const struct rows *want, const char *what)
{
    expect_same_bits(got->loss, want->loss, "loss", what);
    for (int m = 0; m < MEMBERS; m++) expect_same_bits(got->member[m], want->member[m], member_names[m], what);
    expect_same_bits(got->gradient, want->gradient, "gradient", what);
}
