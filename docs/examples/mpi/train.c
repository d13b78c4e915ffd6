/* Trains a wide softmax classifier on the ranks of MPI: its classes are cut over up to four of them, its batches over two. Losses and weights have
 * the bits of one process, on 1, 2, 4 or 8 ranks.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * The model is logits = W x for 16384 classes. A class is known by a code of 24 signs, and an image x of it is the code with noise. Each rank
 * has the weights of its classes and never sees others'. Build and run:
 *     mpicc -O2 train.c $(pkg-config --cflags --libs xent-mpi-openmpi) -o train
 *     mpirun -n 8 ./train
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent_mpi.h>

enum { CLASSES = 16384, FEATURES = 24, SEEN = 256, IMAGES = 1024, BATCH = 128, BLOCKS = 2, EPOCHS = 5 };
enum { BLOCK = BATCH / BLOCKS }; /* rows that are added up in one place, however many ranks there are */

static const float learning_rate = 30;

/* This rank's part of everything. */
struct part {
    MPI_Comm classes, rows;
    int rank, ranks, cut, halves; /* all of them; along the classes, along the rows */
    int64_t first_block, blocks;  /* of each batch */
    xent_shard shard;
    float *weight;   /* [feature][class] */
    float *logits;   /* [row][class], and then their gradient */
    float *gradient; /* [block][feature][class] of the weights: of all blocks */
    double loss;
    int64_t argmax[BATCH];
};

static float image[IMAGES][FEATURES];
static int64_t label[IMAGES];

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
    return memory;
}

/* ---- The data: the same numbers on every rank ------------------------------------------------------------------------- */

static uint32_t next(void)
{
    static uint64_t state = 16384;
    state ^= state >> 12; /* Marsaglia's xorshift64* */
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(state * 2685821657736338717u >> 32);
}

static void draw_images(void)
{
    static float code[SEEN][FEATURES];
    for (int k = 0; k < SEEN; k++)
        for (int f = 0; f < FEATURES; f++) code[k][f] = next() % 2 ? 1.0f : -1.0f;
    for (int i = 0; i < IMAGES; i++) {
        const int k = i % SEEN;
        label[i] = (int64_t)k * (CLASSES / SEEN) + k % 7; /* all over the classes */
        for (int f = 0; f < FEATURES; f++) image[i][f] = code[k][f] + ((float)(next() % 1024) - 512) / 1024;
    }
}

/* ---- The model: each element is computed by one rank, in one order ---------------------------------------------------- */

static void score(struct part *p, int64_t first_row, int64_t rows)
{
    const int64_t classes = p->shard.classes;
    memset(p->logits, 0, (size_t)(rows * classes) * sizeof *p->logits);
    for (int64_t r = 0; r < rows; r++)
        for (int f = 0; f < FEATURES; f++) {
            const float x = image[first_row + r][f], *w = p->weight + f * classes;
            float *z = p->logits + r * classes;
            for (int64_t c = 0; c < classes; c++) z[c] += x * w[c];
        }
}

/* What a block of rows adds to the gradient of the weights. */
static void add_block(const struct part *p, int64_t first_row, int64_t block)
{
    const int64_t classes = p->shard.classes;
    float *to = p->gradient + (p->first_block + block) * FEATURES * classes;
    memset(to, 0, (size_t)(FEATURES * classes) * sizeof *to);
    for (int64_t r = 0; r < BLOCK; r++)
        for (int f = 0; f < FEATURES; f++) {
            const float x = image[first_row + r][f], *g = p->logits + (block * BLOCK + r) * classes;
            float *sum = to + f * classes;
            for (int64_t c = 0; c < classes; c++) sum[c] += x * g[c];
        }
}

/* Sums of floats depend on their order, so blocks are gathered, and added in theirs. */
static void step(struct part *p)
{
    const int64_t size = FEATURES * p->shard.classes;
    MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, p->gradient, (int)(p->blocks * size), MPI_FLOAT, p->rows);
    for (int64_t i = 0; i < size; i++) {
        float sum = 0;
        for (int block = 0; block < BLOCKS; block++) sum += p->gradient[block * size + i];
        p->weight[i] -= learning_rate * sum;
    }
}

/* ---- A batch ------------------------------------------------------------------------------------------------------------ */

