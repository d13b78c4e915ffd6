/* A row's life side by side, once for all operations: the kernels do the regular rows of a tile; the others take the steps of a single
 * row, by way of struct xent_row. */
#include "run/drive.h"

#include "args/element.h"

/* What one tile's steps share. */
struct way {
    const struct xent_drive *drive;
    const struct xent_position *first; /* row */
    char *memory;                      /* the task's */
    struct xent_tile_rows *tile;
};

static struct xent_position position_of(const struct way *way, size_t row)
{
    struct xent_position position = *way->first;
    for (int32_t k = 0; k < XENT_WALK_OPERANDS; k++) position.offset[k] += (ptrdiff_t)row * xent_walk_step(way->drive->walk, k);
    return position;
}

/* Without keep_terms the row's terms have no place: the output is not to be written yet. */
static void reduce_alone(const struct way *way, size_t i, bool keep_terms, struct xent_row *row)
{
    const struct xent_drive *drive = way->drive;
    struct xent_position position = position_of(way, i);
    struct xent_memory memory = xent_drive_memory(drive, way->memory, 0);
    row->ignored = false;
    row->place = NULL;
    row->chunks = NULL;
    row->part = memory.row + drive->part;
    if (drive->steps->begin_part != NULL) drive->steps->begin_part(drive->call, row->part);
    drive->steps->begin(drive->call, &position, &memory, row);
    if (keep_terms && drive->keeps_chunks) row->chunks = (struct xent_chunk *)(void *)(memory.row + drive->chunks);
    if (!keep_terms) row->terms = NULL;
    xent_drive_reduce(drive, row, way->memory);
}

/* The states of the rows that the kernels leave out. */
static __attribute__((noinline, cold)) void reduce_irregular(const struct way *way)
{
    const struct xent_tile_rows *tile = way->tile;
    struct xent_tile *state = &way->tile->state;
    for (size_t i = 0; i < tile->rows; i++) {
        struct xent_row row;
        if (state->regular[i]) continue;
        reduce_alone(way, i, false, &row);
        state->max[i] = row.state.max;
        state->rest[i] = row.state.rest;
        state->coef[i] = row.state.coef;
        state->gap[i] = row.state.gap;
        state->coef_peak[i] = row.state.coef_peak;
    }
}

/* The whole life of the rows that the kernels leave out, where rows have parts: what has been written of them is written again. */
static __attribute__((noinline, cold)) void live_alone(const struct way *way)
{
    const struct xent_drive *drive = way->drive;
    const struct xent_tile_rows *tile = way->tile;
    for (size_t i = 0; i < tile->rows; i++) {
        struct xent_row row;
        if (tile->state.regular[i]) continue;
        reduce_alone(way, i, false, &row);
        drive->steps->finish(drive->call, &row, 1);
    }
}

static inline void first_pass(const struct way *way)
{
    const struct xent_row_type *type = way->drive->type;
    struct xent_tile_rows *tile = way->tile;
    xent_tile_read(type, tile, &tile->in, tile->reals);
    if (way->drive->tiled->scale != NULL && tile->out.row_step == (ptrdiff_t)way->drive->written->size)
        xent_tile_fetch(tile, tile->out);
    if (xent_row_is_prepared(type)) xent_tile_prepare(type, tile);
    way->drive->tiled->reduce(way->drive->call, tile);
    if (tile->regular_rows < tile->rows && way->drive->part_bytes == 0) reduce_irregular(way);
}

/* Where the results are to go. */
static inline void prepare_results(const struct way *way, struct xent_sum *sum)
{
    struct xent_tile_rows *tile = way->tile;
    size_t room;
    double *place;
    tile->result = tile->results;
    if (way->drive->results != XENT_RESULTS_SUMMED) return;
    place = xent_sum_place(sum, &room);
    if (room >= XENT_TILE) tile->result = place;
}

static inline void deliver(const struct way *way, struct xent_sum *sum)
{
    const struct xent_drive *drive = way->drive;
    const struct xent_tile_rows *tile = way->tile;
    if (drive->results == XENT_RESULTS_SUMMED) {
        if (tile->result == tile->results)
            xent_sum_rows(sum, tile->results, tile->rows);
        else
            xent_sum_placed(sum, tile->rows);
    } else if (drive->results == XENT_RESULTS_APART) {
        ptrdiff_t step = xent_walk_step(drive->walk, drive->result_operand);
        char *place = (char *)drive->result->data + way->first->offset[drive->result_operand];
        xent_store_results(drive->result->dtype, tile->result, tile->rows, place, step);
    }
}

/* Its state is found anew, with its terms. */
static __attribute__((noinline, cold)) void write_alone(const struct way *way, size_t i)
{
    const struct xent_drive *drive = way->drive;
    const struct xent_span all = { 0, 1 };
    struct xent_row row;
    reduce_alone(way, i, true, &row);
    if (drive->steps->finish != NULL) drive->steps->finish(drive->call, &row, 1);
    drive->steps->write(drive->call, &row, way->memory, all);
    xent_tile_take_back(drive->written, way->tile, i, &row.out);
}

static inline void second_pass(const struct way *way)
{
    const struct xent_drive *drive = way->drive;
    struct xent_tile_rows *tile = way->tile;
    tile->made = tile->log_probs = false;
    tile->alone_rows = 0;
    drive->tiled->scale(drive->call, tile);
    for (size_t i = 0; i < tile->rows && tile->alone_rows > 0; i++)
        if (tile->alone[i]) write_alone(way, i);
    if (drive->tiled->reduce != NULL) xent_tile_write(drive->written, tile);
}

static inline void run_tile(const struct way *way, struct xent_sum *sum)
{
    const struct xent_drive *drive = way->drive;
    const struct xent_tile_steps *steps = drive->tiled;
    way->tile->ahead.count = 0;
    prepare_results(way, sum);
    steps->begin(drive->call, way->first, way->tile);
    if (steps->reduce != NULL) first_pass(way);
    if (steps->finish != NULL) steps->finish(drive->call, way->tile);
    if (drive->part_bytes > 0 && way->tile->regular_rows < way->tile->rows) live_alone(way);
    deliver(way, sum);
    if (steps->scale != NULL) second_pass(way);
}

void xent_drive_tiles(const struct xent_drive *drive, int64_t from, int64_t to, char *task_memory, struct xent_sum *sum)
{
    struct xent_tile_rows tile;
    struct xent_position position;
    const struct way way = { drive, &position, task_memory, &tile };
    tile.memory = task_memory;
    tile.reals = xent_arena_at(task_memory, drive->tile);
    tile.slopes = NULL;
    tile.coef = (struct xent_tile_coef){ NULL, 0, 0 };
    xent_walk_seek(drive->walk, from, &position);
    for (;;) {
        int64_t run = xent_walk_run(drive->walk, &position), rows = to - from < run ? to - from : run;
        if (rows > XENT_TILE) rows = XENT_TILE;
        tile.rows = (size_t)rows;
        run_tile(&way, sum);
        from += rows;
        if (from >= to) return;
        xent_walk_advance(drive->walk, &position, rows);
    }
}
