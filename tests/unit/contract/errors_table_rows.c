/* The table. Rows share what they answer alike; what is left out is what a function does not take. */
#include "errors_table.h"

#define SAYS(status_, text_)                                                                                                   \
    {                                                                                                                          \
        REPORTED, XENT_ERROR_##status_, text_                                                                                  \
    }
#define ALLOWS(why)                                                                                                            \
    {                                                                                                                          \
        ALLOWED, XENT_OK, why                                                                                                  \
    }
#define CANNOT(why)                                                                                                            \
    {                                                                                                                          \
        NEVER, XENT_OK, why                                                                                                    \
    }

/* ---- What rows share --------------------------------------------------------------------------------------------------- */

#define PTRDIFF_TEXT "9223372036854775807"
#define READ_ONLY(name) SAYS(INVALID_ARGUMENT, name " is read-only (made by xent_tensor_wrap_const), expected an output")
#define OVER_ITSELF(name) SAYS(OVERLAP, name " overlaps itself: by its strides, elements may share memory")
#define OVER(name, other) SAYS(OVERLAP, name " overlaps " other)
#define OUT_OF_PLACE(name, other)                                                                                              \
    SAYS(OVERLAP, name " overlaps " other " but is not in its place: data, dtype, shape and strides must agree")
#define NOT_GIVEN(name) SAYS(INVALID_ARGUMENT, name " is NULL")
#define NOT_FLOATING(name, dtype) SAYS(DTYPE, name " has dtype " dtype ", expected a floating one")
#define OTHER_DTYPE(name, dtype, model) SAYS(DTYPE, name " has dtype " dtype ", expected F64, that of " model)
#define OTHER_SHAPE(name, model) SAYS(SHAPE, name " has shape (3), expected (2, @), that of " model)
#define OPTION(text) SAYS(INVALID_ARGUMENT, "options->" text)

#define ENVIRONMENT                                                                                                            \
    [BACKEND] = SAYS(UNSUPPORTED, "XENT_BACKEND is \"turbo\", which is not usable here; available: *scalar"),                  \
    [THREADS] = SAYS(UNSUPPORTED, "XENT_NUM_THREADS is \"many\"; available: 1 to 4096, and 0 for the default")
#define NO_ENVIRONMENT [BACKEND] = ALLOWS("nothing is computed"), [THREADS] = ALLOWS("nothing is computed")
#define WORKING_MEMORY [MEMORY] = SAYS(NO_MEMORY, "* bytes of working memory could not be allocated")
#define NO_WORKING_MEMORY [MEMORY] = ALLOWS("it needs no memory to work in")

#define AXIS_OF(name)                                                                                                          \
    [RANK_ZERO] = SAYS(SHAPE, name " has rank 0, expected 1 to 8: it has no class axis"),                                      \
    [AXIS_RANGE] = SAYS(SHAPE, "axis is 5, expected -2 to 1: " name " has rank 2")

#define FIELDS                                                                                                                 \
    [NULL_OPTIONS] = ALLOWS("it means the defaults"),                                                                          \
    [OPTIONS_SIZE] = OPTION("struct_size is 8, expected # (sizeof(xent_options)) to 4096"),                                    \
    [OPTIONS_TAIL] =                                                                                                           \
        SAYS(INVALID_ARGUMENT, "options: byte 4000 of 4096 is 3, expected 0: a field that this version does not know"),        \
    [OPTIONS_REDUCTION] = OPTION("reduction is 3, expected 0 (MEAN), 1 (SUM) or 2 (NONE)"),                                    \
    [OPTIONS_SMOOTHING] = OPTION("label_smoothing is 1.5, expected a number in [0, 1]"),                                       \
    [OPTIONS_Z_LOSS] = OPTION("z_loss is -0.25, expected a finite number >= 0"),                                               \
    [OPTIONS_SCALE] = OPTION("logit_scale is 0, expected a number in [1e-30, 1e30]"),                                          \
    [OPTIONS_SOFTCAP] = OPTION("softcap is -30, expected 0 (off) or a number in [1e-30, 1e30]"),                               \
    [OPTIONS_NORMALIZER] = OPTION("normalizer is -2, expected 0 (automatic) or a finite number > 0"),                          \
    [OPTIONS_THREADS] = OPTION("num_threads is 5000, expected 0 (as set for the process) to 4096"),                            \
    [OPTIONS_RESERVED] = OPTION("reserved is 1, expected 0"), [OPTIONS_IGNORE_INDEX] = ALLOWS("any number may be ignored"),    \
    [NULL_WEIGHT] = ALLOWS("it means ones"), [DTYPE_WEIGHT] = NOT_FLOATING("class_weight", "I16"),                             \
    [VALUE_WEIGHT] = SAYS(INVALID_ARGUMENT, "class_weight[7] = -1, expected a finite number >= 0")
