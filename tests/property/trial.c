#include "trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "everywhere.h"
double *numbers_new(int64_t n)
{
    double *memory = calloc((size_t)n, sizeof *memory);
    if (memory == NULL) {
        perror("trial");
        exit(EXIT_FAILURE);
    }
    return memory;
}

void tensor_numbers(const xent_tensor *t, double *values)
{
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) values[i] = tensor_get(t, i);
}

void tensor_fill(xent_tensor *t, const double *values)
{
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) tensor_set(t, i, values[i]);
}

static void draw_logits(struct trial *t, struct random *r)
{
    const double spread = random_chance(r, 2) ? 1 : 4, offset = random_chance(r, 3) ? 20 * random_normal(r) : 0;
    for (int64_t i = 0; i < t->rows * t->classes; i++) t->logits[i] = spread * random_normal(r) + offset;
    for (int64_t i = 0; i < t->rows; i++) t->index[i] = random_below(r, t->classes);
    if (!(t->features & FEATURE_MASK) || t->features & FEATURE_SMOOTHING) return;
    for (int64_t i = 0; i < t->rows; i++) {
        for (int64_t c = 0; c < t->classes; c++) {
            if (c != t->index[i] && random_chance(r, 4)) t->logits[i * t->classes + c] = -INFINITY;
        }
    }
}

/* Row i has a soft one-hot target, probabilities that do not add up to 1, or few that are not 0. None lies at -inf. */
static void draw_target(struct trial *t, int64_t i, struct random *r)
{
    for (int64_t c = 0; c < t->classes; c++) {
        const double soft = c == t->index[i] ? 0.9 : 0.1 / (double)t->classes, u = random_uniform(r);
        const double p = i % 3 == 0 ? soft : i % 3 == 1 || random_chance(r, 16) ? u : 0;
        t->probabilities[i * t->classes + c] = t->logits[i * t->classes + c] == -INFINITY ? 0 : p;
    }
}

/* Numbers that F32 does not hold, so that their rounding shows. */
static void draw_options(struct trial *t, struct random *r)
{
    static const double smoothing[] = { 0.1, 0.3, 1e-3, 1, 1e-17, 1e-30 }, z_loss[] = { 1e-4, 1, 0.03 };
    static const double scale[] = { 0.7, 1.3, 0.01, 6 }, softcap[] = { 30, 50.3, 5.1, 1, 1e3 };
    if (t->features & FEATURE_SMOOTHING) t->options.label_smoothing = smoothing[random_below(r, 6)];
    if (t->features & FEATURE_Z_LOSS) t->options.z_loss = z_loss[random_below(r, 3)];
    if (t->features & FEATURE_SCALE) t->options.logit_scale = scale[random_below(r, 4)];
    if (t->features & FEATURE_SOFTCAP) t->options.softcap = softcap[random_below(r, 5)];
}

static enum layout draw_layout(struct random *r) { return (enum layout)random_below(r, LAYOUTS); }

static xent_dtype draw_dtype(struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    return dtypes[random_below(r, 4)];
}

static void make_tensors(struct trial *t, struct random *r)
{
    t->logits_tensor = tensor_new(t->dtype, SHAPE(t->rows, t->classes), draw_layout(r));
    t->index_tensor = tensor_new(XENT_I64, SHAPE(t->rows), draw_layout(r));
    t->upstream_tensor = tensor_new(draw_dtype(r), SHAPE(t->rows), draw_layout(r));
    if (t->features & FEATURE_PROBABILITIES)
        t->probabilities_tensor = tensor_new(draw_dtype(r), SHAPE(t->rows, t->classes), draw_layout(r));
    if (t->features & FEATURE_WEIGHT) t->weight_tensor = tensor_new(draw_dtype(r), SHAPE(t->classes), draw_layout(r));
    t->options.class_weight = t->weight_tensor;
}

struct trial *trial_new(struct random *r, xent_dtype dtype, int64_t rows, int64_t classes, unsigned features,
                        const double *logits, const int64_t *index)
{
    struct trial *t = calloc(1, sizeof *t);
    assert_non_null(t);
    *t = (struct trial){ .dtype = dtype, .rows = rows, .classes = classes, .features = features, .options = XENT_OPTIONS_INIT };
    t->options.reduction = XENT_REDUCTION_NONE;
    t->logits = numbers_new(rows * classes);
    t->index = (int64_t *)numbers_new(rows);
    t->upstream = numbers_new(rows);
    draw_logits(t, r);
    if (logits != NULL) memcpy(t->logits, logits, (size_t)(rows * classes) * sizeof *logits);
    if (index != NULL) memcpy(t->index, index, (size_t)rows * sizeof *index);
    draw_options(t, r);
    for (int64_t i = 0; i < rows; i++) t->upstream[i] = (random_uniform(r) + 0.01) * (random_chance(r, 2) ? -10 : 1);
    if (features & FEATURE_PROBABILITIES) {
        t->probabilities = numbers_new(rows * classes);
        for (int64_t i = 0; i < rows; i++) draw_target(t, i, r);
    }
    if (features & FEATURE_WEIGHT) {
        t->weight = numbers_new(classes);
        for (int64_t c = 0; c < classes; c++) t->weight[c] = random_chance(r, 8) ? 0 : 2 * random_uniform(r);
    }
    make_tensors(t, r);
    t->objective = (struct objective){ dtype, classes, &t->options, t->weight };
    trial_update(t);
    return t;
}

void trial_free(struct trial *t)
{
    free(t->logits);
    free(t->index);
    free(t->probabilities);
    free(t->weight);
    free(t->upstream);
    tensor_free(t->logits_tensor);
    tensor_free(t->index_tensor);
    tensor_free(t->probabilities_tensor);
    tensor_free(t->weight_tensor);
    tensor_free(t->upstream_tensor);
    free(t);
}

void trial_update(struct trial *t)
{
    for (int64_t i = 0; i < t->rows; i++) tensor_set(t->index_tensor, i, (double)t->index[i]);
    tensor_fill(t->logits_tensor, t->logits);
    tensor_numbers(t->logits_tensor, t->logits);
    tensor_fill(t->upstream_tensor, t->upstream);
    tensor_numbers(t->upstream_tensor, t->upstream);
    if (t->weight != NULL) {
        tensor_fill(t->weight_tensor, t->weight);
        tensor_numbers(t->weight_tensor, t->weight);
    }
    if (t->probabilities == NULL) return;
    tensor_fill(t->probabilities_tensor, t->probabilities);
    tensor_numbers(t->probabilities_tensor, t->probabilities);
}

const xent_tensor *trial_target(const struct trial *t)
{
    return t->probabilities != NULL ? t->probabilities_tensor : t->index_tensor;
}

struct row trial_row(const struct trial *t, int64_t i)
{
    return (struct row){ t->logits + i * t->classes, t->index[i],
                         t->probabilities == NULL ? NULL : t->probabilities + i * t->classes, t->upstream[i] };
}

void trial_solve(const struct trial *t, double *loss, double *gradient)
{
    xent_tensor *losses = tensor_over(XENT_F64, SHAPE(t->rows), loss);
    xent_tensor *entries = tensor_new(t->dtype, SHAPE(t->rows, t->classes), ROW_MAJOR);
    expect_everywhere(
        xent_cross_entropy_grad(t->logits_tensor, trial_target(t), &t->options, t->upstream_tensor, losses, entries), losses,
        entries);
    tensor_numbers(entries, gradient);
    xent_tensor_destroy(losses);
    tensor_free(entries);
}
