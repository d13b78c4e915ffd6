#ifndef XENT_BENCH_WORKLOAD_H
#define XENT_BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bench_operation {
    BENCH_CROSS_ENTROPY,
    BENCH_NLL_LOSS,
    BENCH_SOFTMAX,
    BENCH_LOG_SOFTMAX,
    BENCH_LOGSUMEXP,
    BENCH_SOFTMAX_BACKWARD,
    BENCH_LOG_SOFTMAX_BACKWARD,
    BENCH_LOG,
    BENCH_TOP_K,
    BENCH_KL_DIV,
    BENCH_ROW_STATS,
    BENCH_OPERATIONS
};

/* What becomes of an array of the logits' shape: none is written (a loss, a number a row), the input is replaced, or the
   output has memory of its own. */
enum bench_pass { BENCH_FORWARD, BENCH_IN_PLACE, BENCH_OUT_OF_PLACE, BENCH_PASSES };

/* An operation and its options. */
struct bench_workload {
    const char *name; /* as options, tables and JSON have it */
    enum bench_operation operation;
    bool class_weight, row_weight, probabilities;
    double label_smoothing, softcap, logit_scale, z_loss; /* logit_scale: 1 if it is off, the others 0 */
};

/* The plain cross entropy first. */
#define BENCH_WORKLOADS 19
extern const struct bench_workload bench_workloads[BENCH_WORKLOADS];

/* Cross entropy of class indices without options, which every peer computes. */
bool bench_is_plain_loss(const struct bench_workload *w);

const char *bench_operation_name(enum bench_operation operation);

/* Whether it writes something for each row and nothing for each logit. */
bool bench_is_per_row(const struct bench_workload *w);

/* How many classes of so many are asked for: those that a server reports at most. */
int64_t bench_best(int64_t classes);

bool bench_has_pass(const struct bench_workload *w, enum bench_pass pass);

/* Whether the result of the forward pass is one number, a mean loss. */
bool bench_is_loss(const struct bench_workload *w);

/* Whether there is a second input of the logits' shape: probabilities, the gradient of what comes after, or the logits of a
   teacher. */
bool bench_has_second(const struct bench_workload *w);

/* How many arrays of the logits' shape a pass has to read, whoever computes it. */
int bench_reads(const struct bench_workload *w);

#ifdef __cplusplus
}
#endif

#endif
