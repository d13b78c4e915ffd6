/* errors <ranks along the classes, more than 1>: each check failing on one rank in turn. It is every rank's answer, and nothing is written. */
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"

/* ---- Arguments that no rank accepts --------------------------------------------------------------------------------- */

static struct case_data *data;

/* Made once, of the dtype and shape that they are wrong by. */
static xent_tensor *wrong(xent_dtype dtype, int32_t ndim, const int64_t *shape)
{
    enum { MOST = 4096 };
    static xent_tensor *made[MOST];
    static int count;
    assert_true(count < MOST);
    return made[count++] = tensor_new(dtype, ndim, shape, ROW_MAJOR);
}

static xent_tensor *like(const xent_tensor *t, xent_dtype dtype)
{
    return wrong(dtype, xent_tensor_ndim(t), xent_tensor_shape(t));
}

static xent_tensor *holding(const xent_tensor *t, double value)
{
    xent_tensor *made = like(t, xent_tensor_dtype(t));
    for (int64_t i = 0; i < xent_tensor_numel(made); i++) tensor_set(made, i, value);
    return made;
}

/* The same element wherever an output's is, so that it is not read-only but has one in two places. */
static xent_tensor *repeated(const xent_tensor *t)
{
    static double memory;
    static const int64_t strides[XENT_MAX_NDIM];
    return tensor_strided(xent_tensor_dtype(t), xent_tensor_ndim(t), xent_tensor_shape(t), strides, &memory);
}

static xent_tensor *read_only(const xent_tensor *t)
{
    xent_tensor *made;
    expect_ok(xent_tensor_wrap_const(&made, xent_tensor_dtype(t), xent_tensor_ndim(t), xent_tensor_shape(t),
                                     xent_tensor_strides(t), xent_tensor_const_data(t)));
    return made;
}

static void no_logits(struct arguments *a) { a->logits = NULL; }
static void no_shard(struct arguments *a) { a->shard = NULL; }
static void no_target(struct arguments *a) { a->target = NULL; }
static void no_loss(struct arguments *a) { a->loss = NULL; }
static void no_gradient(struct arguments *a) { a->grad_logits = NULL; }
static void no_stats(struct arguments *a) { a->stats = NULL; }
static void no_member(struct arguments *a) { xent_stats_init(&a->own_stats, sizeof a->own_stats); }
static void rank_wanted(struct arguments *a) { a->own_stats.rank = like(a->own_stats.lse, XENT_I64); }
static void stats_size(struct arguments *a) { a->own_stats.struct_size = 1; }
static void options_size(struct arguments *a) { a->own_options.struct_size = 1; }
static void reduction(struct arguments *a) { a->own_options.reduction = 7; }
static void smoothing(struct arguments *a) { a->own_options.label_smoothing = 2; }
static void reserved(struct arguments *a) { a->own_shard.reserved = 1; }
static void shard_dtype(struct arguments *a) { a->own_shard.dtype = XENT_I64; }
static void other_dtype(struct arguments *a) { a->own_shard.dtype = XENT_F64; }
static void integer_logits(struct arguments *a) { a->logits = like(a->logits, XENT_I32); }
static void integer_loss(struct arguments *a) { a->loss = like(a->loss, XENT_I32); }
static void gradient_dtype(struct arguments *a) { a->grad_logits = like(a->grad_logits, XENT_F64); }
static void argmax_dtype(struct arguments *a) { a->own_stats.argmax = like(a->own_stats.lse, XENT_F32); }
static void no_classes(struct arguments *a) { a->own_shard.of = 0; }
static void beyond(struct arguments *a) { a->own_shard.first = a->own_shard.of; }
static void fewer_classes(struct arguments *a) { a->own_shard.classes--; }
static void axis(struct arguments *a) { a->own_options.axis = 3; }
static void target_shape(struct arguments *a) { a->target = wrong(XENT_I64, SHAPE(77)); }
static void weight_shape(struct arguments *a) { a->own_options.class_weight = wrong(XENT_F32, SHAPE(3)); }
static void row_weight_shape(struct arguments *a) { a->own_options.row_weight = wrong(XENT_F32, SHAPE(3)); }
static void upstream_shape(struct arguments *a) { a->grad_loss = wrong(XENT_F32, SHAPE(3)); }
static void loss_shape(struct arguments *a) { a->loss = wrong(XENT_F32, SHAPE(3)); }
static void loss_repeats(struct arguments *a) { a->loss = repeated(a->loss); }
static void loss_read_only(struct arguments *a) { a->loss = read_only(a->loss); }
static void gradient_read_only(struct arguments *a) { a->grad_logits = read_only(a->grad_logits); }
static void negative_weight(struct arguments *a) { a->own_options.class_weight = holding(a->own_options.class_weight, -1); }
static void negative_row(struct arguments *a) { a->own_options.row_weight = holding(a->own_options.row_weight, -1); }
static void class_outside(struct arguments *a) { a->target = holding(a->target, (double)a->own_shard.of); }

