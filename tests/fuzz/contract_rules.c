/* The rules of xent.h that all functions share. */
#include "contract.h"

#include <math.h>
#include <stdlib.h>

bool contract_struct_size(size_t given, size_t size, unsigned char tail)
{
    return given >= size && given <= 4096 && (given == size || tail == 0);
}

static bool scales(double x) { return x >= 1e-30 && x <= 1e30; }

statuses contract_options(const xent_options *o, unsigned char tail)
{
    const bool good = contract_struct_size(o->struct_size, sizeof *o, tail) && o->reduction >= 0 && o->reduction <= 2 &&
                      o->label_smoothing >= 0 && o->label_smoothing <= 1 && o->z_loss >= 0 && isfinite(o->z_loss) &&
                      scales(o->logit_scale) && (o->softcap == 0 || scales(o->softcap)) && o->normalizer >= 0 &&
                      isfinite(o->normalizer) && o->num_threads >= 0 && o->num_threads <= 4096 && o->reserved == 0;
    return good ? 0 : STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT);
}

bool contract_floating(const struct argument *a) { return a == NULL || a->dtype <= XENT_BF16; }

bool contract_same_shape(const struct argument *a, const struct argument *b)
{
    if (a == NULL || b == NULL) return true;
    for (int32_t d = 0; d < a->ndim && a->ndim == b->ndim; d++)
        if (a->shape[d] != b->shape[d]) return false;
    return a->ndim == b->ndim;
}

bool contract_batch_shape(const struct argument *batch, const struct argument *a, int32_t axis)
{
    if (batch == NULL) return true;
    if (batch->ndim != a->ndim - 1) return false;
    for (int32_t d = 0; d < batch->ndim; d++)
        if (batch->shape[d] != a->shape[d < axis ? d : d + 1]) return false;
    return true;
}

bool contract_axis(const struct argument *a, int32_t axis, int32_t *resolved)
{
    *resolved = axis;
    if (axis == XENT_AXIS_DEFAULT) *resolved = a->ndim > 1 ? 1 : 0;
    if (axis < 0 && axis != XENT_AXIS_DEFAULT) *resolved = axis + a->ndim;
    return *resolved >= 0 && *resolved < a->ndim;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = llabs(((const int64_t *)a)[0]), y = llabs(((const int64_t *)b)[0]);
    return (x > y) - (x < y);
}

bool contract_injective(const struct argument *a)
{
    int64_t dimension[XENT_MAX_NDIM][2], reach = 0; /* stride, extent */
    size_t count = 0;
    if (argument_elements(a) == 0) return true;
    for (int32_t d = 0; d < a->ndim; d++) {
        if (a->shape[d] == 1) continue;
        dimension[count][0] = a->strides[d];
        dimension[count++][1] = a->shape[d];
    }
    qsort(dimension, count, sizeof dimension[0], by_size);
    for (size_t k = 0; k < count; k++) {
        if (llabs(dimension[k][0]) <= reach) return false;
        reach += (dimension[k][1] - 1) * llabs(dimension[k][0]);
    }
    return true;
}

bool contract_overlap(const struct argument *a, const struct argument *b)
{
    if (a == NULL || b == NULL || argument_elements(a) == 0 || argument_elements(b) == 0) return false;
    const struct range x = argument_range(a), y = argument_range(b);
    return x.begin < y.end && y.begin < x.end;
}

bool contract_in_place(const struct argument *a, const struct argument *b)
{
    if (a->first != b->first || a->dtype != b->dtype || !contract_same_shape(a, b)) return false;
    for (int32_t d = 0; d < a->ndim; d++)
        if (a->shape[d] > 1 && a->strides[d] != b->strides[d]) return false;
    return true;
}

bool contract_weights(const struct argument *a)
{
    for (int64_t i = 0; a != NULL && i < argument_elements(a); i++) {
        const double weight = argument_number(a, i);
        if (!(weight >= 0) || !isfinite(weight)) return false;
    }
    return true;
}

bool contract_indices(const struct argument *a, int64_t classes, int64_t ignore_index)
{
    for (int64_t i = 0; i < argument_elements(a); i++) {
        const int64_t y = argument_integer(a, i);
        const bool huge = a->dtype == XENT_U64 && y == INT64_MAX;
        if ((huge || y != ignore_index) && (y < 0 || y >= classes)) return false;
    }
    return true;
}
