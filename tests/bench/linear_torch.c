#define _GNU_SOURCE
#include "linear_torch.h"

#include <stdlib.h>
#include <unistd.h>

const char *const linear_torch_names[LINEAR_TORCH_WAYS] = { "PyTorch, linear and cross_entropy",
                                                            "PyTorch, linear_cross_entropy" };

static void run_child(const char *python, const char *const extents[4], const char *dtype)
{
    execlp(python, python, "-B", BENCH_LINEAR_SCRIPT, extents[0], extents[1], extents[2], extents[3], dtype, (char *)NULL);
    _exit(127);
}

int linear_torch_start(struct linear_torch *child, const char *python, int64_t rows, int64_t features, int64_t classes,
                       int threads, const char *dtype)
{
    int to[2], from[2];
    char text[4][24];
    const long long extents[4] = { rows, features, classes, threads };
    for (int i = 0; i < 4; i++) (void)snprintf(text[i], sizeof text[i], "%lld", extents[i]);
    if (pipe(to) != 0 || pipe(from) != 0) return 0;
    if (fork() == 0) {
        (void)dup2(to[0], STDIN_FILENO);
        (void)dup2(from[1], STDOUT_FILENO);
        (void)close(to[1]);
        (void)close(from[0]);
        run_child(python, (const char *const[4]){ text[0], text[1], text[2], text[3] }, dtype);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    child->to = fdopen(to[1], "w");
    child->from = fdopen(from[0], "r");
    char line[64];
    return fgets(line, sizeof line, child->from) != NULL;
}

void linear_torch_time(struct linear_torch *child, int way, double *clock, double *cpu, double *megabytes)
{
    double took, used, peak;
    fprintf(child->to, "%d\n", way);
    fflush(child->to);
    if (fscanf(child->from, "%lf %lf %lf", &took, &used, &peak) != 3) exit(1);
    if (*clock == 0 || took < *clock) *clock = took;
    if (*cpu == 0 || used < *cpu) *cpu = used;
    if (peak > *megabytes) *megabytes = peak;
}
