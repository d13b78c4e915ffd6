/* The mean loss of a row of 8192 equal logits, half of which each of two ranks has: ln 8192 = 9.0109. */
#include <stdio.h>
#include <xent_mpi.h>

int main(int argc, char **argv)
{
    static float z[4096];
    int64_t y = 8191;
    double loss = 0;
    int rank, count;
    xent_shard shard;
    xent_tensor *logits, *target, *out;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    if (xent_shard_cut(8192, XENT_F32, count, rank, &shard) ||
        xent_tensor_wrap(&logits, XENT_F32, 2, (int64_t[]){ 1, shard.classes }, NULL, z) ||
        xent_tensor_wrap(&target, XENT_I64, 1, (int64_t[]){ 1 }, NULL, &y) ||
        xent_tensor_wrap(&out, XENT_F64, 0, NULL, NULL, &loss) ||
        xent_mpi_cross_entropy(MPI_COMM_WORLD, MPI_COMM_NULL, logits, &shard, target, NULL, out)) {
        fprintf(stderr, "%s\n", xent_error_message());
        return MPI_Abort(MPI_COMM_WORLD, 1);
    }
    printf("%.4f\n", loss);
    xent_tensor_destroy(out);
    xent_tensor_destroy(target);
    xent_tensor_destroy(logits);
    MPI_Finalize();
    return 0;
}
