/* The faults, in the order of xent.h: NULL arguments; options; dtypes; shapes; size; outputs and overlap; values; environment; memory; gemm. */
#include <stdio.h>
#include <string.h>

#include "errors_linear.h"

/* ---- NULL arguments and options ---------------------------------------------------------------------------------------- */

static void no_layer(struct scene *s, int which) { (void)which, s->no_layer = true; }
static void struct_size(struct scene *s, int size) { s->given.layer.struct_size = (size_t)size; }
static void struct_tail(struct scene *s, int byte)
{
    s->given.layer.struct_size = STRUCT_SIZE_MAX;
    s->given.bytes[byte] = 3;
}
static void absent(struct scene *s, int which) { s->tensors[which].absent = true; }
static void no_gemm(struct scene *s, int which) { (void)which, s->no_gemm = true; }
static void no_output(struct scene *s, int which)
{
    for (which = LAYER_LOSS; which < LAYER_TENSORS; which++) s->tensors[which].absent = true;
}
static void block_rows(struct scene *s, int rows) { s->given.layer.block_rows = rows; }
static void block_classes(struct scene *s, int classes) { s->given.layer.block_classes = classes; }
static void accumulate(struct scene *s, int value) { s->given.layer.accumulate = value; }
static void reserved(struct scene *s, int value) { s->given.layer.reserved = value; }
static void options_size(struct scene *s, int size) { s->options.struct_size = (size_t)size; }
static void options_reduction(struct scene *s, int reduction) { s->options.reduction = reduction; }
static void options_threads(struct scene *s, int threads) { s->options.num_threads = threads; }

/* ---- Dtypes and shapes ------------------------------------------------------------------------------------------------- */

static void integers(struct scene *s, int which) { s->tensors[which].dtype = XENT_I32; }
static void half(struct scene *s, int which) { s->tensors[which].dtype = XENT_BF16; }
static void set_rank(struct scene *s, int which, int32_t ndim) { s->tensors[which].ndim = ndim; }
static void rank_1(struct scene *s, int which) { set_rank(s, which, 1); }
static void rank_3(struct scene *s, int which) { set_rank(s, which, 3); }
static void transposed(struct scene *s, int which)
{
    s->tensors[which].strides[0] = 1;
    s->tensors[which].strides[1] = s->tensors[which].shape[0];
}
static void over_each_other(struct scene *s, int which) { s->tensors[which].strides[0] = FEATURES - 1; }
static void extent(struct scene *s, int which) { s->tensors[which].shape[0] = 2; }
static void features(struct scene *s, int which) { s->tensors[which].shape[1] = FEATURES - 1; }
static void axis(struct scene *s, int value) { s->options.axis = value; }

/* ---- Outputs ----------------------------------------------------------------------------------------------------------- */

static void read_only(struct scene *s, int which) { s->tensors[which].read_only = true; }
static void over_itself(struct scene *s, int which) { s->tensors[which].strides[0] = 0; }

/* which = output * LAYER_TENSORS + what it lies over */
static void over(struct scene *s, int which) { s->tensors[which / LAYER_TENSORS].over = which % LAYER_TENSORS; }

/* ---- Values, environment, memory, gemm --------------------------------------------------------------------------------- */

static void class_weight(struct scene *s, int which) { (void)which, s->bad_class_weight = true; }
static void row_weight(struct scene *s, int which) { (void)which, s->bad_row_weight = true; }
static void target(struct scene *s, int which) { (void)which, s->bad_target = true; }
static void environment(struct scene *s, int which) { s->environment |= (unsigned)which; }
static void no_memory(struct scene *s, int which) { (void)which, s->no_memory = true; }
static void gemm_answers(struct scene *s, int answer)
{
    s->gemm.fail_at = 1;
    s->gemm.answer = answer;
}

/* ---- The list ---------------------------------------------------------------------------------------------------------- */

/* A group for each tensor, and some more. */
#define OF(tensor) (1U << LAYER_##tensor)
#define ALL_OUTPUTS (OF(LOSS) | OF(GRAD_HIDDEN) | OF(GRAD_WEIGHT) | OF(GRAD_BIAS))
enum { SIZE = 1 << LAYER_TENSORS, OPTIONS = SIZE << 1, AXIS = SIZE << 2, GEMM = SIZE << 3 };

