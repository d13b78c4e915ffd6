/* The checks of class indices, class weights and row weights, and the weight of one class, which losses and divisor read too. */
#include "args/target.h"

#include <math.h>
#include <stdio.h>

#include "args/errors.h"

double xent_weight_of(const struct xent_tensor *class_weight, int64_t class_index)
{
    if (class_weight == NULL) return 1;
    return xent_load_float(class_weight->dtype,
                           (const char *)class_weight->data + (ptrdiff_t)class_index * class_weight->step[0]);
}

void xent_weights_of(const struct xent_tensor *class_weight, const int64_t *class_index, size_t n, double *weight)
{
    xent_gather_doubles_at(class_weight->dtype, class_weight->data, class_weight->step[0], class_index, n, weight);
}

static bool is_weight(double weight) { return weight >= 0 && weight < (double)INFINITY; }

#define POSITION_TEXT 176 /* eight extents of up to 19 digits in brackets */

/* "[3][17]": the index of element `i`, which counts in row-major order of the tensor's own shape. */
static void describe_position(const struct xent_tensor *tensor, int64_t i, char position[POSITION_TEXT])
{
    int64_t at[XENT_MAX_NDIM];
    size_t used = 0;
    position[0] = 0;
    for (int32_t d = tensor->ndim - 1; d >= 0; d--) {
        at[d] = i % tensor->shape[d];
        i /= tensor->shape[d];
    }
    for (int32_t d = 0; d < tensor->ndim; d++)
        used += (size_t)snprintf(position + used, POSITION_TEXT - used, "[%lld]", (long long)at[d]);
}

static XENT_COLD xent_status bad_weight(const char *name, const struct xent_tensor *tensor, int64_t i, double weight)
{
    char position[POSITION_TEXT], text[XENT_NUMBER_TEXT];
    describe_position(tensor, i, position);
    return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "%s%s = %s, expected a finite number >= 0", name, position,
                     xent_number_text(weight, text));
}

xent_status xent_check_weights(const struct xent_tensor *class_weight)
{
    for (int64_t c = 0; c < class_weight->numel; c++) {
        double weight = xent_weight_of(class_weight, c);
        if (!is_weight(weight)) return bad_weight("class_weight", class_weight, c, weight);
    }
    return XENT_OK;
}

enum { BATCH = 64 }; /* weights or indices that are read at a time */

/* Of n weights `step` bytes apart, at most a batch, the first that is none; n where all are. */
static int64_t first_bad_weight(const struct xent_tensor *row_weight, const char *at, ptrdiff_t step, int64_t n, double *found)
{
    double weight[BATCH];
    int64_t bad = 0, i = 0;
    xent_gather_doubles(row_weight->dtype, at, step, (size_t)n, weight);
    for (int64_t k = 0; k < n; k++) bad += !is_weight(weight[k]);
    if (bad == 0) return n;
    while (is_weight(weight[i])) i++;
    *found = weight[i];
    return i;
}

xent_status xent_check_row_weights(const struct xent_tensor *row_weight, const struct xent_walk *walk, int32_t operand)
{
    ptrdiff_t step = xent_walk_step(walk, operand);
    struct xent_position position;
    double weight = 0;
    xent_walk_start(&position);
    for (int64_t row = 0, n = 0; row < walk->count; row += n) {
        int64_t good;
        if (row > 0) xent_walk_advance(walk, &position, n);
        n = xent_walk_run(walk, &position);
        if (n > BATCH) n = BATCH;
        good = first_bad_weight(row_weight, (const char *)row_weight->data + position.offset[operand], step, n, &weight);
        if (good < n) return bad_weight("row_weight", row_weight, row + good, weight);
    }
    return XENT_OK;
}

static XENT_COLD xent_status bad_index(const struct xent_tensor *target, const struct xent_target_rule *rule, int64_t row,
                                       const char *at)
{
    int64_t index = xent_load_index(rule->dtype, at);
    char position[POSITION_TEXT];
    describe_position(target, row, position);
    if (rule->dtype == XENT_U64)
        return xent_fail(XENT_ERROR_TARGET, "target%s = %llu is outside [0, %lld)", position, (unsigned long long)index,
                         (long long)rule->classes);
    return xent_fail(XENT_ERROR_TARGET, "target%s = %lld is outside [0, %lld)", position, (long long)index,
                     (long long)rule->classes);
}

/* Of n rows, how many come before the first whose index is no class; *kept grows by those not ignored. */
static inline int64_t scan_run(const struct xent_target_rule *rule, const int64_t *index, int64_t n, int64_t *kept)
{
    const bool may_ignore = rule->may_ignore, any = rule->classes == XENT_CLASSES_UNKNOWN;
    const int64_t ignore_index = rule->ignore_index;
    const uint64_t classes = (uint64_t)rule->classes;
    int64_t row = 0, ignored = 0;
    for (; row < n; row++) {
        if (may_ignore && index[row] == ignore_index)
            ignored++;
        else if ((uint64_t)index[row] >= classes && !any)
            break;
    }
    *kept += row - ignored;
    return row;
}

