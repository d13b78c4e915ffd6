/* How each check is provoked. Two of them can be provoked in one call, whatever their order, unless they are exclusive. */
#include "errors_table.h"

/* ---- NULL -------------------------------------------------------------------------------------------------------------- */

#define ABSENT(function, thing)                                                                                                \
    static void function(struct scene *s) { s->absent |= TAKES(thing); }
ABSENT(null_out, OUT)
ABSENT(null_extents, EXTENTS)
ABSENT(null_tensor, TENSOR)
ABSENT(null_callback, CALLBACK)
ABSENT(null_input, INPUT)
ABSENT(null_upstream, UPSTREAM)
ABSENT(null_target, TARGET)
ABSENT(null_weight, WEIGHT)
ABSENT(null_grad_loss, GRAD_LOSS)
ABSENT(null_loss, LOSS)
ABSENT(null_output, OUTPUT)
ABSENT(null_divisor, DIVISOR)
ABSENT(null_data, DATA)
static void null_name(struct scene *s) { s->name = NULL; }

/* Then the reduction is MEAN, whose loss is one element. */
static void null_options(struct scene *s)
{
    s->absent |= TAKES(OPTIONS);
    s->operands[LOSS].ndim = s->operands[GRAD_LOSS].ndim = 0;
}

/* ---- Options ----------------------------------------------------------------------------------------------------------- */

#define OPTION(function, field, value)                                                                                         \
    static void function(struct scene *s) { s->given.options.field = value; }
OPTION(bad_size, struct_size, 8)
OPTION(bad_reduction, reduction, 3)
OPTION(bad_smoothing, label_smoothing, 1.5)
OPTION(bad_z_loss, z_loss, -0.25)
OPTION(bad_scale, logit_scale, 0)
OPTION(bad_softcap, softcap, -30)
OPTION(bad_normalizer, normalizer, -2)
OPTION(bad_threads, num_threads, 5000)
OPTION(bad_reserved, reserved, 1)
OPTION(any_ignore_index, ignore_index, INT64_MIN)
OPTION(used_smoothing, label_smoothing, 0.5)
OPTION(used_z_loss, z_loss, 0.25)
OPTION(used_scale, logit_scale, 2)
OPTION(used_softcap, softcap, 30)

static void bad_tail(struct scene *s)
{
    s->given.options.struct_size = OPTIONS_SIZE_MAX;
    s->given.bytes[4000] = 3;
}

static void bad_number(struct scene *s) { s->number = 5000; }

/* ---- Element types ----------------------------------------------------------------------------------------------------- */

#define DTYPE(function, operand, value)                                                                                        \
    static void function(struct scene *s) { s->operand.dtype = value; }
DTYPE(unknown_dtype, made, (xent_dtype)5)
DTYPE(dtype_input, operands[INPUT], XENT_I32)
DTYPE(dtype_upstream, operands[UPSTREAM], XENT_F32)
DTYPE(dtype_weight, operands[WEIGHT], XENT_I16)
DTYPE(dtype_grad_loss, operands[GRAD_LOSS], XENT_I8)
DTYPE(dtype_loss, operands[LOSS], XENT_U32)
DTYPE(dtype_output, operands[OUTPUT], XENT_I64)

/* ---- Ranks, axis, shapes ----------------------------------------------------------------------------------------------- */

/* Shape (3) fits nothing. */
#define WRONG_SHAPE(function, thing)                                                                                           \
    static void function(struct scene *s)                                                                                      \
    {                                                                                                                          \
        s->operands[thing].ndim = 1;                                                                                           \
        s->operands[thing].shape[0] = 3;                                                                                       \
    }
WRONG_SHAPE(shape_upstream, UPSTREAM)
WRONG_SHAPE(shape_target, TARGET)
WRONG_SHAPE(shape_grad_loss, GRAD_LOSS)
WRONG_SHAPE(shape_loss, LOSS)
WRONG_SHAPE(shape_output, OUTPUT)

/* Class indices in the shape of probabilities, or the other way round. Each floating dtype stands for probabilities and each integer
   one for class indices, so that a target's dtype alone is never wrong. */
