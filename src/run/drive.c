/* A row's life, once for all operations: whole rows in blocks, rows that tasks share chunk by chunk, and the sum of their results. */
#include "run/drive.h"

#include <assert.h>

#include "args/element.h"
#include "run/tuning.h"

/* ---- Memory: the tasks' parts, each with the rows of a block; the shared rows'; the sums ------------------------------ */

static size_t chunk_bytes_of(const struct xent_drive *drive)
{
    return (size_t)xent_chunk_count(drive->type->classes) * sizeof(struct xent_chunk);
}

/* A shared row has its chunks, its parts and its struct behind what every row has; the latter lasts from one pass to the next. */
static void reserve_for_tasks(struct xent_drive *drive)
{
    const struct xent_parallel *parallel = &drive->parallel;
    size_t shared = drive->row_bytes;
    (void)xent_arena_need(&shared, chunk_bytes_of(drive));
    drive->shared_part = xent_arena_need(&shared, drive->part_bytes * (size_t)parallel->tasks);
    (void)xent_arena_need(&shared, sizeof(struct xent_row));
    drive->shared_step = shared;
    (void)xent_arena_reserve(&drive->arena, drive->task_step, parallel->tasks);
    drive->shared_at = xent_arena_reserve(&drive->arena, shared, parallel->shared);
    if (drive->results == XENT_RESULTS_SUMMED)
        drive->sums_at = xent_arena_reserve(&drive->arena, xent_arena_padded(sizeof(struct xent_sum)), parallel->tasks + 1);
}

void xent_drive_lay_out(struct xent_drive *drive)
{
    const struct xent_parallel *parallel = &drive->parallel;
    const struct xent_row_type *type = drive->type;
    size_t row_step = drive->row_bytes, task_bytes = drive->task_bytes, rows;
    drive->tile = XENT_NOWHERE;
    if (drive->tiled != NULL && drive->tiled->reduce != NULL)
        drive->tile = xent_arena_need(&task_bytes, (size_t)type->classes * XENT_TILE * type->real_size);
    drive->chunks = row_step;
    if (drive->keeps_chunks) (void)xent_arena_need(&row_step, chunk_bytes_of(drive));
    drive->part = xent_arena_need(&row_step, drive->part_bytes);
    drive->row_step = row_step;
    drive->task_bytes = drive->task_step = task_bytes;
    if (__builtin_mul_overflow(row_step, (size_t)drive->block, &rows)) rows = SIZE_MAX;
    if (rows > 0 && parallel->rows > parallel->shared) (void)xent_arena_need(&drive->task_step, rows);
    xent_arena_init(&drive->arena, parallel->tasks == 1 ? drive->task_step : 0);
    if (parallel->tasks > 1) reserve_for_tasks(drive);
}

xent_status xent_drive_allocate(struct xent_drive *drive, struct xent_arena_local *local)
{
    xent_drive_lay_out(drive);
    return xent_arena_allocate(&drive->arena, local);
}

static char *task_memory(const struct xent_drive *drive, int64_t task)
{
    return drive->arena.memory + drive->task_step * (size_t)task;
}

/* The sum of one of several tasks; that of the shared rows is one behind the last task's. NULL where results are not summed. */
static struct xent_sum *sum_of(const struct xent_drive *drive, int64_t task)
{
    if (drive->results != XENT_RESULTS_SUMMED) return NULL;
    return (struct xent_sum *)(void *)(drive->arena.memory + drive->sums_at +
                                       xent_arena_padded(sizeof(struct xent_sum)) * (size_t)task);
}

/* ---- Whole rows --------------------------------------------------------------------------------------------------- */

static void begin_row(const struct xent_drive *drive, const struct xent_position *position, const struct xent_memory *memory,
                      struct xent_row *row)
{
    row->ignored = false;
    row->chunks = drive->keeps_chunks ? (struct xent_chunk *)(void *)(memory->row + drive->chunks) : NULL;
    row->place = NULL;
    if (drive->results == XENT_RESULTS_APART)
        row->place = (char *)drive->result->data + position->offset[drive->result_operand];
    row->part = NULL;
    drive->steps->begin(drive->call, position, memory, row);
}

static void begin_part(const struct xent_drive *drive, char *part)
{
    if (drive->steps->begin_part != NULL) drive->steps->begin_part(drive->call, part);
}

