/* Which outputs go past the caches: a file of its own, so that a test can answer in its place. */
#include "ops/terms.h"
#include "run/tuning.h"

bool xent_output_streams(const struct xent_row_type *type, size_t bytes)
{
    size_t row = xent_terms_size(type);
    return type->real == type->dtype && bytes >= XENT_STREAM_BYTES && row >= XENT_STREAM_ROW_LEAST &&
           row <= XENT_STREAM_ROW_MOST;
}
