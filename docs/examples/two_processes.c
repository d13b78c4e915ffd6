/* A row whose classes lie in two processes, over a plain socket: each sends the states of its own classes as bytes, merges them with the
 * other's, and has the loss and the gradient of its classes. What carries the bytes is no matter: gloo, NCCL, a file.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * Build it with
 *     cc two_processes.c $(pkg-config --cflags --libs xent) -o two_processes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xent.h>

enum { ROWS = 3, CLASSES = 20000, STATES = 64 };

static void must(int holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s: %s\n", what, xent_error_message());
    exit(EXIT_FAILURE);
}

/* A socket may take or give less than it is asked for. */
static void transfer(int socket, char *bytes, size_t count, int sends)
{
    while (count > 0) {
        const ssize_t done = sends ? write(socket, bytes, count) : read(socket, bytes, count);
        must(done > 0, sends ? "write" : "read");
        bytes += done;
        count -= (size_t)done;
    }
}

/* The first process sends before it receives, the second one after. */
static void exchange(int socket, int part, xent_partial *own, size_t own_size, xent_partial *other, size_t other_size)
{
    if (part == 0) transfer(socket, (char *)own, own_size, 1);
    transfer(socket, (char *)other, other_size, 0);
    if (part == 1) transfer(socket, (char *)own, own_size, 1);
}

static xent_tensor *wrap(xent_dtype dtype, int32_t ndim, int64_t columns, const int64_t *strides, void *data)
{
    xent_tensor *t;
    const int64_t shape[2] = { ROWS, columns };
    must(xent_tensor_wrap(&t, dtype, ndim, shape, strides, data) == XENT_OK, "xent_tensor_wrap");
    return t;
}

static void fill(float (*z)[CLASSES], int64_t *y)
{
    uint32_t state = 1;
    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < CLASSES; c++) {
            state = state * 1664525 + 1013904223;
            z[r][c] = (float)(int32_t)(state >> 8) * 0x1p-20f;
        }
        y[r] = (int64_t)r * 7919;
    }
}

/* Process `part` of two; z has all classes, of which it looks at its own alone. The gradient replaces them. */
static double work(int socket, int part, float (*z)[CLASSES], int64_t *y)
{
    static xent_partial states[2][ROWS * STATES], whole[ROWS];
    const xent_partial *const all[2] = { states[0], states[1] };
    const int64_t strides[2] = { CLASSES, 1 };
    xent_shard shards[2];
    size_t size[2];
    double loss;
    for (int i = 0; i < 2; i++) {
        must(xent_shard_cut(CLASSES, XENT_F32, 2, i, &shards[i]) == XENT_OK, "xent_shard_cut");
        must(xent_partials_per_row(&shards[i]) <= STATES, "too many states");
        size[i] = (size_t)(ROWS * xent_partials_per_row(&shards[i])) * sizeof(xent_partial);
    }
    const xent_shard *own = &shards[part];
    xent_tensor *logits = wrap(XENT_F32, 2, own->classes, strides, &z[0][own->first]);
    xent_tensor *target = wrap(XENT_I64, 1, 0, NULL, y), *mean;
    must(xent_tensor_wrap(&mean, XENT_F64, 0, NULL, NULL, &loss) == XENT_OK, "xent_tensor_wrap");
    must(xent_partial_reduce(logits, own, target, NULL, states[part]) == XENT_OK, "xent_partial_reduce");
    exchange(socket, part, states[part], size[part], states[1 - part], size[1 - part]);
    must(xent_partial_merge(2, shards, all, ROWS, whole) == XENT_OK, "xent_partial_merge");
    must(xent_partial_finish(whole, own, target, NULL, NULL, mean) == XENT_OK, "xent_partial_finish");
    must(xent_partial_grad(logits, own, target, NULL, whole, NULL, logits) == XENT_OK, "xent_partial_grad");
    if (part == 0) printf("sent %zu bytes, received %zu\n", size[0], size[1]);
    xent_tensor_destroy(mean);
    xent_tensor_destroy(target);
    xent_tensor_destroy(logits);
    return loss;
}

/* Whether this process has the bits of one call over all classes. */
static int is_same(int part, double loss, float (*gradient)[CLASSES], float (*z)[CLASSES], int64_t *y)
{
    xent_tensor *logits = wrap(XENT_F32, 2, CLASSES, NULL, z), *target = wrap(XENT_I64, 1, 0, NULL, y);
    double expected;
    int same;
    xent_tensor *mean;
    xent_shard own;
    must(xent_shard_cut(CLASSES, XENT_F32, 2, part, &own) == XENT_OK, "xent_shard_cut");
    must(xent_tensor_wrap(&mean, XENT_F64, 0, NULL, NULL, &expected) == XENT_OK, "xent_tensor_wrap");
    must(xent_cross_entropy_grad(logits, target, NULL, NULL, mean, logits) == XENT_OK, "xent_cross_entropy_grad");
    same = memcmp(&loss, &expected, sizeof loss) == 0;
    for (int r = 0; r < ROWS; r++)
        same &= memcmp(&gradient[r][own.first], &z[r][own.first], (size_t)own.classes * sizeof(float)) == 0;
    xent_tensor_destroy(mean);
    xent_tensor_destroy(target);
    xent_tensor_destroy(logits);
    return same;
}

int main(void)
{
    static float z[ROWS][CLASSES], again[ROWS][CLASSES];
    static int64_t y[ROWS];
    int ends[2], code, part, same;
    double loss;
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    const pid_t child = fork();
    must(child >= 0, "fork");
    part = child == 0;
    close(ends[1 - part]);
    fill(z, y);
    fill(again, y);
    loss = work(ends[part], part, z, y);
    same = is_same(part, loss, z, again, y);
    if (child == 0) _exit(same ? EXIT_SUCCESS : EXIT_FAILURE);
    must(waitpid(child, &code, 0) == child && WIFEXITED(code) && WEXITSTATUS(code) == EXIT_SUCCESS, "the other process");
    printf("loss %.6f, %s\n", loss, same ? "the bits of one process" : "other bits than one process");
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
