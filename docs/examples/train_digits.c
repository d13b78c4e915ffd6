/* Learns to read handwritten digits: multinomial logistic regression by stochastic gradient descent.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * The model is logits = W x + b, ten scores for 64 pixels. All that libxent is asked for is the loss of a batch and its
 * gradient with respect to the logits, which replaces them in place; the rest is plain loops. Build and run:
 *     cc -O2 train_digits.c $(pkg-config --cflags --libs xent) -o train_digits
 *     ./train_digits data/digits.csv
 * With two more names it writes what the model says of the images held out, and what they are, for xent(1) and numpy:
 *     ./train_digits data/digits.csv logits.npy digits.npy
 *     xent eval logits.npy digits.npy
 */
#include <xent.h>

#include "digits.h"

enum { TRAINING = 1500, BATCH = 50, EPOCHS = 30 };

static const float learning_rate = 0.5f;

struct model {
    float weight[CLASSES][PIXELS];
    float bias[CLASSES];
};

/* What libxent sees of a batch; wrapped once, the digits are pointed at another batch before each step. */
struct batch {
    float logits[BATCH][CLASSES]; /* and then their gradient */
    float mean_loss;
    xent_tensor *logits_tensor, *digits_tensor, *loss_tensor;
};

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

static void score(const struct model *model, const struct image *image, float logits[CLASSES])
{
    for (int c = 0; c < CLASSES; c++) {
        logits[c] = model->bias[c];
        for (int i = 0; i < PIXELS; i++) logits[c] += model->weight[c][i] * image->x[i];
    }
}

static void wrap_batch(struct batch *batch, struct image *images)
{
    const int64_t shape[2] = { BATCH, CLASSES }, stride = sizeof(struct image) / sizeof(int32_t);
    must(xent_tensor_wrap(&batch->logits_tensor, XENT_F32, 2, shape, NULL, batch->logits));
    must(xent_tensor_wrap(&batch->digits_tensor, XENT_I32, 1, shape, &stride, &images->digit));
    must(xent_tensor_wrap(&batch->loss_tensor, XENT_F32, 0, NULL, NULL, &batch->mean_loss));
}

static void destroy_batch(struct batch *batch)
{
    xent_tensor_destroy(batch->logits_tensor);
    xent_tensor_destroy(batch->digits_tensor);
    xent_tensor_destroy(batch->loss_tensor);
}

/* One step of gradient descent; the loss is that before the step. */
static float step(struct model *model, struct batch *batch, struct image *images)
{
    for (int n = 0; n < BATCH; n++) score(model, &images[n], batch->logits[n]);
    must(xent_tensor_set_data(batch->digits_tensor, &images->digit));
    must(xent_cross_entropy_grad(batch->logits_tensor, batch->digits_tensor, NULL, NULL, batch->loss_tensor,
                                 batch->logits_tensor));
    for (int n = 0; n < BATCH; n++) {
        for (int c = 0; c < CLASSES; c++) {
            const float move = learning_rate * batch->logits[n][c];
            for (int i = 0; i < PIXELS; i++) model->weight[c][i] -= move * images[n].x[i];
            model->bias[c] -= move;
        }
    }
    return batch->mean_loss;
}

/* What the model says of images, and what they are. */
struct answers {
    float logits[IMAGES - TRAINING][CLASSES];
    int32_t digits[IMAGES - TRAINING];
};

static void answer(const struct model *model, const struct image *images, struct answers *answers)
{
    for (int n = 0; n < IMAGES - TRAINING; n++) {
        score(model, &images[n], answers->logits[n]);
        answers->digits[n] = images[n].digit;
    }
}

static double mean_loss(const struct answers *answers)
{
    const int64_t shape[2] = { IMAGES - TRAINING, CLASSES };
    xent_tensor *logits, *digits, *loss;
    double mean;
    must(xent_tensor_wrap_const(&logits, XENT_F32, 2, shape, NULL, answers->logits));
    must(xent_tensor_wrap_const(&digits, XENT_I32, 1, shape, NULL, answers->digits));
    must(xent_tensor_wrap(&loss, XENT_F64, 0, NULL, NULL, &mean));
    must(xent_cross_entropy(logits, digits, NULL, loss));
    xent_tensor_destroy(logits);
    xent_tensor_destroy(digits);
    xent_tensor_destroy(loss);
    return mean;
}

static double accuracy(const struct answers *answers)
{
    int right = 0;
    for (int n = 0; n < IMAGES - TRAINING; n++) {
        int best = 0;
        for (int c = 1; c < CLASSES; c++) best = answers->logits[n][c] > answers->logits[n][best] ? c : best;
        right += best == answers->digits[n];
    }
    return 100.0 * right / (IMAGES - TRAINING);
}

/* A file of numpy's, version 1.0: a magic string, a length of 118 bytes, a description padded to that, the elements. Numbers are
   little-endian, as those of almost any machine today are. */
static void write_npy(const char *path, const char *type, const char *shape, const void *elements, size_t bytes)
{
    char description[119];
    FILE *file = fopen(path, "wb");
    snprintf(description, sizeof description, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    if (file != NULL) fprintf(file, "\x93NUMPY\1%c\x76%c%-117s\n", 0, 0, description);
    if (file == NULL || fwrite(elements, 1, bytes, file) != bytes || fclose(file) != 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
    }
}

static void write_answers(const struct answers *answers, const char *logits, const char *digits)
{
    char shape[32];
    snprintf(shape, sizeof shape, "%d, %d", IMAGES - TRAINING, CLASSES);
    write_npy(logits, "<f4", shape, answers->logits, sizeof answers->logits);
    snprintf(shape, sizeof shape, "%d,", IMAGES - TRAINING);
    write_npy(digits, "<i4", shape, answers->digits, sizeof answers->digits);
}

int main(int argc, char **argv)
{
    static struct image images[IMAGES];
    static struct model model; /* starts at zero */
    static struct batch batch;
    static struct answers answers;

    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: %s path/to/digits.csv [logits.npy digits.npy]\n", argv[0]);
        return EXIT_FAILURE;
    }
    read_images(argv[1], images);
    shuffle(images, IMAGES); /* the file goes from writer to writer: as it is, the held-out ones would be strangers */
    wrap_batch(&batch, images);
    printf("%d images to learn from, %d held out\n", TRAINING, IMAGES - TRAINING);
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        double loss = 0;
        shuffle(images, TRAINING);
        for (int n = 0; n < TRAINING; n += BATCH) loss += step(&model, &batch, &images[n]);
        printf("epoch %2d  loss %.4f\n", epoch, loss * BATCH / TRAINING);
    }
    destroy_batch(&batch);
    answer(&model, images + TRAINING, &answers);
    if (argc == 4) write_answers(&answers, argv[2], argv[3]);
    printf("held out: loss %.6g\n", mean_loss(&answers));
    printf("accuracy %.1f %%\n", accuracy(&answers));
    return EXIT_SUCCESS;
}
