/* The gradients of softmax and log_softmax where probabilities, their logarithms or upstream gradients are 0, infinite or no numbers:
   what the formulas give under IEEE's rules, row by row, every NaN the canonical one. */
#include "special_values.h"

/* Three rows of probabilities 1/2, 1/2, 0, ..., of their logarithms, and of an upstream gradient 1, 3, 0, ... */
struct pieces {
    struct batch b;
    xent_tensor *p, *logp, *upstream;
};

static struct pieces open_pieces(void **state)
{
    struct pieces s = { .b = open_batch(state) };
    const int64_t classes = s.b.classes;
    s.p = tensor_new(s.b.dtype, SHAPE(3, classes), ROW_MAJOR);
    s.logp = tensor_new(s.b.dtype, SHAPE(3, classes), ROW_MAJOR);
    s.upstream = tensor_new(s.b.dtype, SHAPE(3, classes), ROW_MAJOR);
    for (int64_t i = 0; i < 3 * classes; i++) {
        const int64_t c = i % classes;
        tensor_set(s.p, i, c < 2 ? 0.5 : 0);
        tensor_set(s.logp, i, c < 2 ? -ln2 : -INFINITY);
        tensor_set(s.upstream, i, c == 0 ? 1 : c == 1 ? 3 : 0);
    }
    return s;
}

static void close_pieces(struct pieces *s)
{
    tensor_free(s->p);
    tensor_free(s->logp);
    tensor_free(s->upstream);
    close_batch(&s->b);
}

static void of_softmax(const struct pieces *s) { expect_ok(xent_softmax_backward(s->p, s->upstream, 1, s->b.table)); }

static void of_log_softmax(const struct pieces *s)
{
    expect_ok(xent_log_softmax_backward(s->logp, s->upstream, 1, s->b.table));
}

/* p (g - sum g p): -1/2, 1/2 and zeros. */
static void expect_softmax_row(const struct pieces *s, int64_t row)
{
    const int64_t first = row * s->b.classes;
    expect_near(s->b.table, first, -0.5);
    expect_near(s->b.table, first + 1, 0.5);
    for (int64_t c = 2; c < s->b.classes; c++) assert_true(tensor_get(s->b.table, first + c) == 0);
}

/* g - exp(logp) sum g: -1, 1 and zeros, as far as the logarithm of 1/2 can be had. */
static void expect_log_softmax_row(const struct pieces *s, int64_t row)
{
    const int64_t first = row * s->b.classes;
    const double half = exp(tensor_get(s->logp, first)),
                 error = s->b.dtype == XENT_F16 || s->b.dtype == XENT_BF16 ? 8e-3 : 1e-6;
    assert_true(fabs(tensor_get(s->b.table, first) - (1 - 4 * half)) < error);
    assert_true(fabs(tensor_get(s->b.table, first + 1) - (3 - 4 * half)) < error);
    for (int64_t c = 2; c < s->b.classes; c++) assert_true(tensor_get(s->b.table, first + c) == 0);
}

/* Both gradients of the middle row are NaN, and its neighbours do not notice. */
static void expect_spoilt(const struct pieces *s)
{
    of_softmax(s);
    expect_nan_row(&s->b);
    expect_softmax_row(s, 0);
    expect_softmax_row(s, 2);
    of_log_softmax(s);
    expect_nan_row(&s->b);
    expect_log_softmax_row(s, 0);
    expect_log_softmax_row(s, 2);
}

/* A probability of 0 has a gradient of 0, and a log-probability of -inf that of its own upstream alone. */
static void test_masked(void **state)
{
    struct pieces s = open_pieces(state);
    const int64_t last = s.b.classes - 1;
    of_softmax(&s);
    for (int64_t row = 0; row < 3; row++) expect_softmax_row(&s, row);
    of_log_softmax(&s);
    for (int64_t row = 0; row < 3; row++) expect_log_softmax_row(&s, row);
    set_middle(&s.b, s.upstream, last, 100); /* it meets a probability of 0 */
    of_softmax(&s);
    expect_softmax_row(&s, 1);
    of_log_softmax(&s);
    expect_bits(s.b.table, s.b.classes + last, bits_of(s.b.dtype, 100));
    close_pieces(&s);
}

/* A NaN in the upstream gradient spoils the row that it is in, as it does in PyTorch: 0 * NaN is NaN. */
static void test_nan_upstream(void **state)
{
    struct pieces s = open_pieces(state);
    const int64_t places[] = { 0, 1, s.b.classes / 2, s.b.classes - 1 };
    for (int i = 0; i < 4; i++) {
        const double before = get_middle(&s.b, s.upstream, places[i]);
        set_middle(&s.b, s.upstream, places[i], i % 2 == 0 ? NAN : -NAN);
        expect_spoilt(&s);
        set_middle(&s.b, s.upstream, places[i], before);
    }
    close_pieces(&s);
}

/* Rows that softmax has made of a NaN, +inf or nothing but -inf. */
static void test_nan_row(void **state)
{
    struct pieces s = open_pieces(state);
    for (int64_t c = 0; c < s.b.classes; c++) {
        set_middle(&s.b, s.p, c, NAN);
        set_middle(&s.b, s.logp, c, -NAN);
    }
    expect_spoilt(&s);
    close_pieces(&s);
}

