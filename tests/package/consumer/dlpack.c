/* Prints the notebook's loss of tensors that come by DLPack, and fails if it is another. Valid as C99 and as C++11; xent_dlpack.h
 * comes next after the header that it needs. */
#include <dlpack/dlpack.h>

#include <xent_dlpack.h>

#include <stdio.h>
#include <string.h>

static xent_status import_dlpack(xent_tensor **out, uint8_t code, uint8_t bits, int32_t ndim, int64_t *shape, void *data)
{
    DLTensor t;
    memset(&t, 0, sizeof t);
    t.data = data;
    t.device.device_type = kDLCPU;
    t.dtype.code = code;
    t.dtype.bits = bits;
    t.dtype.lanes = 1;
    t.ndim = ndim;
    t.shape = shape;
    return xent_tensor_from_dlpack(out, &t, 1);
}

int main(void)
{
    float z[6] = { 1, 0.5f, 2, 0.5f, 3, 1 }, loss = 0;
    int64_t y[2] = { 2, 1 }, shape[2] = { 2, 3 };
    xent_tensor *logits = NULL, *target = NULL, *out = NULL;
    if (import_dlpack(&logits, kDLFloat, 32, 2, shape, z) || import_dlpack(&target, kDLInt, 64, 1, shape, y) ||
        import_dlpack(&out, kDLFloat, 32, 0, NULL, &loss) || xent_cross_entropy(logits, target, NULL, out)) {
        fprintf(stderr, "%s\n", xent_error_message());
        return 1;
    }
    printf("by DLPack: %.4f\n", (double)loss);
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(out);
    return loss > 0.33055f && loss < 0.33065f ? 0 : 1;
}
