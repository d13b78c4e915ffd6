/* --rows: what was found of each row. */
#ifndef XENT_TOOL_ROWS_FILE_H
#define XENT_TOOL_ROWS_FILE_H

#include "source.h"

/* One of the two arrays is NULL; both: the column is left out. */
struct column {
    const char *name;
    const double *reals;
    const int64_t *integers;
};

/* The file's ending chooses the format. The first column with reals is what .npy has, in the shape of the batch of `source`. Rows
   that are ignored have no values. The file is complete, or the program has ended. */
void rows_file_write(const char *path, const struct column *columns, int count, const struct source *source,
                     const uint8_t *ignored);

#endif
