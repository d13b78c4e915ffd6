/* The table of operations. */
#include "operations.h"

#include <stdio.h>

const struct role_rule role_rules[ROLES] = {
    [ROLE_INPUT] = { EXTENT_TABLE, ELEMENTS_FLOATING, false },
    [ROLE_UPSTREAM] = { EXTENT_TABLE, ELEMENTS_OF_INPUT, false },
    [ROLE_CLASSES] = { EXTENT_ROWS, ELEMENTS_INTEGER, false },
    [ROLE_PROBABILITIES] = { EXTENT_TABLE, ELEMENTS_FLOATING, false },
    [ROLE_WEIGHT] = { EXTENT_CLASSES, ELEMENTS_FLOATING, false },
    [ROLE_ROW_WEIGHT] = { EXTENT_ROWS, ELEMENTS_FLOATING, false },
    [ROLE_GRAD_LOSS] = { EXTENT_REDUCED, ELEMENTS_FLOATING, false },
    [ROLE_LOSS] = { EXTENT_REDUCED, ELEMENTS_FLOATING, true },
    [ROLE_OUTPUT] = { EXTENT_TABLE, ELEMENTS_OF_INPUT, true },
    [ROLE_INDEX] = { EXTENT_BEST, ELEMENTS_INDEX, true },
    [ROLE_BEST] = { EXTENT_BEST, ELEMENTS_FLOATING, true },
    [ROLE_ROW_LOSS] = { EXTENT_ROWS, ELEMENTS_FLOATING, true },
    [ROLE_LSE] = { EXTENT_ROWS, ELEMENTS_FLOATING, true },
    [ROLE_MAX] = { EXTENT_ROWS, ELEMENTS_FLOATING, true },
    [ROLE_ARGMAX] = { EXTENT_ROWS, ELEMENTS_INDEX, true },
    [ROLE_ENTROPY] = { EXTENT_ROWS, ELEMENTS_FLOATING, true },
    [ROLE_RANK] = { EXTENT_ROWS, ELEMENTS_INDEX, true },
};

int64_t best_of(int64_t classes)
{
    enum { FEW = 3 };
    return classes < FEW ? classes : FEW;
}

bool extent_has_axis(enum extent extent) { return extent == EXTENT_TABLE || extent == EXTENT_BEST; }

int32_t extent_shape(enum extent extent, int64_t rows, int64_t classes, int64_t shape[2])
{
    shape[0] = extent == EXTENT_CLASSES ? classes : rows;
    shape[1] = extent == EXTENT_BEST ? best_of(classes) : classes;
    return extent_has_axis(extent) ? 2 : 1;
}

bool role_is_integer(enum role role)
{
    return role_rules[role].elements == ELEMENTS_INTEGER || role_rules[role].elements == ELEMENTS_INDEX;
}

/* ---- Calls --------------------------------------------------------------------------------------------------------------- */

static const xent_tensor *target_of(const struct arguments *a)
{
    return a->tensor[ROLE_CLASSES] != NULL ? a->tensor[ROLE_CLASSES] : a->tensor[ROLE_PROBABILITIES];
}

static xent_status call_softmax(const struct arguments *a)
{
    return xent_softmax(a->tensor[ROLE_INPUT], a->axis, a->tensor[ROLE_OUTPUT]);
}

static xent_status call_log_softmax(const struct arguments *a)
{
    return xent_log_softmax(a->tensor[ROLE_INPUT], a->axis, a->tensor[ROLE_OUTPUT]);
}

static xent_status call_logsumexp(const struct arguments *a)
{
    return xent_logsumexp(a->tensor[ROLE_INPUT], a->axis, a->tensor[ROLE_LOSS]);
}

static xent_status call_top_k(const struct arguments *a)
{
    return xent_top_k(a->tensor[ROLE_INPUT], a->axis, a->tensor[ROLE_INDEX], a->tensor[ROLE_BEST]);
}

static xent_status call_log(const struct arguments *a) { return xent_log(a->tensor[ROLE_INPUT], a->tensor[ROLE_OUTPUT]); }

static xent_status call_nll_loss(const struct arguments *a)
{
    return xent_nll_loss(a->tensor[ROLE_INPUT], target_of(a), a->options, a->tensor[ROLE_LOSS]);
}

static xent_status call_cross_entropy(const struct arguments *a)
{
    return xent_cross_entropy(a->tensor[ROLE_INPUT], target_of(a), a->options, a->tensor[ROLE_LOSS]);
}