#define NO_MEANING(text) OPTION(text ": it has no meaning for log-probabilities")
#define LOG_PROBABILITIES                                                                                                      \
    [USED_SMOOTHING] = NO_MEANING("label_smoothing is 0.5, expected 0"),                                                       \
    [USED_Z_LOSS] = NO_MEANING("z_loss is 0.25, expected 0"), [USED_SCALE] = NO_MEANING("logit_scale is 2, expected 1"),       \
    [USED_SOFTCAP] = NO_MEANING("softcap is 30, expected 0")
#define USED                                                                                                                   \
    [USED_SMOOTHING] = ALLOWS("in range"), [USED_Z_LOSS] = ALLOWS("in range"), [USED_SCALE] = ALLOWS("in range"),              \
    [USED_SOFTCAP] = ALLOWS("in range")

#define BATCH(name)                                                                                                            \
    FIELDS, AXIS_OF(name),                                                                                                     \
        [NULL_INPUT] = NOT_GIVEN(name), [NULL_TARGET] = NOT_GIVEN("target"), [DTYPE_INPUT] = NOT_FLOATING(name, "I32"),        \
        [NO_CLASSES] = SAYS(SHAPE, name " has no classes: axis 1 has extent 0, expected at least 1"),                          \
        [SHAPE_WEIGHT] = SAYS(SHAPE, "class_weight has shape (1, 3000), expected (3000), one for each class")
#define CLASS_TARGET                                                                                                           \
    [KIND_OF_TARGET] = SAYS(SHAPE, "target has shape (2), expected (2, @), that of the logits, for probabilities"),            \
    [SHAPE_TARGET] = SAYS(SHAPE, "target has shape (3), expected (2), the batch shape, for class indices"),                    \
    [VALUE_TARGET] = SAYS(TARGET, "target[1] = 3000 is outside [0, 3000)")
#define TAKEN_AS_THEY_ARE [VALUE_TARGET] = CANNOT("probabilities are taken as they are")
#define SOFT_TARGET                                                                                                            \
    TAKEN_AS_THEY_ARE,                                                                                                         \
        [KIND_OF_TARGET] = SAYS(SHAPE, "target has shape (2, @), expected (2), the batch shape, for class "                    \
                                       "indices"),                                                                             \
        [SHAPE_TARGET] = SAYS(SHAPE, "target has shape (3), expected (2, @), that of the logits, for "                         \
                                     "probabilities")

#define LOSS_OVER(name)                                                                                                        \
    [DTYPE_LOSS] = NOT_FLOATING("loss", "U32"),                                                                                \
    [SHAPE_LOSS] = SAYS(SHAPE, "loss has shape (3), expected (2), the batch shape, for reduction NONE"),                       \
    [LOSS_READ_ONLY] = READ_ONLY("loss"), [LOSS_OVER_ITSELF] = OVER_ITSELF("loss"), [LOSS_OVER_INPUT] = OVER("loss", name),    \
    [LOSS_OVER_TARGET] = OVER("loss", "target"), [LOSS_OVER_WEIGHT] = OVER("loss", "class_weight")
#define UPSTREAM_LOSS                                                                                                          \
    [NULL_GRAD_LOSS] = ALLOWS("it means ones"), [DTYPE_GRAD_LOSS] = NOT_FLOATING("grad_loss", "I8"),                           \
    [SHAPE_GRAD_LOSS] = SAYS(SHAPE, "grad_loss has shape (3), expected (2), the batch shape, for reduction NONE")
#define GRADIENT(name, model, of)                                                                                              \
    UPSTREAM_LOSS, [NULL_OUTPUT] = NOT_GIVEN(name), [DTYPE_OUTPUT] = OTHER_DTYPE(name, "I64", model),                          \
                   [SHAPE_OUTPUT] = OTHER_SHAPE(name, of), [OUTPUT_READ_ONLY] = READ_ONLY(name),                               \
                   [OUTPUT_OVER_ITSELF] = OVER_ITSELF(name), [OUTPUT_OVER_INPUT] = OUT_OF_PLACE(name, model),                  \
                   [OUTPUT_OVER_TARGET] = OVER(name, "target"), [OUTPUT_OVER_WEIGHT] = OVER(name, "class_weight"),             \
                   [OUTPUT_OVER_GRAD_LOSS] = OVER(name, "grad_loss")

