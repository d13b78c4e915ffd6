/* top_k against sorting: orders that make selecting hard, many equal logits, special values; every number of classes up to the largest,
   and each result alone. Log-probabilities have the bits of log_softmax. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/random.h"
#include "support/tensors.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

/* ---- What is expected -------------------------------------------------------------------------------------------------- */

static const double *sorted_row;

static int compare(const void *a, const void *b)
{
    const int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
    const double x = sorted_row[i], y = sorted_row[k];
    const int nan_first = (y != y) - (x != x);
    if (nan_first < 0) return -1;
    if (nan_first > 0) return 1;
    if (x > y) return -1;
    if (x < y) return 1;
    return i < k ? -1 : 1;
}

static void sort_classes(const xent_tensor *z, int64_t row, int64_t classes, int64_t *index)
{
    double *values = malloc((size_t)classes * sizeof *values);
    assert_non_null(values);
    for (int64_t c = 0; c < classes; c++) {
        values[c] = tensor_get(z, row * classes + c);
        index[c] = c;
    }
    sorted_row = values;
    qsort(index, (size_t)classes, sizeof *index, compare);
    free(values);
}

static void expect_best(const xent_tensor *z, const xent_tensor *all_logp, const xent_tensor *index, const xent_tensor *logp,
                        const char *what)
{
    const int64_t classes = xent_tensor_shape(z)[1], k = xent_tensor_shape(index)[1];
    int64_t *want = malloc((size_t)classes * sizeof *want);
    assert_non_null(want);
    for (int64_t row = 0; row < xent_tensor_shape(z)[0]; row++) {
        sort_classes(z, row, classes, want);
        for (int64_t i = 0; i < k; i++) {
            const int64_t got = (int64_t)tensor_get(index, row * k + i);
            if (got != want[i])
                fail_msg("%s, %lld classes, k %lld: place %lld of row %lld is class %lld, expected %lld", what,
                         (long long)classes, (long long)k, (long long)i, (long long)row, (long long)got, (long long)want[i]);
            expect_bits(logp, row * k + i, tensor_bits(all_logp, row * classes + got));
        }
    }
    free(want);
}

/* Both results, in a layout that varies, and either alone. */
static void check(xent_tensor *z, int64_t k, enum layout layout, const char *what)
{
    const int64_t rows = xent_tensor_shape(z)[0], classes = xent_tensor_shape(z)[1];
    const xent_dtype logp_dtype = dtypes[(classes + k) % DTYPES];
    xent_tensor *index = tensor_new(k % 2 ? XENT_I32 : XENT_I64, SHAPE(rows, k), layout), *alone;
    xent_tensor *logp = tensor_new(logp_dtype, SHAPE(rows, k), layout);
    xent_tensor *all_logp = tensor_new(logp_dtype, SHAPE(rows, classes), ROW_MAJOR);
    expect_ok(xent_log_softmax(z, 1, all_logp));
    expect_ok(xent_top_k(z, 1, index, logp));
    expect_best(z, all_logp, index, logp, what);
    alone = tensor_new(xent_tensor_dtype(index), SHAPE(rows, k), ROW_MAJOR);
    expect_ok(xent_top_k(z, -1, alone, NULL));
    for (int64_t i = 0; i < rows * k; i++) expect_bits(alone, i, tensor_bits(index, i));
    tensor_free(alone);
    alone = tensor_new(logp_dtype, SHAPE(rows, k), ROW_MAJOR);
    expect_ok(xent_top_k(z, XENT_AXIS_DEFAULT, NULL, alone));
    for (int64_t i = 0; i < rows * k; i++) expect_bits(alone, i, tensor_bits(logp, i));
    tensor_free(alone);
    tensor_free(index);
    tensor_free(logp);
    tensor_free(all_logp);
}

/* ---- Orders ------------------------------------------------------------------------------------------------------------ */

enum order { RANDOM, TIES, EQUAL, ASCENDING, DESCENDING, SAW, SPECIAL, ORDERS };
static const char *const order_names[ORDERS] = { "random", "ties", "equal", "ascending", "descending", "saw", "special" };

static double logit(enum order order, int64_t c, int64_t classes, struct random *r)
{
    static const double special[] = { NAN, INFINITY, -INFINITY, 0.0, -0.0, 1, 1, -1 };
    switch (order) {
    case RANDOM: return 4 * random_normal(r);
    case TIES: return (double)random_below(r, 4);
    case EQUAL: return -0.5;
    case ASCENDING: return (double)c / 64;
    case DESCENDING: return (double)(classes - c) / 64;
    case SAW: return (double)(c % 97);
    default: return random_chance(r, 16) ? special[random_below(r, 8)] : random_normal(r);
    }
}

