/* killed <path> [<rank>]: outputs of each rank in the file <path>.<its number>, every byte 170 before the call. The rank that is named dies when
 * the others call. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "grid.h"

enum { ROWS = 4, CLASSES = 2 * CHUNK, BYTES = ROWS * (CLASSES + 2) * 4 };

static float *map_outputs(const char *path, int world)
{
    char name[4096], bytes[BYTES];
    void *memory;
    (void)snprintf(name, sizeof name, "%s.%d", path, world);
    const int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    memset(bytes, 170, sizeof bytes);
    assert_int_equal(write(file, bytes, sizeof bytes), BYTES);
    memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_true(memory != MAP_FAILED);
    close(file);
    return memory;
}

int main(int argc, char **argv)
{
    struct grid g;
    static float z[ROWS * CLASSES];
    static int64_t y[ROWS];
    int count;
    assert_true(argc == 2 || argc == 3);
    grid_begin(&g, 1, &argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    float *outputs = map_outputs(argv[1], g.world);
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE;
    xent_shard shard = { (int64_t)g.world * CLASSES, CLASSES, (int64_t)count * CLASSES, XENT_F32, 0 };
    xent_tensor *logits = tensor_over(XENT_F32, SHAPE(ROWS, CLASSES), z), *target = tensor_over(XENT_I64, SHAPE(ROWS), y);
    xent_tensor *gradient = tensor_over(XENT_F32, SHAPE(ROWS, CLASSES), outputs);
    xent_tensor *loss = tensor_over(XENT_F32, SHAPE(ROWS), outputs + ROWS * CLASSES);
    MPI_Barrier(MPI_COMM_WORLD);
    if (argc == 3 && g.world == atoi(argv[2])) raise(SIGKILL);
    expect_ok(
        xent_mpi_cross_entropy_grad(MPI_COMM_WORLD, MPI_COMM_NULL, logits, &shard, target, &options, NULL, loss, gradient));
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(gradient);
    xent_tensor_destroy(loss);
    munmap(outputs, BYTES);
    grid_end(&g);
    return 0;
}