static __attribute__((noinline)) void reduce_chunks(const struct xent_drive *drive, struct xent_row *row, char *memory,
                                                    int64_t count)
{
    const struct xent_real_kernels *kernels = drive->type->kernels->real;
    struct xent_tree tree;
    struct xent_chunk own;
    xent_tree_begin(&tree);
    for (int64_t i = 0; i < count; i++) {
        struct xent_chunk *chunk = row->chunks == NULL ? &own : &row->chunks[i];
        drive->steps->reduce(drive->call, row, memory, i, chunk);
        if (drive->merges) xent_tree_push(&tree, kernels, &(struct xent_node){ 0, i, chunk->state });
    }
    row->state = xent_tree_total(&tree, kernels);
}

void xent_drive_reduce(const struct xent_drive *drive, struct xent_row *row, char *memory)
{
    int64_t count = xent_chunk_count(drive->type->classes);
    struct xent_chunk own, *chunk = row->chunks == NULL ? &own : row->chunks;
    if (drive->steps->reduce == NULL || row->ignored) {
        row->state = xent_state_none();
    } else if (count > 1) {
        reduce_chunks(drive, row, memory, count);
    } else {
        drive->steps->reduce(drive->call, row, memory, 0, chunk);
        row->state = chunk->state;
    }
}

static void deliver(const struct xent_drive *drive, const struct xent_row *rows, size_t count, struct xent_sum *sum)
{
    for (size_t i = 0; i < count; i++) {
        if (drive->results == XENT_RESULTS_SUMMED)
            xent_sum_row(sum, rows[i].result);
        else if (rows[i].place != NULL)
            xent_store_result(drive->result->dtype, rows[i].place, rows[i].result);
    }
}

static void finish_rows(const struct xent_drive *drive, struct xent_row *rows, size_t count, struct xent_sum *sum)
{
    if (drive->steps->finish == NULL) return;
    drive->steps->finish(drive->call, rows, count);
    deliver(drive, rows, count, sum);
}

/* Step by step for all rows of the block, so that no row waits for the result of another's chain of operations. noinline: a tile needs
   the stack that its rows and their tree take. */
static __attribute__((noinline)) void run_block(const struct xent_drive *drive, struct xent_position *position, size_t count,
                                                char *memory, struct xent_sum *sum)
{
    const struct xent_span all = { 0, xent_chunk_count(drive->type->classes) };
    struct xent_row rows[XENT_BLOCK];
    assert(count >= 1 && count <= XENT_BLOCK);
    for (size_t i = 0; i < count; i++) {
        struct xent_memory own = xent_drive_memory(drive, memory, i);
        if (i > 0) xent_walk_next(drive->walk, position);
        begin_row(drive, position, &own, &rows[i]);
        rows[i].part = own.row + drive->part;
        begin_part(drive, rows[i].part);
        xent_drive_reduce(drive, &rows[i], memory);
    }
    finish_rows(drive, rows, count, sum);
    for (size_t i = 0; i < count && drive->steps->write != NULL; i++) drive->steps->write(drive->call, &rows[i], memory, all);
}

void xent_drive_blocks(const struct xent_drive *drive, int64_t from, int64_t to, char *memory, struct xent_sum *sum)
{
    struct xent_position position;
    xent_walk_seek(drive->walk, from, &position);
    for (;;) {
        int64_t count = to - from < drive->block ? to - from : drive->block;
        run_block(drive, &position, (size_t)count, memory, sum);
        from += count;
        if (from >= to) return;
        xent_walk_next(drive->walk, &position);
    }
}

static void run_rows(const void *context, int64_t task, int64_t from, int64_t to)
{
    const struct xent_drive *drive = context;
    struct xent_sum *sum = sum_of(drive, task);
    if (drive->results == XENT_RESULTS_SUMMED) xent_sum_begin(sum, drive->type->backend, from);
    xent_drive_rows(drive, drive->first + from, drive->first + to, task_memory(drive, task), sum);
}

/* ---- Shared rows: all tasks reduce their chunks; the calling thread has the row's state and result; all tasks write their chunks. In
   between the row stands in its own memory ---- */

static char *shared_memory(const struct xent_drive *drive, int64_t shared)
{
    return drive->arena.memory + drive->shared_at + drive->shared_step * (size_t)shared;
}

static struct xent_row *shared_row(const struct xent_drive *drive, int64_t shared)
{
    return (struct xent_row *)(void *)(shared_memory(drive, shared) + drive->shared_step -
                                       xent_arena_padded(sizeof(struct xent_row)));
}

static char *shared_part(const struct xent_drive *drive, int64_t shared, int64_t task)
{
    return shared_memory(drive, shared) + drive->shared_part + drive->part_bytes * (size_t)task;
}