/* ---- Tensors ----------------------------------------------------------------------------------------------------------- */

#define MADE                                                                                                                   \
    NO_ENVIRONMENT,                                                                                                            \
        [NULL_OUT] = NOT_GIVEN("out"), [NULL_EXTENTS] = NOT_GIVEN("shape"),                                                    \
        [DTYPE_MADE] = SAYS(DTYPE, "dtype is 5, expected an xent_dtype"),                                                      \
        [RANK_MADE] = SAYS(SHAPE, "ndim is 9, expected 0 to 8"), [EXTENT_MADE] = SAYS(SHAPE, "shape[1] is -3, expected >= 0"), \
        [PRODUCT_MADE] = SAYS(OVERFLOW, "shape has a product of extents that exceeds " PTRDIFF_TEXT " bytes of F64 elements"), \
        [MEMORY] = SAYS(NO_MEMORY, "* bytes for a tensor could not be allocated")
#define BORROWED                                                                                                               \
    [DATA_NULL] = SAYS(INVALID_ARGUMENT, "data is NULL, expected memory for 6000 elements"),                                   \
    [DATA_MISALIGNED] = SAYS(INVALID_ARGUMENT, "data is misaligned: its address is 4 beyond a multiple of 8, the size of F64")
#define WRAPPED                                                                                                                \
    MADE, BORROWED,                                                                                                            \
        [STRIDES_MADE] = SAYS(OVERFLOW, "strides[0] is " PTRDIFF_TEXT ": with extent 2 it reaches offsets that "               \
                                        "exceed " PTRDIFF_TEXT " bytes")

static const struct cell create[CHECKS] = { MADE };
static const struct cell wrapped[CHECKS] = { WRAPPED };
static const struct cell set_data[CHECKS] = {
    NO_ENVIRONMENT,
    BORROWED,
    [NULL_TENSOR] = NOT_GIVEN("t"),
    [DATA_OWNED] = SAYS(INVALID_ARGUMENT, "t owns its memory (made by xent_tensor_create), expected a wrapped tensor"),
    [MEMORY] = ALLOWS("it allocates nothing"),
};

static void *data_of(const struct scene *s)
{
    static double memory[ROWS * CLASSES + 1];
    return s->absent & TAKES(DATA) ? NULL : (char *)memory + (s->misaligned ? 4 : 0);
}

static const int64_t *extents_of(const struct scene *s) { return s->absent & TAKES(EXTENTS) ? NULL : s->made.shape; }

static xent_tensor **out_of(struct scene *s) { return s->absent & TAKES(OUT) ? NULL : &s->handle; }

static xent_status call_create(struct scene *s)
{
    return xent_tensor_create(out_of(s), s->made.dtype, s->made.ndim, extents_of(s));
}

static xent_status call_wrap(struct scene *s)
{
    return xent_tensor_wrap(out_of(s), s->made.dtype, s->made.ndim, extents_of(s), s->made.strides, data_of(s));
}

static xent_status call_wrap_const(struct scene *s)
{
    return xent_tensor_wrap_const(out_of(s), s->made.dtype, s->made.ndim, extents_of(s), s->made.strides, data_of(s));
}

static xent_status call_set_data(struct scene *s) { return xent_tensor_set_data(s->handle, data_of(s)); }

/* ---- Softmax and its kin ----------------------------------------------------------------------------------------------- */

#define PER_CLASS(out, in)                                                                                                     \
    ENVIRONMENT, [NULL_INPUT] = NOT_GIVEN(in), [NULL_OUTPUT] = NOT_GIVEN(out), [DTYPE_INPUT] = NOT_FLOATING(in, "I32"),        \
                 [DTYPE_OUTPUT] = OTHER_DTYPE(out, "I64", in), [SHAPE_OUTPUT] = OTHER_SHAPE(out, in),                          \
                 [OUTPUT_READ_ONLY] = READ_ONLY(out), [OUTPUT_OVER_ITSELF] = OVER_ITSELF(out),                                 \
                 [OUTPUT_OVER_INPUT] = OUT_OF_PLACE(out, in)
