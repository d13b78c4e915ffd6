/* Accuracy of the divergence of two sets of logits and of its gradient, against binary128: rows that are next to each other, on each side
   of u = 1 and far apart, with and without an offset between them, of one dtype and of two; and of one class that p hardly has. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "accuracy_reference.h"
#include "everywhere.h"
#include "support/effort.h"
#include "support/tensors.h"

static const int64_t classes_list[] = { 2, 3, 10, 65, 300, 1000, 4097, 10000, 33000 };
static const double distances[] = { 1e-6, 1e-4, 0.01, 0.3, 1, 5 }, offsets[] = { 0, 0, 0.75, -1000, 3e4 };
enum {
    CLASSES = sizeof classes_list / sizeof classes_list[0],
    DISTANCES = sizeof distances / sizeof distances[0],
    OFFSETS = sizeof offsets / sizeof offsets[0],
    LOGITS_PER_BATCH = 4000,
    LOGITS_OF_16_BITS = 800
};

enum result { DIVERGENCE, NEAR, HARDLY, GRADIENT, RESULTS };

/* The second rows: as numbers, and in their dtype. */
struct second {
    xent_dtype dtype;
    void *logits;
    double *exact;
};

/* Those of the batch, moved by normal numbers times `distance` and all by `offset`; -inf stays. */
static struct second second_of(const struct batch *b, xent_dtype dtype, double distance, double offset, struct random *r)
{
    const int64_t n = b->rows * b->classes;
    struct second s = { dtype, elements_new(dtype, n), malloc((size_t)n * sizeof(double)) };
    if (s.exact == NULL) exit(EXIT_FAILURE);
    for (int64_t i = 0; i < n; i++) {
        element_set(dtype, s.logits, i, b->exact[i] + distance * random_normal(r) + offset);
        s.exact[i] = element(dtype, s.logits, i);
    }
    return s;
}

/* Sums to 113 bits; what cancels in e^-u - 1 + u is far less. */
static quad divergence_of(const struct reference *p, const struct reference *q)
{
    quad sum = 0;
    for (int64_t c = 0; c < p->classes; c++) {
        const quad of_p = reference_probability(p, c);
        if (of_p == 0) {
            sum += reference_probability(q, c);
            continue;
        }
        const quad u = reference_log_probability(p, c) - reference_log_probability(q, c);
        sum += of_p * (quad_exp(-u) - 1 + u);
    }
    return sum;
}

/* What the arithmetic promises, before a result is rounded to its type. */
static double bound_of(const struct precision *a, double kl)
{
    return a->dtype == XENT_F64 ? 0x1p-48 * kl + 0x1p-96 : 0x1p-20 * kl + 0x1p-46;
}

static void check_row(struct measure *m, const struct precision *a, const struct precision *storage, const struct batch *b,
                      const struct reference *p, const struct reference *q, double kl, const void *gradient, int64_t row)
{
    const quad exact = divergence_of(p, q);
    const bool near = exact < (quad)1e-6;
    assert_true(kl >= 0 && !signbit(kl));
    measure(&m[near ? NEAR : DIVERGENCE], kl, exact, near ? 0 : a->unit * (double)exact,
            bound_of(a, (double)exact) + 0x1p-53 * (double)exact, b);
    for (int64_t c = 0; c < b->classes; c++) {
        const quad of_p = reference_probability(p, c), of_q = reference_probability(q, c);
        const double size = a->unit * (double)(of_p + of_q), own = (a->dtype == XENT_F64 ? 16 : 8) * size + 2 * a->tiny;
        const double got = element(storage->dtype, gradient, row * b->classes + c), entry = fabs((double)(of_q - of_p));
        measure(&m[GRADIENT], got, of_q - of_p, storage != a || size < 0x1p20 * a->tiny ? 0 : size,
                own + (storage == a ? 0 : half_ulp(storage, entry + own)), b);
    }
}

static void check_batch(struct measure *m, const struct batch *b, const struct second *s)
{
    const struct precision *storage = precision_of(s->dtype);
    const struct precision *a = b->dtype == XENT_F64 ? arithmetic_of(b->dtype) : arithmetic_of(s->dtype);
    xent_options none = XENT_OPTIONS_INIT;
    none.reduction = XENT_REDUCTION_NONE;
    double *kl = malloc((size_t)b->rows * sizeof *kl);
    quad *room = malloc(4 * (size_t)b->classes * sizeof *room);
    void *gradient = elements_new(s->dtype, b->rows * b->classes);
    if (kl == NULL || room == NULL) exit(EXIT_FAILURE);
    xent_tensor *p = tensor_over(b->dtype, SHAPE(b->rows, b->classes), b->logits);
    xent_tensor *q = tensor_over(s->dtype, SHAPE(b->rows, b->classes), s->logits);
    xent_tensor *result = tensor_over(XENT_F64, SHAPE(b->rows), kl);
    xent_tensor *entries = tensor_over(s->dtype, SHAPE(b->rows, b->classes), gradient);
    expect_everywhere(xent_kl_div_grad(p, q, NULL, &none, NULL, result, entries), result, entries);
    for (int64_t i = 0; i < b->rows; i++) {
        const struct reference of_p = reference_of_doubles(b->exact + i * b->classes, b->classes, room);
        const struct reference of_q = reference_of_doubles(s->exact + i * b->classes, b->classes, room + 2 * b->classes);
        check_row(m, a, storage, b, &of_p, &of_q, kl[i], gradient, i);
    }
    /* rows and themselves */
    expect_everywhere(xent_kl_div(p, p, NULL, &none, result), result);
    for (int64_t i = 0; i < b->rows; i++) assert_true(kl[i] == 0 && !signbit(kl[i]));
    xent_tensor_destroy(p);
    xent_tensor_destroy(q);
    xent_tensor_destroy(result);
    xent_tensor_destroy(entries);
    free(kl);
    free(room);
    free(gradient);
}