static void begin_shared(const struct xent_drive *drive)
{
    const struct xent_parallel *parallel = &drive->parallel;
    struct xent_position position;
    xent_walk_seek(drive->walk, drive->first + parallel->rows - parallel->shared, &position);
    for (int64_t i = 0; i < parallel->shared; i++, xent_walk_next(drive->walk, &position)) {
        struct xent_memory memory = { task_memory(drive, 0), shared_memory(drive, i) };
        struct xent_row *row = shared_row(drive, i);
        begin_row(drive, &position, &memory, row);
        if (row->chunks == NULL) row->chunks = (struct xent_chunk *)(void *)(memory.row + drive->chunks);
        row->state = xent_state_none();
        for (int64_t task = 0; task < parallel->tasks; task++) begin_part(drive, shared_part(drive, i, task));
    }
}

static void reduce_shared(const void *context, int64_t task, int64_t shared, int64_t from, int64_t to)
{
    const struct xent_drive *drive = context;
    struct xent_row row = *shared_row(drive, shared);
    row.part = shared_part(drive, shared, task);
    for (int64_t i = from; i < to && !row.ignored; i++)
        drive->steps->reduce(drive->call, &row, task_memory(drive, task), i, &row.chunks[i]);
}

static void write_shared(const void *context, int64_t task, int64_t shared, int64_t from, int64_t to)
{
    const struct xent_drive *drive = context;
    const struct xent_span span = { from, to };
    drive->steps->write(drive->call, shared_row(drive, shared), task_memory(drive, task), span);
}

static void join_parts(const struct xent_drive *drive, struct xent_row *row, int64_t shared)
{
    row->part = shared_part(drive, shared, 0);
    for (int64_t task = 1; task < drive->parallel.tasks && drive->steps->join_part != NULL; task++)
        drive->steps->join_part(drive->call, row, shared_part(drive, shared, task));
}

static void finish_shared(const struct xent_drive *drive)
{
    const struct xent_parallel *parallel = &drive->parallel;
    struct xent_sum *sum = sum_of(drive, parallel->tasks);
    if (drive->results == XENT_RESULTS_SUMMED) xent_sum_begin(sum, drive->type->backend, parallel->rows - parallel->shared);
    for (int64_t i = 0; i < parallel->shared; i++) {
        struct xent_row *row = shared_row(drive, i);
        if (drive->steps->reduce != NULL && drive->merges && !row->ignored)
            row->state = xent_tree_of_chunks(row->chunks, 0, parallel->pieces, drive->type->kernels->real);
        join_parts(drive, row, i);
        finish_rows(drive, row, 1, sum);
    }
}

/* ---- All rows ----------------------------------------------------------------------------------------------------- */

/* noinline: what runs before needs the stack that this sum takes. */
static __attribute__((noinline)) double total_of(const struct xent_drive *drive)
{
    const struct xent_parallel *parallel = &drive->parallel;
    struct xent_sum total;
    xent_sum_begin(&total, drive->type->backend, 0);
    for (int64_t task = 0; task < parallel->tasks && parallel->rows > parallel->shared; task++)
        xent_sum_join(&total, sum_of(drive, task));
    if (parallel->shared > 0) xent_sum_join(&total, sum_of(drive, parallel->tasks));
    return xent_sum_total(&total);
}

/* Without a first pass a shared row is finished before its chunks are written, which then takes one pass for all rows. */
double xent_drive_by_tasks(const struct xent_drive *drive)
{
    const struct xent_row_steps *steps = drive->steps;
    bool shared = drive->parallel.shared > 0, reduces = steps->reduce != NULL;
    struct xent_pass first = { .rows = run_rows }, second = { .rows = NULL };
    if (shared) first.pieces = reduces ? reduce_shared : steps->write != NULL ? write_shared : NULL;
    if (shared && reduces && steps->write != NULL) second.pieces = write_shared;
    if (shared) begin_shared(drive);
    if (shared && !reduces) finish_shared(drive);
    xent_parallel_run(&drive->parallel, &first, drive);
    if (shared && reduces) finish_shared(drive);
    xent_parallel_run(&drive->parallel, &second, drive);
    return drive->results == XENT_RESULTS_SUMMED ? total_of(drive) : 0;
}

double xent_drive_summed(const struct xent_drive *drive)
{
    struct xent_sum alone;
    xent_sum_begin(&alone, drive->type->backend, 0);
    xent_drive_rows(drive, drive->first, drive->first + drive->parallel.rows, drive->arena.memory, &alone);
    return xent_sum_total(&alone);
}
