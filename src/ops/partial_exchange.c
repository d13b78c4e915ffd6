/* Rows in parts whose states go out and come back merged, a block of rows at a time. The terms and chunks of a block wait for that, so
 * that each exponential is computed once. */
#include "args/check.h"
#include "ops/loss_plan.h"
#include "ops/partial.h"

/* So many rows, before their exchange and behind it. */
struct block {
    struct xent_drive reduce, write;
};

struct run {
    struct xent_exchange_call *call;
    const struct xent_settings *settings;
    const struct xent_fpenv *caller;
    int64_t rows, block_rows;
    bool has_classes;         /* an empty shard has nothing but the exchange */
    struct block block, last; /* the last one may have fewer rows */
};

/* ---- The plan ------------------------------------------------------------------------------------------------------- */

static void set_rows(const struct run *run, int64_t rows, struct xent_drive *drive)
{
    const struct xent_loss *loss = &run->call->slice.stats.loss;
    const int64_t classes = loss->type.classes;
    xent_parallel_plan(&drive->parallel, run->settings, loss->options.num_threads, rows, xent_chunk_count(classes),
                       rows * classes);
    drive->parallel.caller = run->caller;
    xent_drive_lay_out(drive);
}

/* What a row has from its begin to its end, and its chunks with it, becomes memory of the block. */
static void let_wait(struct xent_drive *drive, struct xent_waiting *waiting)
{
    const size_t chunks = (size_t)xent_chunk_count(drive->type->classes) * sizeof(struct xent_chunk);
    waiting->row_step = drive->row_bytes;
    waiting->chunks = xent_arena_need(&waiting->row_step, chunks);
    drive->row_bytes = 0;
    drive->keeps_chunks = false;
}

static void plan_blocks(struct run *run)
{
    struct xent_slice *slice = &run->call->slice;
    struct xent_drive *reduce = &run->block.reduce, *write = &run->block.write;
    slice->stats.extra = (struct xent_extra){ .heat = run->call->exchange.entropy == 1, .first = true };
    slice->waiting.row_step = 0;
    run->has_classes = xent_slice_plan(slice, run->settings, &xent_slice_to_states, reduce);
    if (slice->stats.loss.with_gradient) {
        let_wait(reduce, &slice->waiting);
        xent_loss_find_divisor(&slice->stats.loss);
    } else {
        reduce->keeps_chunks = true;
    }
    *write = *reduce;
    write->steps = &xent_slice_from_terms;
    run->last = run->block;
    set_rows(run, run->block_rows, reduce);
    set_rows(run, run->block_rows, write);
    set_rows(run, run->block_rows == 0 ? 0 : run->rows % run->block_rows, &run->last.reduce);
    set_rows(run, run->last.reduce.parallel.rows, &run->last.write);
}

/* ---- Memory: of the waiting rows, their states, a drive at a time ---------------------------------------------------------- */

static size_t most_bytes(const struct run *run)
{
    const struct xent_drive *drives[] = { &run->block.reduce, &run->block.write, &run->last.reduce, &run->last.write };
    size_t most = 0;
    for (size_t i = 0; i < sizeof drives / sizeof drives[0]; i++)
        if (drives[i]->arena.bytes > most) most = drives[i]->arena.bytes;
    return most;
}

static xent_status allocate(struct run *run, struct xent_arena *arena)
{
    struct xent_slice *slice = &run->call->slice;
    const size_t states = (size_t)xent_shard_states(slice->stats.loss.shard) * sizeof(xent_partial);
    size_t waiting, partials, drive;
    xent_arena_init(arena, 0);
    waiting = xent_arena_reserve(arena, slice->waiting.row_step, run->block_rows);
    partials = xent_arena_reserve(arena, states, run->block_rows);
    drive = xent_arena_reserve(arena, most_bytes(run), 1);
    XENT_TRY(xent_arena_allocate_large(arena));
    if (slice->stats.loss.with_gradient) slice->waiting.memory = arena->memory + waiting;
    slice->partials = (xent_partial *)(void *)(arena->memory + partials);
    run->block.reduce.arena.memory = run->block.write.arena.memory = arena->memory + drive;
    run->last.reduce.arena.memory = run->last.write.arena.memory = arena->memory + drive;
    return XENT_OK;
}

/* ---- A block -------------------------------------------------------------------------------------------------------- */

static xent_status exchange_rows(const struct run *run, int64_t first, int64_t rows)
{
    const struct xent_exchange_call *call = run->call;
    const xent_exchange *exchange = &call->exchange;
    const bool has_states = rows > 0 && run->has_classes;
    fenv_t before;
    xent_status status;
    xent_fpenv_lend(run->caller, &before);
    status = exchange->run(exchange->user, first, rows, has_states ? call->slice.partials : NULL,
                           rows > 0 ? call->whole + first : NULL);
    xent_fpenv_take_back(&before);
    return status;
}

static xent_status run_block(const struct run *run, int64_t first, struct block *block)
{
    struct xent_exchange_call *call = run->call;
    const int64_t rows = block->reduce.parallel.rows;
    struct xent_states merged = call->merged;
    call->slice.first = block->reduce.first = block->write.first = first;
    if (run->has_classes) (void)xent_drive_run(&block->reduce);
    XENT_TRY(exchange_rows(run, first, rows));
    merged.rows = first + rows;
    XENT_TRY(xent_states_check(&merged, first));
    if (run->has_classes && call->slice.stats.loss.with_gradient) (void)xent_drive_run(&block->write);
    return XENT_OK;
}

/* The exchange of no rows comes first: what fails before it has been seen by nobody else. */
static xent_status run_blocks(struct run *run)
{
    XENT_TRY(exchange_rows(run, 0, 0));
    for (int64_t first = 0; first < run->rows; first += run->block_rows)
        XENT_TRY(run_block(run, first, run->rows - first < run->block_rows ? &run->last : &run->block));
    return XENT_OK;
}

/* ---- The operation -------------------------------------------------------------------------------------------------- */

static xent_status carry(void *carried, const struct xent_settings *settings, const struct xent_fpenv *caller)
{
    struct xent_exchange_call *call = carried;
    struct run run = { .call = call, .settings = settings, .caller = caller, .rows = call->merged.rows };
    struct xent_arena arena;
    xent_status status;
    run.block_rows = call->exchange.block_rows;
    if (run.block_rows == 0 || run.block_rows > run.rows) run.block_rows = run.rows;
    plan_blocks(&run);
    XENT_TRY(allocate(&run, &arena));
    status = run_blocks(&run);
    xent_arena_free(&arena);
    return status;
}

const struct xent_operation xent_partial_exchange_operation = { .check = xent_partial_exchange_check, .carry = carry };