static xent_status call_cross_entropy_grad(const struct arguments *a)
{
    return xent_cross_entropy_grad(a->tensor[ROLE_INPUT], target_of(a), a->options, a->tensor[ROLE_GRAD_LOSS],
                                   a->tensor[ROLE_LOSS], a->tensor[ROLE_OUTPUT]);
}

static xent_status call_mean_divisor(const struct arguments *a)
{
    return xent_mean_divisor(target_of(a), a->options, a->divisor);
}

static xent_status call_softmax_backward(const struct arguments *a)
{
    return xent_softmax_backward(a->tensor[ROLE_INPUT], a->tensor[ROLE_UPSTREAM], a->axis, a->tensor[ROLE_OUTPUT]);
}

static xent_status call_log_softmax_backward(const struct arguments *a)
{
    return xent_log_softmax_backward(a->tensor[ROLE_INPUT], a->tensor[ROLE_UPSTREAM], a->axis, a->tensor[ROLE_OUTPUT]);
}

static xent_status call_nll_loss_backward(const struct arguments *a)
{
    return xent_nll_loss_backward(a->tensor[ROLE_INPUT], target_of(a), a->options, a->tensor[ROLE_GRAD_LOSS],
                                  a->tensor[ROLE_OUTPUT]);
}

static xent_status call_kl_div(const struct arguments *a)
{
    return xent_kl_div(a->tensor[ROLE_INPUT], a->tensor[ROLE_UPSTREAM], a->tensor[ROLE_CLASSES], a->options,
                       a->tensor[ROLE_LOSS]);
}

static xent_status call_kl_div_grad(const struct arguments *a)
{
    return xent_kl_div_grad(a->tensor[ROLE_INPUT], a->tensor[ROLE_UPSTREAM], a->tensor[ROLE_CLASSES], a->options,
                            a->tensor[ROLE_GRAD_LOSS], a->tensor[ROLE_LOSS], a->tensor[ROLE_OUTPUT]);
}

xent_stats stats_of(xent_tensor *const tensor[ROLES], size_t struct_size)
{
    return (xent_stats){ struct_size,         tensor[ROLE_ROW_LOSS], tensor[ROLE_LSE], tensor[ROLE_MAX],
                         tensor[ROLE_ARGMAX], tensor[ROLE_ENTROPY],  tensor[ROLE_RANK] };
}

static xent_status call_row_stats(const struct arguments *a)
{
    const xent_stats stats = stats_of(a->tensor, sizeof stats);
    return xent_row_stats(a->tensor[ROLE_INPUT], target_of(a), a->options, &stats);
}

/* ---- The table ----------------------------------------------------------------------------------------------------------- */

#define NAMED(function) .name = #function, .call = call_##function
#define TARGET                                                                                                                 \
    [ROLE_CLASSES] = "target", [ROLE_PROBABILITIES] = "target", [ROLE_WEIGHT] = "class_weight", [ROLE_ROW_WEIGHT] = "row_weight"
#define GRAD_LOSS [ROLE_GRAD_LOSS] = "grad_loss"
#define TWO_LOGITS                                                                                                             \
    [ROLE_INPUT] = "logits_p", [ROLE_UPSTREAM] = "logits_q", [ROLE_CLASSES] = "target", [ROLE_ROW_WEIGHT] = "row_weight"
#define OPTIONAL_WEIGHT (ROLE_BIT(ROLE_WEIGHT) | ROLE_BIT(ROLE_ROW_WEIGHT))
#define STATISTICS                                                                                                             \
    (ROLE_BIT(ROLE_ROW_LOSS) | ROLE_BIT(ROLE_LSE) | ROLE_BIT(ROLE_MAX) | ROLE_BIT(ROLE_ARGMAX) | ROLE_BIT(ROLE_ENTROPY) |      \
     ROLE_BIT(ROLE_RANK))
#define IN_PLACE .in_place = ROLE_BIT(ROLE_INPUT)
#define IN_EITHER_PLACE .in_place = ROLE_BIT(ROLE_INPUT) | ROLE_BIT(ROLE_UPSTREAM)

