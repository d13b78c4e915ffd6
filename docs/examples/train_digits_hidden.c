/* Learns to read handwritten digits with a hidden layer; the last layer and its loss are one call.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * The model is hidden = max(0, V x + a), logits = W hidden + b. xent_linear_cross_entropy_grad makes the logits, the loss of a batch, and
 * its gradients with respect to hidden, W and b; the products of matrices are a function of the program. Build and run:
 *     cc -O2 train_digits_hidden.c $(pkg-config --cflags --libs xent) -o train_digits_hidden
 *     ./train_digits_hidden data/digits.csv
 * With ten classes the logits are few. With 100,000 of them a program would take xent_blas_gemm of libxent-blas (-lxent-blas), and the same
 * call would keep no more than a block of logits.
 */
#include <xent.h>

#include "digits.h"

enum { TRAINING = 1500, BATCH = 50, EPOCHS = 30, HIDDEN = 32 };

static const float learning_rate = 0.3f;

struct model {
    float inner[HIDDEN][PIXELS], inner_bias[HIDDEN];
    float outer[CLASSES][HIDDEN], outer_bias[CLASSES];
};

/* What a step computes, and what libxent sees of it; the digits are pointed at another batch before each step. */
struct batch {
    float hidden[BATCH][HIDDEN], grad_hidden[BATCH][HIDDEN];
    float grad_outer[CLASSES][HIDDEN], grad_outer_bias[CLASSES];
    float mean_loss;
    xent_tensor *hidden_tensor, *outer_tensor, *bias_tensor, *digits_tensor;
    xent_tensor *loss_tensor, *grad_hidden_tensor, *grad_outer_tensor, *grad_bias_tensor;
    xent_linear layer;
};

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

/* c = a * b + beta * c, in plain C: an xent_gemm. */
static int multiply(void *user, int32_t transpose, int64_t m, int64_t n, int64_t k, xent_dtype a_type, const void *a,
                    int64_t lda, xent_dtype b_type, const void *b, int64_t ldb, double beta, void *c, int64_t ldc)
{
    const int64_t a_row = transpose & 1 ? 1 : lda, a_column = transpose & 1 ? lda : 1;
    const int64_t b_row = transpose & 2 ? 1 : ldb, b_column = transpose & 2 ? ldb : 1;
    (void)user;
    if (a_type != XENT_F32 || b_type != XENT_F32) return 1;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            float sum = beta == 0 ? 0 : ((float *)c)[i * ldc + j];
            for (int64_t l = 0; l < k; l++)
                sum += ((const float *)a)[i * a_row + l * a_column] * ((const float *)b)[l * b_row + j * b_column];
            ((float *)c)[i * ldc + j] = sum;
        }
    }
    return 0;
}

static xent_tensor *wrap(xent_dtype dtype, int32_t ndim, int64_t rows, int64_t columns, const int64_t *strides, void *data)
{
    xent_tensor *t;
    must(xent_tensor_wrap(&t, dtype, ndim, (const int64_t[]){ rows, columns }, strides, data));
    return t;
}

static void wrap_batch(struct batch *batch, struct model *model, struct image *images)
{
    const int64_t stride = sizeof(struct image) / sizeof(int32_t);
    const xent_linear layer = XENT_LINEAR_INIT;
    batch->hidden_tensor = wrap(XENT_F32, 2, BATCH, HIDDEN, NULL, batch->hidden);
    batch->outer_tensor = wrap(XENT_F32, 2, CLASSES, HIDDEN, NULL, model->outer);
    batch->bias_tensor = wrap(XENT_F32, 1, CLASSES, 1, NULL, model->outer_bias);
    batch->digits_tensor = wrap(XENT_I32, 1, BATCH, 1, &stride, &images->digit);
    batch->loss_tensor = wrap(XENT_F32, 0, 1, 1, NULL, &batch->mean_loss);
    batch->grad_hidden_tensor = wrap(XENT_F32, 2, BATCH, HIDDEN, NULL, batch->grad_hidden);
    batch->grad_outer_tensor = wrap(XENT_F32, 2, CLASSES, HIDDEN, NULL, batch->grad_outer);
    batch->grad_bias_tensor = wrap(XENT_F32, 1, CLASSES, 1, NULL, batch->grad_outer_bias);
    batch->layer = layer;
    batch->layer.hidden = batch->hidden_tensor;
    batch->layer.weight = batch->outer_tensor;
    batch->layer.bias = batch->bias_tensor;
    batch->layer.gemm = multiply;
}