static void kind_of_target(struct scene *s)
{
    struct operand *target = &s->operands[TARGET];
    target->dtype = target->dtype == XENT_I64 ? XENT_F64 : XENT_I64;
}

static void shape_weight(struct scene *s)
{
    struct operand *weight = &s->operands[WEIGHT];
    weight->ndim = 2;
    weight->shape[0] = 1;
    weight->shape[1] = CLASSES;
    weight->strides[1] = 1;
}

/* What has the class axis: a mean divisor's target has it where there are no logits. */
static void rank_zero(struct scene *s) { s->operands[INPUT].ndim = s->operands[TARGET].ndim = 0; }

static void axis_range(struct scene *s) { s->axis = s->given.options.axis = 5; }

static void no_classes(struct scene *s)
{
    for (int i = 0; i < OPERANDS; i++)
        if (i != WEIGHT && s->operands[i].ndim == 2) s->operands[i].shape[1] = 0;
}

static void rank_made(struct scene *s) { s->made.ndim = XENT_MAX_NDIM + 1; }

static void extent_made(struct scene *s) { s->made.shape[1] = -3; }

/* ---- Size overflow, and memory of a tensor ----------------------------------------------------------------------------- */

static void product_made(struct scene *s) { s->made.shape[0] = INT64_MAX / 8; }

static void strides_made(struct scene *s) { s->made.strides[0] = INT64_MAX; }

static void data_owned(struct scene *s) { s->owner = 1; }

static void data_misaligned(struct scene *s) { s->misaligned = 1; }

/* ---- Outputs ----------------------------------------------------------------------------------------------------------- */

static void loss_read_only(struct scene *s) { s->operands[LOSS].read_only = 1; }

static void output_read_only(struct scene *s) { s->operands[OUTPUT].read_only = 1; }

static void loss_over_itself(struct scene *s) { s->operands[LOSS].strides[0] = 0; }

static void output_over_itself(struct scene *s) { s->operands[OUTPUT].strides[0] = 0; }

/* The input begins one element before the output: it covers some of it and is not in its place. */
static void put_over(struct scene *s, enum thing input, enum thing output)
{
    s->operands[input].over = output;
    s->operands[input].past_over = -8;
}

#define OVER(function, output, input)                                                                                          \
    static void function(struct scene *s) { put_over(s, input, output); }
OVER(loss_over_input, LOSS, INPUT)
OVER(loss_over_target, LOSS, TARGET)
OVER(loss_over_weight, LOSS, WEIGHT)
OVER(loss_over_grad_loss, LOSS, GRAD_LOSS)
OVER(output_over_input, OUTPUT, INPUT)
OVER(output_over_upstream, OUTPUT, UPSTREAM)
OVER(output_over_target, OUTPUT, TARGET)
OVER(output_over_weight, OUTPUT, WEIGHT)
OVER(output_over_grad_loss, OUTPUT, GRAD_LOSS)

/* Over the last element, which no input put over the output reaches. */
static void output_over_loss(struct scene *s)
{
    s->operands[LOSS].over = OUTPUT;
    s->operands[LOSS].past_over = (ROWS * CLASSES - 1) * 8;
}

/* ---- Values, backend, memory ------------------------------------------------------------------------------------------- */

static void value_weight(struct scene *s) { s->bad_value_of_weight = 1; }

static void value_target(struct scene *s) { s->bad_value_of_target = 1; }

static void name_unknown(struct scene *s) { s->name = "warp"; }

static void backend(struct scene *s) { s->environment |= BAD_BACKEND; }

static void threads(struct scene *s) { s->environment |= BAD_THREADS; }

static void no_memory(struct scene *s) { s->no_memory = 1; }

/* ---- Columns ----------------------------------------------------------------------------------------------------------- */

/* What exclusive checks have in common. */
enum { STRUCT_SIZE = 1, SMOOTHING, Z_LOSS, SCALE, SOFTCAP, TARGET_SHAPE, POINTER, PLACE };

#define COLUMN(check, needs, provoke, exclusive) [check] = { #check, needs, provoke, exclusive }

