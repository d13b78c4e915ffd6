/* Rows that an operation does many at once: once for all operations. */
#include "args/element.h"
#include "run/drive.h"

enum { RESULTS = 256 }; /* that are found at a time, to be stored apart */

/* Each finds the results of the rows from this position on, of `rows` at most, and answers of how many. */
static int64_t add_some(const struct xent_drive *drive, const struct xent_position *first, int64_t rows, struct xent_sum *sum)
{
    size_t room;
    double *place = xent_sum_place(sum, &room);
    if (rows > (int64_t)room) rows = (int64_t)room;
    drive->find(drive->call, first, (size_t)rows, place);
    xent_sum_placed(sum, (size_t)rows);
    return rows;
}

static __attribute__((noinline)) int64_t store_some(const struct xent_drive *drive, const struct xent_position *first,
                                                    int64_t rows)
{
    const ptrdiff_t step = xent_walk_step(drive->walk, drive->result_operand);
    char *place = (char *)drive->result->data + first->offset[drive->result_operand];
    double results[RESULTS];
    if (rows > RESULTS) rows = RESULTS;
    drive->find(drive->call, first, (size_t)rows, results);
    xent_store_results(drive->result->dtype, results, (size_t)rows, place, step);
    return rows;
}

void xent_drive_results(const struct xent_drive *drive, int64_t from, int64_t to, struct xent_sum *sum)
{
    struct xent_position position;
    xent_walk_seek(drive->walk, from, &position);
    for (;;) {
        int64_t run = xent_walk_run(drive->walk, &position), rows = to - from < run ? to - from : run;
        if (drive->results == XENT_RESULTS_SUMMED)
            rows = add_some(drive, &position, rows, sum);
        else if (drive->results == XENT_RESULTS_APART)
            rows = store_some(drive, &position, rows);
        else
            drive->find(drive->call, &position, (size_t)rows, NULL);
        from += rows;
        if (from >= to) return;
        xent_walk_advance(drive->walk, &position, rows);
    }
}
