#include "problem_values.h"

#include <math.h>

#include "problem_element.h"

enum tag {
    TAG_LOGITS = 1,
    TAG_PROBABILITIES,
    TAG_CLASSES,
    TAG_WEIGHTS,
    TAG_GRAD_LOSS,
    TAG_GRADIENT,
    TAG_TURNS,
    TAG_ROW_WEIGHTS
};

struct extents problem_extents(const struct problem *p)
{
    struct extents e = { 1, p->shape[p->axis], 1 };
    for (int32_t d = 0; d < p->axis; d++) e.outer *= p->shape[d];
    for (int32_t d = p->axis + 1; d < p->ndim; d++) e.inner *= p->shape[d];
    return e;
}

/* ---- Logits ------------------------------------------------------------------------------------------------------------ */

/* What a row holds that is no kind of values: one of the two tensors of a backward, where the kind is the other's. */
enum ordinary { ORDINARY_PROBABILITIES = VALUES_KINDS, ORDINARY_LOG_PROBABILITIES, ORDINARY_GRADIENT };

static double masked(xent_dtype dtype, struct random *r)
{
    switch (random_below(r, 12)) {
    case 0:
    case 1:
    case 2:
    case 3: return -INFINITY;
    case 4: return -0.0;
    case 5: return element_smallest(dtype) * (double)random_below(r, 1000);
    case 6: return -element_largest(dtype);
    case 7: return -88 - 80 * random_uniform(r);
    default: return 4 * random_normal(r);
    }
}

static double huge(xent_dtype dtype, struct random *r)
{
    const double x = element_largest(dtype) * (random_chance(r, 2) ? 1 : random_uniform(r));
    return random_chance(r, 2) ? x : random_chance(r, 2) ? -x : 4 * random_normal(r);
}

/* A row as the steps of one kind of values see it. */
struct row {
    xent_dtype dtype;
    int values; /* of enum values, or of enum ordinary */
    int64_t classes;
    int64_t special; /* the class that is not as the others */
    double center, lead;
};

static struct row row_of(const struct problem *p, struct random *r)
{
    static const double centers[] = { -3e4, 4e4, 123456, 1e6, 5e9, 0.37 }, f16_centers[] = { -3e4, 4e4, 1234, 300, 6e4, 0.37 };
    struct row row = { p->dtype, (int)p->values, problem_classes(p), 0, 0, 0 };
    if (row.values == VALUES_MIXED) row.values = (int)random_below(r, p->tame ? VALUES_LONELY : VALUES_MIXED);
    row.special = random_below(r, problem_classes(p));
    row.center = (p->dtype == XENT_F16 ? f16_centers : centers)[random_below(r, 6)];
    row.lead = 24 + 5 + 115 * random_uniform(r); /* the others lie within +-24 */
    return row;
}

static double common_logit(const struct row *row, struct random *r)
{
    const double normal = random_normal(r);
    switch (row->values) {
    case VALUES_OFFSET: return row->center + 4 * normal;
    case VALUES_WIDE: return (row->dtype == XENT_F64 ? 400 : 60) * normal;
    case VALUES_NARROW: return 1e-6 * normal;
    case VALUES_TIES: return (double)random_below(r, 4);
    case VALUES_MASKED: return masked(row->dtype, r);
    case VALUES_EQUAL: return row->center;
    case VALUES_LONELY: return -INFINITY;
    case VALUES_ZEROS: return random_chance(r, 2) ? -0.0 : 0.0;
    case VALUES_HUGE: return huge(row->dtype, r);
    case ORDINARY_PROBABILITIES: return 2 * random_uniform(r) / (double)row->classes;
    case ORDINARY_LOG_PROBABILITIES: return normal < 0 ? 4 * normal : -4 * normal;
    case ORDINARY_GRADIENT: return normal;
    default: return 4 * normal;
    }
}