const struct column columns[CHECKS] = {
    COLUMN(NULL_OUT, TAKES(OUT), null_out, 0),
    COLUMN(NULL_EXTENTS, TAKES(EXTENTS), null_extents, 0),
    COLUMN(NULL_TENSOR, TAKES(TENSOR), null_tensor, POINTER),
    COLUMN(NULL_NAME, TAKES(NAME), null_name, 0),
    COLUMN(NULL_CALLBACK, TAKES(CALLBACK), null_callback, 0),
    COLUMN(NULL_INPUT, TAKES(INPUT), null_input, 0),
    COLUMN(NULL_UPSTREAM, TAKES(UPSTREAM), null_upstream, 0),
    COLUMN(NULL_TARGET, TAKES(TARGET), null_target, 0),
    COLUMN(NULL_OPTIONS, TAKES(OPTIONS), null_options, 0),
    COLUMN(NULL_WEIGHT, TAKES(WEIGHT), null_weight, 0),
    COLUMN(NULL_GRAD_LOSS, TAKES(GRAD_LOSS), null_grad_loss, 0),
    COLUMN(NULL_LOSS, TAKES(LOSS), null_loss, 0),
    COLUMN(NULL_OUTPUT, TAKES(OUTPUT), null_output, 0),
    COLUMN(NULL_DIVISOR, TAKES(DIVISOR), null_divisor, 0),

    COLUMN(NUMBER_RANGE, TAKES(NUMBER), bad_number, 0),
    COLUMN(OPTIONS_SIZE, TAKES(OPTIONS), bad_size, STRUCT_SIZE),
    COLUMN(OPTIONS_TAIL, TAKES(OPTIONS), bad_tail, STRUCT_SIZE),
    COLUMN(OPTIONS_REDUCTION, TAKES(OPTIONS), bad_reduction, 0),
    COLUMN(OPTIONS_SMOOTHING, TAKES(OPTIONS), bad_smoothing, SMOOTHING),
    COLUMN(OPTIONS_Z_LOSS, TAKES(OPTIONS), bad_z_loss, Z_LOSS),
    COLUMN(OPTIONS_SCALE, TAKES(OPTIONS), bad_scale, SCALE),
    COLUMN(OPTIONS_SOFTCAP, TAKES(OPTIONS), bad_softcap, SOFTCAP),
    COLUMN(OPTIONS_NORMALIZER, TAKES(OPTIONS), bad_normalizer, 0),
    COLUMN(OPTIONS_THREADS, TAKES(OPTIONS), bad_threads, 0),
    COLUMN(OPTIONS_RESERVED, TAKES(OPTIONS), bad_reserved, 0),
    COLUMN(OPTIONS_IGNORE_INDEX, TAKES(OPTIONS), any_ignore_index, 0),
    COLUMN(USED_SMOOTHING, TAKES(OPTIONS), used_smoothing, SMOOTHING),
    COLUMN(USED_Z_LOSS, TAKES(OPTIONS), used_z_loss, Z_LOSS),
    COLUMN(USED_SCALE, TAKES(OPTIONS), used_scale, SCALE),
    COLUMN(USED_SOFTCAP, TAKES(OPTIONS), used_softcap, SOFTCAP),

    COLUMN(DTYPE_MADE, TAKES(EXTENTS), unknown_dtype, 0),
    COLUMN(DTYPE_INPUT, TAKES(INPUT), dtype_input, 0),
    COLUMN(DTYPE_UPSTREAM, TAKES(UPSTREAM), dtype_upstream, 0),
    COLUMN(DTYPE_WEIGHT, TAKES(WEIGHT), dtype_weight, 0),
    COLUMN(DTYPE_GRAD_LOSS, TAKES(GRAD_LOSS), dtype_grad_loss, 0),
    COLUMN(DTYPE_LOSS, TAKES(LOSS), dtype_loss, 0),
    COLUMN(DTYPE_OUTPUT, TAKES(OUTPUT), dtype_output, 0),

    COLUMN(RANK_MADE, TAKES(EXTENTS), rank_made, 0),
    COLUMN(EXTENT_MADE, TAKES(EXTENTS), extent_made, 0),
    COLUMN(RANK_ZERO, TAKES(AXIS), rank_zero, 0),
    COLUMN(AXIS_RANGE, TAKES(AXIS), axis_range, 0),
    COLUMN(SHAPE_UPSTREAM, TAKES(UPSTREAM), shape_upstream, 0),
    COLUMN(KIND_OF_TARGET, TAKES(TARGET) | TAKES(INPUT), kind_of_target, TARGET_SHAPE),
    COLUMN(SHAPE_TARGET, TAKES(TARGET) | TAKES(INPUT), shape_target, TARGET_SHAPE),
    COLUMN(NO_CLASSES, TAKES(AXIS), no_classes, 0),
    COLUMN(SHAPE_WEIGHT, TAKES(WEIGHT), shape_weight, 0),
    COLUMN(SHAPE_GRAD_LOSS, TAKES(GRAD_LOSS), shape_grad_loss, 0),
    COLUMN(SHAPE_LOSS, TAKES(LOSS), shape_loss, 0),
    COLUMN(SHAPE_OUTPUT, TAKES(OUTPUT), shape_output, 0),

    COLUMN(PRODUCT_MADE, TAKES(EXTENTS), product_made, 0),
    COLUMN(STRIDES_MADE, TAKES(STRIDES), strides_made, 0),
    COLUMN(DATA_OWNED, TAKES(TENSOR), data_owned, POINTER),
    COLUMN(DATA_NULL, TAKES(DATA), null_data, PLACE),
    COLUMN(DATA_MISALIGNED, TAKES(DATA), data_misaligned, PLACE),

    COLUMN(LOSS_READ_ONLY, TAKES(LOSS), loss_read_only, 0),
    COLUMN(LOSS_OVER_ITSELF, TAKES(LOSS), loss_over_itself, 0),
    COLUMN(LOSS_OVER_INPUT, TAKES(LOSS) | TAKES(INPUT), loss_over_input, PLACE + INPUT),
    COLUMN(LOSS_OVER_TARGET, TAKES(LOSS) | TAKES(TARGET), loss_over_target, PLACE + TARGET),
    COLUMN(LOSS_OVER_WEIGHT, TAKES(LOSS) | TAKES(WEIGHT), loss_over_weight, PLACE + WEIGHT),
    COLUMN(LOSS_OVER_GRAD_LOSS, TAKES(LOSS) | TAKES(GRAD_LOSS), loss_over_grad_loss, PLACE + GRAD_LOSS),
    COLUMN(OUTPUT_READ_ONLY, TAKES(OUTPUT), output_read_only, 0),
    COLUMN(OUTPUT_OVER_ITSELF, TAKES(OUTPUT), output_over_itself, 0),
    COLUMN(OUTPUT_OVER_INPUT, TAKES(OUTPUT) | TAKES(INPUT), output_over_input, PLACE + INPUT),
    COLUMN(OUTPUT_OVER_UPSTREAM, TAKES(OUTPUT) | TAKES(UPSTREAM), output_over_upstream, 0),
    COLUMN(OUTPUT_OVER_TARGET, TAKES(OUTPUT) | TAKES(TARGET), output_over_target, PLACE + TARGET),
    COLUMN(OUTPUT_OVER_WEIGHT, TAKES(OUTPUT) | TAKES(WEIGHT), output_over_weight, PLACE + WEIGHT),
    COLUMN(OUTPUT_OVER_GRAD_LOSS, TAKES(OUTPUT) | TAKES(GRAD_LOSS), output_over_grad_loss, PLACE + GRAD_LOSS),
    COLUMN(OUTPUT_OVER_LOSS, TAKES(OUTPUT) | TAKES(LOSS), output_over_loss, 0),

    COLUMN(VALUE_WEIGHT, TAKES(WEIGHT), value_weight, 0),
    COLUMN(VALUE_TARGET, TAKES(TARGET), value_target, 0),

    COLUMN(NAME_UNKNOWN, TAKES(NAME), name_unknown, 0),
    COLUMN(BACKEND, 0, backend, 0),
    COLUMN(THREADS, 0, threads, 0),

    COLUMN(MEMORY, 0, no_memory, 0),
};
