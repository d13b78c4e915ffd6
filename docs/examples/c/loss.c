/* Loss and gradient of two rows of three logits.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <xent.h>

int main(void)
{
    float z[6] = { 1, 0.5f, 2, 0.5f, 3, 1 }, loss, gradient[6];
    const int64_t y[2] = { 2, 1 }, shape[2] = { 2, 3 };
    xent_tensor *logits = NULL, *target = NULL, *out = NULL, *grad = NULL;
    const int failed = xent_tensor_wrap_const(&logits, XENT_F32, 2, shape, NULL, z) ||
                       xent_tensor_wrap_const(&target, XENT_I64, 1, shape, NULL, y) ||
                       xent_tensor_wrap(&out, XENT_F32, 0, NULL, NULL, &loss) ||
                       xent_tensor_wrap(&grad, XENT_F32, 2, shape, NULL, gradient) ||
                       xent_cross_entropy_grad(logits, target, NULL, NULL, out, grad);
    if (failed) {
        fprintf(stderr, "%s\n", xent_error_message());
    } else {
        printf("loss %.4f\ngradient", loss);
        for (int i = 0; i < 6; i++) printf(" %.4f", gradient[i]);
        printf("\n");
    }
    xent_tensor_destroy(logits); /* the arrays stay */
    xent_tensor_destroy(target);
    xent_tensor_destroy(out);
    xent_tensor_destroy(grad);
    return failed;
}
