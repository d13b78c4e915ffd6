#include "problem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const op_names[OPS] = { "softmax",  "log_softmax",   "logsumexp",          "log",
                                           "nll_loss", "cross_entropy", "cross_entropy_grad", "mean_divisor" };
static const char *const values_names[VALUES_KINDS] = { "normal", "offset", "wide",      "narrow", "ties",
                                                        "masked", "bits",   "confident", "equal",  "lonely",
                                                        "zeros",  "nan",    "infinite",  "huge",   "mixed" };
static const xent_dtype index_dtypes[] = { XENT_I64, XENT_I32, XENT_I16, XENT_I8, XENT_U8, XENT_U16, XENT_U32, XENT_U64 };

int64_t problem_classes(const struct problem *p) { return p->shape[p->axis]; }

int64_t problem_logits(const struct problem *p)
{
    int64_t n = 1;
    for (int32_t d = 0; d < p->ndim; d++) n *= p->shape[d];
    return n;
}

static int is_loss(const struct problem *p)
{
    return p->op == OP_NLL_LOSS || p->op == OP_CROSS_ENTROPY || p->op == OP_CROSS_ENTROPY_GRAD;
}

int problem_can_be_in_place(const struct problem *p)
{
    return p->op == OP_SOFTMAX || p->op == OP_LOG_SOFTMAX || p->op == OP_LOG || p->op == OP_CROSS_ENTROPY_GRAD;
}

static xent_dtype draw_floating(struct random *r) { return random_chance(r, 2) ? XENT_F32 : XENT_F64; }

static void draw_loss(struct problem *p, struct random *r)
{
    const int64_t ignored[] = { -100, -100, -1, 0, problem_classes(p) / 2, 127, INT64_MIN };
    const double normalizers[] = { 0, 0, 0, 3, 0.7, 1e-300, 1e300 };
    p->target_dtype = random_chance(r, 3) ? draw_floating(r) : index_dtypes[random_below(r, 8)];
    p->weight_dtype = random_chance(r, 3) ? draw_floating(r) : (xent_dtype)0;
    p->reduction = (xent_reduction)random_below(r, 3);
    p->ignore_index = ignored[random_below(r, 7)];
    p->normalizer = normalizers[random_below(r, 7)];
    if (p->op != OP_CROSS_ENTROPY_GRAD) return;
    p->grad_loss_dtype = random_chance(r, 2) ? draw_floating(r) : (xent_dtype)0;
    if (random_chance(r, 8)) p->loss_dtype = (xent_dtype)0;
}

void problem_draw(struct problem *p, struct random *r)
{
    p->seed = random_bits(r);
    p->layout = random_chance(r, 3) ? 0 : random_bits(r);
    p->repeated = random_chance(r, 6) ? (int32_t)random_below(r, p->ndim) : -1;
    p->in_place = problem_can_be_in_place(p) && random_chance(r, 3);
    p->target_dtype = p->weight_dtype = p->grad_loss_dtype = (xent_dtype)0;
    p->loss_dtype = draw_floating(r);
    p->reduction = XENT_REDUCTION_MEAN;
    p->ignore_index = -100;
    p->normalizer = 0;
    if (is_loss(p) || p->op == OP_MEAN_DIVISOR) draw_loss(p, r);
}

static const char *dtype_name(xent_dtype dtype)
{
    switch ((int)dtype) {
    case XENT_F32: return "F32";
    case XENT_F64: return "F64";
    case XENT_I64: return "I64";
    case XENT_I32: return "I32";
    case XENT_I16: return "I16";
    case XENT_I8: return "I8";
    case XENT_U8: return "U8";
    case XENT_U16: return "U16";
    case XENT_U32: return "U32";
    case XENT_U64: return "U64";
    default: return "none";
    }
}

struct line {
    char *text;
    size_t size, used;
};

static void append(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(line->text + line->used, line->size - line->used, format, arguments);
    va_end(arguments);
    line->used += (size_t)n < line->size - line->used ? (size_t)n : line->size - line->used - 1;
}

void problem_text(const struct problem *p, char *text, size_t size)
{
    static const char *const reductions[] = { "mean", "sum", "none" };
    struct line line = { text, size, 0 };
    append(&line, "%s %s ", op_names[p->op], dtype_name(p->dtype));
    for (int32_t d = 0; d < p->ndim; d++) append(&line, "%s%" PRId64, d > 0 ? "x" : "", p->shape[d]);
    append(&line, " axis=%d %s", (int)p->axis, values_names[p->values]);
    if (p->layout != 0) append(&line, " strided");
    if (p->repeated >= 0) append(&line, " repeated=%d", (int)p->repeated);
    if (p->in_place) append(&line, " in-place");
    if (p->op == OP_LOGSUMEXP || is_loss(p)) append(&line, " out=%s", dtype_name(p->loss_dtype));
    if (p->target_dtype == 0) return;
    append(&line, " target=%s", dtype_name(p->target_dtype));
    if (p->ignore_index != -100) append(&line, " ignore=%" PRId64, p->ignore_index);
    if (p->weight_dtype != 0) append(&line, " weight=%s", dtype_name(p->weight_dtype));
    if (p->grad_loss_dtype != 0) append(&line, " grad_loss=%s", dtype_name(p->grad_loss_dtype));
    if (is_loss(p)) append(&line, " %s", reductions[p->reduction]);
    if (p->normalizer != 0) append(&line, " normalizer=%g", p->normalizer);
}