/* Whether a batch of indices are classes, all of them. Without a comparison it is vector code on any instruction set. */
static bool are_classes(const int64_t *index, int64_t classes)
{
    const uint64_t last = (uint64_t)classes - 1;
    uint64_t outside = 0; /* its highest bit: an index that is negative, or larger than the last */
    for (size_t i = 0; i < BATCH; i++) outside |= (uint64_t)index[i] | (last - (uint64_t)index[i]);
    return outside >> 63 == 0;
}

/* The same where some may be ignored, which pass as class 0. */
static bool are_classes_or_ignored(const int64_t *index, int64_t classes, int64_t ignore_index, int64_t *counted)
{
    const uint64_t last = (uint64_t)classes - 1;
    uint64_t outside = 0, count = 0;
    for (size_t i = 0; i < BATCH; i++) {
        const uint64_t apart = (uint64_t)index[i] ^ (uint64_t)ignore_index, counts = (apart | (0 - apart)) >> 63;
        const uint64_t c = (uint64_t)index[i] & (0 - counts);
        outside |= c | (last - c);
        count += counts;
    }
    *counted = (int64_t)count;
    return outside >> 63 == 0;
}

/* As scan_run, of a batch. Most often nothing is ignored, and cannot be where ignore_index is no class. */
static int64_t scan_batch(const struct xent_target_rule *rule, const int64_t *index, int64_t *kept)
{
    const int64_t classes = rule->classes, ignore_index = rule->ignore_index;
    const bool may_find = rule->may_ignore && (uint64_t)ignore_index < (uint64_t)classes;
    int64_t counted = 0;
    if (classes == XENT_CLASSES_UNKNOWN) return scan_run(rule, index, BATCH, kept);
    if (!may_find && are_classes(index, classes))
        counted = BATCH;
    else if (!rule->may_ignore || !are_classes_or_ignored(index, classes, ignore_index, &counted))
        return scan_run(rule, index, BATCH, kept);
    *kept += counted;
    return BATCH;
}

/* Of n rows `step` bytes apart. */
static __attribute__((noinline)) int64_t scan_batches(const struct xent_target_rule *rule, const char *at, ptrdiff_t step,
                                                      int64_t n, int64_t *kept)
{
    const bool in_place = rule->dtype == XENT_I64 && step == sizeof(int64_t);
    int64_t copy[BATCH];
    for (int64_t row = 0; row < n; row += BATCH, at += BATCH * step) {
        const int64_t *index = in_place ? (const int64_t *)(const void *)at : copy;
        int64_t count = n - row < BATCH ? n - row : BATCH, good;
        if (!in_place) xent_gather_indices(rule->dtype, at, step, (size_t)count, copy);
        good = count == BATCH ? scan_batch(rule, index, kept) : scan_run(rule, index, count, kept);
        if (good < count) return row + good;
    }
    return n;
}

static inline int64_t scan_any(const struct xent_target_rule *rule, const char *at, ptrdiff_t step, int64_t n, int64_t *kept)
{
    if (n < BATCH && rule->dtype == XENT_I64 && step == sizeof(int64_t))
        return scan_run(rule, (const int64_t *)(const void *)at, n, kept);
    return scan_batches(rule, at, step, n, kept);
}

/* The target's runs behind the first, which ends `row` rows on. */
static __attribute__((noinline)) xent_status check_further_runs(const struct xent_tensor *target, const struct xent_walk *walk,
                                                                int32_t operand, const struct xent_target_rule *rule,
                                                                int64_t *kept)
{
    const ptrdiff_t step = xent_walk_step(walk, operand);
    const int64_t run = xent_walk_whole_run(walk);
    struct xent_position position;
    xent_walk_start(&position);
    for (int64_t row = run; row < walk->count; row += run) {
        const char *at;
        int64_t good;
        xent_walk_advance(walk, &position, run);
        at = (const char *)target->data + position.offset[operand];
        good = scan_any(rule, at, step, run, kept);
        if (good < run) return bad_index(target, rule, row + good, at + (ptrdiff_t)good * step);
    }
    return XENT_OK;
}

/* The first run needs no position. */
xent_status xent_check_indices(const struct xent_tensor *target, const struct xent_walk *walk, int32_t operand,
                               const struct xent_target_rule *rule, int64_t *counted)
{
    const ptrdiff_t step = xent_walk_step(walk, operand);
    const int64_t run = xent_walk_whole_run(walk), first = run < walk->count ? run : walk->count;
    const char *at = target->data;
    int64_t good;
    *counted = 0;
    good = scan_any(rule, at, step, first, counted);
    if (good < first) return bad_index(target, rule, good, at + (ptrdiff_t)good * step);
    return first < walk->count ? check_further_runs(target, walk, operand, rule, counted) : XENT_OK;
}
