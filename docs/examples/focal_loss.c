/* Focal loss (Lin, Goyal, Girshick, He and Dollar, "Focal loss for dense object detection", 2017): rows that a model has right already count
 * for less. The losses of the rows, and the gradient for whatever is made of them, are all that it takes.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * The program fails if its gradient is not that of PyTorch's autograd, whose F64 numbers stand here. Build it with
 *     cc focal_loss.c $(pkg-config --cflags --libs xent) -lm -o focal_loss
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <xent.h>

enum { ROWS = 4, CLASSES = 3 };

/* clang-format off */
static const double autograd_loss = 0.023450806598431389, autograd[ROWS * CLASSES] = {
    0.027348388544270203, 0.016587636145833636, -0.043936024690103846,
    0.0020141088102395934, -0.0053348128471861394, 0.0033207040369465455,
    0, 0, 0,
    -1.5023866356611135e-11, 7.5119331783009148e-12, 7.5119331783009148e-12
};
/* clang-format on */

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

/* (1 - p)^gamma L for p = e^-L, and its derivative in L; gamma > 0. 1 - p keeps its digits however small L is. */
static double focal(double L, double gamma, double *derivative)
{
    const double p = exp(-L), missing = -expm1(-L);
    const double rise = p > 0 ? gamma * pow(missing, gamma - 1) * p * L : 0; /* where p is 0, L may be infinite */
    *derivative = L > 0 ? pow(missing, gamma) + rise : 0;                    /* an ignored row's loss is 0 */
    return pow(missing, gamma) * L;
}

/* Replaces logits of shape (N, C) by the gradient of the mean over the rows that count, which is returned. `losses` and `upstream` have
   room for N doubles. */
static double focal_loss(xent_tensor *logits, const xent_tensor *target, double gamma, double *losses, double *upstream)
{
    const int64_t rows = xent_tensor_shape(logits)[0];
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *loss, *grad_loss;
    double counted, sum = 0;
    options.reduction = XENT_REDUCTION_NONE;
    must(xent_tensor_wrap(&loss, XENT_F64, 1, &rows, NULL, losses));
    must(xent_tensor_wrap(&grad_loss, XENT_F64, 1, &rows, NULL, upstream));
    must(xent_mean_divisor(target, &options, &counted));
    must(xent_cross_entropy(logits, target, &options, loss));
    for (int64_t i = 0; i < rows; i++) {
        sum += focal(losses[i], gamma, &upstream[i]);
        upstream[i] /= counted;
    }
    must(xent_cross_entropy_grad(logits, target, &options, grad_loss, NULL, logits));
    xent_tensor_destroy(loss);
    xent_tensor_destroy(grad_loss);
    return sum / counted;
}

int main(void)
{
    double z[ROWS * CLASSES] = { 1, 0.5, 2, 0.5, 3, 1, 0, 0, 1, 9, 0, 0 }, losses[ROWS], upstream[ROWS], worst = 0;
    const int64_t y[ROWS] = { 2, 1, -100, 0 }, shape[2] = { ROWS, CLASSES };
    xent_tensor *logits, *target;
    must(xent_tensor_wrap(&logits, XENT_F64, 2, shape, NULL, z));
    must(xent_tensor_wrap_const(&target, XENT_I64, 1, shape, NULL, y));
    const double loss = focal_loss(logits, target, 2, losses, upstream);
    printf("focal loss %.6f, gradient", loss);
    for (int i = 0; i < ROWS * CLASSES; i++) {
        printf(" %.6g", z[i]);
        worst = fmax(worst, fabs(z[i] - autograd[i]));
    }
    worst = fmax(worst, fabs(loss - autograd_loss));
    printf("\nlargest distance from PyTorch's: %.0e\n", worst);
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    return worst <= 4e-16 ? EXIT_SUCCESS : EXIT_FAILURE;
}
