/* Arrays of the program's own as tensors. */
#include "vector.h"

#include "fail.h"

xent_tensor *vector(xent_dtype dtype, int64_t count, void *data)
{
    xent_tensor *tensor = NULL;
    if (data != NULL) must(xent_tensor_wrap(&tensor, dtype, 1, &count, NULL, data));
    return tensor;
}