static void outputs_overlap(struct arguments *a)
{
    a->loss = tensor_over(XENT_F32, xent_tensor_ndim(a->loss), xent_tensor_shape(a->loss), xent_tensor_data(a->grad_logits));
}

struct spoiled {
    const char *name;
    void (*spoil)(struct arguments *a);
    enum function function;
    xent_status status;
    const char *words;
};

#define CASE(spoil, function, status, words)                                                                                   \
    {                                                                                                                          \
#spoil, spoil, function, XENT_ERROR_##status, words                                                                    \
    }

static const struct spoiled by_one[] = {
    CASE(no_logits, CALL_GRADIENT, INVALID_ARGUMENT, "logits is NULL"),
    CASE(no_shard, CALL_GRADIENT, INVALID_ARGUMENT, "shard is NULL"),
    CASE(no_target, CALL_GRADIENT, INVALID_ARGUMENT, "target is NULL"),
    CASE(no_target, CALL_STATS, INVALID_ARGUMENT, "target is NULL"),
    CASE(no_loss, CALL_LOSS, INVALID_ARGUMENT, "loss is NULL"),
    CASE(no_gradient, CALL_GRADIENT, INVALID_ARGUMENT, "grad_logits is NULL"),
    CASE(no_stats, CALL_STATS, INVALID_ARGUMENT, "stats is NULL"),
    CASE(no_member, CALL_STATS, INVALID_ARGUMENT, "stats has no member"),
    CASE(rank_wanted, CALL_STATS, INVALID_ARGUMENT, "stats->rank is wanted"),
    CASE(stats_size, CALL_STATS, INVALID_ARGUMENT, "stats->struct_size is 1"),
    CASE(options_size, CALL_LOSS, INVALID_ARGUMENT, "struct_size is 1"),
    CASE(reduction, CALL_GRADIENT, INVALID_ARGUMENT, "reduction"),
    CASE(smoothing, CALL_LOSS, INVALID_ARGUMENT, "label_smoothing"),
    CASE(reserved, CALL_GRADIENT, INVALID_ARGUMENT, "shard->reserved is 1"),
    CASE(shard_dtype, CALL_GRADIENT, DTYPE, "shard->dtype"),
    CASE(other_dtype, CALL_LOSS, DTYPE, "logits has dtype F32"),
    CASE(integer_logits, CALL_LOSS, DTYPE, "logits has dtype I32"),
    CASE(integer_loss, CALL_LOSS, DTYPE, "loss has dtype I32"),
    CASE(gradient_dtype, CALL_GRADIENT, DTYPE, "grad_logits has dtype F64"),
    CASE(argmax_dtype, CALL_STATS, DTYPE, "argmax has dtype F32"),
    CASE(no_classes, CALL_GRADIENT, SHAPE, "shard->of is 0"),
    CASE(beyond, CALL_GRADIENT, SHAPE, "shard->classes is"),
    CASE(fewer_classes, CALL_GRADIENT, SHAPE, "classes along axis 1"),
    CASE(axis, CALL_LOSS, SHAPE, "axis"),
    CASE(target_shape, CALL_GRADIENT, SHAPE, "target has shape (77)"),
    CASE(weight_shape, CALL_GRADIENT, SHAPE, "class_weight has shape (3)"),
    CASE(row_weight_shape, CALL_GRADIENT, SHAPE, "row_weight has shape (3)"),
    CASE(upstream_shape, CALL_GRADIENT, SHAPE, "grad_loss has shape (3)"),
    CASE(loss_shape, CALL_LOSS, SHAPE, "loss has shape (3)"),
    CASE(loss_repeats, CALL_LOSS, OVERLAP, "loss"),
    CASE(outputs_overlap, CALL_GRADIENT, OVERLAP, "grad_logits overlaps loss"),
    CASE(loss_read_only, CALL_LOSS, INVALID_ARGUMENT, "loss is read-only"),
    CASE(gradient_read_only, CALL_GRADIENT, INVALID_ARGUMENT, "grad_logits is read-only"),
    CASE(negative_weight, CALL_GRADIENT, INVALID_ARGUMENT, "class_weight[0] = -1"),
    CASE(negative_row, CALL_GRADIENT, INVALID_ARGUMENT, "row_weight[0][0] = -1"),
    CASE(class_outside, CALL_GRADIENT, TARGET, "target[0][0] ="),
};

