/* faulty <ranks along the classes>: memory that one rank cannot have, a library of another version on one rank, and calls of MPI that fail. */
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "faults.h"

/* Each rank has twice as many rows of 8192 classes at most, which are two blocks. */
enum { ROWS = 10, BLOCKS = 2 };

static struct case_data data;

static void succeed(const struct arguments *a)
{
    faults_begin();
    expect_ok(arguments_call(a));
}

/* Each allocation of libxent-mpi, on each rank in turn. */
static long try_memory(const struct grid *g, const struct arguments *a)
{
    long most;
    succeed(a);
    most = allocations;
    for (int world = 0; world < g->parts * g->batches; world++)
        for (long k = 1; k <= most; k++) {
            faults_begin();
            if (g->world == world) failing_allocation = k;
            expect_answer(a, &data, "memory", XENT_ERROR_NO_MEMORY, world, "cannot be allocated");
        }
    return most;
}

/* The working memory of libxent's functions: before the exchanges, where nothing has been written, and in each of them, where others may
   have and go on to the last one. */
static void try_working_memory(const struct grid *g, const struct arguments *a)
{
    long most;
    succeed(a);
    most = merges;
    assert_int_equal(most, 1 + BLOCKS);
    for (int world = 0; world < g->parts * g->batches; world++) {
        char prefix[32];
        (void)snprintf(prefix, sizeof prefix, "rank %d: ", world);
        faults_begin();
        if (g->world == world) failing_merge = 1;
        expect_answer(a, &data, "merge", XENT_ERROR_NO_MEMORY, world, "no memory to merge");
        faults_begin();
        if (g->world == world) failing_exchange = 1;
        expect_answer(a, &data, "exchange", XENT_ERROR_NO_MEMORY, world, "no memory for a block");
        for (long k = 2; k <= most; k++) {
            faults_begin();
            if (g->world == world) failing_merge = k;
            expect_error_naming(arguments_call(a), XENT_ERROR_NO_MEMORY, prefix, "no memory to merge");
        }
    }
}

/* The handles over memory of libxent-mpi's own. The last ones are made when the gradient has been written. */
static long try_handles(const struct grid *g, const struct arguments *a)
{
    long most;
    succeed(a);
    most = wraps;
    for (int world = 0; world < g->parts * g->batches; world++) {
        char prefix[32];
        (void)snprintf(prefix, sizeof prefix, "rank %d: ", world);
        for (long k = 1; k <= most; k++) {
            faults_begin();
            if (g->world == world) failing_wrap = k;
            expect_error_naming(arguments_call(a), XENT_ERROR_NO_MEMORY, prefix, "no memory for a handle");
        }
    }
    return most;
}

static void try_versions(const struct grid *g, const struct arguments *a)
{
    for (int world = 0; world < g->parts * g->batches; world++) {
        faults_begin();
        if (g->world == world) numerics_version = 2;
        expect_answer(a, &data, "version", XENT_ERROR_COMMUNICATION, SOME_RANK, "xent_numerics_version() is");
    }
}

/* Each call of MPI, on all ranks alike: what MPI's failures do to others is MPI's affair. Nothing has been written before all have agreed to
   exchange states, which takes two calls. */
static long try_mpi(const struct arguments *a)
{
    long most, before;
    succeed(a);
    most = mpi_calls;
    before = mpi_calls_before + 2;
    for (long k = 1; k <= most; k++) {
        faults_begin();
        failing_mpi_call = k;
        if (k <= before)
            expect_answer(a, &data, "call of MPI", XENT_ERROR_COMMUNICATION, NO_RANK, " failed: ");
        else
            expect_error_naming(arguments_call(a), XENT_ERROR_COMMUNICATION, "MPI_All", " failed: ");
    }
    return most;
}

int main(int argc, char **argv)
{
    struct grid g;
    struct arguments a;
    long blocks, handles, calls;
    assert_int_equal(argc, 2);
    grid_begin(&g, atoi(argv[1]), &argc, &argv);
    case_begin(&data, &g, ROWS);
    /* with all there is: weights that are gathered, and a loss that is reduced */
    const int64_t one = 1;
    double loss;
    xent_tensor *result = tensor_over(XENT_F64, 0, NULL, &loss), *upstream = tensor_new(XENT_F32, 1, &one, ROW_MAJOR);
    arguments_init(&a, &g, &data, CALL_GRADIENT);
    a.own_options.reduction = XENT_REDUCTION_MEAN;
    a.loss = result;
    a.grad_loss = upstream;
    blocks = try_memory(&g, &a);
    try_working_memory(&g, &a);
    handles = try_handles(&g, &a);
    try_versions(&g, &a);
    calls = try_mpi(&a);
    a.own_options.class_weight = a.own_options.row_weight = NULL; /* rows are counted then */
    (void)try_mpi(&a);
    assert_true(blocks >= 10 && handles >= 8 && calls >= 22);
    if (g.world == 0)
        printf("%d x %d ranks: %ld allocations, %ld handles, %ld calls of MPI\n", g.parts, g.batches, blocks, handles, calls);
    xent_tensor_destroy(result);
    tensor_free(upstream);
    case_end(&data);
    grid_end(&g);
    return 0;
}