const struct operation operations[OPS] = {
    [OP_SOFTMAX] = { NAMED(softmax), .operand = { [ROLE_INPUT] = "z", [ROLE_OUTPUT] = "p" }, .axis = true, IN_PLACE,
                     .converts = true, .memory = { MEMORY_MORE } },
    [OP_LOG_SOFTMAX] = { NAMED(log_softmax), .operand = { [ROLE_INPUT] = "z", [ROLE_OUTPUT] = "logp" }, .axis = true, IN_PLACE,
                         .converts = true, .memory = { MEMORY_CHUNK } },
    [OP_LOGSUMEXP] = { NAMED(logsumexp), .operand = { [ROLE_INPUT] = "z", [ROLE_LOSS] = "out" }, .axis = true,
                       .memory = { MEMORY_CHUNK } },
    [OP_LOG] = { NAMED(log), .operand = { [ROLE_INPUT] = "x", [ROLE_OUTPUT] = "out" }, IN_PLACE, .input = CONTENT_POSITIVE,
                 .memory = { MEMORY_CHUNK } },
    [OP_NLL_LOSS] = { NAMED(nll_loss), .operand = { [ROLE_INPUT] = "logp", TARGET, [ROLE_LOSS] = "loss" },
                      .optional = OPTIONAL_WEIGHT, .axis = true, .options = OPTIONS_OF_BATCH,
                      .memory = { MEMORY_NONE, MEMORY_MORE } },
    [OP_CROSS_ENTROPY] = { NAMED(cross_entropy), .operand = { [ROLE_INPUT] = "logits", TARGET, [ROLE_LOSS] = "loss" },
                           .optional = OPTIONAL_WEIGHT, .axis = true, .options = OPTIONS_ALL,
                           .memory = { MEMORY_CHUNK, MEMORY_MORE } },
    [OP_CROSS_ENTROPY_GRAD] = { NAMED(cross_entropy_grad),
                                .operand = { [ROLE_INPUT] = "logits",
                                             TARGET,
                                             GRAD_LOSS,
                                             [ROLE_LOSS] = "loss",
                                             [ROLE_OUTPUT] = "grad_logits" },
                                .optional = OPTIONAL_WEIGHT | ROLE_BIT(ROLE_GRAD_LOSS) | ROLE_BIT(ROLE_LOSS), .axis = true,
                                IN_PLACE, .options = OPTIONS_ALL, .memory = { MEMORY_MORE, MEMORY_MORE } },
    [OP_MEAN_DIVISOR] = { NAMED(mean_divisor), .operand = { TARGET }, .optional = OPTIONAL_WEIGHT, .axis = true,
                          .divisor = true, .options = OPTIONS_ALL, .memory = { MEMORY_NONE, MEMORY_NONE } },
    [OP_SOFTMAX_BACKWARD] = { NAMED(softmax_backward),
                              .operand = { [ROLE_INPUT] = "p", [ROLE_UPSTREAM] = "grad_p", [ROLE_OUTPUT] = "grad_z" },
                              .axis = true, IN_EITHER_PLACE, .input = CONTENT_PROBABILITIES, .memory = { MEMORY_MORE } },
    [OP_LOG_SOFTMAX_BACKWARD] = { NAMED(log_softmax_backward),
                                  .operand = { [ROLE_INPUT] = "logp", [ROLE_UPSTREAM] = "grad_logp", [ROLE_OUTPUT] = "grad_z" },
                                  .axis = true, IN_EITHER_PLACE, .input = CONTENT_LOG_PROBABILITIES,
                                  .memory = { MEMORY_MORE } },
    [OP_NLL_LOSS_BACKWARD] = { NAMED(nll_loss_backward),
                               .operand = { [ROLE_INPUT] = "logp", TARGET, GRAD_LOSS, [ROLE_OUTPUT] = "grad_logp" },
                               .optional = OPTIONAL_WEIGHT | ROLE_BIT(ROLE_GRAD_LOSS), .axis = true, IN_PLACE,
                               .options = OPTIONS_OF_BATCH, .memory = { MEMORY_NONE, MEMORY_MORE } },
    [OP_TOP_K] = { NAMED(top_k), .operand = { [ROLE_INPUT] = "z", [ROLE_INDEX] = "index", [ROLE_BEST] = "logp" },
                   .optional = ROLE_BIT(ROLE_INDEX) | ROLE_BIT(ROLE_BEST), .axis = true, .memory = { MEMORY_CHUNK } },
    [OP_KL_DIV] = { NAMED(kl_div), .operand = { TWO_LOGITS, [ROLE_LOSS] = "kl" },
                    .optional = ROLE_BIT(ROLE_CLASSES) | ROLE_BIT(ROLE_ROW_WEIGHT), .axis = true, .pair = true,
                    .options = OPTIONS_OF_LOGITS, .input = CONTENT_LOG_PROBABILITIES, .memory = { MEMORY_MORE } },
    [OP_KL_DIV_GRAD] = { NAMED(kl_div_grad),
                         .operand = { TWO_LOGITS, [ROLE_GRAD_LOSS] = "grad_kl", [ROLE_LOSS] = "kl",
                                      [ROLE_OUTPUT] = "grad_logits_q" },
                         .optional = ROLE_BIT(ROLE_CLASSES) | ROLE_BIT(ROLE_ROW_WEIGHT) | ROLE_BIT(ROLE_GRAD_LOSS) |
                                     ROLE_BIT(ROLE_LOSS),
                         .axis = true, .in_place = ROLE_BIT(ROLE_UPSTREAM), .pair = true, .options = OPTIONS_OF_LOGITS,
                         .input = CONTENT_LOG_PROBABILITIES, .memory = { MEMORY_MORE } },
    [OP_ROW_STATS] = { NAMED(row_stats),
                       .operand = { [ROLE_INPUT] = "logits",
                                    TARGET,
                                    [ROLE_ROW_LOSS] = "loss",
                                    [ROLE_LSE] = "lse",
                                    [ROLE_MAX] = "max",
                                    [ROLE_ARGMAX] = "argmax",
                                    [ROLE_ENTROPY] = "entropy",
                                    [ROLE_RANK] = "rank" },
                       .optional = OPTIONAL_WEIGHT | STATISTICS, .axis = true, .options = OPTIONS_ALL,
                       .memory = { MEMORY_CHUNK, MEMORY_MORE } },
};