/* Two rows that are equal but for their last class, which p hardly has and q far less: it alone is what they diverge by. p is of the
   arithmetic's dtype. */
static struct second hardly_apart(const struct batch *p, const struct precision *a, const struct precision *storage,
                                  struct random *r)
{
    const int64_t last = p->classes - 1;
    const double least = (a->dtype == XENT_F64 ? 1085 : 189) * log(2) - log((double)p->classes); /* of those that p has */
    const double far = storage->largest * exp(-0.9 * log(storage->largest) * random_uniform(r));
    struct second q = { storage->dtype, elements_new(storage->dtype, p->classes), calloc((size_t)p->classes, sizeof(double)) };
    if (q.exact == NULL) exit(EXIT_FAILURE);
    for (int64_t c = 0; c < p->classes; c++) {
        const double apart = random_chance(r, 4) ? least : least * (0.5 + 0.5 * random_uniform(r));
        element_set(a->dtype, p->logits, c, c == last ? -apart : 0);
        p->exact[c] = element(a->dtype, p->logits, c);
    }
    element_set(q.dtype, q.logits, last, -far);
    q.exact[last] = element(q.dtype, q.logits, last);
    return q;
}

static void check_hardly(struct measure *m, const struct precision *a, const struct precision *storage, struct random *r)
{
    static const int64_t classes_of[] = { 2, 70, 1000, 4097, 9000 };
    const int64_t classes = classes_of[random_below(r, 5)];
    struct batch b = batch_new(a->dtype, 1, classes, ROWS_EQUAL, 0, r);
    struct second s = hardly_apart(&b, a, storage, r);
    double kl;
    quad *room = malloc(4 * (size_t)classes * sizeof *room);
    if (room == NULL) exit(EXIT_FAILURE);
    const struct reference of_p = reference_of_doubles(b.exact, classes, room);
    const struct reference of_q = reference_of_doubles(s.exact, classes, room + 2 * classes);
    const quad exact = divergence_of(&of_p, &of_q);
    const double bound = bound_of(a, (double)exact);
    xent_tensor *p = tensor_over(a->dtype, SHAPE(1, classes), b.logits), *q = tensor_over(s.dtype, SHAPE(1, classes), s.logits);
    xent_tensor *result = tensor_over(XENT_F64, SHAPE(1), &kl);
    expect_everywhere(xent_kl_div(p, q, NULL, NULL, result), result);
    measure(m, kl, exact, exact < (quad)1e-6 ? 0 : a->unit * (double)exact, bound + 0x1p-53 * (double)exact, &b);
    element_set(s.dtype, s.logits, classes - 1, -INFINITY);
    expect_everywhere(xent_kl_div(p, q, NULL, NULL, result), result);
    assert_true(kl == INFINITY);
    xent_tensor_destroy(p);
    xent_tensor_destroy(q);
    xent_tensor_destroy(result);
    free(room);
    free(s.logits);
    free(s.exact);
    batch_free(&b);
}

static void test_divergence(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    const struct precision *storage = *state;
    struct measure m[RESULTS] = { [DIVERGENCE] = { .result = "divergence", .unit = "units of it" },
                                  [NEAR] = { .result = "divergence below 1e-6", .unit = "" },
                                  [HARDLY] = { .result = "divergence by one class", .unit = "units of it" },
                                  [GRADIENT] = { .result = "gradient", .unit = "units of p + q" } };
    struct random r = accuracy_stream(11, storage->dtype);
    const int64_t most = xent_dtype_size(storage->dtype) == 2 ? LOGITS_OF_16_BITS : LOGITS_PER_BATCH;
    for (int64_t k = 0, batches = effort(CLASSES * DISTANCES * OFFSETS); k < batches; k++) {
        const int64_t classes = classes_list[k % CLASSES];
        const double distance = distances[k / CLASSES % DISTANCES], offset = offsets[random_below(&r, OFFSETS)];
        const enum row_kind kind = random_chance(&r, 2) ? ROWS_RANDOM : (enum row_kind)random_below(&r, ROW_KINDS);
        const bool mixed = random_chance(&r, 4), of_16_bits = xent_dtype_size(storage->dtype) == 2;
        struct batch b = batch_new(storage->dtype, classes < most ? most / classes : 1, classes, kind, 0, &r);
        struct second s = second_of(&b, mixed ? dtypes[random_below(&r, 4)] : storage->dtype, distance,
                                    of_16_bits && offset > 1e4 ? 30 : offset, &r);
        check_batch(m, &b, &s);
        free(s.logits);
        free(s.exact);
        batch_free(&b);
    }
    for (int64_t k = 0, rows = effort(400); k < rows; k++) check_hardly(&m[HARDLY], arithmetic_of(storage->dtype), storage, &r);
    assert_int_equal(measures_print(storage->name, m, RESULTS), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, test_divergence, true); }
