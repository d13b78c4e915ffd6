/* The functions of xent_mpi.h, and the way of a call: what may fail on one rank alone is followed by an agreement of all, and nothing is
 * written before they agree to exchange states; losses and statistics not before that has come to an end. */
#include "mpi/call.h"

#include <stdlib.h>
#include <string.h>

/* ---- Memory --------------------------------------------------------------------------------------------------------- */

xent_status xent_mpi_allocate(struct xent_mpi_call *call, int64_t count, size_t size, void *memory)
{
    void *block = (uint64_t)count <= SIZE_MAX / size ? calloc(count > 0 ? (size_t)count : 1, size) : NULL;
    if (block == NULL)
        return xent_mpi_fail(XENT_ERROR_NO_MEMORY, "%lld times %zu bytes cannot be allocated", (long long)count, size);
    call->block[call->blocks++] = block;
    memcpy(memory, &block, sizeof block); /* a pointer to whatever type */
    return XENT_OK;
}

xent_status xent_mpi_wrap_rows(const struct xent_mpi_call *call, double *data, xent_tensor **t)
{
    const int32_t ndim = xent_tensor_ndim(call->logits);
    int64_t shape[XENT_MAX_NDIM];
    for (int32_t d = 0, to = 0; d < ndim; d++)
        if (d != call->axis) shape[to++] = xent_tensor_shape(call->logits)[d];
    return xent_tensor_wrap(t, XENT_F64, ndim - 1, shape, NULL, data);
}

bool xent_mpi_has_classes(const xent_tensor *target)
{
    xent_dtype dtype = xent_tensor_dtype(target);
    return dtype != XENT_F32 && dtype != XENT_F64 && dtype != XENT_F16 && dtype != XENT_BF16;
}

/* ---- Each rank by itself -------------------------------------------------------------------------------------------- */

static xent_status check_given(const struct xent_mpi_call *call)
{
    const struct {
        const char *name;
        const void *given;
    } needed[] = { [XENT_MPI_LOSS] = { "loss", call->loss },
                   [XENT_MPI_GRADIENT] = { "grad_logits", call->grad_logits },
                   [XENT_MPI_STATS] = { "stats", call->stats } };
    if (needed[call->function].given == NULL)
        return xent_mpi_fail(XENT_ERROR_INVALID_ARGUMENT, "%s is NULL", needed[call->function].name);
    if (call->given_shard == NULL && call->group.classes.comm != MPI_COMM_NULL)
        return xent_mpi_fail(XENT_ERROR_INVALID_ARGUMENT, "shard is NULL, expected one: classes is a communicator");
    return XENT_OK;
}

/* The dimension that an axis means, whether it is one or not. */
static int32_t axis_of(const xent_tensor *logits, const xent_options *options)
{
    const int32_t ndim = xent_tensor_ndim(logits), axis = options == NULL ? XENT_AXIS_DEFAULT : options->axis;
    return axis == XENT_AXIS_DEFAULT ? ndim > 1 : axis < 0 ? axis + ndim : axis;
}

/* Where no shard is given, all classes are here; a shape that has none is told by the checks. */
static xent_shard shard_of(const struct xent_mpi_call *call)
{
    const bool has_axis = call->axis >= 0 && call->axis < xent_tensor_ndim(call->logits);
    const int64_t classes = has_axis ? xent_tensor_shape(call->logits)[call->axis] : 1;
    if (call->given_shard != NULL) return *call->given_shard;
    return (xent_shard){ .classes = classes, .of = classes, .dtype = (int32_t)xent_tensor_dtype(call->logits) };
}

/* The options as this version knows them; they have been checked. */
static xent_options options_of(const xent_options *given)
{
    xent_options options = XENT_OPTIONS_INIT;
    if (given == NULL) return options;
    memcpy(&options, given, given->struct_size < sizeof options ? given->struct_size : sizeof options);
    options.struct_size = sizeof options;
    return options;
}

static int64_t rows_of(const struct xent_mpi_call *call)
{
    int64_t rows = 1;
    for (int32_t d = 0; d < xent_tensor_ndim(call->logits); d++)
        if (d != call->axis) rows *= xent_tensor_shape(call->logits)[d];
    return rows;
}

