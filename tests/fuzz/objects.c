/* What is no computation: tensors, structs that describe themselves, settings of the process, errors. An input is a sequence of calls. */
#include "objects.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const families[])(struct bytes *) = { tensor_calls, tensor_calls, struct_calls, setting_calls, error_calls };
    struct bytes b = { data, size };
    while (b.left > 0) BYTES_ONE_OF(&b, families)(&b);
    return 0;
}