static const struct fault first[] = {
    { no_layer, 0, BOTH, SIZE, XENT_ERROR_INVALID_ARGUMENT, "layer is NULL" },
    { struct_size, 8, BOTH, SIZE, XENT_ERROR_INVALID_ARGUMENT,
      "layer->struct_size is 8, expected * (sizeof(xent_linear)) to 4096" },
    { struct_size, 4104, BOTH, SIZE, XENT_ERROR_INVALID_ARGUMENT,
      "layer->struct_size is 4104, expected * (sizeof(xent_linear)) to 4096" },
    { struct_tail, 4000, BOTH, SIZE, XENT_ERROR_INVALID_ARGUMENT,
      "layer: byte 4000 of 4096 is 3, expected 0: a field that this version does not know" },
    { absent, LAYER_HIDDEN, BOTH, OF(HIDDEN), XENT_ERROR_INVALID_ARGUMENT, "layer->hidden is NULL" },
    { absent, LAYER_WEIGHT, BOTH, OF(WEIGHT), XENT_ERROR_INVALID_ARGUMENT, "layer->weight is NULL" },
    { no_gemm, 0, BOTH, GEMM, XENT_ERROR_INVALID_ARGUMENT, "layer->gemm is NULL" },
    { absent, LAYER_TARGET, BOTH, OF(TARGET), XENT_ERROR_INVALID_ARGUMENT, "target is NULL" },
    { absent, LAYER_LOSS, FORWARD, OF(LOSS), XENT_ERROR_INVALID_ARGUMENT, "loss is NULL" },
    { no_output, 0, GRADIENT, ALL_OUTPUTS | OF(BIAS), XENT_ERROR_INVALID_ARGUMENT,
      "loss and all gradients are NULL, expected at least one output" },
    { absent, LAYER_BIAS, GRADIENT, OF(BIAS), XENT_ERROR_INVALID_ARGUMENT,
      "grad_bias is not NULL, expected NULL: layer->bias is" },
    { block_rows, -1, BOTH, 0, XENT_ERROR_INVALID_ARGUMENT, "layer->block_rows is -1, expected 0 (automatic) or more" },
    { block_classes, -4096, BOTH, 0, XENT_ERROR_INVALID_ARGUMENT,
      "layer->block_classes is -4096, expected 0 (all) or a multiple of 4096" },
    { block_classes, 100, BOTH, 0, XENT_ERROR_INVALID_ARGUMENT,
      "layer->block_classes is 100, expected 0 (all) or a multiple of 4096" },
    { block_classes, 4096, GRADIENT, 0, XENT_ERROR_INVALID_ARGUMENT,
      "layer->block_classes is 4096, expected 0: a gradient is wanted" },
    { accumulate, 2, BOTH, 0, XENT_ERROR_INVALID_ARGUMENT, "layer->accumulate is 2, expected 0 or 1" },
    { reserved, 1, BOTH, 0, XENT_ERROR_INVALID_ARGUMENT, "layer->reserved is 1, expected 0" },
    { options_size, 8, BOTH, OPTIONS, XENT_ERROR_INVALID_ARGUMENT, "options->struct_size is 8, expected *" },
    { options_reduction, 3, BOTH, OPTIONS, XENT_ERROR_INVALID_ARGUMENT,
      "options->reduction is 3, expected 0 (MEAN), 1 (SUM) or 2 (NONE)" },
    { options_threads, -1, BOTH, OPTIONS, XENT_ERROR_INVALID_ARGUMENT, "options->num_threads is -1, expected *" },
    { integers, LAYER_HIDDEN, BOTH, OF(HIDDEN), XENT_ERROR_DTYPE, "hidden has dtype I32, expected a floating one" },
    { integers, LAYER_WEIGHT, BOTH, OF(WEIGHT), XENT_ERROR_DTYPE, "weight has dtype I32, expected a floating one" },
    { integers, LAYER_BIAS, BOTH, OF(BIAS), XENT_ERROR_DTYPE, "bias has dtype I32, expected a floating one" },
    { integers, LAYER_CLASS_WEIGHT, BOTH, OF(CLASS_WEIGHT), XENT_ERROR_DTYPE,
      "class_weight has dtype I32, expected a floating one" },
    { integers, LAYER_ROW_WEIGHT, BOTH, OF(ROW_WEIGHT), XENT_ERROR_DTYPE, "row_weight has dtype I32, expected a floating one" },
    { integers, LAYER_GRAD_LOSS, GRADIENT, OF(GRAD_LOSS), XENT_ERROR_DTYPE,
      "grad_loss has dtype I32, expected a floating one" },
    { integers, LAYER_LOSS, BOTH, OF(LOSS), XENT_ERROR_DTYPE, "loss has dtype I32, expected a floating one" },
    { integers, LAYER_GRAD_HIDDEN, GRADIENT, OF(GRAD_HIDDEN), XENT_ERROR_DTYPE,
      "grad_hidden has dtype I32, expected a floating one" },
    { half, LAYER_GRAD_WEIGHT, GRADIENT, OF(GRAD_WEIGHT), XENT_ERROR_DTYPE,
      "grad_weight has dtype BF16, expected F32, that of the logits" },
    { integers, LAYER_GRAD_BIAS, GRADIENT, OF(GRAD_BIAS), XENT_ERROR_DTYPE,
      "grad_bias has dtype I32, expected F32, that of the logits" },
    { rank_1, LAYER_HIDDEN, BOTH, OF(HIDDEN) | OF(GRAD_HIDDEN), XENT_ERROR_SHAPE, "hidden has rank 1, expected 2" },
    { rank_3, LAYER_HIDDEN, BOTH, OF(HIDDEN) | OF(GRAD_HIDDEN), XENT_ERROR_SHAPE, "hidden has rank 3, expected 2" },
    { transposed, LAYER_HIDDEN, BOTH, OF(HIDDEN), XENT_ERROR_SHAPE,
      "hidden has strides (1, 4), expected rows of contiguous elements, none over another" },
    { over_each_other, LAYER_HIDDEN, BOTH, OF(HIDDEN), XENT_ERROR_SHAPE,
      "hidden has strides (2, 1), expected rows of contiguous elements, none over another" },
    { rank_1, LAYER_WEIGHT, BOTH, OF(WEIGHT), XENT_ERROR_SHAPE, "weight has rank 1, expected 2" },
    { transposed, LAYER_WEIGHT, BOTH, OF(WEIGHT), XENT_ERROR_SHAPE,
      "weight has strides (1, 3000), expected rows of contiguous elements, none over another" },
    { features, LAYER_WEIGHT, BOTH, OF(WEIGHT), XENT_ERROR_SHAPE,
      "weight has shape (3000, 2), expected rows of 3, as hidden has" },
    { extent, LAYER_BIAS, BOTH, OF(BIAS), XENT_ERROR_SHAPE, "bias has shape (2), expected (3000), one for each row of weight" },
    { axis, 5, BOTH, AXIS, XENT_ERROR_SHAPE, "axis is 5, expected -2 to 1: logits has rank 2" },
    { axis, -2, BOTH, AXIS | OF(TARGET), XENT_ERROR_SHAPE,
      "target has shape (4), expected (3000), the batch shape, for class indices" },
    { extent, LAYER_TARGET, BOTH, OF(TARGET), XENT_ERROR_SHAPE,
      "target has shape (2), expected (4), the batch shape, for class indices" },
    { extent, LAYER_CLASS_WEIGHT, BOTH, OF(CLASS_WEIGHT), XENT_ERROR_SHAPE,
      "class_weight has shape (2), expected (3000), one for each class" },
    { extent, LAYER_ROW_WEIGHT, BOTH, OF(ROW_WEIGHT), XENT_ERROR_SHAPE,
      "row_weight has shape (2), expected (4), the batch shape" },
    { extent, LAYER_GRAD_LOSS, GRADIENT, OF(GRAD_LOSS), XENT_ERROR_SHAPE,
      "grad_loss has shape (2), expected (4), the batch shape, for reduction NONE" },
    { extent, LAYER_LOSS, BOTH, OF(LOSS), XENT_ERROR_SHAPE,
      "loss has shape (2), expected (4), the batch shape, for reduction NONE" },
    { extent, LAYER_GRAD_HIDDEN, GRADIENT, OF(GRAD_HIDDEN), XENT_ERROR_SHAPE,
      "grad_hidden has shape (2, 3), expected (4, 3), that of hidden" },
    { extent, LAYER_GRAD_WEIGHT, GRADIENT, OF(GRAD_WEIGHT), XENT_ERROR_SHAPE,
      "grad_weight has shape (2, 3), expected (3000, 3), that of weight" },
    { transposed, LAYER_GRAD_WEIGHT, GRADIENT, OF(GRAD_WEIGHT), XENT_ERROR_SHAPE,
      "grad_weight has strides (1, 3000), expected rows of contiguous elements, none over another" },
    { extent, LAYER_GRAD_BIAS, GRADIENT, OF(GRAD_BIAS), XENT_ERROR_SHAPE,
      "grad_bias has shape (2), expected (3000), one for each row of weight" },
};
static const struct fault last[] = {
    { class_weight, 0, BOTH, OF(CLASS_WEIGHT), XENT_ERROR_INVALID_ARGUMENT,
      "class_weight[7] = -1, expected a finite number >= 0" },
    { row_weight, 0, BOTH, OF(ROW_WEIGHT), XENT_ERROR_INVALID_ARGUMENT, "row_weight[1] = -1, expected a finite number >= 0" },
    { target, 0, BOTH, OF(TARGET), XENT_ERROR_TARGET, "target[2] = 3000 is outside [0, 3000)" },
    { environment, BAD_BACKEND, BOTH, 0, XENT_ERROR_UNSUPPORTED,
      "XENT_BACKEND is \"turbo\", which is not usable here; available: *scalar" },
    { environment, BAD_THREADS, BOTH, 0, XENT_ERROR_UNSUPPORTED,
      "XENT_NUM_THREADS is \"many\"; available: 1 to 4096, and 0 for the default" },
    { no_memory, 0, BOTH, 0, XENT_ERROR_NO_MEMORY, "* bytes of working memory could not be allocated" },
    { gemm_answers, -3, BOTH, GEMM, XENT_ERROR_UNSUPPORTED, "layer->gemm returned -3 for the logits" },
    { gemm_answers, 1, BOTH, GEMM, XENT_ERROR_UNSUPPORTED,
      "layer->gemm returned 1 for the logits: it cannot multiply F32, which every gemm must" },
    { gemm_answers, XENT_ERROR_OVERFLOW, BOTH, GEMM, XENT_ERROR_OVERFLOW,
      "layer->gemm returned 6, an extent too large for it, for the logits" },
    { gemm_answers, XENT_ERROR_NO_MEMORY, BOTH, GEMM, XENT_ERROR_NO_MEMORY,
      "layer->gemm returned 7, too little memory, for the logits" },
};

