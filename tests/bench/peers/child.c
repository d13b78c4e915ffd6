#define _GNU_SOURCE
#include "peers/child.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define PATIENCE_MS 300000

struct child {
    const char *name;
    char *arena;
    pid_t pid;
    int to, from; /* -1: it has failed */
    double value;
};

static void give_up(struct child *child, const char *why)
{
    fprintf(stderr, "bench: %s %s; it is left out from now on\n", child->name, why);
    kill(child->pid, SIGKILL);
    close(child->to);
    close(child->from);
    child->to = child->from = -1;
}

/* A line of the child's output, without its end. */
static bool answer(const struct child *child, char *line, size_t size)
{
    struct pollfd ready = { child->from, POLLIN, 0 };
    for (size_t length = 0; length + 1 < size;) {
        if (poll(&ready, 1, PATIENCE_MS) <= 0) return false;
        if (read(child->from, line + length, 1) != 1) return false;
        if (line[length] == '\n') {
            line[length] = '\0';
            return true;
        }
        length++;
    }
    return false;
}

static bool ask(struct child *child, const char *question, char *line, size_t size)
{
    if (child->to < 0) return false;
    const size_t length = strlen(question);
    if (write(child->to, question, length) == (ssize_t)length && answer(child, line, size)) return true;
    give_up(child, "does not answer");
    return false;
}

/* Where an array begins in the arena; -1: there is none. */
static ptrdiff_t place(const struct child *child, const void *array)
{
    return array != NULL ? (const char *)array - child->arena : -1;
}

static void *prepare(const struct bench_peer *peer, const struct bench_problem *p)
{
    struct child *child = (struct child *)peer->context;
    const struct bench_workload *w = p->workload;
    char question[640], line[64];
    if (child->to < 0) return NULL;
    clock_pin_alike(child->pid);
    const int length = snprintf(question, sizeof question,
                                "prepare operation=%s label_smoothing=%.17g softcap=%.17g logit_scale=%.17g z_loss=%.17g "
                                "n=%" PRId64 " classes=%" PRId64 " inner=%" PRId64 " dtype=%s pass=%s threads=%d ",
                                bench_operation_name(w->operation), w->label_smoothing, w->softcap, w->logit_scale, w->z_loss,
                                p->shape.n, p->shape.classes, p->shape.inner, bench_dtype_name(p->dtype),
                                p->pass == BENCH_FORWARD ? "forward" : "array", p->threads);
    snprintf(question + length, sizeof question - (size_t)length,
             "logits=%td target=%td probabilities=%td upstream=%td class_weight=%td row_weight=%td\n", place(child, p->logits),
             place(child, p->target), place(child, w->probabilities ? p->second : NULL),
             place(child, w->probabilities ? NULL : p->second), place(child, p->class_weight), place(child, p->row_weight));
    return ask(child, question, line, sizeof line) && strcmp(line, "ok") == 0 ? child : NULL;
}

static double time_calls(void *state, const struct bench_problem *p, long calls)
{
    (void)p;
    struct child *child = state;
    char question[64], line[128];
    double seconds;
    snprintf(question, sizeof question, "time %ld\n", calls);
    if (!ask(child, question, line, sizeof line)) return -1;
    if (sscanf(line, "%lf %lf", &seconds, &child->value) == 2) return seconds;
    give_up(child, "does not tell a time");
    return -1;
}

static double value(void *state) { return ((struct child *)state)->value; }

static void release(void *state)
{
    char line[64];
    ask(state, "release\n", line, sizeof line);
}

static void become(int in, int out, const struct bench_arena *arena, const char *const *argv, const char *const *environment)
{
    char fd[16], bytes[32], *arguments[6];
    int count = 0;
    for (; argv[count] != NULL && count < 3; count++) arguments[count] = (char *)argv[count];
    snprintf(fd, sizeof fd, "%d", arena->fd);
    snprintf(bytes, sizeof bytes, "%zu", arena->bytes);
    arguments[count++] = fd;
    arguments[count++] = bytes;
    arguments[count] = NULL;
    for (; environment != NULL && *environment != NULL; environment++) putenv((char *)*environment);
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0) execvp(arguments[0], arguments);
    _exit(127);
}

bool bench_child_start(struct bench_peer *peer, const char *name, const struct bench_arena *arena, const char *const *argv,
                       const char *const *environment)
{
    int to[2], from[2];
    char line[64];
    struct child *child = calloc(1, sizeof *child);
    if (child == NULL || pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) abort();
    signal(SIGPIPE, SIG_IGN);
    *peer = (struct bench_peer){ "", child, prepare, NULL, value, release, time_calls };
    snprintf(peer->name, sizeof peer->name, "%s", name);
    *child = (struct child){ peer->name, arena->base, fork(), to[1], from[0], 0 };
    if (child->pid == 0) become(to[0], from[1], arena, argv, environment);
    close(to[0]);
    close(from[1]);
    if (child->pid > 0 && answer(child, line, sizeof line) && strcmp(line, "ready") == 0) {
        child->name = strdup(name); /* the entry may move */
        return true;
    }
    if (child->pid > 0) kill(child->pid, SIGKILL);
    close(child->to);
    close(child->from);
    free(child);
    return false;
}
