/* Prints the notebook's loss and fails if it is another. Valid as C99 and as C++11; xent.h comes first, so that it has to stand
 * alone. */
#include <xent.h>

#include <stdio.h>

int main(void)
{
    float z[6] = { 1, 0.5f, 2, 0.5f, 3, 1 }, loss = 0;
    int64_t y[2] = { 2, 1 };
    const int64_t shape[2] = { 2, 3 };
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *logits = NULL, *target = NULL, *out = NULL;
    if (xent_tensor_wrap(&logits, XENT_F32, 2, shape, NULL, z) || xent_tensor_wrap(&target, XENT_I64, 1, shape, NULL, y) ||
        xent_tensor_wrap(&out, XENT_F32, 0, NULL, NULL, &loss) || xent_cross_entropy(logits, target, &options, out)) {
        fprintf(stderr, "%s\n", xent_error_message());
        return 1;
    }
    printf("libxent %s: %.4f\n", xent_version(), (double)loss);
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(out);
    return loss > 0.33055f && loss < 0.33065f ? 0 : 1;
}
