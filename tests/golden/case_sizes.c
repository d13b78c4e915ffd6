#include "case_sizes.h"

#include <math.h>
#include <stdlib.h>

bool golden_narrow(const struct golden_case *g) { return g->dtype != XENT_F64; }

static double *numbers_new(int64_t count)
{
    double *memory = calloc(count > 0 ? (size_t)count : 1, sizeof *memory);
    assert_non_null(memory);
    return memory;
}

/* ---- One row ----------------------------------------------------------------------------------------------------------- */

/* logit_scale * z is one product of the logits' precision. */
static double scaled(const struct golden_case *g, double z)
{
    if (!golden_narrow(g)) return g->options.logit_scale * z;
    const float scale = (float)g->options.logit_scale, product = scale * (float)z;
    return (double)product;
}

static void size_logit(const struct golden_case *g, struct golden_sizes *s, int64_t i)
{
    const double x = scaled(g, g->input.value[i]);
    const double cap = golden_narrow(g) ? (double)(float)g->options.softcap : g->options.softcap;
    s->v[i] = x;
    s->slope[i] = 1;
    if (cap == 0 || !isfinite(x)) return;
    s->v[i] = cap * tanh(x / cap);
    s->slope[i] = 1 / (cosh(x / cap) * cosh(x / cap));
}

static void size_softmax(const struct golden_case *g, struct golden_sizes *s, int64_t row)
{
    int64_t top = golden_element(g, row, 0);
    double rest = 0;
    for (int64_t c = 0; c < s->classes; c++) {
        const int64_t i = golden_element(g, row, c);
        size_logit(g, s, i);
        if (s->v[i] > s->v[top]) top = i;
    }
    for (int64_t c = 0; c < s->classes; c++) {
        const int64_t i = golden_element(g, row, c);
        s->below[i] = s->v[top] - s->v[i];
        if (i != top) rest += exp(-s->below[i]);
    }
    s->log1p[row] = log1p(rest);
    s->lse[row] = s->v[top] + s->log1p[row];
    for (int64_t c = 0; c < s->classes; c++) {
        const int64_t i = golden_element(g, row, c);
        s->probability[i] = exp(-s->below[i]) / (1 + rest);
        s->others[i] = i == top ? rest / (1 + rest) : 1 - s->probability[i];
    }
}

static void size_coefficients(const struct golden_case *g, struct golden_sizes *s, int64_t row)
{
    const double e = g->options.label_smoothing;
    for (int64_t c = 0; c < s->classes; c++) {
        const int64_t i = golden_element(g, row, c);
        const double w = g->weights.value != NULL ? g->weights.value[c] : 1;
        const double t =
            g->probabilities.value != NULL ? g->probabilities.value[i] : (double)(g->classes.value[row] == (double)c);
        s->coefficient[i] = golden_ignored(g, row) ? 0 : fabs(w * ((1 - e) * t + e / (double)s->classes));
        s->coefficients[row] += s->coefficient[i];
    }
}

/* Softcap is exact to the other bounds for some v' within 2^-22 (F64: 2^-50) of v. */
static double displacement(const struct golden_case *g, double v)
{
    if (g->options.softcap == 0 || !isfinite(v)) return 0;
    return (golden_narrow(g) ? 0x1p-22 : 0x1p-50) * fabs(v);
}

/* d(-log p_c) = sum_k p_k (dv_k - dv_c), where p_k itself may grow by e^(2 dv). */
static void size_displacement(const struct golden_case *g, struct golden_sizes *s, int64_t row)
{
    double largest = 0;
    for (int64_t c = 0; c < s->classes; c++) largest = fmax(largest, displacement(g, s->v[golden_element(g, row, c)]));
    s->p_moved[row] = expm1(2 * largest);
    for (int64_t c = 0; c < s->classes; c++) {
        const int64_t i = golden_element(g, row, c);
        s->lse_moved[row] += s->probability[i] * displacement(g, s->v[i]) * (1 + s->p_moved[row]);
        for (int64_t k = 0; k < s->classes; k++) {
            const int64_t j = golden_element(g, row, k);
            if (k == c) continue;
            s->moved[i] += s->probability[j] * (displacement(g, s->v[i]) + displacement(g, s->v[j])) * (1 + s->p_moved[row]);
        }
    }
}

/* ---- A case ------------------------------------------------------------------------------------------------------------ */

static double divisor_of(const struct golden_case *g, int64_t rows)
{
    double sum = 0;
    if (g->options.reduction != XENT_REDUCTION_MEAN) return 1;
    if (g->options.normalizer != 0) return g->options.normalizer;
    for (int64_t row = 0; row < rows; row++) {
        const bool weighted = g->classes.value != NULL && g->weights.value != NULL;
        if (golden_ignored(g, row)) continue;
        sum += golden_row_weight(g, row) * (weighted ? g->weights.value[(int64_t)g->classes.value[row]] : 1);
    }
    return sum;
}

struct golden_sizes golden_sizes_of(const struct golden_case *g)
{
    const int64_t rows = golden_batch_shape(g, NULL), n = rows * golden_class_count(g);
    struct golden_sizes s = { .rows = rows, .classes = golden_class_count(g), .divisor = 1 };
    double **const elements[] = { &s.v, &s.below, &s.probability, &s.others, &s.coefficient, &s.slope, &s.moved };
    double **const per_row[] = { &s.lse, &s.log1p, &s.coefficients, &s.lse_moved, &s.p_moved };
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) *elements[i] = numbers_new(n);
    for (size_t i = 0; i < sizeof per_row / sizeof per_row[0]; i++) *per_row[i] = numbers_new(rows);
    if (g->operation == OP_LOG || s.classes == 0) return s;
    for (int64_t row = 0; row < rows; row++) {
        if (g->input.value != NULL) size_softmax(g, &s, row);
        if (g->target != 0) size_coefficients(g, &s, row);
        if (g->options.softcap != 0) size_displacement(g, &s, row);
    }
    if (g->target != 0) s.divisor = divisor_of(g, rows);
    return s;
}

void golden_sizes_free(struct golden_sizes *s)
{
    double *const all[] = { s->v,     s->below, s->probability, s->others,       s->coefficient, s->slope,
                            s->moved, s->lse,   s->log1p,       s->coefficients, s->lse_moved,   s->p_moved };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) free(all[i]);
}
