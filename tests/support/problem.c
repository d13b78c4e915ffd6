#include "problem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

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

int problem_is_floating(xent_dtype dtype) { return dtype >= XENT_F32 && dtype <= XENT_BF16; }

const struct operation *problem_operation(const struct problem *p) { return &operations[p->op]; }

int problem_takes_options(const struct problem *p) { return problem_operation(p)->options >= OPTIONS_OF_LOGITS; }

int problem_has_loss(const struct problem *p)
{
    return operation_takes(problem_operation(p), ROLE_LOSS) && problem_operation(p)->options != OPTIONS_NONE;
}

int problem_has_upstream(const struct problem *p) { return operation_takes(problem_operation(p), ROLE_GRAD_LOSS); }

int problem_places(const struct problem *p) { return p->output_dtype != 0 ? 0 : operation_places(problem_operation(p)); }

/* ---- Draws: what is new comes last, so that the problems of older lists stay what they are ------------------------------- */

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
    if (!problem_has_upstream(p)) return;
    p->grad_loss_dtype = random_chance(r, 2) ? draw_floating(r) : (xent_dtype)0;
    if (random_chance(r, 8) || !problem_has_loss(p)) p->loss_dtype = (xent_dtype)0;
}

static void draw_dtype(xent_dtype *dtype, struct random *r)
{
    if (problem_is_floating(*dtype) && random_chance(r, 2)) *dtype = random_chance(r, 2) ? XENT_F16 : XENT_BF16;
}

static void draw_any_dtype(struct problem *p, struct random *r)
{
    draw_dtype(&p->target_dtype, r);
    draw_dtype(&p->weight_dtype, r);
    draw_dtype(&p->loss_dtype, r);
    draw_dtype(&p->grad_loss_dtype, r);
    if (random_chance(r, 12)) p->repeated = REPEATED_EVERYWHERE;
}

static void draw_row_weight(struct problem *p, struct random *r)
{
    if (random_chance(r, 2)) return;
    p->row_weight_dtype = draw_floating(r);
    if (p->any_dtype) draw_dtype(&p->row_weight_dtype, r);
}

/* Of another dtype the output cannot be in place. */
static void draw_output(struct problem *p, struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    const xent_dtype dtype = dtypes[random_below(r, 4)];
    if (random_chance(r, 2) || dtype == p->dtype) return;
    p->output_dtype = dtype;
    p->in_place = 0;
}

/* Both results, or either. */
static void draw_best(struct problem *p, struct random *r)
{
    const int64_t counts[] = { 1, 2, 5, 20, 100, 1000, 1024 }, classes = problem_classes(p);
    const int64_t most = classes < 1024 ? classes : 1024, wanted = counts[random_below(r, 7)];
    const int64_t results = random_below(r, 4);
    p->best = wanted < most ? wanted : most;
    p->index_dtype = random_chance(r, 2) ? XENT_I32 : XENT_I64;
    if (results == 0) p->index_dtype = (xent_dtype)0;
    if (results == 1) p->loss_dtype = (xent_dtype)0;
}

static void draw_options(struct problem *p, struct random *r)
{
    const double smoothings[] = { 0.1, 0.1, 0.5, 1, 1e-3, 1e-300 }, z_losses[] = { 1e-4, 1e-4, 0.5, 1e4, 1e-30, 1e300 };
    const double scales[] = { 2, 0.7, 14.3, 0.1, 1e-6, 1000, 1e-30, 1e30 };
    const double softcaps[] = { 30, 50, 15, 1, 1e-3, 1e4, 1e-30, 1e30 };
    const double smoothing = smoothings[random_below(r, 6)], z_loss = z_losses[random_below(r, 6)];
    const double scale = scales[random_below(r, 8)], softcap = softcaps[random_below(r, 8)];
    const int all = problem_operation(p)->options == OPTIONS_ALL;
    if (p->options & OPTION_SMOOTHING && all) p->label_smoothing = smoothing;
    if (p->options & OPTION_Z_LOSS && all) p->z_loss = z_loss;
    if (p->options & OPTION_SCALE) p->logit_scale = scale;
    if (p->options & OPTION_SOFTCAP) p->softcap = softcap;
}

/* Two tables of logits: a target of class indices or none, which only tells which rows count, and no weights of classes. */
static void draw_pair(struct problem *p, struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    const xent_dtype dtype = dtypes[random_below(r, 4)];
    if (problem_is_floating(p->target_dtype)) p->target_dtype = (xent_dtype)0;
    p->weight_dtype = (xent_dtype)0;
    if (random_chance(r, 3)) p->second_dtype = dtype;
}

