/* One process: without communicators MPI is not asked for anything, and with one it must run. */
#include "arguments.h"

static void expect_stopped(struct arguments *a, const struct case_data *data, const char *words)
{
    const MPI_Comm none = MPI_COMM_NULL;
    a->classes = MPI_COMM_WORLD;
    a->rows = none;
    for (int f = 0; f < FUNCTIONS; f++) {
        a->function = (enum function)f;
        expect_answer(a, data, words, XENT_ERROR_COMMUNICATION, NO_RANK, words);
    }
    a->function = CALL_GRADIENT;
    a->classes = none;
    a->rows = MPI_COMM_WORLD;
    expect_answer(a, data, words, XENT_ERROR_COMMUNICATION, NO_RANK, words);
}

/* The mean of all rows, to the bit. */
static void expect_mean_of_libxent(const xent_tensor *logits, const xent_tensor *target, const xent_options *options)
{
    double got = -1, want = -2;
    xent_tensor *loss = tensor_over(XENT_F64, SCALAR, &got), *of_libxent = tensor_over(XENT_F64, SCALAR, &want);
    expect_ok(xent_mpi_cross_entropy(MPI_COMM_NULL, MPI_COMM_NULL, logits, NULL, target, options, loss));
    expect_ok(xent_cross_entropy(logits, target, options, of_libxent));
    assert_memory_equal(&got, &want, sizeof got);
    xent_tensor_destroy(of_libxent);
    xent_tensor_destroy(loss);
}

static void expect_means(const struct batch *b)
{
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *p = tensor_new(XENT_F32, xent_tensor_ndim(b->logits), xent_tensor_shape(b->logits), ROW_MAJOR),
                *row_weight = tensor_new(XENT_F64, xent_tensor_ndim(b->target), xent_tensor_shape(b->target), ROW_MAJOR);
    for (int64_t i = 0; i < xent_tensor_numel(p); i++) tensor_set(p, i, (double)(i % 5) / 8);
    for (int64_t i = 0; i < xent_tensor_numel(row_weight); i++) tensor_set(row_weight, i, 1 / (double)(i + 2));
    expect_mean_of_libxent(b->logits, b->target, NULL);
    expect_mean_of_libxent(b->logits, p, NULL);
    options.row_weight = row_weight;
    expect_mean_of_libxent(b->logits, b->target, &options);
    expect_mean_of_libxent(b->logits, p, &options);
    tensor_free(row_weight);
    tensor_free(p);
}

/* Classes along the first of two dimensions. */
static void expect_mean_of_columns(void)
{
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(5, 3), ROW_MAJOR), *target = tensor_new(XENT_I32, SHAPE(3), ROW_MAJOR);
    for (int64_t i = 0; i < 15; i++) tensor_set(logits, i, (double)(i * i % 7) / 4);
    for (int64_t row = 0; row < 3; row++) tensor_set(target, row, (double)(4 - row));
    options.axis = 0;
    expect_mean_of_libxent(logits, target, &options);
    tensor_free(target);
    tensor_free(logits);
}

int main(int argc, char **argv)
{
    const struct grid one = { .parts = 1, .batches = 1, .classes = MPI_COMM_NULL, .rows = MPI_COMM_NULL };
    struct case_data data;
    struct arguments a;
    struct rows want;
    struct random r = random_stream(1, 0);
    case_begin(&data, &one, 2);
    want = rows_new(&data.batch, XENT_F64, &r);
    data.batch.options.row_weight = data.batch.row_weight;
    solve_whole(&data.batch, &want);
    for (int f = 0; f < FUNCTIONS; f++) {
        arguments_init(&a, &one, &data, (enum function)f);
        a.shard = NULL;
        expect_ok(arguments_call(&a));
    }
    expect_same_rows(&data.out, &want, "alone");
    arguments_init(&a, &one, &data, CALL_GRADIENT);
    a.own_options.axis = -2;
    expect_ok(arguments_call(&a));
    expect_same_rows(&data.out, &want, "an axis counted from the end");
    expect_means(&data.batch);
    expect_mean_of_columns();
    a.logits = NULL;
    expect_answer(&a, &data, "no rank is named", XENT_ERROR_INVALID_ARGUMENT, NO_RANK, "logits is NULL");
    expect_error(arguments_call(&a), XENT_ERROR_INVALID_ARGUMENT, "logits is NULL");
    arguments_init(&a, &one, &data, CALL_LOSS);
    expect_stopped(&a, &data, "MPI has not been initialized");
    MPI_Init(&argc, &argv);
    a.classes = a.rows = MPI_COMM_SELF;
    expect_ok(arguments_call(&a));
    MPI_Finalize();
    expect_stopped(&a, &data, "MPI has been finalized");
    rows_free(&want);
    case_end(&data);
    return 0;
}