static void check_order(xent_dtype dtype, enum order order, int64_t rows, int64_t classes, const int64_t *counts, int number)
{
    struct random r = random_stream((uint64_t)classes, (uint64_t)order);
    const enum layout layout = (enum layout)((classes + (int64_t)dtype) % LAYOUTS);
    xent_tensor *z = tensor_new(dtype, SHAPE(rows, classes), layout);
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(z, i, logit(order, i % classes, classes, &r));
    for (int i = 0; i < number; i++)
        if (counts[i] <= classes) check(z, counts[i], layout, order_names[order]);
    tensor_free(z);
}

/* Of few classes every k. */
static void test_few_classes(void **state)
{
    (void)state;
    int64_t counts[70];
    for (int64_t i = 0; i < 70; i++) counts[i] = i + 1;
    for (int64_t classes = 1; classes <= 70; classes += classes < 10 ? 1 : 6)
        for (int order = 0; order < ORDERS; order++)
            check_order(dtypes[(classes + order) % DTYPES], (enum order)order, 2, classes, counts, 70);
}

/* Around groups, chunks, and the numbers from which on a call selects in another way. */
static void test_many_classes(void **state)
{
    (void)state;
    static const int64_t counts[] = { 1, 2, 7, 8, 9, 10, 31, 32, 33, 100, 1023, 1024 };
    static const int64_t classes[] = { 127, 1024, 1025, 4095, 4096, 4097, 9001, 30000 };
    const int64_t tried = effort(8);
    for (int64_t i = 0; i < tried; i++)
        for (int order = 0; order < ORDERS; order++)
            for (int dtype = 0; dtype < DTYPES; dtype++)
                if (classes[i] < 9000 || dtype == order % DTYPES)
                    check_order(dtypes[dtype], (enum order)order, 2, classes[i], counts, 12);
}

/* Rows that go side by side, where kernels find so many classes. */
static void test_many_rows(void **state)
{
    (void)state;
    static const int64_t counts[] = { 1, 2, 20, 31, 32, 33 };
    static const int64_t classes[] = { 3, 21, 33, 130 };
    const int64_t tried = effort(4);
    for (int64_t i = 0; i < tried; i++)
        for (int order = 0; order < ORDERS; order++)
            for (int dtype = 0; dtype < DTYPES; dtype++)
                check_order(dtypes[dtype], (enum order)order, 75, classes[i] + order % LAYOUTS, counts, 6);
}

/* Each pivot of this order is next to the worst of what is left (an adversary's: McIlroy, "A killer adversary for quicksort", 1999). */
static void test_bad_pivots(void **state)
{
    (void)state;
    enum { CLASSES = 41, K = 9 };
    static const double order[CLASSES] = { 1,  32, 33, 34, 35, 31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 0,
                                           36, 37, 38, 39, 40, 30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2 };
    xent_tensor *z = tensor_of(XENT_F32, SHAPE(1, CLASSES), ROW_MAJOR, order);
    check(z, K, ROW_MAJOR, "bad pivots");
    tensor_free(z);
}

/* ---- Special values ---------------------------------------------------------------------------------------------------- */

static void check_row(const double *row, const double *want, bool is_nan)
{
    for (int i = 0; i < DTYPES; i++) {
        xent_tensor *z = tensor_of(dtypes[i], SHAPE(6), ROW_MAJOR, row), *index = tensor_new(XENT_I32, SHAPE(6), ROW_MAJOR);
        xent_tensor *logp = tensor_new(dtypes[i], SHAPE(6), ROW_MAJOR);
        expect_ok(xent_top_k(z, 0, index, logp));
        for (int64_t c = 0; c < 6; c++) {
            assert_true(tensor_get(index, c) == want[c]);
            if (is_nan) expect_bits(logp, c, canonical_nan(dtypes[i]));
        }
        if (!is_nan) assert_true(isfinite(tensor_get(logp, 0)));
        tensor_free(z);
        tensor_free(index);
        tensor_free(logp);
    }
}