/* An infinite upstream gradient: infinities where the formula has them, else canonical NaN; never a finite number that is wrong. */
static void test_infinite_upstream(void **state)
{
    struct pieces s = open_pieces(state);
    set_middle(&s.b, s.upstream, 0, INFINITY);
    of_softmax(&s);
    expect_bits(s.b.table, s.b.classes, canonical_nan(s.b.dtype)); /* inf - inf */
    expect_bits(s.b.table, s.b.classes + 1, bits_of(s.b.dtype, -INFINITY));
    expect_softmax_row(&s, 0);
    of_log_softmax(&s);
    expect_bits(s.b.table, s.b.classes, canonical_nan(s.b.dtype));
    expect_bits(s.b.table, s.b.classes + 1, bits_of(s.b.dtype, -INFINITY));
    expect_log_softmax_row(&s, 2);
    close_pieces(&s);
}

/* A NaN among probabilities spoils the row by way of the sum, unless its upstream gradient is 0; one among their logarithms its entry. */
static void test_nan_class(void **state)
{
    struct pieces s = open_pieces(state);
    const int64_t last = s.b.classes - 1;
    set_middle(&s.b, s.p, 1, NAN);
    of_softmax(&s);
    expect_nan_row(&s.b);
    set_middle(&s.b, s.upstream, 1, 0);
    of_softmax(&s);
    expect_bits(s.b.table, s.b.classes + 1, canonical_nan(s.b.dtype));
    assert_true(get_middle(&s.b, s.b.table, 0) == 0.25); /* 1/2 (1 - 1/2) */
    set_middle(&s.b, s.logp, last, -NAN);
    of_log_softmax(&s);
    expect_bits(s.b.table, s.b.classes + last, canonical_nan(s.b.dtype));
    for (int64_t c = 0; c < last; c++) assert_true(isfinite(get_middle(&s.b, s.b.table, c)));
    close_pieces(&s);
}

/* What an infinite sum meets: a probability of 0, or one that is too small for any number. */
static void test_infinite_sum(void **state)
{
    const struct size *size = *state;
    const double gone = size->dtype == XENT_F64 ? -1510 : -1410, least = size->dtype == XENT_F64 ? -1500 : -1390;
    struct pieces s = open_pieces(state);
    set_middle(&s.b, s.p, 1, 0);
    set_middle(&s.b, s.upstream, 0, -INFINITY);
    of_softmax(&s);
    expect_bits(s.b.table, s.b.classes + 1, canonical_nan(s.b.dtype));
    set_middle(&s.b, s.logp, 1, least);
    of_log_softmax(&s);
    expect_bits(s.b.table, s.b.classes + 1, bits_of(s.b.dtype, INFINITY));
    set_middle(&s.b, s.logp, 1, gone);
    of_log_softmax(&s);
    expect_bits(s.b.table, s.b.classes + 1, canonical_nan(s.b.dtype));
    close_pieces(&s);
}

/* exp of a log-probability of 0 is 1 within the bound on probabilities, so what cancels does so up to that. */
static double of_what_is_subtracted(const struct batch *b) { return b->dtype == XENT_F64 ? 0x1p-50 : 0x1p-22; }

/* A row that is certain has no gradient through softmax. */
static void test_certain_row(void **state)
{
    struct pieces s = open_pieces(state);
    const int64_t places[] = { 0, 1, s.b.classes / 2, s.b.classes - 1 };
    for (int i = 0; i < 4; i++) {
        for (int64_t c = 0; c < s.b.classes; c++) {
            set_middle(&s.b, s.p, c, c == places[i] ? 1 : 0);
            set_middle(&s.b, s.logp, c, c == places[i] ? 0 : -INFINITY);
        }
        of_softmax(&s);
        for (int64_t c = 0; c < s.b.classes; c++) assert_true(get_middle(&s.b, s.b.table, c) == 0);
        of_log_softmax(&s);
        for (int64_t c = 0; c < s.b.classes; c++) {
            const double upstream = c == 0 ? 1 : c == 1 ? 3 : 0;
            const double want = upstream - (c == places[i] ? 4 : 0);
            assert_true(fabs(get_middle(&s.b, s.b.table, c) - want) <= 4 * of_what_is_subtracted(&s.b));
        }
    }
    close_pieces(&s);
}

/* One class has nowhere to go. */
static void test_one_class(void **state)
{
    const struct size *size = *state;
    xent_tensor *one = tensor_of(size->dtype, SHAPE(3, 1), ROW_MAJOR, VALUES(1, 1, 1));
    xent_tensor *zero = tensor_new(size->dtype, SHAPE(3, 1), ROW_MAJOR), *out = tensor_new(size->dtype, SHAPE(3, 1), ROW_MAJOR);
    xent_tensor *upstream = tensor_of(size->dtype, SHAPE(3, 1), ROW_MAJOR, VALUES(0.75, -3, 100));
    expect_ok(xent_softmax_backward(one, upstream, 1, out));
    for (int64_t i = 0; i < 3; i++) assert_true(tensor_get(out, i) == 0);
    tensor_set(out, 1, 7);
    expect_ok(xent_log_softmax_backward(zero, upstream, 1, out));
    const double error = of_what_is_subtracted(&(struct batch){ .dtype = size->dtype });
    for (int64_t i = 0; i < 3; i++) assert_true(fabs(tensor_get(out, i)) <= error * fabs(tensor_get(upstream, i)));
    tensor_free(one);
    tensor_free(zero);
    tensor_free(out);
    tensor_free(upstream);
}

int main(void)
{
    static const struct CMUnitTest each[] = {
        cmocka_unit_test(test_masked),      cmocka_unit_test(test_nan_upstream),
        cmocka_unit_test(test_nan_row),     cmocka_unit_test(test_infinite_upstream),
        cmocka_unit_test(test_certain_row), cmocka_unit_test(test_one_class),
        cmocka_unit_test(test_nan_class),   cmocka_unit_test(test_infinite_sum),
    };
    return run_on_all_sizes(each, sizeof each / sizeof each[0]);
}