static xent_status prepare(struct xent_mpi_call *call)
{
    XENT_MPI_TRY(check_given(call));
    call->axis = axis_of(call->logits, call->given_options);
    call->shard = shard_of(call);
    XENT_MPI_TRY(xent_partial_check(call->logits, &call->shard, call->target, call->given_options, call->stats, call->grad_loss,
                                    call->loss, call->grad_logits));
    call->options = options_of(call->given_options);
    call->rows = rows_of(call);
    XENT_MPI_TRY(xent_mpi_allocate(call, call->group.classes.count, sizeof *call->class_headers, &call->class_headers));
    return xent_mpi_allocate(call, call->group.rows.count, sizeof *call->row_headers, &call->row_headers);
}

/* ---- With the others ------------------------------------------------------------------------------------------------ */

static xent_status plan(struct xent_mpi_call *call)
{
    XENT_MPI_TRY(xent_mpi_classes_plan(call));
    return xent_mpi_rows_plan(call);
}

/* Ends with an agreement. */
static xent_status exchange(struct xent_mpi_call *call)
{
    xent_status status = xent_mpi_divisor_exchange(call);
    if (status == XENT_OK) status = xent_mpi_classes_exchange(call);
    if (!call->begun) return xent_mpi_agree(&call->group, status); /* for the others, that with which they begin */
    if (!call->agreed) return status;
    return xent_mpi_agree(&call->group, xent_mpi_losses_exchange(call, status));
}

static xent_status write(const struct xent_mpi_call *call)
{
    if (xent_mpi_reduces(call)) return xent_mpi_rows_write(call);
    if (call->loss == NULL && call->stats == NULL) return XENT_OK;
    return xent_partial_finish(call->whole, &call->shard, call->target, &call->options, call->stats, call->loss);
}

static xent_status run(struct xent_mpi_call *call)
{
    XENT_MPI_TRY(xent_mpi_agree(&call->group, prepare(call)));
    XENT_MPI_TRY(xent_mpi_agree(&call->group, xent_mpi_compare(call)));
    XENT_MPI_TRY(xent_mpi_agree(&call->group, plan(call)));
    XENT_MPI_TRY(exchange(call));
    return xent_mpi_agree(&call->group, write(call));
}

static xent_status run_call(struct xent_mpi_call *call, MPI_Comm classes, MPI_Comm rows)
{
    xent_status status;
    XENT_MPI_TRY(xent_mpi_group_init(&call->group, classes, rows));
    status = run(call);
    while (call->blocks > 0) free(call->block[--call->blocks]);
    return status;
}

/* ---- xent_mpi.h ----------------------------------------------------------------------------------------------------- */

xent_status xent_mpi_cross_entropy(MPI_Comm classes, MPI_Comm rows, const xent_tensor *logits, const xent_shard *shard,
                                   const xent_tensor *target, const xent_options *options, xent_tensor *loss)
{
    struct xent_mpi_call call = {
        .function = XENT_MPI_LOSS, .logits = logits, .target = target, .given_shard = shard, .given_options = options
    };
    call.loss = loss;
    return run_call(&call, classes, rows);
}

xent_status xent_mpi_cross_entropy_grad(MPI_Comm classes, MPI_Comm rows, const xent_tensor *logits, const xent_shard *shard,
                                        const xent_tensor *target, const xent_options *options, const xent_tensor *grad_loss,
                                        xent_tensor *loss, xent_tensor *grad_logits)
{
    struct xent_mpi_call call = {
        .function = XENT_MPI_GRADIENT, .logits = logits, .target = target, .given_shard = shard, .given_options = options
    };
    call.grad_loss = grad_loss;
    call.loss = loss;
    call.grad_logits = grad_logits;
    return run_call(&call, classes, rows);
}

xent_status xent_mpi_row_stats(MPI_Comm classes, const xent_tensor *logits, const xent_shard *shard, const xent_tensor *target,
                               const xent_options *options, const xent_stats *stats)
{
    struct xent_mpi_call call = {
        .function = XENT_MPI_STATS, .logits = logits, .target = target, .given_shard = shard, .given_options = options
    };
    call.stats = stats;
    return run_call(&call, classes, MPI_COMM_NULL);
}
