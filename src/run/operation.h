/* What an operation is to the code that carries it: what happens to a call, and what happens to a row of it. Rows are driven as wholes,
 * shared by tasks, or side by side in tiles (run/drive.c, run/drive_tiles.c); an operation says what a row needs and never how rows
 * are gone through. */
#ifndef XENT_RUN_OPERATION_H
#define XENT_RUN_OPERATION_H

#include "args/walk.h"
#include "rows/row.h"
#include "rows/tile.h"
#include "run/parallel.h"

/* Working memory, as the operation's plan has asked for it. */
struct xent_memory {
    char *task; /* of the task that runs: for what a step needs while it runs */
    char *row;  /* of this row from its first step to its last */
};

/* The life of a row, in this order. `call` is the operation's own struct, which no step changes. */
struct xent_row_steps {
    /* Says where the row lies, what its target is, and where its terms go; sets whatever the later steps look at. Reads what the terms
       may overwrite. `state` and `place` are the drive's, and `chunks`, unless the operation has a place of its own for them; `ignored` is
       false before. */
    void (*begin)(const void *call, const struct xent_position *position, const struct xent_memory *memory,
                  struct xent_row *row);

    /* The first pass over one chunk of a row that is not ignored. Tasks may be at different chunks of a row at the same time. NULL:
       nothing is learned from the row, and its state stays that of no class. */
    void (*reduce)(const void *call, const struct xent_row *row, char *task_memory, int64_t chunk, struct xent_chunk *to);

    /* Of rows that have parts, one for each task that reduces some of the row's chunks, one behind the other: begins one before any
       chunk, and adds another, whose chunks come behind, to row->part before `finish`. NULL: rows have none. */
    void (*begin_part)(const void *call, char *part);
    void (*join_part)(const void *call, struct xent_row *row, char *part);

    /* For `count` rows, at most XENT_BLOCK, whose states have just become known: completes them for `write` and finds their results.
       NULL: there is nothing to find. */
    void (*finish)(const void *call, struct xent_row *rows, size_t count);

    /* The second pass: writes the span's part of `out`. NULL: nothing is written class by class. */
    void (*write)(const void *call, const struct xent_row *row, char *task_memory, struct xent_span span);
};

/* The same steps for the rows of a tile. Rows that the kernels leave out are done by the steps above. */
struct xent_tile_steps {
    /* Says where the rows lie, which are ignored, and where their slopes go if they have any; sets whatever the later steps look at.
       `rows`, `memory` and `reals` are the drive's. */
    void (*begin)(const void *call, const struct xent_position *position, struct xent_tile_rows *tile);

    /* The first pass over `reals`, which have been read and prepared. Fills in the state but for the rows that are not regular.
       NULL: the rows are not read. */
    void (*reduce)(const void *call, struct xent_tile_rows *tile);

    /* Finds the results; the states of all rows are known. NULL: there is nothing to find. */
    void (*finish)(const void *call, struct xent_tile_rows *tile);

    /* Writes the rows where they are not read. Else either makes `reals` what is written, and says so, or fills in the factors by which terms become that and the two entries of
       each row that are none; marks the rows that are to be written alone. NULL: nothing is written class by class. */
    void (*scale)(const void *call, struct xent_tile_rows *tile);
};

/* Does n rows, from `first` on a step of the last dimension apart, which need no memory and no look at each for how they go: finds their
   results, where rows have some, and writes what is to be written of them. */
typedef void xent_results_fn(const void *call, const struct xent_position *first, size_t n, double *result);

struct xent_drive;

struct xent_operation {
    /* All checks but the process's settings, in the order of xent.h; fills in the call. */
    xent_status (*check)(void *call);

    /* Fills in the drive: its rows, their steps, the way they go, the memory they need. Cannot fail. NULL: there are no rows to go
       through, what the checks have computed is the result. */
    void (*plan)(void *call, const struct xent_settings *settings, struct xent_drive *drive);

    /* Writes what comes of the results' sum over all rows. NULL where they are not summed. */
    void (*end)(const void *call, double total);

    /* Of an operation whose rows go through more than one drive, in place of `plan` and `end`: plans, takes all memory that it needs,
       writes. `caller` is what the caller's own functions run in. NULL: it has but one. */
    xent_status (*carry)(void *call, const struct xent_settings *settings, const struct xent_fpenv *caller);
};

/* Check, settings, plan, memory, run: in the library's floating-point environment, whatever the caller's is. Nothing is written unless
   XENT_OK is returned. */
xent_status xent_call(const struct xent_operation *operation, void *call);

#endif
