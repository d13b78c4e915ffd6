/* --plot: above, the share of rows up to a value; below, quantiles of the rows of each position. */
#include "plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "output.h"

enum { STEPS = 500, PLACES = 100 };

extern char **environ;

/* 0, or what cannot be had. gnuplot's warnings, of ranges that are a single number, are of no use to anybody. */
static int redirect(posix_spawn_file_actions_t *actions, int in, int out)
{
    int error = posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);
    if (error == 0) error = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (error == 0) error = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    return error;
}

/* Starts gnuplot with these files as standard input and output; 0, with errno, if that cannot be. */
static pid_t start(char *option, int in, int out)
{
    char *words[] = { "gnuplot", option, NULL };
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = redirect(&actions, in, out);
        if (error == 0) error = posix_spawnp(&child, words[0], &actions, NULL, words, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    errno = error;
    return error == 0 ? child : 0;
}

static bool ends_well(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void plot_check(void)
{
    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    char option[] = "--version";
    const pid_t child = start(option, nowhere, nowhere);
    if (child == 0 || !ends_well(child))
        fail("--plot needs gnuplot, which cannot be run here: install it, or leave --plot out");
    close(nowhere);
}

/* What one row of both drawings stands on. */
static void describe(FILE *to, const char *name, bool by_magnitude)
{
    fprintf(to,
            "set terminal svg size 900,760 font 'sans,13' background '#ffffff'\n"
            "set multiplot layout 2,1\nset grid lc rgb '#dddddd'\nset key off\nset tics nomirror\nset border 3\n"
            "set style fill solid noborder\n"
            "set xlabel '%s'\nset ylabel 'rows up to this, %%'\nset yrange [0:100]\n%s"
            "plot $distribution using 1:2 with lines lw 2 lc rgb '#2060a0'\n",
            name, by_magnitude ? "set logscale x\n" : "");
    fprintf(
        to,
        "unset logscale\nset autoscale y\n%sset xrange [*:*] noextend\nset xlabel 'position in the sequence'\nset ylabel '%s'\n"
        "set key above\n"
        "plot $positions using 1:2:6 with filledcurves lc rgb '#c8d7e8' title '5 to 95 %%', "
        "$positions using 1:3:5 with filledcurves lc rgb '#9db9d5' title '25 to 75 %%', "
        "$positions using 1:4 with lines lw 2 lc rgb '#103050' title 'median'\nunset multiplot\n",
        by_magnitude ? "set logscale y\n" : "", name);
}

/* What a logarithmic scale cannot have stands at the smallest value that it can. */
static double drawable(double value, double least) { return value > least ? value : least; }

static void send_distribution(FILE *to, const double *sorted, int64_t n, double least)
{
    fputs("$distribution << END\n", to);
    for (int step = 0; step <= STEPS; step++)
        fprintf(to, "%.9g %.9g\n", drawable(quantile(sorted, n, step / (double)STEPS), least), 100 * step / (double)STEPS);
    fputs("END\n", to);
}

/* The quantiles of the rows at positions [first, end) of all sequences. */
static void send_positions_of(FILE *to, const struct sample *sample, int64_t length, int64_t first, int64_t end, double least)
{
    static const double fractions[] = { .05, .25, .5, .75, .95 };
    const int64_t width = end - first, sequences = sample->count / length;
    double *values = allocate((uint64_t)(sequences * width), sizeof *values);
    uint8_t *ignored = allocate((uint64_t)(sequences * width), 1);
    for (int64_t k = 0; k < sequences * width; k++) {
        values[k] = sample->values[k / width * length + first + k % width];
        ignored[k] = sample->ignored[k / width * length + first + k % width];
    }
    const struct sample here = { values, ignored, sequences * width };
    int64_t n;
    double *sorted = sample_sort(&here, &n);
    if (n > 0) fprintf(to, "%.9g", (double)(first + end - 1) / 2);
    for (size_t k = 0; n > 0 && k < sizeof fractions / sizeof *fractions; k++)
        fprintf(to, " %.9g", drawable(quantile(sorted, n, fractions[k]), least));
    if (n > 0) putc('\n', to);
    free(sorted);
    free(values);
    free(ignored);
}

static void send(FILE *to, const struct sample *sample, int64_t length, const char *name, bool by_magnitude)
{
    int64_t n, k = 0;
    double *sorted = sample_sort(sample, &n);
    while (by_magnitude && k < n - 1 && !(sorted[k] > 0)) k++;
    const double least = !by_magnitude ? -(double)INFINITY : sorted[k] > 0 ? sorted[k] : 1e-12;
    const int64_t places = length < PLACES ? length : PLACES;
    send_distribution(to, sorted, n, least);
    fputs("$positions << END\n", to);
    for (int64_t place = 0; place < places; place++)
        send_positions_of(to, sample, length, place * length / places, (place + 1) * length / places, least);
    fputs("END\n", to);
    describe(to, name, by_magnitude);
    free(sorted);
}

/* Rows whose number is not finite have no place in a drawing. */
static uint8_t *not_drawn(const struct sample *sample, const char *path)
{
    uint8_t *left_out = allocate((uint64_t)sample->count, 1);
    int64_t drawn = 0;
    for (int64_t k = 0; k < sample->count; k++) {
        left_out[k] = sample->ignored[k] || !isfinite(sample->values[k]);
        drawn += !left_out[k];
    }
    if (drawn == 0) fail("%s: no row has a finite number that could be drawn", path);
    return left_out;
}

/* Writes what gnuplot draws; gnuplot itself would not say that there is no room for it. */
static void receive(int from, FILE *out)
{
    char bytes[4096];
    for (ssize_t size; (size = read(from, bytes, sizeof bytes)) != 0;) {
        if (size > 0)
            fwrite(bytes, 1, (size_t)size, out);
        else if (errno != EINTR)
            fail("gnuplot cannot be read: %s", strerror(errno));
    }
}

/* gnuplot draws when it has been told all but a few lines: neither waits for the other. */
void plot_write(const char *path, const struct sample *sample, int64_t length, const char *name, bool by_magnitude)
{
    int told[2], drawn[2];
    uint8_t *left_out = not_drawn(sample, path);
    const struct sample finite = { sample->values, left_out, sample->count };
    FILE *out = output_open(path);
    if (pipe2(told, O_CLOEXEC) != 0 || pipe2(drawn, O_CLOEXEC) != 0) fail("gnuplot cannot be reached: %s", strerror(errno));
    char option[] = "-";
    const pid_t child = start(option, told[0], drawn[1]);
    FILE *to = fdopen(told[1], "w");
    if (child == 0 || to == NULL) fail("gnuplot cannot be run: %s", strerror(errno));
    close(told[0]);
    close(drawn[1]);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* it may have ended already */
    send(to, &finite, length, name, by_magnitude);
    fclose(to);
    free(left_out);
    receive(drawn[0], out);
    close(drawn[0]);
    signal(SIGPIPE, before);
    if (!ends_well(child)) fail("%s: gnuplot could not draw it", path);
    output_close(out, path);
}
