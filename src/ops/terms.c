/* Choosing the place of the terms. */
#include "ops/terms.h"

enum xent_terms_place xent_terms_of(const struct xent_row_type *type, const struct xent_tensor *in,
                                    const struct xent_tensor *out, int32_t axis, bool keeps_input, bool may_stream)
{
    bool in_place = in->data == out->data, scattered = !xent_lines_are_contiguous(out, axis);
    if (may_stream && !in_place && !scattered && xent_output_streams(type, (size_t)out->numel * type->size))
        return XENT_TERMS_STREAMED;
    if (scattered || type->real != type->dtype || (keeps_input && in_place)) return XENT_TERMS_APART;
    return XENT_TERMS_IN_OUTPUT;
}