#define NOTHING_TO_WRITE [NO_CLASSES] = ALLOWS("there is nothing to write")
#define BACKWARD(in, upstream)                                                                                                 \
    PER_CLASS("grad_z", in), AXIS_OF(in), NOTHING_TO_WRITE, WORKING_MEMORY,                                                    \
        [NULL_UPSTREAM] = NOT_GIVEN(upstream), [DTYPE_UPSTREAM] = OTHER_DTYPE(upstream, "F32", in),                            \
        [SHAPE_UPSTREAM] = OTHER_SHAPE(upstream, in), [OUTPUT_OVER_UPSTREAM] = OUT_OF_PLACE("grad_z", upstream)

static const struct cell softmax[CHECKS] = { PER_CLASS("p", "z"), AXIS_OF("z"), NOTHING_TO_WRITE, WORKING_MEMORY };
static const struct cell log_softmax[CHECKS] = { PER_CLASS("logp", "z"), AXIS_OF("z"), NOTHING_TO_WRITE, WORKING_MEMORY };
static const struct cell logarithm[CHECKS] = { PER_CLASS("out", "x"), WORKING_MEMORY };
static const struct cell logsumexp[CHECKS] = {
    ENVIRONMENT,
    AXIS_OF("z"),
    WORKING_MEMORY,
    [NULL_INPUT] = NOT_GIVEN("z"),
    [NULL_OUTPUT] = NOT_GIVEN("out"),
    [DTYPE_INPUT] = NOT_FLOATING("z", "I32"),
    [DTYPE_OUTPUT] = NOT_FLOATING("out", "I64"),
    [NO_CLASSES] = ALLOWS("the sum over nothing has the logarithm -inf"),
    [SHAPE_OUTPUT] = SAYS(SHAPE, "out has shape (3), expected (2), that of z without the axis"),
    [OUTPUT_READ_ONLY] = READ_ONLY("out"),
    [OUTPUT_OVER_ITSELF] = OVER_ITSELF("out"),
    [OUTPUT_OVER_INPUT] = OVER("out", "z"),
};
static const struct cell softmax_backward[CHECKS] = { BACKWARD("p", "grad_p") };
static const struct cell log_softmax_backward[CHECKS] = { BACKWARD("logp", "grad_logp") };

#define FORWARD_CALL(function)                                                                                                 \
    static xent_status call_##function(struct scene *s)                                                                        \
    {                                                                                                                          \
        return xent_##function(s->tensors[INPUT], s->axis, s->tensors[OUTPUT]);                                                \
    }
FORWARD_CALL(softmax)
FORWARD_CALL(log_softmax)
FORWARD_CALL(logsumexp)

static xent_status call_log(struct scene *s) { return xent_log(s->tensors[INPUT], s->tensors[OUTPUT]); }

#define BACKWARD_CALL(function)                                                                                                \
    static xent_status call_##function(struct scene *s)                                                                        \
    {                                                                                                                          \
        return xent_##function(s->tensors[INPUT], s->tensors[UPSTREAM], s->axis, s->tensors[OUTPUT]);                          \
    }
BACKWARD_CALL(softmax_backward)
BACKWARD_CALL(log_softmax_backward)

/* ---- Losses ------------------------------------------------------------------------------------------------------------ */

#define NLL BATCH("logp"), LOSS_OVER("logp"), LOG_PROBABILITIES, ENVIRONMENT, [NULL_LOSS] = NOT_GIVEN("loss")
#define FUSED BATCH("logits"), LOSS_OVER("logits"), USED, ENVIRONMENT, WORKING_MEMORY
#define FUSED_GRADIENT                                                                                                         \
    FUSED, GRADIENT("grad_logits", "logits", "the logits"), [NULL_LOSS] = ALLOWS("it is beside the gradient"),                 \
                                                            [LOSS_OVER_GRAD_LOSS] = OVER("loss", "grad_loss"),                 \
                                                            [OUTPUT_OVER_LOSS] = OVER("grad_logits", "loss")
#define NLL_GRADIENT BATCH("logp"), GRADIENT("grad_logp", "logp", "logp"), LOG_PROBABILITIES, ENVIRONMENT