/* Adds the loss of the batch that begins at the image, and answers how many of this rank's rows are recognised. */
static int64_t train(struct part *p, int64_t batch, double *loss)
{
    const int64_t first = batch + p->first_block * BLOCK, rows = p->blocks * BLOCK;
    const int64_t shape[2] = { rows, p->shard.classes };
    int64_t right = 0;
    xent_tensor *logits, *target, *mean;
    xent_stats stats = XENT_STATS_INIT;
    score(p, first, rows);
    must(xent_tensor_wrap(&logits, XENT_F32, 2, shape, NULL, p->logits));
    must(xent_tensor_wrap(&target, XENT_I64, 1, shape, NULL, &label[first]));
    must(xent_tensor_wrap(&mean, XENT_F64, 0, NULL, NULL, &p->loss));
    must(xent_tensor_wrap(&stats.argmax, XENT_I64, 1, shape, NULL, p->argmax));
    must(xent_mpi_row_stats(p->classes, logits, &p->shard, target, NULL, &stats));
    must(xent_mpi_cross_entropy_grad(p->classes, p->rows, logits, &p->shard, target, NULL, NULL, mean, logits));
    xent_tensor_destroy(stats.argmax);
    xent_tensor_destroy(mean);
    xent_tensor_destroy(target);
    xent_tensor_destroy(logits);
    for (int64_t block = 0; block < p->blocks; block++) add_block(p, first + block * BLOCK, block);
    step(p);
    for (int64_t r = 0; r < rows; r++) right += p->argmax[r] == label[first + r];
    *loss += p->loss;
    return right;
}

static void train_epoch(struct part *p, int epoch)
{
    double loss = 0;
    int64_t own = 0, right;
    for (int64_t batch = 0; batch < IMAGES; batch += BATCH) own += train(p, batch, &loss);
    MPI_Allreduce(&own, &right, 1, MPI_INT64_T, MPI_SUM, p->rows); /* whole numbers: the same in any order */
    if (p->rank == 0)
        printf("epoch %d: loss %.17g, %.1f %% recognised\n", epoch, loss / (IMAGES / BATCH), 100.0 * (double)right / IMAGES);
}

/* One number for all weights, wherever they lie: a sum of whole numbers over each of them and its place. */
static uint64_t hash_weights(const struct part *p)
{
    uint64_t own = 0, all;
    for (int64_t f = 0; f < FEATURES; f++)
        for (int64_t c = 0; c < p->shard.classes; c++) {
            uint32_t bits;
            memcpy(&bits, &p->weight[f * p->shard.classes + c], sizeof bits);
            const uint64_t place = (uint64_t)(f * CLASSES + p->shard.first + c);
            own += (bits + (place << 32) + 1) * 0x9E3779B97F4A7C15u >> 7;
        }
    MPI_Allreduce(&own, &all, 1, MPI_UINT64_T, MPI_SUM, p->classes);
    return all;
}

/* ---- The ranks ---------------------------------------------------------------------------------------------------------- */

static void begin(struct part *p)
{
    MPI_Comm_rank(MPI_COMM_WORLD, &p->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &p->ranks);
    p->cut = p->ranks < 4 ? p->ranks : 4;
    p->halves = p->ranks / p->cut;
    if (p->ranks != p->cut * p->halves || BLOCKS % p->halves != 0) {
        if (p->rank == 0) fprintf(stderr, "%d ranks: expected 1, 2, 3, 4 or 8\n", p->ranks);
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
    MPI_Comm_split(MPI_COMM_WORLD, p->rank / p->cut, p->rank % p->cut, &p->classes);
    MPI_Comm_split(MPI_COMM_WORLD, p->rank % p->cut, p->rank / p->cut, &p->rows);
    must(xent_shard_cut(CLASSES, XENT_F32, p->cut, p->rank % p->cut, &p->shard));
    p->blocks = BLOCKS / p->halves;
    p->first_block = p->rank / p->cut * p->blocks;
    const size_t classes = (size_t)p->shard.classes;
    p->weight = allocate(FEATURES * classes, sizeof *p->weight);
    p->logits = allocate((size_t)(p->blocks * BLOCK) * classes, sizeof *p->logits);
    p->gradient = allocate((size_t)BLOCKS * FEATURES * classes, sizeof *p->gradient);
}

static void end(struct part *p)
{
    free(p->weight);
    free(p->logits);
    free(p->gradient);
    MPI_Comm_free(&p->classes);
    MPI_Comm_free(&p->rows);
}

int main(int argc, char **argv)
{
    static struct part part;
    int level;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    begin(&part);
    draw_images();
    for (int epoch = 1; epoch <= EPOCHS; epoch++) train_epoch(&part, epoch);
    const uint64_t hash = hash_weights(&part);
    if (part.rank == 0) printf("weights %016" PRIx64 "\n", hash);
    if (part.rank == 0) fprintf(stderr, "%d x %d ranks\n", part.cut, part.halves);
    end(&part);
    MPI_Finalize();
    return 0;
}
