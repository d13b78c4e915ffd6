/* How far a command is, on a terminal. */
#ifndef XENT_TOOL_PROGRESS_H
#define XENT_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
    bool shown; /* standard error is a terminal, and nobody wants it quiet */
    const char *what;
    int64_t rows, counted;
    double sum;
    struct timespec began, said;
};

/* what: the name of the number that is averaged */
struct progress progress_begin(const char *what, int64_t rows, bool quiet);

/* After `done` rows; the last `count` of them have these values. */
void progress_step(struct progress *progress, int64_t done, const double *values, const uint8_t *ignored, int64_t count);

/* Takes the line away, if there is one, from where something else is to be said. A signal handler may call it. */
void progress_end(void);

#endif
