/* What ranks say of their calls before anything else: whether they fit together is known from it. */
#include <string.h>

#include "mpi/call.h"

_Static_assert(sizeof(struct xent_mpi_header) == 64, "a header is its fields, without padding");

/* ---- Hashes: equal arguments have equal ones ------------------------------------------------------------------------ */

static uint64_t mix(uint64_t hash, uint64_t bits)
{
    hash = (hash ^ bits) * 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio: Knuth's multiplicative hash */
    return hash ^ (hash >> 32);
}

static uint64_t mix_double(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return mix(hash, bits);
}

/* Dtype, shape and elements, whatever the strides are. */
static uint64_t mix_tensor(uint64_t hash, const xent_tensor *t)
{
    const int32_t ndim = xent_tensor_ndim(t);
    const int64_t *shape = xent_tensor_shape(t), *strides = xent_tensor_strides(t);
    const char *data = xent_tensor_const_data(t);
    const size_t size = xent_dtype_size(xent_tensor_dtype(t));
    int64_t index[XENT_MAX_NDIM] = { 0 }, offset = 0;
    hash = mix(hash, (uint64_t)xent_tensor_dtype(t));
    for (int32_t d = 0; d < ndim; d++) hash = mix(hash, (uint64_t)shape[d]);
    for (int64_t left = xent_tensor_numel(t); left > 0; left--) {
        uint64_t bits = 0;
        memcpy(&bits, data + (ptrdiff_t)offset * (ptrdiff_t)size, size);
        hash = mix(hash, bits);
        for (int32_t d = ndim - 1; d >= 0; d--) {
            offset += strides[d];
            if (++index[d] < shape[d]) break;
            offset -= shape[d] * strides[d];
            index[d] = 0;
        }
    }
    return hash;
}

static uint64_t hash_options(const struct xent_mpi_call *call)
{
    const xent_options *o = &call->options;
    const double doubles[] = { o->label_smoothing, o->z_loss, o->logit_scale, o->softcap, o->normalizer };
    const int kinds = (call->target != NULL) + 2 * (call->target != NULL && xent_mpi_has_classes(call->target)) +
                      4 * (o->class_weight != NULL) + 8 * (o->row_weight != NULL);
    uint64_t hash = mix((uint64_t)kinds, (uint64_t)o->ignore_index);
    hash = mix(hash, (uint64_t)o->reduction);
    hash = mix(hash, (uint64_t)call->axis);
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++) hash = mix_double(hash, doubles[i]);
    return o->class_weight == NULL ? hash : mix_tensor(hash, o->class_weight);
}

/* Probabilities are each shard's own. */
static uint64_t hash_shared(const struct xent_mpi_call *call)
{
    uint64_t hash = mix((uint64_t)call->group.rows.count, (uint64_t)call->group.rows.own);
    if (call->target != NULL && xent_mpi_has_classes(call->target)) hash = mix_tensor(hash, call->target);
    if (call->options.row_weight != NULL) hash = mix_tensor(hash, call->options.row_weight);
    return call->grad_loss == NULL ? hash : mix_tensor(hash, call->grad_loss);
}

/* ---- Comparison ----------------------------------------------------------------------------------------------------- */

static struct xent_mpi_header own_header(const struct xent_mpi_call *call)
{
    return (struct xent_mpi_header){ .world = call->group.world,
                                     .numerics = xent_numerics_version(),
                                     .function = 2 * (int32_t)call->function + (call->loss != NULL),
                                     .dtype = call->shard.dtype,
                                     .first = call->shard.first,
                                     .classes = call->shard.classes,
                                     .of = call->shard.of,
                                     .rows = call->rows,
                                     .options = hash_options(call),
                                     .shared = hash_shared(call) };
}

static xent_status same_number(const char *what, int64_t own, int64_t first, int32_t world)
{
    if (own == first) return XENT_OK;
    return xent_mpi_fail(XENT_ERROR_COMMUNICATION, "%s is %lld, expected %lld, as on rank %d", what, (long long)own,
                         (long long)first, (int)world);
}

static xent_status same(const char *what, bool is_same, int32_t world)
{
    return is_same ? XENT_OK : xent_mpi_fail(XENT_ERROR_COMMUNICATION, "%s, unlike rank %d", what, (int)world);
}

static xent_status fit_call(const struct xent_mpi_header *own, const struct xent_mpi_header *first)
{
    const int32_t world = first->world;
    XENT_MPI_TRY(same("another function is called", own->function / 2 == first->function / 2, world));
    XENT_MPI_TRY(same(own->function % 2 ? "loss is given" : "loss is NULL", own->function == first->function, world));
    XENT_MPI_TRY(same_number("xent_numerics_version()", own->numerics, first->numerics, world));
    XENT_MPI_TRY(same_number("shard->dtype", own->dtype, first->dtype, world));
    XENT_MPI_TRY(same_number("shard->of", own->of, first->of, world));
    return same("options, or the kind of the target, differ", own->options == first->options, world);
}

static xent_status fit_rows(const struct xent_mpi_header *own, const struct xent_mpi_header *first)
{
    XENT_MPI_TRY(same_number("the number of rows", own->rows, first->rows, first->world));
    return same("target, row_weight, grad_loss or the place in rows differ", own->shared == first->shared, first->world);
}

static xent_status gather(const struct xent_mpi_ranks *ranks, const struct xent_mpi_header *own, struct xent_mpi_header *all)
{
    const int bytes = (int)sizeof *own;
    all[0] = *own;
    if (ranks->comm == MPI_COMM_NULL) return XENT_OK;
    return xent_mpi_result("MPI_Allgather", MPI_Allgather(own, bytes, MPI_BYTE, all, bytes, MPI_BYTE, ranks->comm));
}

xent_status xent_mpi_compare(struct xent_mpi_call *call)
{
    const struct xent_mpi_header own = own_header(call);
    XENT_MPI_TRY(gather(&call->group.classes, &own, call->class_headers));
    XENT_MPI_TRY(gather(&call->group.rows, &own, call->row_headers));
    XENT_MPI_TRY(fit_call(&own, &call->class_headers[0]));
    XENT_MPI_TRY(fit_rows(&own, &call->class_headers[0]));
    return fit_call(&own, &call->row_headers[0]);
}