static void destroy_batch(struct batch *batch)
{
    xent_tensor *const tensors[] = { batch->hidden_tensor,     batch->outer_tensor,    batch->bias_tensor,
                                     batch->digits_tensor,     batch->loss_tensor,     batch->grad_hidden_tensor,
                                     batch->grad_outer_tensor, batch->grad_bias_tensor };
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) xent_tensor_destroy(tensors[i]);
}

static void see(const struct model *model, const struct image *image, float hidden[HIDDEN])
{
    for (int h = 0; h < HIDDEN; h++) {
        hidden[h] = model->inner_bias[h];
        for (int i = 0; i < PIXELS; i++) hidden[h] += model->inner[h][i] * image->x[i];
        if (hidden[h] < 0) hidden[h] = 0;
    }
}

/* One step of gradient descent; the loss is that before the step. */
static float step(struct model *model, struct batch *batch, struct image *images)
{
    for (int n = 0; n < BATCH; n++) see(model, &images[n], batch->hidden[n]);
    must(xent_tensor_set_data(batch->digits_tensor, &images->digit));
    must(xent_linear_cross_entropy_grad(&batch->layer, batch->digits_tensor, NULL, NULL, batch->loss_tensor,
                                        batch->grad_hidden_tensor, batch->grad_outer_tensor, batch->grad_bias_tensor));
    for (int c = 0; c < CLASSES; c++) {
        for (int h = 0; h < HIDDEN; h++) model->outer[c][h] -= learning_rate * batch->grad_outer[c][h];
        model->outer_bias[c] -= learning_rate * batch->grad_outer_bias[c];
    }
    for (int n = 0; n < BATCH; n++) {
        for (int h = 0; h < HIDDEN; h++) {
            const float move = batch->hidden[n][h] > 0 ? learning_rate * batch->grad_hidden[n][h] : 0;
            for (int i = 0; i < PIXELS; i++) model->inner[h][i] -= move * images[n].x[i];
            model->inner_bias[h] -= move;
        }
    }
    return batch->mean_loss;
}

static double accuracy(const struct model *model, const struct image *images, int count)
{
    int right = 0;
    for (int n = 0; n < count; n++) {
        float hidden[HIDDEN], logits[CLASSES];
        int best = 0;
        see(model, &images[n], hidden);
        for (int c = 0; c < CLASSES; c++) {
            logits[c] = model->outer_bias[c];
            for (int h = 0; h < HIDDEN; h++) logits[c] += model->outer[c][h] * hidden[h];
            best = logits[c] > logits[best] ? c : best;
        }
        right += best == images[n].digit;
    }
    return 100.0 * right / count;
}

/* Small numbers of either sign: layers of zeros would never differ. */
static void begin(float *weights, size_t count, float size)
{
    for (size_t i = 0; i < count; i++) weights[i] = size * ((float)below(2001) / 1000 - 1);
}

int main(int argc, char **argv)
{
    static struct image images[IMAGES];
    static struct model model;
    static struct batch batch;

    if (argc != 2) {
        fprintf(stderr, "usage: %s path/to/digits.csv\n", argv[0]);
        return EXIT_FAILURE;
    }
    read_images(argv[1], images);
    shuffle(images, IMAGES); /* the file goes from writer to writer: as it is, the held-out ones would be strangers */
    begin(&model.inner[0][0], (size_t)HIDDEN * PIXELS, 0.2f);
    begin(&model.outer[0][0], (size_t)CLASSES * HIDDEN, 0.3f);
    wrap_batch(&batch, &model, images);
    printf("%d images to learn from, %d held out\n", TRAINING, IMAGES - TRAINING);
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        double loss = 0;
        shuffle(images, TRAINING);
        for (int n = 0; n < TRAINING; n += BATCH) loss += step(&model, &batch, &images[n]);
        printf("epoch %2d  loss %.4f\n", epoch, loss * BATCH / TRAINING);
    }
    destroy_batch(&batch);
    printf("accuracy %.1f %%\n", accuracy(&model, images + TRAINING, IMAGES - TRAINING));
    return EXIT_SUCCESS;
}