/* ---- Outputs, each over every input and every output before it ---------------------------------------------------------- */

static char texts[TEXTS_MAX][96];

static int add(struct fault *faults, int n, void (*provoke)(struct scene *s, int which), int which, int output,
               xent_status status, const char *format, const char *other)
{
    (void)snprintf(texts[n], sizeof texts[n], "%s ", layer_tensor_names[output]);
    (void)snprintf(texts[n] + strlen(texts[n]), sizeof texts[n] - strlen(texts[n]), "%s%s", format, other);
    faults[n] = (struct fault){ provoke, which, output == LAYER_LOSS ? BOTH : GRADIENT, 1U << output, status, texts[n] };
    return n + 1;
}

static int outputs(struct fault *faults)
{
    int n = 0;
    for (int output = LAYER_LOSS; output < LAYER_TENSORS; output++) {
        n = add(faults, n, read_only, output, output, XENT_ERROR_INVALID_ARGUMENT,
                "is read-only (made by xent_tensor_wrap_const), expected an output", "");
        if (output != LAYER_GRAD_WEIGHT) /* whose rows are over each other then */
            n = add(faults, n, over_itself, output, output, XENT_ERROR_OVERLAP,
                    "overlaps itself: by its strides, elements may share memory", "");
        for (int other = 0; other < output; other++) {
            n = add(faults, n, over, output * LAYER_TENSORS + other, output, XENT_ERROR_OVERLAP, "overlaps ",
                    layer_tensor_names[other]);
            faults[n - 1].group |= 1U << other;
            if (other == LAYER_GRAD_LOSS) faults[n - 1].of = GRADIENT;
        }
    }
    return n;
}

int faults_of_all(struct fault faults[FAULTS_MAX])
{
    const int before = (int)(sizeof first / sizeof first[0]), behind = (int)(sizeof last / sizeof last[0]);
    memcpy(faults, first, sizeof first);
    const int between = outputs(faults + before);
    memcpy(faults + before + between, last, sizeof last);
    return before + between + behind;
}