/* ---- Arguments that contradict those of the others ------------------------------------------------------------------ */

static void other_smoothing(struct arguments *a) { a->own_options.label_smoothing = 0.25; }
static void other_normalizer(struct arguments *a) { a->own_options.normalizer = 5; }
static void other_reduction(struct arguments *a) { a->own_options.reduction = XENT_REDUCTION_SUM; }
static void other_ignored(struct arguments *a) { a->own_options.ignore_index = -1; }
static void other_weights(struct arguments *a) { a->own_options.class_weight = holding(a->own_options.class_weight, 2); }
static void no_weights(struct arguments *a) { a->own_options.class_weight = NULL; }
static void no_row_weights(struct arguments *a) { a->own_options.row_weight = NULL; }
static void other_of(struct arguments *a)
{
    a->own_shard.of += CHUNK;
    a->own_options.class_weight = NULL;
}
static void other_function(struct arguments *a) { a->function = CALL_LOSS; }
static void other_target(struct arguments *a) { a->target = holding(a->target, 3); }
static void other_rows(struct arguments *a) { a->own_options.row_weight = holding(a->own_options.row_weight, 3); }
static void other_upstream(struct arguments *a) { a->grad_loss = holding(a->grad_loss, 3); }
static void f64(struct arguments *a)
{
    a->logits = like(a->logits, XENT_F64);
    a->grad_logits = like(a->grad_logits, XENT_F64);
    a->own_shard.dtype = XENT_F64;
}
static void shifted(struct arguments *a) { a->own_shard.first += a->own_shard.first > 0 ? -CHUNK : 100; }

/* All rows of the batch, or half of them. */
static void other_count(struct arguments *a)
{
    struct grid g = { .parts = 1, .batches = 2 };
    const xent_shard *shard = &a->own_shard;
    if (2 * xent_tensor_shape(a->logits)[0] <= data->batch.outer) g.batches = 1;
    a->logits = grid_table(&g, data->batch.logits, shard);
    a->target = grid_column(&g, data->batch.target);
    a->own_options.row_weight = grid_column(&g, data->batch.row_weight);
    a->grad_loss = grid_column(&g, data->batch.grad_loss);
    a->loss = grid_column(&g, data->out.loss);
    a->grad_logits = grid_table(&g, data->out.gradient, shard);
}

static const struct spoiled by_difference[] = {
    CASE(other_smoothing, CALL_GRADIENT, COMMUNICATION, "options, or the kind of the target, differ"),
    CASE(other_normalizer, CALL_LOSS, COMMUNICATION, "options"),
    CASE(other_reduction, CALL_STATS, COMMUNICATION, "options"),
    CASE(other_ignored, CALL_LOSS, COMMUNICATION, "options"),
    CASE(other_weights, CALL_GRADIENT, COMMUNICATION, "options"),
    CASE(no_weights, CALL_GRADIENT, COMMUNICATION, "options"),
    CASE(no_row_weights, CALL_GRADIENT, COMMUNICATION, "options"),
    CASE(other_of, CALL_GRADIENT, COMMUNICATION, "shard->of is"),
    CASE(other_function, CALL_GRADIENT, COMMUNICATION, "another function is called"),
    CASE(no_loss, CALL_GRADIENT, COMMUNICATION, "loss is"),
    CASE(f64, CALL_GRADIENT, COMMUNICATION, "shard->dtype is"),
    CASE(shifted, CALL_GRADIENT, SHAPE, "shards"),
};

/* Over the classes alone. */
static const struct spoiled by_rows[] = {
    CASE(other_target, CALL_LOSS, COMMUNICATION, "target, row_weight, grad_loss or the place in rows differ"),
    CASE(other_rows, CALL_LOSS, COMMUNICATION, "target, row_weight, grad_loss or the place in rows differ"),
    CASE(other_upstream, CALL_GRADIENT, COMMUNICATION, "target, row_weight, grad_loss or the place in rows differ"),
    CASE(other_count, CALL_GRADIENT, COMMUNICATION, "the number of rows is"),
};

