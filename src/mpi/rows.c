/* A batch whose rows lie on many ranks: the divisor of its mean, and its loss, as one process adds them up. */
#include <limits.h>
#include <math.h>
#include <stdint.h>

#include "mpi/call.h"

bool xent_mpi_reduces(const struct xent_mpi_call *call)
{
    return call->function != XENT_MPI_STATS && call->options.reduction != XENT_REDUCTION_NONE && call->loss != NULL;
}

static bool needs_divisor(const struct xent_mpi_call *call)
{
    return call->function != XENT_MPI_STATS && call->options.reduction == XENT_REDUCTION_MEAN && call->options.normalizer == 0;
}

/* Else rows count 1 or nothing, and sums of such numbers are exact in any order. */
static bool is_weighted(const struct xent_mpi_call *call)
{
    return call->options.row_weight != NULL || (call->options.class_weight != NULL && xent_mpi_has_classes(call->target));
}

/* *t = a tensor of which every element is `value`. */
static xent_status wrap_constant(xent_dtype dtype, int32_t ndim, const int64_t *shape, const void *value, xent_tensor **t)
{
    static const int64_t strides[XENT_MAX_NDIM] = { 0 };
    return xent_tensor_wrap_const(t, dtype, ndim, shape, strides, value);
}

static const int64_t class_0 = 0;

/* ---- Before the exchange -------------------------------------------------------------------------------------------- */

/* What each row adds to the divisor: with log-probabilities of -1, and no other option than weights, it is the row's NLL loss. */
static xent_status weigh_rows(struct xent_mpi_call *call)
{
    static const double minus_1 = -1;
    const int32_t ndim = xent_tensor_ndim(call->logits);
    const bool classes = xent_mpi_has_classes(call->target);
    int64_t shape[XENT_MAX_NDIM];
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *logp = NULL, *zeros = NULL, *weights = NULL;
    xent_status status;
    for (int32_t d = 0; d < ndim; d++) shape[d] = xent_tensor_shape(call->logits)[d];
    shape[call->axis] = call->shard.of;
    options.reduction = XENT_REDUCTION_NONE;
    options.axis = call->axis;
    options.row_weight = call->options.row_weight;
    if (classes) {
        options.ignore_index = call->options.ignore_index;
        options.class_weight = call->options.class_weight;
    }
    status = wrap_constant(XENT_F64, ndim, shape, &minus_1, &logp);
    if (status == XENT_OK) status = xent_mpi_wrap_rows(call, call->weights, &weights);
    if (status == XENT_OK && !classes)
        status = wrap_constant(XENT_I64, xent_tensor_ndim(weights), xent_tensor_shape(weights), &class_0, &zeros);
    if (status == XENT_OK) status = xent_nll_loss(logp, classes ? call->target : zeros, &options, weights);
    xent_tensor_destroy(weights);
    xent_tensor_destroy(zeros);
    xent_tensor_destroy(logp);
    return status;
}

/* Where the rows of each rank stand among all. */
static xent_status place_rows(struct xent_mpi_call *call)
{
    const int count = call->group.rows.count;
    XENT_MPI_TRY(xent_mpi_allocate(call, count, sizeof(int), &call->counts));
    XENT_MPI_TRY(xent_mpi_allocate(call, count, sizeof(int), &call->counts_at));
    for (int i = 0; i < count; i++) {
        int64_t rows = call->row_headers[i].rows;
        if (rows > INT_MAX - call->all_rows)
            return xent_mpi_fail(XENT_ERROR_OVERFLOW, "the rows of all ranks are more than %d", INT_MAX);
        call->counts[i] = (int)rows;
        call->counts_at[i] = (int)call->all_rows;
        call->all_rows += rows;
    }
    return XENT_OK;
}

xent_status xent_mpi_rows_plan(struct xent_mpi_call *call)
{
    const bool weighted = needs_divisor(call) && is_weighted(call), reduces = xent_mpi_reduces(call);
    if (!weighted && !reduces) return XENT_OK;
    XENT_MPI_TRY(place_rows(call));
    if (reduces) {
        XENT_MPI_TRY(xent_mpi_allocate(call, call->rows, sizeof(double), &call->losses));
        XENT_MPI_TRY(xent_mpi_allocate(call, call->all_rows, sizeof(double), &call->all_losses));
    }
    if (!weighted) return XENT_OK;
    XENT_MPI_TRY(xent_mpi_allocate(call, call->rows, sizeof(double), &call->weights));
    XENT_MPI_TRY(xent_mpi_allocate(call, call->all_rows, sizeof(double), &call->all_weights));
    return weigh_rows(call);
}

/* ---- The divisor ---------------------------------------------------------------------------------------------------- */

static xent_status gather(const struct xent_mpi_call *call, const double *own, double *all)
{
    const struct xent_mpi_ranks *ranks = &call->group.rows;
    if (ranks->comm == MPI_COMM_NULL) {
        for (int64_t i = 0; i < call->rows; i++) all[i] = own[i];
        return XENT_OK;
    }
    return xent_mpi_result("MPI_Allgatherv", MPI_Allgatherv(own, call->counts[ranks->own], MPI_DOUBLE, all, call->counts,
                                                            call->counts_at, MPI_DOUBLE, ranks->comm));
}

