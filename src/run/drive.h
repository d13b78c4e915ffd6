/* Carrying an operation over all its rows: how they go, which an operation's plan has decided, and the memory for it. */
#ifndef XENT_RUN_DRIVE_H
#define XENT_RUN_DRIVE_H

#include "rows/sum.h"
#include "run/arena.h"
#include "run/operation.h"

/* What becomes of the rows' results. */
enum xent_results {
    XENT_RESULTS_NONE,  /* rows have none */
    XENT_RESULTS_APART, /* each goes to its place in a tensor, an operand of the walk */
    XENT_RESULTS_SUMMED /* in the canonical order (rows/sum.h), whatever the tasks are */
};

/* How the rows of a call go, as a value: filled once by the operation's plan, then only read. */
struct xent_drive {
    const void *call;
    const struct xent_row_steps *steps;
    const struct xent_row_type *type;
    const struct xent_row_type *written; /* of what is written class by class, if that is of another dtype */
    const struct xent_walk *walk;        /* over the rows */
    int64_t first;                       /* of its rows this one and parallel.rows - 1 behind it */

    enum xent_results results;
    struct xent_tensor *result; /* where they go apart */
    int32_t result_operand;

    xent_results_fn *find;               /* rows go many at once; NULL: side by side or in blocks */
    const struct xent_tile_steps *tiled; /* rows go side by side; NULL: in blocks */
    int64_t block;                       /* rows that go through each step together, 1 to XENT_BLOCK */
    bool keeps_chunks;                   /* `finish` or `write` looks at the chunks of a row */
    bool merges;                         /* chunks' states become the row's; else `finish` does without or knows it */

    struct xent_parallel parallel;

    /* bytes, by xent_arena_need */
    size_t task_bytes; /* for each task */
    size_t row_bytes;  /* for each row from begin to write */
    size_t part_bytes; /* for each part of a row, in memory of the row's */

    /* from xent_drive_lay_out: where the parts begin, and bytes from one to the next */
    struct xent_arena arena;
    size_t tile, chunks;      /* offsets in a task's memory, and in a row's */
    size_t part, shared_part; /* in a row's memory: of its only part, and of the first part of a shared row */
    size_t task_step, row_step, shared_step;
    size_t shared_at, sums_at;
};

/* All rows of `walk` in blocks of one on one task, without results or memory. */
static inline void xent_drive_init(struct xent_drive *drive, const void *call, const struct xent_row_steps *steps,
                                   const struct xent_row_type *type, const struct xent_walk *walk)
{
    drive->call = call;
    drive->steps = steps;
    drive->type = drive->written = type;
    drive->walk = walk;
    drive->first = 0;
    drive->results = XENT_RESULTS_NONE;
    drive->find = NULL;
    drive->tiled = NULL;
    drive->block = 1;
    drive->keeps_chunks = false;
    drive->merges = true;
    drive->task_bytes = drive->row_bytes = drive->part_bytes = 0;
}

/* Finds how many bytes of memory a drive needs, arena.bytes, and what lies where in them; and takes them as well. Who takes them from
   elsewhere sets arena.memory. */
void xent_drive_lay_out(struct xent_drive *drive);
xent_status xent_drive_allocate(struct xent_drive *drive, struct xent_arena_local *local);

/* The rows [from, to), one at least, many at once, in blocks, and side by side. */
void xent_drive_results(const struct xent_drive *drive, int64_t from, int64_t to, struct xent_sum *sum);
void xent_drive_blocks(const struct xent_drive *drive, int64_t from, int64_t to, char *task_memory, struct xent_sum *sum);
void xent_drive_tiles(const struct xent_drive *drive, int64_t from, int64_t to, char *task_memory, struct xent_sum *sum);

/* As the plan has it. */
static inline void xent_drive_rows(const struct xent_drive *drive, int64_t from, int64_t to, char *task_memory,
                                   struct xent_sum *sum)
{
    if (drive->find != NULL)
        xent_drive_results(drive, from, to, sum);
    else if (drive->tiled != NULL)
        xent_drive_tiles(drive, from, to, task_memory, sum);
    else
        xent_drive_blocks(drive, from, to, task_memory, sum);
}

/* All rows, by several tasks, or by one that sums their results up: functions of their own, so that none needs the stack that another
   one's sums take. */
double xent_drive_by_tasks(const struct xent_drive *drive);
double xent_drive_summed(const struct xent_drive *drive);

/* Runs all steps of all rows; answers the sum of the results where they are summed. */
static inline double xent_drive_run(const struct xent_drive *drive)
{
    if (drive->parallel.tasks > 1) return xent_drive_by_tasks(drive);
    if (drive->parallel.rows == 0) return 0;
    if (drive->results == XENT_RESULTS_SUMMED) return xent_drive_summed(drive);
    xent_drive_rows(drive, drive->first, drive->first + drive->parallel.rows, drive->arena.memory, NULL);
    return 0;
}

/* Makes the state of a whole row by its chunks, which it keeps where row->chunks says so; of no class for a row that is ignored. */
void xent_drive_reduce(const struct xent_drive *drive, struct xent_row *row, char *task_memory);

/* A row's own memory in a task's part. */
static inline struct xent_memory xent_drive_memory(const struct xent_drive *drive, char *task_memory, size_t row)
{
    return (struct xent_memory){ task_memory, task_memory + drive->task_bytes + row * drive->row_step };
}

#endif