static void store_logit(const struct row *row, void *out, int64_t at, int64_t c, struct random *r)
{
    const int special = c == row->special;
    const double common = common_logit(row, r);
    const uint64_t bits = random_bits(r);
    if (row->values == VALUES_NAN && special)
        element_store_nan(row->dtype, out, at, bits);
    else if (row->values == VALUES_BITS && bits % 64 != 0 && element_is_finite(row->dtype, bits))
        element_store_bits(row->dtype, out, at, bits);
    else if (row->values == VALUES_BITS)
        element_store(row->dtype, out, at, bits % 128 == 0 ? -INFINITY : 3);
    else if (row->values == VALUES_INFINITE && (special || bits % 64 == 0))
        element_store(row->dtype, out, at, INFINITY);
    else if (row->values == VALUES_ZEROS && bits % 8 == 0)
        element_store(row->dtype, out, at, element_smallest(row->dtype) * (double)(bits % 977));
    else if (row->values == VALUES_LONELY && special && row->lead < 90)
        element_store(row->dtype, out, at, row->center);
    else if (row->values == VALUES_EQUAL && special)
        element_store(row->dtype, out, at, row->center + row->lead / 16);
    else if (row->values == VALUES_CONFIDENT && special)
        element_store(row->dtype, out, at, row->lead);
    else
        element_store(row->dtype, out, at, common);
}

/* Of a backward's two tensors a row's kind of values is in the first, in the second or in both. */
static void fill_table(const struct problem *p, void *out, enum tag tag, int second, int ordinary)
{
    const struct extents e = problem_extents(p);
    struct random r = random_stream(p->seed, tag), turns = random_stream(p->seed, TAG_TURNS);
    for (int64_t i = 0; i < e.outer * e.inner; i++) {
        const int64_t base = i / e.inner * e.classes * e.inner + i % e.inner;
        struct row row = row_of(p, &r);
        if (random_below(&turns, 3) == second && ordinary != 0) row.values = ordinary;
        for (int64_t c = 0; c < e.classes; c++) store_logit(&row, out, base + c * e.inner, c, &r);
    }
    /* Of a logarithm's argument most signs are positive. */
    for (int64_t i = 0; problem_operation(p)->input == CONTENT_POSITIVE && i < problem_logits(p); i++)
        if (!random_chance(&r, 8)) element_clear_sign(p->dtype, out, i);
}

void fill_logits(const struct problem *p, void *out)
{
    const enum content content = problem_operation(p)->input;
    const int ordinary = content == CONTENT_PROBABILITIES       ? ORDINARY_PROBABILITIES
                         : content == CONTENT_LOG_PROBABILITIES ? ORDINARY_LOG_PROBABILITIES
                                                                : 0;
    fill_table(p, out, TAG_LOGITS, 0, ordinary);
}

void fill_gradient(const struct problem *p, void *out) { fill_table(p, out, TAG_GRADIENT, 1, ORDINARY_GRADIENT); }

/* ---- Targets, weights, upstream gradients --------------------------------------------------------------------------------- */

static double probability(xent_dtype dtype, int64_t kind, int64_t c, int64_t hot, struct random *r)
{
    const double u = random_uniform(r);
    switch (kind) {
    case 0:
    case 1: return c == hot ? 1 : 0;
    case 2: return c == hot ? 0.9 : 0.01;
    case 3:
    case 4: return u;
    case 5: return random_chance(r, 4) ? u : 0;
    case 6: return random_chance(r, 4) ? -u : u;
    case 7: return -0.0;
    case 8: return c == hot ? (dtype == XENT_F16 ? 6e4 : 3e38) : u;
    default: return c == hot ? (random_chance(r, 2) ? NAN : INFINITY) : u;
    }
}

void fill_probabilities(const struct problem *p, void *out)
{
    const struct extents e = problem_extents(p);
    struct random r = random_stream(p->seed, TAG_PROBABILITIES);
    for (int64_t i = 0; i < e.outer * e.inner; i++) {
        const int64_t base = i / e.inner * e.classes * e.inner + i % e.inner, hot = random_below(&r, e.classes);
        const int odd = random_chance(&r, 4) && !p->tame;
        const int64_t kind = random_below(&r, odd ? 10 : 6);
        for (int64_t c = 0; c < e.classes; c++)
            element_store(p->target_dtype, out, base + c * e.inner, probability(p->target_dtype, kind, c, hot, &r));
    }
}