void problem_draw(struct problem *p, struct random *r)
{
    const int places = operation_places(problem_operation(p));
    p->seed = random_bits(r);
    p->layout = random_chance(r, 3) ? 0 : random_bits(r);
    p->repeated = random_chance(r, 6) ? (int32_t)random_below(r, p->ndim) : REPEATED_NOWHERE;
    p->in_place = places > 0 && random_chance(r, 3);
    p->target_dtype = p->weight_dtype = p->row_weight_dtype = p->grad_loss_dtype = (xent_dtype)0;
    p->output_dtype = p->index_dtype = p->second_dtype = (xent_dtype)0;
    p->best = 0;
    p->loss_dtype = draw_floating(r);
    p->reduction = XENT_REDUCTION_MEAN;
    p->ignore_index = -100;
    p->normalizer = p->label_smoothing = p->z_loss = p->softcap = 0;
    p->logit_scale = 1;
    if (operation_takes_target(problem_operation(p))) draw_loss(p, r);
    if (p->in_place && places > 1) p->in_place += (int)random_below(r, places);
    if (p->any_dtype) draw_any_dtype(p, r);
    if (problem_takes_options(p)) draw_options(p, r);
    if (problem_operation(p)->pair) draw_pair(p, r);
    if (p->row_weights && operation_takes(problem_operation(p), ROLE_ROW_WEIGHT)) draw_row_weight(p, r);
    if (p->converts && problem_operation(p)->converts) draw_output(p, r);
    if (operation_takes(problem_operation(p), ROLE_BEST)) draw_best(p, r);
}

void problem_draw_batch(struct problem *p, const int64_t *batch, struct random *r)
{
    p->ndim = 2;
    p->axis = (int32_t)random_below(r, 2);
    p->shape[1 - p->axis] = batch[0];
    p->shape[p->axis] = batch[1];
    p->values = random_chance(r, 2) ? VALUES_MIXED : (enum values)random_below(r, VALUES_KINDS);
    p->options = (unsigned)random_below(r, OPTION_SETS);
    p->tame = random_chance(r, 2);
    problem_draw(p, r);
}

/* ---- Text ---------------------------------------------------------------------------------------------------------------- */

const char *dtype_name(xent_dtype dtype)
{
    switch ((int)dtype) {
    case XENT_F32: return "F32";
    case XENT_F64: return "F64";
    case XENT_F16: return "F16";
    case XENT_BF16: return "BF16";
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
    append(&line, "%s %s ", problem_operation(p)->name, dtype_name(p->dtype));
    if (p->widened) append(&line, "widened ");
    for (int32_t d = 0; d < p->ndim; d++) append(&line, "%s%" PRId64, d > 0 ? "x" : "", p->shape[d]);
    append(&line, " axis=%d %s", (int)p->axis, values_names[p->values]);
    if (p->tame) append(&line, " tame");
    if (p->layout != 0) append(&line, " strided");
    if (p->repeated >= 0) append(&line, " repeated=%d", (int)p->repeated);
    if (p->repeated == REPEATED_EVERYWHERE) append(&line, " repeated");
    if (p->in_place) append(&line, p->in_place == 1 ? " in-place" : " in-place=2");
    if (p->output_dtype != 0) append(&line, " to=%s", dtype_name(p->output_dtype));
    if (operation_takes(problem_operation(p), ROLE_LOSS) || operation_takes(problem_operation(p), ROLE_ROW_LOSS))
        append(&line, " out=%s", dtype_name(p->loss_dtype));
    if (p->best > 0)
        append(&line, " k=%" PRId64 " index=%s logp=%s", p->best, dtype_name(p->index_dtype), dtype_name(p->loss_dtype));
    if (p->second_dtype != 0) append(&line, " second=%s", dtype_name(p->second_dtype));
    if (!operation_takes_target(problem_operation(p))) return;
    append(&line, " target=%s", dtype_name(p->target_dtype));
    if (p->ignore_index != -100) append(&line, " ignore=%" PRId64, p->ignore_index);
    if (p->weight_dtype != 0) append(&line, " weight=%s", dtype_name(p->weight_dtype));
    if (p->row_weight_dtype != 0) append(&line, " row_weight=%s", dtype_name(p->row_weight_dtype));
    if (p->grad_loss_dtype != 0) append(&line, " grad_loss=%s", dtype_name(p->grad_loss_dtype));
    if (!problem_operation(p)->divisor) append(&line, " %s", reductions[p->reduction]);
    if (p->normalizer != 0) append(&line, " normalizer=%g", p->normalizer);
    if (p->label_smoothing != 0) append(&line, " smoothing=%g", p->label_smoothing);
    if (p->z_loss != 0) append(&line, " z_loss=%g", p->z_loss);
    if (p->logit_scale != 1) append(&line, " scale=%g", p->logit_scale);
    if (p->softcap != 0) append(&line, " softcap=%g", p->softcap);
}
