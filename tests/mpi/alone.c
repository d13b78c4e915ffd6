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

static void expect_without_options(const struct case_data *data)
{
    const struct batch *b = &data->batch;
    double got = -1, want = -2;
    xent_tensor *loss = tensor_over(XENT_F64, SCALAR, &got), *of_libxent = tensor_over(XENT_F64, SCALAR, &want);
    expect_ok(xent_mpi_cross_entropy(MPI_COMM_NULL, MPI_COMM_NULL, b->logits, NULL, b->target, NULL, loss));
    expect_ok(xent_cross_entropy(b->logits, b->target, NULL, of_libxent));
    assert_memory_equal(&got, &want, sizeof got);
    xent_tensor_destroy(of_libxent);
    xent_tensor_destroy(loss);
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
    expect_without_options(&data);
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