bool operation_takes(const struct operation *o, enum role role) { return o->operand[role] != NULL; }

bool operation_takes_target(const struct operation *o) { return o->operand[ROLE_CLASSES] != NULL; }

int operation_kinds_of_target(const struct operation *o) { return operation_takes(o, ROLE_PROBABILITIES) ? 2 : 1; }

enum extent operation_extent(const struct operation *o, enum role role)
{
    const enum extent extent = role_rules[role].extent;
    return extent == EXTENT_REDUCED && o->options == OPTIONS_NONE ? EXTENT_ROWS : extent;
}

enum elements operation_elements(const struct operation *o, enum role role)
{
    if (o->converts && role == ROLE_OUTPUT) return ELEMENTS_FLOATING;
    return o->pair && role == ROLE_UPSTREAM ? ELEMENTS_FLOATING : role_rules[role].elements;
}

int operation_places(const struct operation *o)
{
    int places = 0;
    for (int role = 0; role < ROLES; role++) places += (o->in_place & ROLE_BIT(role)) != 0;
    return places;
}

/* ---- Uses ---------------------------------------------------------------------------------------------------------------- */

int uses_of_all(struct use uses[USES_MAX])
{
    int n = 0;
    for (int op = 0; op < OPS; op++) {
        const struct operation *o = &operations[op];
        for (int target = 0; target < operation_kinds_of_target(o); target++) {
            uses[n++] = (struct use){ o, target, false, false };
            if (o->options >= OPTIONS_OF_LOGITS) uses[n++] = (struct use){ o, target, true, false };
            if (o->options != OPTIONS_NONE) uses[n++] = (struct use){ o, target, false, true };
        }
    }
    return n;
}

void use_name(const struct use *u, char name[USE_NAME_SIZE])
{
    (void)snprintf(name, USE_NAME_SIZE, "%s%s%s%s", u->operation->name, u->probabilities ? ", probabilities" : "",
                   u->all_options ? ", all options" : "", u->row_weights ? ", row weights" : "");
}

bool use_takes(const struct use *u, enum role role)
{
    if (role == ROLE_CLASSES && u->probabilities) return false;
    if (role == ROLE_PROBABILITIES && !u->probabilities) return false;
    if (role == ROLE_RANK && u->probabilities) return false;
    if (role == ROLE_ROW_WEIGHT && !u->row_weights) return false;
    return operation_takes(u->operation, role);
}

enum working_memory use_memory(const struct use *u)
{
    const enum working_memory plain = u->operation->memory[u->probabilities];
    return u->all_options && plain != MEMORY_NONE ? MEMORY_MORE : plain;
}

xent_status use_call(const struct use *u, xent_tensor *const tensors[ROLES], int32_t axis, xent_reduction reduction,
                     double *divisor)
{
    xent_options options = XENT_OPTIONS_INIT;
    struct arguments a = { .options = &options, .axis = axis, .divisor = divisor };
    for (int role = 0; role < ROLES; role++)
        if (use_takes(u, (enum role)role)) a.tensor[role] = tensors[role];
    options.axis = axis;
    options.reduction = (int32_t)reduction;
    options.class_weight = a.tensor[ROLE_WEIGHT];
    options.row_weight = a.tensor[ROLE_ROW_WEIGHT];
    if (u->all_options) {
        options.label_smoothing = u->operation->options == OPTIONS_ALL ? 0.25 : 0;
        options.z_loss = u->operation->options == OPTIONS_ALL ? 0.5 : 0;
        options.logit_scale = 0.75;
        options.softcap = 2;
    }
    return u->operation->call(&a);
}
