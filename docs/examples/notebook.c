/* The notebook in C: every way to the cross entropy of two rows of logits, on every backend of this CPU.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 *
 * Each line shows a cell of the notebook, what libxent computes and what the notebook prints. The program fails if one
 * printed digit differs. Build it with
 *     cc notebook.c $(pkg-config --cflags --libs xent) -o notebook
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent.h>

static int differences;

static void must(xent_status status)
{
    if (status == XENT_OK) return;
    fprintf(stderr, "%s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

/* A row-major tensor over `data`. */
static xent_tensor *wrap(xent_dtype dtype, int32_t ndim, const int64_t *shape, void *data)
{
    xent_tensor *t;
    must(xent_tensor_wrap(&t, dtype, ndim, shape, NULL, data));
    return t;
}

/* Is any of the tensor's elements negative? */
static int has_sign(const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (x[i] < 0) return 1;
    return 0;
}

/* Appends a tensor as PyTorch prints it, but in one line: "0.3306", "[0.4644, 0.1967]", "[[0.2312, 0.1402], [0.0674, 0.8214]]".
   Numbers are rounded to so many digits; where some are negative, the others get a space in the sign's place. */
static char *append(char *end, const float *x, int32_t ndim, const int64_t *shape, const int64_t *strides, int digits, int sign)
{
    if (ndim == 0) return end + sprintf(end, sign ? "% .*f" : "%.*f", digits, (double)*x);
    for (int64_t i = 0; i < shape[0]; i++) {
        end += sprintf(end, i == 0 ? "[" : ", ");
        end = append(end, x + i * strides[0], ndim - 1, shape + 1, strides + 1, digits, sign);
    }
    return end + sprintf(end, "]");
}

static void compare(const char *cell, const xent_tensor *result, int digits, const char *notebook)
{
    char text[128];
    const float *x = xent_tensor_const_data(result);
    append(text, x, xent_tensor_ndim(result), xent_tensor_shape(result), xent_tensor_strides(result), digits,
           has_sign(x, xent_tensor_numel(result)));
    const int same = strcmp(text, notebook) == 0;
    differences += !same;
    printf("%-31s %-70s %-70s %s\n", cell, text, notebook, same ? "same" : "DIFFERENT");
}

/* The notebook, cell by cell. */
static void notebook(void)
{
    float z[6] = { 1, 0.5f, 2, 0.5f, 3, 1 }, one_hot[6] = { 0, 0, 1, 0, 1, 0 }, p[6], logp[6], grad[6], rows[2], mean;
    int64_t y[2] = { 2, 1 };
    const int64_t shape[2] = { 2, 3 };
    xent_tensor *logits = wrap(XENT_F32, 2, shape, z), *softmax = wrap(XENT_F32, 2, shape, p);
    xent_tensor *log_softmax = wrap(XENT_F32, 2, shape, logp), *gradient = wrap(XENT_F32, 2, shape, grad);
    xent_tensor *hot = wrap(XENT_F32, 2, shape, one_hot), *classes = wrap(XENT_I64, 1, shape, y);
    xent_tensor *losses = wrap(XENT_F32, 1, shape, rows), *loss = wrap(XENT_F32, 0, NULL, &mean);
    xent_options none = XENT_OPTIONS_INIT; /* NULL options, used below too, mean the mean over the rows */
    none.reduction = XENT_REDUCTION_NONE;

    must(xent_softmax(logits, 1, softmax));
    compare("softmax", softmax, 4, "[[0.2312, 0.1402, 0.6285], [0.0674, 0.8214, 0.1112]]");
    must(xent_log(softmax, log_softmax));
    compare("its logarithm", log_softmax, 4, "[[-1.4644, -1.9644, -0.4644], [-2.6967, -0.1967, -2.1967]]");
    must(xent_nll_loss(log_softmax, hot, &none, losses));
    compare("NLL, one-hot targets", losses, 4, "[0.4644, 0.1967]");
    must(xent_nll_loss(log_softmax, classes, &none, losses));
    compare("NLL, class numbers", losses, 4, "[0.4644, 0.1967]");
    must(xent_nll_loss(log_softmax, classes, NULL, loss));
    compare("NLL, mean", loss, 4, "0.3306");
    must(xent_log_softmax(logits, 1, log_softmax));
    compare("log-softmax, stable", log_softmax, 4, "[[-1.4644, -1.9644, -0.4644], [-2.6967, -0.1967, -2.1967]]");
    must(xent_nll_loss(log_softmax, classes, NULL, loss));
    compare("NLL of it, mean", loss, 4, "0.3306");
    must(xent_cross_entropy(logits, classes, NULL, loss));
    compare("cross entropy, class numbers", loss, 4, "0.3306");
    must(xent_cross_entropy(logits, hot, NULL, loss));
    compare("cross entropy, one-hot targets", loss, 4, "0.3306");
    /* The notebook ends here; training goes on with the gradient. These digits are PyTorch's autograd in float64. */
    must(xent_cross_entropy_grad(logits, classes, NULL, NULL, loss, gradient));
    compare("its gradient", gradient, 6, "[[ 0.115612,  0.070122, -0.185734], [ 0.033713, -0.089295,  0.055583]]");

    xent_tensor *all[] = { logits, softmax, log_softmax, gradient, hot, classes, losses, loss };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) xent_tensor_destroy(all[i]);
}

int main(void)
{
    for (const char *const *backend = xent_backends(); *backend != NULL; backend++) {
        must(xent_set_backend(*backend));
        printf("libxent %s, backend %s\n", xent_version(), xent_backend());
        printf("%-31s %-70s %s\n", "cell", "libxent", "notebook");
        notebook();
        printf("\n");
    }
    if (differences != 0) fprintf(stderr, "%d results differ from the notebook's digits\n", differences);
    return differences == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