static const struct cell nll_loss_of_classes[CHECKS] = { NLL, CLASS_TARGET, NO_WORKING_MEMORY };
static const struct cell nll_loss_of_probabilities[CHECKS] = { NLL, SOFT_TARGET, WORKING_MEMORY };
static const struct cell cross_entropy_of_classes[CHECKS] = { FUSED, CLASS_TARGET, [NULL_LOSS] = NOT_GIVEN("loss") };
static const struct cell cross_entropy_of_probabilities[CHECKS] = { FUSED, SOFT_TARGET, [NULL_LOSS] = NOT_GIVEN("loss") };
static const struct cell cross_entropy_grad_of_classes[CHECKS] = { FUSED_GRADIENT, CLASS_TARGET };
static const struct cell cross_entropy_grad_of_probabilities[CHECKS] = { FUSED_GRADIENT, SOFT_TARGET };
static const struct cell nll_loss_backward_of_classes[CHECKS] = { NLL_GRADIENT, CLASS_TARGET, NO_WORKING_MEMORY };
static const struct cell nll_loss_backward_of_probabilities[CHECKS] = { NLL_GRADIENT, SOFT_TARGET, WORKING_MEMORY };

#define DIVISOR_CELLS                                                                                                          \
    FIELDS, USED, ENVIRONMENT, NO_WORKING_MEMORY, [NULL_TARGET] = NOT_GIVEN("target"), [NULL_DIVISOR] = NOT_GIVEN("divisor")
static const struct cell mean_divisor_of_classes[CHECKS] = {
    DIVISOR_CELLS,
    [RANK_ZERO] = ALLOWS("one row without a batch"),
    [AXIS_RANGE] = ALLOWS("it is not looked at"),
    [NO_CLASSES] = ALLOWS("the weights tell how many classes there are"),
    [SHAPE_WEIGHT] = SAYS(SHAPE, "class_weight has rank 2, expected 1: one weight for each class"),
    [VALUE_TARGET] = SAYS(TARGET, "target[1] = 3000 is outside [0, 3000)"),
};
static const struct cell mean_divisor_of_probabilities[CHECKS] = {
    DIVISOR_CELLS,
    AXIS_OF("target"),
    TAKEN_AS_THEY_ARE,
    [NO_CLASSES] = SAYS(SHAPE, "target has no classes: axis 1 has extent 0, expected at least 1"),
    [SHAPE_WEIGHT] = SAYS(SHAPE, "class_weight has shape (1, 3000), expected (3000), one for each class"),
};

static const xent_options *options_of(const struct scene *s) { return s->absent & TAKES(OPTIONS) ? NULL : &s->given.options; }

static xent_status call_nll_loss(struct scene *s)
{
    return xent_nll_loss(s->tensors[INPUT], s->tensors[TARGET], options_of(s), s->tensors[LOSS]);
}

static xent_status call_cross_entropy(struct scene *s)
{
    return xent_cross_entropy(s->tensors[INPUT], s->tensors[TARGET], options_of(s), s->tensors[LOSS]);
}

static xent_status call_cross_entropy_grad(struct scene *s)
{
    return xent_cross_entropy_grad(s->tensors[INPUT], s->tensors[TARGET], options_of(s), s->tensors[GRAD_LOSS],
                                   s->tensors[LOSS], s->tensors[OUTPUT]);
}

static xent_status call_nll_loss_backward(struct scene *s)
{
    return xent_nll_loss_backward(s->tensors[INPUT], s->tensors[TARGET], options_of(s), s->tensors[GRAD_LOSS],
                                  s->tensors[OUTPUT]);
}

static xent_status call_mean_divisor(struct scene *s)
{
    return xent_mean_divisor(s->tensors[TARGET], options_of(s), s->absent & TAKES(DIVISOR) ? NULL : &s->divisor);
}

/* ---- Settings ---------------------------------------------------------------------------------------------------------- */

static const struct cell set_parallel_for[CHECKS] = { NO_ENVIRONMENT,
                                                      NO_WORKING_MEMORY, [NULL_CALLBACK] = ALLOWS("the built-in way again") };
static const struct cell set_num_threads[CHECKS] = {
    NO_ENVIRONMENT,
    NO_WORKING_MEMORY, [NUMBER_RANGE] = SAYS(INVALID_ARGUMENT, "n is 5000, expected 1 to 4096, or 0 for the default")
};
static const struct cell set_backend[CHECKS] = { NO_ENVIRONMENT, NO_WORKING_MEMORY, [NULL_NAME] = ALLOWS("the best one again"),
                                                 [NAME_UNKNOWN] = SAYS(
                                                     UNSUPPORTED, "backend \"warp\" is not usable here; available: *scalar") };

static void in_order(void *user, int64_t n, xent_parallel_body body, void *ctx)
{
    (void)user;
    for (int64_t i = 0; i < n; i++) body(ctx, i);
}