static void store_class(xent_dtype dtype, void *out, int64_t i, int64_t value)
{
    switch ((int)dtype) {
    case XENT_I64: ((int64_t *)out)[i] = value; break;
    case XENT_I32: ((int32_t *)out)[i] = (int32_t)value; break;
    case XENT_I16: ((int16_t *)out)[i] = (int16_t)value; break;
    case XENT_I8: ((int8_t *)out)[i] = (int8_t)value; break;
    case XENT_U8: ((uint8_t *)out)[i] = (uint8_t)value; break;
    case XENT_U16: ((uint16_t *)out)[i] = (uint16_t)value; break;
    case XENT_U32: ((uint32_t *)out)[i] = (uint32_t)value; break;
    default: ((uint64_t *)out)[i] = (uint64_t)value; break;
    }
}

/* The largest and the smallest number that an integer dtype holds, as far as int64_t goes. */
static void integer_range(xent_dtype dtype, int64_t *low, int64_t *high)
{
    const int is_unsigned = dtype == XENT_U8 || dtype == XENT_U16 || dtype == XENT_U32 || dtype == XENT_U64;
    const int bits = 8 * (int)xent_dtype_size(dtype) - !is_unsigned;
    *high = bits >= 63 ? INT64_MAX : (INT64_C(1) << bits) - 1;
    *low = is_unsigned ? 0 : -*high - 1;
}

void fill_classes(const struct problem *p, void *out)
{
    const struct extents e = problem_extents(p);
    struct random r = random_stream(p->seed, TAG_CLASSES);
    int64_t low, high;
    integer_range(p->target_dtype, &low, &high);
    const int64_t limit = high < e.classes ? high + 1 : e.classes;
    const int can_ignore = p->ignore_index >= low && p->ignore_index <= high;
    for (int64_t i = 0; i < e.outer * e.inner; i++) {
        const int64_t y = random_below(&r, limit);
        store_class(p->target_dtype, out, i, random_chance(&r, 4) && can_ignore ? p->ignore_index : y);
    }
}

void fill_weights(const struct problem *p, void *out)
{
    struct random r = random_stream(p->seed, TAG_WEIGHTS);
    const double odd[] = { 0, 0, p->weight_dtype == XENT_F16 ? 6e4 : 1e30, element_smallest(p->weight_dtype) };
    const int all_zero = random_chance(&r, 8) && !p->tame;
    for (int64_t c = 0; c < problem_classes(p); c++) {
        const double usual = 2 * random_uniform(&r), unusual = odd[random_below(&r, 4)];
        element_store(p->weight_dtype, out, c, all_zero ? 0 : random_chance(&r, 8) && !p->tame ? unusual : usual);
    }
}

/* A quarter of the rows counts for nothing; a weight of 1 is one that changes nothing. */
void fill_row_weights(const struct problem *p, void *out)
{
    struct random r = random_stream(p->seed, TAG_ROW_WEIGHTS);
    const double odd[] = { element_largest(p->row_weight_dtype), element_smallest(p->row_weight_dtype), -0.0, 1 };
    const int all_zero = random_chance(&r, 16) && !p->tame;
    for (int64_t i = 0; i < problem_logits(p) / problem_classes(p); i++) {
        const double usual = random_chance(&r, 4) ? 0 : 2 * random_uniform(&r), unusual = odd[random_below(&r, 4)];
        element_store(p->row_weight_dtype, out, i, all_zero ? 0 : random_chance(&r, 8) && !p->tame ? unusual : usual);
    }
}

void fill_grad_loss(const struct problem *p, void *out)
{
    const int64_t n = p->reduction == XENT_REDUCTION_NONE ? problem_logits(p) / problem_classes(p) : 1;
    struct random r = random_stream(p->seed, TAG_GRAD_LOSS);
    const double extremes[] = { 0,        -0.0, element_largest(p->grad_loss_dtype), -element_smallest(p->grad_loss_dtype),
                                INFINITY, NAN };
    const int64_t kind = random_below(&r, 8);
    for (int64_t i = 0; i < n; i++) {
        const double normal = random_normal(&r), extreme = extremes[random_below(&r, 6)];
        element_store(p->grad_loss_dtype, out, i,
                      kind == 0   ? extreme
                      : kind == 1 ? (p->grad_loss_dtype == XENT_F16 ? 1e-5 : 1e-30) * normal
                                  : normal);
    }
}