static void test_special_values(void **state)
{
    (void)state;
    check_row(VALUES(1, -NAN, INFINITY, NAN, -INFINITY, 2), VALUES(1, 3, 2, 5, 0, 4), true);
    check_row(VALUES(1, -INFINITY, INFINITY, INFINITY, -INFINITY, 2), VALUES(2, 3, 5, 0, 1, 4), true);
    check_row(VALUES(-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY), VALUES(0, 1, 2, 3, 4, 5), true);
    check_row(VALUES(NAN, NAN, NAN, NAN, NAN, NAN), VALUES(0, 1, 2, 3, 4, 5), true);
    check_row(VALUES(-0.0, 0.0, -0.0, 1, -1, 0.0), VALUES(3, 0, 1, 2, 5, 4), false);
    check_row(VALUES(-INFINITY, 3, -INFINITY, 4, 5, -INFINITY), VALUES(4, 3, 1, 0, 2, 5), false);
}

/* Masked classes have the log-probability -inf. */
static void test_masked_classes(void **state)
{
    (void)state;
    xent_tensor *z = tensor_of(XENT_F32, SHAPE(3), ROW_MAJOR, VALUES(-INFINITY, 0, -INFINITY));
    xent_tensor *index = tensor_new(XENT_I64, SHAPE(2), ROW_MAJOR), *logp = tensor_new(XENT_F64, SHAPE(2), ROW_MAJOR);
    expect_ok(xent_top_k(z, 0, index, logp));
    assert_true(tensor_get(index, 0) == 1 && tensor_get(index, 1) == 0);
    assert_true(tensor_get(logp, 0) == 0 && tensor_get(logp, 1) == -INFINITY);
    tensor_free(z);
    tensor_free(index);
    tensor_free(logp);
}

/* ---- Errors that contract/errors_table does not provoke ---------------------------------------------------------------- */

static void test_no_result(void **state)
{
    (void)state;
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(2, 3), ROW_MAJOR);
    expect_error(xent_top_k(z, 1, NULL, NULL), XENT_ERROR_INVALID_ARGUMENT,
                 "index and logp are NULL, expected one of them at least");
    tensor_free(z);
}

/* A batch without rows still says how many classes are wanted. */
static void test_counts(void **state)
{
    (void)state;
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(0, 3), ROW_MAJOR), *four = tensor_new(XENT_F32, SHAPE(0, 4), ROW_MAJOR);
    xent_tensor *three = tensor_new(XENT_I64, SHAPE(0, 3), ROW_MAJOR), *none = tensor_new(XENT_F32, SHAPE(0, 0), ROW_MAJOR);
    expect_error(xent_top_k(z, 1, NULL, four), XENT_ERROR_SHAPE, "logp has extent 4 along axis 1, expected 1 to 3");
    expect_error(xent_top_k(none, 1, NULL, none), XENT_ERROR_SHAPE,
                 "z has no classes: axis 1 has extent 0, expected at least 1");
    expect_ok(xent_top_k(z, 1, three, NULL));
    tensor_free(z);
    tensor_free(four);
    tensor_free(three);
    tensor_free(none);
}

/* One logit that all classes share, more of them than an index of 32 bits counts. */
static void test_too_many_classes(void **state)
{
    (void)state;
    if (sizeof(void *) == 4) skip(); /* no tensor has so many */
    float one = 1;
    const int64_t shape[] = { INT64_C(0x80000001) }, strides[] = { 0 };
    xent_tensor *z = tensor_strided(XENT_F32, 1, shape, strides, &one),
                *index = tensor_of(XENT_I32, SHAPE(1), ROW_MAJOR, VALUES(7));
    expect_error(xent_top_k(z, 0, index, NULL), XENT_ERROR_SHAPE,
                 "index has dtype I32, which cannot count the 2147483649 classes of z");
    assert_true(tensor_get(index, 0) == 7);
    xent_tensor_destroy(z);
    tensor_free(index);
}

/* The largest index of so many classes is one less. No row, so that nothing has to be that long. */
static void test_as_many_classes_as_i32_counts(void **state)
{
    (void)state;
    if (sizeof(void *) == 4) skip(); /* no tensor has so many, without rows either */
    xent_tensor *z = tensor_strided(XENT_F32, SHAPE(0, INT64_C(0x80000000)), (const int64_t[]){ 0, 0 }, NULL);
    xent_tensor *index = tensor_new(XENT_I32, SHAPE(0, 1), ROW_MAJOR);
    expect_ok(xent_top_k(z, 1, index, NULL));
    xent_tensor_destroy(z);
    tensor_free(index);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_classes),      cmocka_unit_test(test_many_classes),
        cmocka_unit_test(test_many_rows),        cmocka_unit_test(test_bad_pivots),
        cmocka_unit_test(test_special_values),   cmocka_unit_test(test_masked_classes),
        cmocka_unit_test(test_no_result),        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_too_many_classes), cmocka_unit_test(test_as_many_classes_as_i32_counts),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
