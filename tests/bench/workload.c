#include "workload.h"

#include <stddef.h>

/* Options of the sizes that training has: smoothing 0.1, softcap 30, a temperature of 2, z-loss 1e-4. */
const struct bench_workload bench_workloads[BENCH_WORKLOADS] = {
    { "loss", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 1 },
    { "smoothing", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 1, .label_smoothing = 0.1 },
    { "weights", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 1, .class_weight = true },
    { "smoothing+weights", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 1, .label_smoothing = 0.1, .class_weight = true },
    { "row_weight", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 1, .row_weight = true },
    { "probabilities", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 1, .probabilities = true },
    { "softcap", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 1, .softcap = 30 },
    { "logit_scale", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 0.5 },
    { "z_loss", .operation = BENCH_CROSS_ENTROPY, .logit_scale = 1, .z_loss = 1e-4 },
    { "softmax", .operation = BENCH_SOFTMAX, .logit_scale = 1 },
    { "log_softmax", .operation = BENCH_LOG_SOFTMAX, .logit_scale = 1 },
    { "logsumexp", .operation = BENCH_LOGSUMEXP, .logit_scale = 1 },
    { "softmax_backward", .operation = BENCH_SOFTMAX_BACKWARD, .logit_scale = 1 },
    { "log_softmax_backward", .operation = BENCH_LOG_SOFTMAX_BACKWARD, .logit_scale = 1 },
    { "log", .operation = BENCH_LOG, .logit_scale = 1 },
    { "nll_loss", .operation = BENCH_NLL_LOSS, .logit_scale = 1 },
    { "top_20", .operation = BENCH_TOP_K, .logit_scale = 1 },
    { "kl_div", .operation = BENCH_KL_DIV, .logit_scale = 1 },
    { "row_stats", .operation = BENCH_ROW_STATS, .logit_scale = 1 },
};

bool bench_is_plain_loss(const struct bench_workload *w) { return w == &bench_workloads[0]; }

const char *bench_operation_name(enum bench_operation operation)
{
    static const char *const names[BENCH_OPERATIONS] = {
        "cross_entropy",        "nll_loss", "softmax", "log_softmax", "logsumexp", "softmax_backward",
        "log_softmax_backward", "log",      "top_k",   "kl_div",      "row_stats"
    };
    return names[operation];
}

bool bench_is_loss(const struct bench_workload *w)
{
    return w->operation == BENCH_CROSS_ENTROPY || w->operation == BENCH_NLL_LOSS || w->operation == BENCH_KL_DIV;
}

bool bench_is_per_row(const struct bench_workload *w)
{
    return w->operation == BENCH_LOGSUMEXP || w->operation == BENCH_TOP_K || w->operation == BENCH_ROW_STATS;
}

int64_t bench_best(int64_t classes) { return classes < 20 ? classes : 20; }

bool bench_has_pass(const struct bench_workload *w, enum bench_pass pass)
{
    return bench_is_loss(w) || bench_is_per_row(w) == (pass == BENCH_FORWARD);
}

bool bench_has_second(const struct bench_workload *w)
{
    return w->probabilities || w->operation == BENCH_SOFTMAX_BACKWARD || w->operation == BENCH_LOG_SOFTMAX_BACKWARD ||
           w->operation == BENCH_KL_DIV;
}

/* Of log-probabilities a class index asks for one a row. */
int bench_reads(const struct bench_workload *w) { return w->operation == BENCH_NLL_LOSS ? 0 : bench_has_second(w) ? 2 : 1; }