/* ---- On each rank in turn ------------------------------------------------------------------------------------------- */

/* Statistics have no communicator of rows: the same rank fails in each of `classes`. named: whether that is the rank which the answer names. */
static void try_case(const struct grid *g, const struct spoiled *c, int world, int named)
{
    const int own_group = c->function == CALL_STATS ? g->batch * g->parts + world % g->parts : world;
    struct arguments a;
    arguments_init(&a, g, data, c->function);
    if (g->world == own_group) c->spoil(&a);
    expect_answer(&a, data, c->name, c->status, named ? own_group : SOME_RANK, c->words);
}

static int try_all(const struct grid *g, const struct spoiled *cases, size_t count, int named)
{
    for (size_t i = 0; i < count; i++)
        for (int world = 0; world < g->parts * g->batches; world++) try_case(g, &cases[i], world, named);
    return (int)count;
}

#define TRY_ALL(g, cases, named) try_all((g), (cases), sizeof(cases) / sizeof(cases)[0], (named))

static void try_intercommunicator(const struct grid *g)
{
    struct arguments a;
    MPI_Comm half, inter;
    const int upper = g->world >= 1;
    MPI_Comm_split(MPI_COMM_WORLD, upper, g->world, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, upper ? 0 : 1, 5, &inter);
    arguments_init(&a, g, data, CALL_LOSS);
    a.rows = inter;
    expect_error(arguments_call(&a), XENT_ERROR_INVALID_ARGUMENT,
                 "rows is an intercommunicator, expected an intracommunicator");
    a.classes = inter;
    expect_error(arguments_call(&a), XENT_ERROR_INVALID_ARGUMENT,
                 "classes is an intercommunicator, expected an intracommunicator");
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

/* In the last column of ranks the rows are in the opposite order, so that sums would be others. */
static void try_opposite_rows(const struct grid *g)
{
    struct arguments a;
    MPI_Comm rows;
    MPI_Comm_split(MPI_COMM_WORLD, g->part, g->part + 1 == g->parts ? -g->batch : g->batch, &rows);
    for (int f = CALL_LOSS; f <= CALL_GRADIENT; f++) {
        arguments_init(&a, g, data, (enum function)f);
        a.rows = rows;
        if (g->batches > 1)
            expect_answer(&a, data, "opposite rows", XENT_ERROR_COMMUNICATION, SOME_RANK, "the place in rows differ");
        else
            expect_ok(arguments_call(&a));
    }
    MPI_Comm_free(&rows);
}

/* A weight of a row that is no double, and weights that are and add up to none. */
static void try_large_weights(const struct grid *g)
{
    for (int of_classes = 0; of_classes < 2; of_classes++) {
        struct arguments a;
        double loss = 0;
        xent_tensor *result = tensor_over(XENT_F64, SCALAR, &loss);
        arguments_init(&a, g, data, CALL_LOSS);
        a.loss = result;
        a.own_options.reduction = XENT_REDUCTION_MEAN;
        a.own_options.row_weight = holding(like(a.own_options.row_weight, XENT_F64), 1e308);
        if (of_classes) a.own_options.class_weight = holding(like(a.own_options.class_weight, XENT_F64), 1e308);
        expect_answer(&a, data, "large weights", XENT_ERROR_OVERFLOW, SOME_RANK,
                      "the weights of all rows add up to more than the largest double");
        assert_true(loss == 0);
        xent_tensor_destroy(result);
    }
}

int main(int argc, char **argv)
{
    struct grid g;
    struct case_data made;
    int cases = 0;
    assert_int_equal(argc, 2);
    grid_begin(&g, atoi(argv[1]), &argc, &argv);
    case_begin(&made, &g, 2);
    data = &made;
    cases += TRY_ALL(&g, by_one, 1);
    cases += TRY_ALL(&g, by_difference, 0);
    cases += TRY_ALL(&g, by_rows, 0);
    try_opposite_rows(&g);
    try_large_weights(&g);
    try_intercommunicator(&g);
    if (g.world == 0) printf("%d x %d ranks: %d cases on each\n", g.parts, g.batches, cases);
    case_end(&made);
    grid_end(&g);
    return 0;
}
