/* A linear layer of one class has no loss, whatever the product is; and the product is one: GEMM, which HEADER declares. */
#include <stdio.h>
#include HEADER

int main(void)
{
    float x[4] = { 1, 2, 3, 4 }, w[2] = { 5, 6 }, product[2] = { 0, 0 }, result = -1;
    int64_t y[2] = { 0, 0 };
    const int64_t rows[2] = { 2, 2 }, classes[2] = { 1, 2 };
    xent_tensor *hidden, *weight, *target, *loss;
    xent_linear layer = XENT_LINEAR_INIT;
    if (xent_tensor_wrap(&hidden, XENT_F32, 2, rows, NULL, x) || xent_tensor_wrap(&weight, XENT_F32, 2, classes, NULL, w) ||
        xent_tensor_wrap(&target, XENT_I64, 1, rows, NULL, y) || xent_tensor_wrap(&loss, XENT_F32, 0, NULL, NULL, &result))
        return 1;
    layer.hidden = hidden;
    layer.weight = weight;
    layer.gemm = GEMM;
    if (xent_linear_cross_entropy(&layer, target, NULL, loss) || result != 0) {
        fprintf(stderr, "%s\n", xent_error_message());
        return 1;
    }
    if (GEMM(NULL, 2, 2, 1, 2, XENT_F32, x, 2, XENT_F32, w, 2, 0, product, 1)) return 1;
    xent_tensor_destroy(hidden);
    xent_tensor_destroy(weight);
    xent_tensor_destroy(target);
    xent_tensor_destroy(loss);
    return product[0] != 17 || product[1] != 39;
}
