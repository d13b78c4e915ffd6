#include "partial_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flaw.h"
#include "support/problem_element.h"
#include "support/problem_operand.h"
#include "support/tensors.h"

static void must(xent_status status, const char *what)
{
    if (status != XENT_OK) flaw("%s: %s (%s)", what, xent_status_name(status), xent_error_message());
}

static const xent_dtype floating[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };

/* ---- Rows ---------------------------------------------------------------------------------------------------------------- */

static void choose_problem(struct problem *p, struct bytes *b)
{
    static const int64_t classes[] = { 1, 2, 3, 5, 9, 20, 4096, 4097, 8192, 8195, 12288, 12289 };
    static const int32_t ranks[] = { 2, 2, 1, 3 };
    memset(p, 0, sizeof *p);
    p->op = OP_CROSS_ENTROPY_GRAD;
    p->ndim = BYTES_ONE_OF(b, ranks);
    p->axis = (int32_t)bytes_below(b, p->ndim);
    for (int32_t d = 0; d < p->ndim; d++) p->shape[d] = 1 + bytes_below(b, 3);
    p->shape[p->axis] = BYTES_ONE_OF(b, classes);
    p->dtype = BYTES_ONE_OF(b, floating);
    p->values = (enum values)bytes_below(b, VALUES_KINDS);
    p->seed = bytes_number(b, 2);
    p->target_dtype = bytes_chance(b, 3) ? BYTES_ONE_OF(b, floating) : bytes_chance(b, 2) ? XENT_I32 : XENT_I64;
    p->weight_dtype = bytes_chance(b, 3) ? BYTES_ONE_OF(b, floating) : (xent_dtype)0;
    p->row_weight_dtype = bytes_chance(b, 3) ? BYTES_ONE_OF(b, floating) : (xent_dtype)0;
    p->grad_loss_dtype = BYTES_ONE_OF(b, floating);
    p->loss_dtype = BYTES_ONE_OF(b, floating);
    p->reduction = (xent_reduction)bytes_below(b, 3);
    p->ignore_index = bytes_chance(b, 2) ? 0 : -100;
}

static void choose_options(struct partial_rows *r, struct bytes *b)
{
    static const double smoothings[] = { 0, 0.1, 1 }, z_losses[] = { 0, 1e-4, 1e4 }, scales[] = { 1, 0.7, 30 },
                        caps[] = { 0, 30, 1 };
    r->options = (xent_options)XENT_OPTIONS_INIT;
    r->options.axis = r->problem.axis;
    r->options.reduction = (int32_t)r->problem.reduction;
    r->options.ignore_index = r->problem.ignore_index;
    r->options.label_smoothing = BYTES_ONE_OF(b, smoothings);
    r->options.z_loss = BYTES_ONE_OF(b, z_losses);
    r->options.logit_scale = BYTES_ONE_OF(b, scales);
    r->options.softcap = BYTES_ONE_OF(b, caps);
    r->options.normalizer = bytes_chance(b, 3) ? 3 : 0;
}

typedef void fill(const struct problem *p, void *out);

/* A contiguous input of the shape of all logits, or without their classes. */
static void add(struct partial_rows *r, enum role role, xent_dtype dtype, fill *values)
{
    const struct problem *p = &r->problem;
    int64_t shape[XENT_MAX_NDIM];
    int32_t ndim = 0;
    for (int32_t d = 0; d < p->ndim; d++)
        if (d != p->axis || role == ROLE_INPUT || role == ROLE_PROBABILITIES) shape[ndim++] = p->shape[d];
    if (role == ROLE_WEIGHT) shape[0] = problem_classes(p), ndim = 1;
    if (role == ROLE_GRAD_LOSS && p->reduction != XENT_REDUCTION_NONE) ndim = 0;
    if (dtype == 0) return;
    r->memory[role] = memory_new((size_t)(problem_logits(p) + problem_classes(p)) * sizeof(double));
    values(p, r->memory[role]);
    must(xent_tensor_wrap(&r->tensor[role], dtype, ndim, shape, NULL, r->memory[role]), "a tensor");
}

static bool ignores(const struct partial_rows *r, int64_t row)
{
    const xent_tensor *weight = r->tensor[ROLE_ROW_WEIGHT], *classes = r->tensor[ROLE_CLASSES];
    if (weight != NULL && tensor_get(weight, row) == 0) return true;
    return classes != NULL && tensor_get(classes, row) == (double)r->problem.ignore_index;
}

/* Signalling NaNs in ignored rows, whose logits and probabilities are not read. */
static void poison(const struct partial_rows *r, enum role role, xent_dtype dtype)
{
    const struct extents e = problem_extents(&r->problem);
    for (int64_t i = 0, n = problem_logits(&r->problem); i < n && r->memory[role] != NULL; i++)
        if (ignores(r, i / (e.classes * e.inner) * e.inner + i % e.inner)) element_store_nan(dtype, r->memory[role], i, 0);
}

const xent_tensor *partial_rows_target(const struct partial_rows *r)
{
    return r->tensor[ROLE_CLASSES] != NULL ? r->tensor[ROLE_CLASSES] : r->tensor[ROLE_PROBABILITIES];
}

