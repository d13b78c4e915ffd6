#include "support/exam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/operations.h"
#include "support/random.h"

/* Numbers at the ends of a dtype's range. */
struct range {
    double tiny;    /* times a logit of about 1: subnormal */
    double large;   /* near the largest */
    double certain; /* a class with this logit leaves subnormal probabilities to others with 0 */
};

static struct range range_of(xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F64: return (struct range){ 0x1p-1060, 0x1.8p1023, 740 };
    case XENT_F16: return (struct range){ 0x1p-20, 0x1.8p15, 14 };
    case XENT_BF16: return (struct range){ 0x1p-131, 0x1.8p127, 91 };
    default: return (struct range){ 0x1p-140, 0x1.8p127, 100 };
    }
}

/* Makes row `row` of the logits a special one. */
static void make_special(struct exam *e, int64_t row, int64_t classes)
{
    const struct range range = range_of(xent_tensor_dtype(e->logits));
    for (int64_t c = 0; c < classes; c++) {
        const double z = tensor_get(e->logits, row * classes + c);
        const double special[] = { z * range.tiny, c == 1 ? range.certain : 0, c % 2 ? range.large : -range.large,
                                   c == 2 ? NAN : z, c % 3 ? z : -INFINITY };
        if (row < 5) tensor_set(e->logits, row * classes + c, special[row]);
    }
    if (row == 5) tensor_set(e->classes, row, -100);
}

/* Whatever the dtype of an answer, the next one is aligned. */
static size_t aligned(size_t bytes) { return (bytes + sizeof(double) - 1) / sizeof(double) * sizeof(double); }

/* Room for the next `bytes` bytes of answers. */
static void *take(struct exam *e, size_t *used, size_t bytes)
{
    void *at = e->answers + *used;
    *used += aligned(bytes);
    assert_true(*used <= e->size);
    return at;
}

static xent_dtype dtype_of(const struct exam *e, enum role role)
{
    return role_is_integer(role) ? XENT_I32 : xent_tensor_dtype(e->logits);
}

static int64_t elements_of(const struct exam *e, enum extent extent, xent_reduction reduction)
{
    const int64_t rows = xent_tensor_shape(e->logits)[0];
    if (extent == EXTENT_TABLE) return xent_tensor_numel(e->logits);
    if (extent == EXTENT_BEST) return rows * best_of(xent_tensor_shape(e->logits)[1]);
    return extent == EXTENT_REDUCED && reduction != XENT_REDUCTION_NONE ? 1 : rows;
}

/* The next piece of the answers as a result. */
static xent_tensor *next(struct exam *e, size_t *used, enum role role, enum extent extent, xent_reduction reduction)
{
    const xent_dtype dtype = dtype_of(e, role);
    const int64_t elements = elements_of(e, extent, reduction), *logits = xent_tensor_shape(e->logits);
    int64_t shape[2];
    int32_t ndim = extent_shape(extent, logits[0], logits[1], shape);
    if (extent == EXTENT_REDUCED && reduction != XENT_REDUCTION_NONE) ndim = 0;
    return tensor_over(dtype, ndim, shape, take(e, used, (size_t)elements * xent_dtype_size(dtype)));
}

static xent_tensor *input_of(const struct exam *e, enum content content)
{
    switch (content) {
    case CONTENT_LOG_PROBABILITIES: return e->log_probabilities;
    case CONTENT_LOGITS: return e->logits;
    default: return e->target;
    }
}

/* Upstream gradients are those of one result for all rows. */
static void solve(struct exam *e, const struct use *u, xent_reduction reduction, size_t *used)
{
    xent_tensor *tensors[ROLES] = { [ROLE_INPUT] = input_of(e, u->operation->input),
                                    [ROLE_UPSTREAM] = e->logits,
                                    [ROLE_CLASSES] = e->classes,
                                    [ROLE_PROBABILITIES] = e->target,
                                    [ROLE_WEIGHT] = e->weight,
                                    [ROLE_ROW_WEIGHT] = e->row_weight,
                                    [ROLE_GRAD_LOSS] = reduction == XENT_REDUCTION_NONE ? NULL : e->grad_loss };
    double divisor;
    for (int role = 0; role < ROLES; role++)
        if (role_rules[role].output && use_takes(u, (enum role)role))
            tensors[role] = next(e, used, (enum role)role, operation_extent(u->operation, (enum role)role), reduction);
    expect_ok(use_call(u, tensors, 1, reduction, &divisor));
    for (int role = 0; role < ROLES; role++)
        if (role_rules[role].output) xent_tensor_destroy(tensors[role]);
    if (u->operation->divisor) memcpy(take(e, used, sizeof divisor), &divisor, sizeof divisor);
}