static xent_status call_set_parallel_for(struct scene *s)
{
    return xent_set_parallel_for(s->absent & TAKES(CALLBACK) ? NULL : in_order, NULL);
}

static xent_status call_set_num_threads(struct scene *s) { return xent_set_num_threads(s->number); }

static xent_status call_set_backend(struct scene *s) { return xent_set_backend(s->name); }

/* ---- Rows -------------------------------------------------------------------------------------------------------------- */

#define TENSOR_TAKES (TAKES(OUT) | TAKES(EXTENTS))
#define WRAP_TAKES (TENSOR_TAKES | TAKES(STRIDES) | TAKES(DATA))
#define LOG_TAKES (TAKES(INPUT) | TAKES(OUTPUT))
#define KIN_TAKES (LOG_TAKES | TAKES(AXIS))
#define BACKWARD_TAKES (KIN_TAKES | TAKES(UPSTREAM))
#define DIVISOR_TAKES (TAKES(TARGET) | TAKES(OPTIONS) | TAKES(WEIGHT) | TAKES(AXIS) | TAKES(DIVISOR))
#define LOSS_TAKES (TAKES(INPUT) | TAKES(TARGET) | TAKES(OPTIONS) | TAKES(WEIGHT) | TAKES(AXIS) | TAKES(LOSS))
#define NLL_BACKWARD_TAKES ((LOSS_TAKES & ~TAKES(LOSS)) | TAKES(GRAD_LOSS) | TAKES(OUTPUT))
#define GRADIENT_TAKES (LOSS_TAKES | TAKES(GRAD_LOSS) | TAKES(OUTPUT))

#define CLASSES_AND_PROBABILITIES(function, takes)                                                                             \
    { "xent_" #function, "class indices", call_##function, takes, function##_of_classes },                                     \
    {                                                                                                                          \
        "xent_" #function, "probabilities", call_##function, takes, function##_of_probabilities                                \
    }

/* The setters come last: they repair what is wrong with the environment. */
const struct function functions[] = {
    { "xent_tensor_create", "", call_create, TENSOR_TAKES, create },
    { "xent_tensor_wrap", "", call_wrap, WRAP_TAKES, wrapped },
    { "xent_tensor_wrap_const", "", call_wrap_const, WRAP_TAKES, wrapped },
    { "xent_tensor_set_data", "", call_set_data, TAKES(TENSOR) | TAKES(DATA), set_data },
    { "xent_softmax", "", call_softmax, KIN_TAKES, softmax },
    { "xent_log_softmax", "", call_log_softmax, KIN_TAKES, log_softmax },
    { "xent_logsumexp", "", call_logsumexp, KIN_TAKES, logsumexp },
    { "xent_log", "", call_log, LOG_TAKES, logarithm },
    CLASSES_AND_PROBABILITIES(nll_loss, LOSS_TAKES),
    CLASSES_AND_PROBABILITIES(cross_entropy, LOSS_TAKES),
    CLASSES_AND_PROBABILITIES(cross_entropy_grad, GRADIENT_TAKES),
    CLASSES_AND_PROBABILITIES(mean_divisor, DIVISOR_TAKES),
    { "xent_softmax_backward", "", call_softmax_backward, BACKWARD_TAKES, softmax_backward },
    { "xent_log_softmax_backward", "", call_log_softmax_backward, BACKWARD_TAKES, log_softmax_backward },
    CLASSES_AND_PROBABILITIES(nll_loss_backward, NLL_BACKWARD_TAKES),
    { "xent_set_parallel_for", "", call_set_parallel_for, TAKES(CALLBACK), set_parallel_for },
    { "xent_set_num_threads", "", call_set_num_threads, TAKES(NUMBER), set_num_threads },
    { "xent_set_backend", "", call_set_backend, TAKES(NAME), set_backend },
};
const int function_count = sizeof functions / sizeof functions[0];

struct cell cell_of(const struct function *f, enum check check)
{
    const struct cell *cell = &f->cells[check];
    const unsigned lacks = columns[check].needs & ~f->takes;
    if (lacks == 0) return *cell;
    if (cell->kind != MISSING) fail_msg("%s: %s has a cell, but looks at what it does not take", f->name, columns[check].name);
    int thing = 0;
    while (!(lacks & TAKES(thing))) thing++;
    return (struct cell){ NEVER, XENT_OK, thing_names[thing] };
}