static xent_status add_weights(struct xent_mpi_call *call)
{
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *zeros = NULL, *weights = NULL;
    xent_status status = wrap_constant(XENT_I64, 1, &call->all_rows, &class_0, &zeros);
    if (status == XENT_OK) status = xent_tensor_wrap_const(&weights, XENT_F64, 1, &call->all_rows, NULL, call->all_weights);
    options.row_weight = weights;
    if (status == XENT_OK) status = xent_mean_divisor(zeros, &options, &call->divisor);
    xent_tensor_destroy(weights);
    xent_tensor_destroy(zeros);
    return status;
}

static xent_status find_weighted(struct xent_mpi_call *call)
{
    bool finite = true;
    XENT_MPI_TRY(gather(call, call->weights, call->all_weights));
    for (int64_t i = 0; i < call->all_rows; i++) finite &= isfinite(call->all_weights[i]) != 0;
    if (finite) XENT_MPI_TRY(add_weights(call));
    if (finite && isfinite(call->divisor)) return XENT_OK;
    return xent_mpi_fail(XENT_ERROR_OVERFLOW, "the weights of all rows add up to more than the largest double");
}

static xent_status find_counted(struct xent_mpi_call *call)
{
    const MPI_Comm comm = call->group.rows.comm;
    xent_status status = XENT_OK;
    int64_t own, all;
    call->divisor = (double)call->rows;
    if (xent_mpi_has_classes(call->target)) status = xent_mean_divisor(call->target, &call->options, &call->divisor);
    if (comm == MPI_COMM_NULL) return status;
    own = (int64_t)call->divisor;
    XENT_MPI_TRY(xent_mpi_result("MPI_Allreduce", MPI_Allreduce(&own, &all, 1, MPI_INT64_T, MPI_SUM, comm)));
    call->divisor = (double)all;
    return status;
}

xent_status xent_mpi_divisor_exchange(struct xent_mpi_call *call)
{
    call->divisor = call->options.reduction == XENT_REDUCTION_MEAN ? call->options.normalizer : 1;
    if (!needs_divisor(call)) return XENT_OK;
    XENT_MPI_TRY(is_weighted(call) ? find_weighted(call) : find_counted(call));
    /* a divisor of 0 is that of these rows too, and stays automatic */
    call->options.normalizer = call->divisor;
    return XENT_OK;
}

/* ---- The loss ------------------------------------------------------------------------------------------------------- */

static xent_status find_losses(struct xent_mpi_call *call)
{
    xent_options options = call->options;
    xent_tensor *losses;
    xent_status status;
    options.reduction = XENT_REDUCTION_NONE;
    XENT_MPI_TRY(xent_mpi_wrap_rows(call, call->losses, &losses));
    status = xent_partial_finish(call->whole, &call->shard, call->target, &options, NULL, losses);
    xent_tensor_destroy(losses);
    return status;
}

/* *sum = the sum of `count` losses in the order of xent_nll_loss: that of the only class of a row is its negative log-probability. */
static xent_status add_up(double *losses, int64_t count, xent_tensor *sum)
{
    const int64_t shape[2] = { count, 1 };
    xent_options options = XENT_OPTIONS_INIT;
    xent_tensor *logp = NULL, *zeros = NULL;
    xent_status status = xent_tensor_wrap_const(&logp, XENT_F64, 2, shape, NULL, losses);
    for (int64_t i = 0; i < count; i++) losses[i] = -losses[i];
    options.reduction = XENT_REDUCTION_SUM;
    if (status == XENT_OK) status = wrap_constant(XENT_I64, 1, shape, &class_0, &zeros);
    if (status == XENT_OK) status = xent_nll_loss(logp, zeros, &options, sum);
    xent_tensor_destroy(zeros);
    xent_tensor_destroy(logp);
    return status;
}

static xent_status reduce_losses(struct xent_mpi_call *call)
{
    double total;
    xent_tensor *sum;
    xent_status status;
    XENT_MPI_TRY(xent_tensor_wrap(&sum, XENT_F64, 0, NULL, NULL, &total));
    status = add_up(call->all_losses, call->all_rows, sum);
    xent_tensor_destroy(sum);
    if (status == XENT_OK) call->value = total / call->divisor;
    return status;
}

xent_status xent_mpi_losses_exchange(struct xent_mpi_call *call, xent_status status)
{
    xent_status step;
    if (!xent_mpi_reduces(call)) return status;
    if (status == XENT_OK) status = find_losses(call);
    step = gather(call, call->losses, call->all_losses);
    if (step != XENT_OK) status = step;
    return status == XENT_OK ? reduce_losses(call) : status;
}

xent_status xent_mpi_rows_write(const struct xent_mpi_call *call)
{
    double value = call->value;
    return add_up(&value, 1, call->loss);
}
