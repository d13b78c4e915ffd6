/* The checks of xent_row_stats, in the order of xent.h; after the last of them the walks over the rows are known. */
#include <string.h>

#include "args/options.h"
#include "args/struct.h"
#include "ops/loss_check.h"
#include "ops/stats.h"

/* Where there is a loss beside the statistics, theirs is told from it. */
static const char *const *names_of(const struct xent_row_stats *stats)
{
    static const char *const names[][XENT_STATS_MEMBERS] = { { "loss", "lse", "max", "argmax", "entropy", "rank" },
                                                             { "stats->loss", "lse", "max", "argmax", "entropy", "rank" } };
    return names[stats->loss.loss != NULL];
}

static bool counts_classes(int member) { return member == XENT_STATS_ARGMAX || member == XENT_STATS_RANK; }

static bool needs_target(const struct xent_row_stats *stats)
{
    return stats->out[XENT_STATS_LOSS] != NULL || stats->out[XENT_STATS_RANK] != NULL;
}

xent_status xent_stats_read(struct xent_row_stats *stats)
{
    static const struct xent_struct_words words = { "stats", "xent_stats", "member" };
    xent_stats s;
    XENT_TRY(xent_struct_read(&words, stats->given, sizeof s, &s));
    memcpy(stats->out, (struct xent_tensor *[XENT_STATS_MEMBERS]){ s.loss, s.lse, s.max, s.argmax, s.entropy, s.rank },
           sizeof stats->out);
    return XENT_OK;
}

static xent_status check_null(struct xent_row_stats *stats)
{
    bool wanted = false;
    XENT_TRY(xent_check_not_null("logits", stats->loss.logits));
    XENT_TRY(xent_check_not_null("stats", stats->given));
    XENT_TRY(xent_stats_read(stats));
    for (int member = 0; member < XENT_STATS_MEMBERS; member++) wanted |= stats->out[member] != NULL;
    if (!wanted) return xent_fail(XENT_ERROR_INVALID_ARGUMENT, "stats has no member, expected at least one output");
    return needs_target(stats) ? xent_check_not_null("target", stats->loss.target) : XENT_OK;
}

static xent_status check_index_dtype(const char *name, const struct xent_tensor *out)
{
    if (out->dtype == XENT_I64 || out->dtype == XENT_I32) return XENT_OK;
    return xent_fail(XENT_ERROR_DTYPE, "%s has dtype %s, expected I64 or I32", name, xent_element_name(out->dtype));
}

static xent_status check_dtypes(const struct xent_row_stats *stats)
{
    const struct xent_loss *loss = &stats->loss;
    const char *const *names = names_of(stats);
    XENT_TRY(xent_loss_check_dtypes(loss));
    if (stats->out[XENT_STATS_RANK] != NULL && loss->target->floating)
        return xent_fail(XENT_ERROR_DTYPE, "target has dtype %s, expected class indices: rank is wanted",
                         xent_element_name(loss->target->dtype));
    for (int member = 0; member < XENT_STATS_MEMBERS; member++) {
        const struct xent_tensor *out = stats->out[member];
        if (out == NULL) continue;
        XENT_TRY(counts_classes(member) ? check_index_dtype(names[member], out) : xent_check_floating(names[member], out));
    }
    return XENT_OK;
}

static xent_status check_shapes(struct xent_row_stats *stats)
{
    struct xent_loss *loss = &stats->loss;
    const char *const *names = names_of(stats);
    XENT_TRY(xent_loss_check_shapes(loss));
    for (int member = 0; member < XENT_STATS_MEMBERS; member++) {
        const struct xent_tensor *out = stats->out[member];
        if (out == NULL) continue;
        XENT_TRY(xent_check_shape(names[member], out, loss->logits, loss->axis, "the batch shape"));
        if (counts_classes(member) && out->dtype == XENT_I32 && loss->rule.classes - 1 > INT32_MAX)
            return xent_fail(XENT_ERROR_SHAPE, "%s has dtype I32, expected I64: there are %lld classes", names[member],
                             (long long)loss->rule.classes);
    }
    return XENT_OK;
}

xent_status xent_stats_check_outputs(const struct xent_row_stats *stats)
{
    const struct xent_loss *loss = &stats->loss;
    const char *const *names = names_of(stats);
    XENT_TRY(xent_loss_check_outputs(loss));
    for (int member = 0; member < XENT_STATS_MEMBERS; member++) {
        const struct xent_tensor *out = stats->out[member];
        if (out == NULL) continue;
        XENT_TRY(xent_loss_check_output(loss, &loss->options, names[member], out, false));
        XENT_TRY(xent_check_apart(names[member], out, "loss", loss->loss, false));
        XENT_TRY(xent_check_apart(names[member], out, "grad_logits", loss->grad_logits, false));
        for (int other = 0; other < member; other++)
            XENT_TRY(xent_check_apart(names[member], out, names[other], stats->out[other], false));
    }
    return XENT_OK;
}

static void plan_outputs(struct xent_row_stats *stats)
{
    struct xent_operand outputs[XENT_STATS_MEMBERS];
    const struct xent_tensor *any = NULL;
    for (int member = 0; member < XENT_STATS_MEMBERS; member++)
        if (stats->out[member] != NULL) any = stats->out[member];
    if (any == NULL) return;
    /* an output that is not wanted goes along with another */
    for (int member = 0; member < XENT_STATS_MEMBERS; member++)
        outputs[member] = (struct xent_operand){ stats->out[member] != NULL ? stats->out[member] : any, XENT_NO_AXIS };
    xent_walk_plan(&stats->outputs, outputs, XENT_STATS_MEMBERS);
}

/* Stands for a target that is not given: class 0 in every row. Nothing that is wanted then depends on it. */
static int64_t class_0;
static const struct xent_tensor no_target = { .dtype = XENT_I64, .data = &class_0 };

xent_status xent_stats_check_shapes(struct xent_row_stats *stats)
{
    struct xent_loss *loss = &stats->loss;
    xent_target_rule_init(&loss->rule, loss->target == NULL ? &no_target : loss->target, loss->options.ignore_index,
                          XENT_CLASSES_UNKNOWN);
    XENT_TRY(check_dtypes(stats));
    return check_shapes(stats);
}

xent_status xent_stats_check_values(struct xent_row_stats *stats)
{
    struct xent_loss *loss = &stats->loss;
    plan_outputs(stats);
    XENT_TRY(xent_loss_check_values(loss));
    if (loss->target != NULL) return XENT_OK;
    loss->target = &no_target;
    loss->rule.may_ignore = false;
    return XENT_OK;
}

xent_status xent_stats_check(void *call)
{
    struct xent_row_stats *stats = call;
    stats->loss.kind = &xent_loss_of_logits;
    XENT_TRY(check_null(stats));
    XENT_TRY(xent_options_read(stats->loss.given, &stats->loss.options));
    XENT_TRY(xent_stats_check_shapes(stats));
    XENT_TRY(xent_stats_check_outputs(stats));
    XENT_TRY(xent_stats_check_values(stats));
    stats->loss.divisor = 1;
    return XENT_OK;
}