/* A loss alone, without options, as sum and for each row; all options at once for each row. Gradients as mean or as sum. */
static int reductions_of(const struct use *u, xent_reduction reductions[2])
{
    const bool gradient = use_takes(u, ROLE_OUTPUT);
    reductions[0] = !gradient ? XENT_REDUCTION_NONE : u->all_options ? XENT_REDUCTION_SUM : XENT_REDUCTION_MEAN;
    reductions[1] = XENT_REDUCTION_SUM;
    return operation_extent(u->operation, ROLE_LOSS) == EXTENT_REDUCED && use_takes(u, ROLE_LOSS) && !gradient &&
                   !u->all_options
               ? 2
               : 1;
}

/* What all answers need. */
static size_t room_for_all(const struct exam *e)
{
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    xent_reduction reductions[2];
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        const int times = reductions_of(&uses[i], reductions);
        for (int k = 0; k < times; k++) {
            for (int role = 0; role < ROLES; role++)
                if (role_rules[role].output && use_takes(&uses[i], (enum role)role))
                    size +=
                        aligned((size_t)elements_of(e, operation_extent(uses[i].operation, (enum role)role), reductions[k]) *
                                xent_dtype_size(dtype_of(e, (enum role)role)));
            if (uses[i].operation->divisor) size += sizeof(double);
        }
    }
    return size;
}

struct exam exam_new(xent_dtype dtype, int64_t rows, int64_t classes, bool special)
{
    struct random r = random_stream(2026, (uint64_t)(rows * classes));
    struct exam e = {
        .logits = tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR),
        .log_probabilities = tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR),
        .classes = tensor_new(XENT_I32, SHAPE(rows), ROW_MAJOR),
        .target = tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR),
        .weight = tensor_new(dtype, SHAPE(classes), ROW_MAJOR),
        .row_weight = tensor_new(dtype, SHAPE(rows), ROW_MAJOR),
        .grad_loss = tensor_new(dtype, SCALAR, ROW_MAJOR),
    };
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(e.logits, i, 3 * random_normal(&r));
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(e.target, i, random_uniform(&r));
    for (int64_t i = 0; i < rows; i++) tensor_set(e.classes, i, (double)random_below(&r, classes));
    for (int64_t i = 0; i < classes; i++) tensor_set(e.weight, i, random_uniform(&r) + 0.25);
    for (int64_t i = 0; i < rows; i++) tensor_set(e.row_weight, i, i % 11 == 6 ? 0 : 0.5 + (double)(i % 7) / 4);
    tensor_set(e.grad_loss, 0, 0.7);
    for (int64_t i = 0; special && i < rows; i++) make_special(&e, i, classes);
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(e.log_probabilities, i, -fabs(tensor_get(e.logits, i)));
    e.size = room_for_all(&e);
    e.answers = calloc(e.size, 1);
    assert_non_null(e.answers);
    return e;
}

void exam_free(struct exam *e)
{
    tensor_free(e->logits);
    tensor_free(e->log_probabilities);
    tensor_free(e->classes);
    tensor_free(e->target);
    tensor_free(e->weight);
    tensor_free(e->row_weight);
    tensor_free(e->grad_loss);
    free(e->answers);
}

int exam_solve(struct exam *e)
{
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    xent_reduction reductions[2];
    size_t used = 0;
    int calls = 0;
    memset(e->answers, 0xA5, e->size);
    for (int i = 0; i < count; i++) {
        const int times = reductions_of(&uses[i], reductions);
        for (int k = 0; k < times; k++) solve(e, &uses[i], reductions[k], &used);
        calls += times;
    }
    assert_int_equal(used, e->size);
    return calls;
}
