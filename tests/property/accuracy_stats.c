/* Accuracy of the entropy of xent_row_stats against binary128, as the double that it is before it is rounded and as an element. */
#include <math.h>
#include <stdlib.h>

#include "accuracy_measure.h"
#include "accuracy_reference.h"
#include "everywhere.h"
#include "support/effort.h"
#include "support/tensors.h"

static const int64_t classes_list[] = { 2, 3, 10, 64, 65, 1000, 4096, 4097, 20000, 128256 };
static const double offsets[] = { 0, -3e4, 4e4, 1e6, 1e9 }, offsets_of_f16[] = { 0, -30, 100, 1e3, 4e4 };
enum {
    CLASSES = sizeof classes_list / sizeof classes_list[0],
    OFFSETS = sizeof offsets / sizeof offsets[0],
    LOGITS_PER_BATCH = 12000,
    LOGITS_OF_16_BITS = 1500,
    ROWS_PER_BATCH = 2000,
    LARGE = 100000,
    MOST_OF_16_BITS = 5000
};

enum result { IN_DOUBLE, STORED, RESULTS };

/* -sum p ln p with all its digits: nothing in this form cancels. */
static quad entropy_of(const struct reference *r)
{
    quad heat = 0;
    for (int64_t c = 0; c < r->classes; c++)
        if (c != r->first && r->term[c] != 0) heat += r->term[c] * (r->max - r->z[c]);
    return r->log1p_rest + heat * r->inverse;
}

/* What xent.h allows the double: of F32 one rounding less than an element is off by. */
static double allowed(const struct precision *arithmetic, const struct batch *b, double entropy)
{
    const bool wide = arithmetic->dtype == XENT_F64;
    double units = wide ? 16 : 3;
    for (int64_t most = 4096; wide && most < b->classes; most *= 2) units += 5;
    return units * arithmetic->unit * entropy + (double)b->classes * (wide ? 0x1p-1063 : 0x1p-182);
}

static void check_batch(struct measure *m, const struct precision *storage, const struct batch *b)
{
    const struct precision *arithmetic = arithmetic_of(storage->dtype);
    double *in_double = elements_new(XENT_F64, b->rows);
    void *stored = elements_new(storage->dtype, b->rows);
    xent_tensor *logits = tensor_over(b->dtype, SHAPE(b->rows, b->classes), b->logits);
    xent_tensor *wide = tensor_over(XENT_F64, SHAPE(b->rows), in_double),
                *narrow = tensor_over(b->dtype, SHAPE(b->rows), stored);
    quad *room = malloc(2 * (size_t)b->classes * sizeof *room);
    xent_stats stats = XENT_STATS_INIT;
    assert_non_null(room);
    stats.entropy = wide;
    expect_everywhere(xent_row_stats(logits, NULL, NULL, &stats), wide);
    stats.entropy = narrow;
    expect_everywhere(xent_row_stats(logits, NULL, NULL, &stats), narrow);
    for (int64_t i = 0; i < b->rows; i++) {
        const struct reference r = reference_of_doubles(b->exact + i * b->classes, b->classes, room);
        const quad exact = entropy_of(&r);
        const double own = allowed(arithmetic, b, (double)exact), unit = arithmetic->unit * (double)exact;
        measure(&m[IN_DOUBLE], in_double[i], exact, exact < 0x1p-149 ? 0 : unit, own, b);
        measure(&m[STORED], element(b->dtype, stored, i), exact, ulp(storage, exact),
                own + half_ulp(storage, (double)exact + own), b);
        assert_true(element(b->dtype, stored, i) == rounded(storage, in_double[i]));
    }
    free(room);
    free(in_double);
    free(stored);
    xent_tensor_destroy(logits);
    xent_tensor_destroy(wide);
    xent_tensor_destroy(narrow);
}

static void entropies_are_accurate(void **state)
{
    const struct precision *storage = *state;
    const bool sixteen = storage != arithmetic_of(storage->dtype);
    struct random random = accuracy_stream(8, storage->dtype);
    struct measure m[RESULTS] = {
        [IN_DOUBLE] = { .result = "entropy as F64", .unit = storage->dtype == XENT_F64 ? "2^-53" : "2^-24" },
        [STORED] = { .result = "entropy", .unit = "ulp" },
    };
    for (int k = 0; k < CLASSES * ROW_KINDS * OFFSETS; k++) {
        const int c = k / (ROW_KINDS * OFFSETS), kind = k / OFFSETS % ROW_KINDS, o = k % OFFSETS;
        const int64_t classes = classes_list[c], fit = effort(sixteen ? LOGITS_OF_16_BITS : LOGITS_PER_BATCH) / classes;
        if (classes >= LARGE && o != 0 && o != 1 + (c + kind) % (OFFSETS - 1)) continue;
        if (classes > effort(classes_list[CLASSES - 1]) || (classes > MOST_OF_16_BITS && sixteen)) continue;
        const int64_t rows = fit < 1 ? 1 : fit > ROWS_PER_BATCH ? ROWS_PER_BATCH : fit;
        const double offset = storage->dtype == XENT_F16 ? offsets_of_f16[o] : offsets[o];
        struct batch b = batch_new(storage->dtype, rows, classes, (enum row_kind)kind, offset, &random);
        check_batch(m, storage, &b);
        batch_free(&b);
    }
    assert_int_equal(measures_print(storage->name, m, RESULTS), 0);
}

int main(int argc, char **argv) { return accuracy_main(argc, argv, entropies_are_accurate, true); }
