/* How far a command is: a line that is written again some times a second. */
#include "progress.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static double seconds_since(struct timespec then, struct timespec now)
{
    return (double)(now.tv_sec - then.tv_sec) + 1e-9 * (double)(now.tv_nsec - then.tv_nsec);
}

/* There is a line on the terminal. */
static volatile sig_atomic_t on_screen;

struct progress progress_begin(const char *what, int64_t rows, bool quiet)
{
    struct progress progress = { .shown = !quiet && isatty(STDERR_FILENO), .what = what, .rows = rows };
    clock_gettime(CLOCK_MONOTONIC, &progress.began);
    return progress;
}

void progress_step(struct progress *p, int64_t done, const double *values, const uint8_t *ignored, int64_t count)
{
    struct timespec now;
    if (!p->shown) return;
    for (int64_t k = 0; k < count; k++) {
        if (ignored[k]) continue;
        p->sum += values[k];
        p->counted++;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (p->said.tv_sec != 0 && seconds_since(p->said, now) < 0.2) return;
    p->said = now;
    const double rate = (double)done / (seconds_since(p->began, now) + 1e-9);
    const long long left = (long long)((double)(p->rows - done) / rate);
    fprintf(stderr, "\r\33[K%lld of %lld rows, %.3g rows/s, %lld:%02lld left, %s %.4f", (long long)done, (long long)p->rows,
            rate, left / 60, left % 60, p->what, p->sum / (double)(p->counted > 0 ? p->counted : 1));
    fflush(stderr);
    on_screen = 1;
}

void progress_end(void)
{
    static const char wipe[] = "\r\33[K";
    if (!on_screen) return;
    on_screen = 0;
    if (write(STDERR_FILENO, wipe, sizeof wipe - 1) < 0) return; /* then what follows cannot be said either */
}