/* ---- Shards -------------------------------------------------------------------------------------------------------------- */

xent_tensor *partial_rows_slice(const struct partial_rows *r, enum role role, const xent_shard *shard)
{
    const xent_tensor *t = r->tensor[role];
    const int32_t axis = r->problem.axis;
    const xent_dtype dtype = xent_tensor_dtype(t);
    int64_t shape[XENT_MAX_NDIM];
    xent_tensor *slice;
    memcpy(shape, xent_tensor_shape(t), (size_t)r->problem.ndim * sizeof *shape);
    shape[axis] = shard->classes;
    char *first = (char *)xent_tensor_data(t) + shard->first * xent_tensor_strides(t)[axis] * (int64_t)xent_dtype_size(dtype);
    must(xent_tensor_wrap(&slice, dtype, r->problem.ndim, shape, xent_tensor_strides(t), first), "a slice");
    return slice;
}

/* By the library between chunks, or anywhere. */
static void choose_cut(struct partial_rows *r, int32_t most_parts, struct bytes *b)
{
    const int64_t of = problem_classes(&r->problem);
    const bool anywhere = bytes_chance(b, 2);
    int64_t from = 0;
    r->parts = 1 + (int32_t)bytes_below(b, most_parts);
    r->aligned = true;
    for (int32_t i = 0; i < r->parts; i++) {
        const int64_t some = of * bytes_below(b, 256) / 255, to = i + 1 == r->parts ? of : some < from ? from : some;
        must(xent_shard_cut(of, r->problem.dtype, r->parts, i, &r->shard[i]), "a cut");
        if (anywhere) r->shard[i] = (xent_shard){ from, to - from, of, (int32_t)r->problem.dtype, 0 };
        if (!anywhere && r->shard[i].first + r->shard[i].classes != of && r->shard[i].classes % 4096 != 0)
            flaw("a shard of %lld classes is no cut between chunks", (long long)r->shard[i].classes);
        if (r->shard[i].classes > 0) r->aligned &= r->shard[i].first % 4096 == 0;
        from = to;
    }
}

static void reduce(struct partial_rows *r)
{
    for (int32_t i = 0; i < r->parts; i++) {
        const int64_t count = r->rows * xent_partials_per_row(&r->shard[i]);
        xent_tensor *logits = partial_rows_slice(r, ROLE_INPUT, &r->shard[i]);
        xent_tensor *slice =
            r->tensor[ROLE_PROBABILITIES] != NULL ? partial_rows_slice(r, ROLE_PROBABILITIES, &r->shard[i]) : NULL;
        r->states[i] = memory_new((size_t)count * sizeof(xent_partial));
        must(xent_partial_reduce(logits, &r->shard[i], slice != NULL ? slice : r->tensor[ROLE_CLASSES], &r->options,
                                 r->states[i]),
             "xent_partial_reduce");
        xent_tensor_destroy(logits);
        xent_tensor_destroy(slice);
    }
}

void partial_state_spoil(xent_partial *state, struct bytes *b)
{
    static const double numbers[] = { NAN, INFINITY, -INFINITY, 0, -1, 1, 1e300, -1e300, 1e-310, 40, -700, 0x1p53 };
    double *const members[] = {
        &state->max, &state->rest, &state->heat, &state->coef, &state->gap, &state->peak, &state->target
    };
    double *member = BYTES_ONE_OF(b, members);
    *member = BYTES_ONE_OF(b, numbers);
}

void partial_rows_open(struct partial_rows *r, int32_t most_parts, struct bytes *b)
{
    memset(r, 0, sizeof *r);
    choose_problem(&r->problem, b);
    const struct problem *p = &r->problem;
    const bool probabilities = p->target_dtype <= XENT_BF16;
    choose_options(r, b);
    choose_cut(r, most_parts, b);
    r->rows = problem_logits(p) / problem_classes(p);
    add(r, ROLE_INPUT, p->dtype, fill_logits);
    add(r, probabilities ? ROLE_PROBABILITIES : ROLE_CLASSES, p->target_dtype,
        probabilities ? fill_probabilities : fill_classes);
    add(r, ROLE_WEIGHT, p->weight_dtype, fill_weights);
    add(r, ROLE_ROW_WEIGHT, p->row_weight_dtype, fill_row_weights);
    add(r, ROLE_GRAD_LOSS, p->grad_loss_dtype, fill_grad_loss);
    poison(r, ROLE_INPUT, p->dtype);
    poison(r, ROLE_PROBABILITIES, p->target_dtype);
    r->options.class_weight = r->tensor[ROLE_WEIGHT];
    r->options.row_weight = r->tensor[ROLE_ROW_WEIGHT];
    r->whole = memory_new((size_t)r->rows * sizeof(xent_partial));
    reduce(r);
    must(xent_partial_merge(r->parts, r->shard, (const xent_partial *const *)r->states, r->rows, r->whole),
         "xent_partial_merge");
}

void partial_rows_close(struct partial_rows *r)
{
    for (int role = 0; role < ROLES; role++) {
        xent_tensor_destroy(r->tensor[role]);
        free(r->memory[role]);
    }
    for (int32_t i = 0; i < r->parts; i++) free(r->states[i]);
    free(r->whole);
}
