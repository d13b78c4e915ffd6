/* Probabilities and log-probabilities of another dtype than the logits': rounded once from what logits of the real type, F32 or F64, give in
   that type; as F64, log-probabilities of F32 have the double before it is rounded. Log-probabilities of 16 bits are made in F32, of logits of
   F32 and of either 16 bits alike. */
#include <math.h>

#include "support/backend.h"
#include "support/guarded.h"
#include "support/random.h"
#include "support/refusal.h"

enum { ROWS = 6, DTYPES = 4 };
static const xent_dtype dtypes[DTYPES] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };

typedef xent_status operation(const xent_tensor *z, int32_t axis, xent_tensor *out);

/* The last rows are special: a NaN, +inf, nothing but -inf, masked classes. */
static xent_tensor *logits_of(xent_dtype dtype, int64_t classes, enum layout layout)
{
    struct random r = random_stream((uint64_t)classes, 5);
    xent_tensor *z = tensor_new(dtype, SHAPE(ROWS, classes), layout);
    for (int64_t i = 0; i < ROWS * classes; i++) tensor_set(z, i, 4 * random_normal(&r));
    tensor_set(z, 2 * classes, NAN);
    tensor_set(z, 4 * classes - 1, INFINITY);
    for (int64_t c = 0; c < classes; c++) tensor_set(z, 4 * classes + c, -INFINITY);
    for (int64_t c = 1; c < classes; c += 3) tensor_set(z, 5 * classes + c, -INFINITY);
    return z;
}

/* What the same numbers give as `dtype`, in `to`. */
static xent_tensor *answer_of(operation *o, const xent_tensor *z, int64_t classes, xent_dtype dtype, xent_dtype to)
{
    xent_tensor *same = tensor_new(dtype, SHAPE(ROWS, classes), ROW_MAJOR),
                *out = tensor_new(to, SHAPE(ROWS, classes), ROW_MAJOR);
    for (int64_t i = 0; i < ROWS * classes; i++) tensor_set(same, i, tensor_get(z, i));
    expect_ok(o(same, 1, out));
    tensor_free(same);
    return out;
}

static void expect_rounded(const xent_tensor *got, const xent_tensor *real)
{
    xent_tensor *rounded = tensor_new(xent_tensor_dtype(got), SCALAR, ROW_MAJOR);
    for (int64_t i = 0; i < xent_tensor_numel(got); i++) {
        tensor_set(rounded, 0, tensor_get(real, i));
        if (isnan(tensor_get(real, i)))
            expect_bits(got, i, canonical_nan(xent_tensor_dtype(got)));
        else
            expect_bits(got, i, tensor_bits(rounded, 0));
    }
    tensor_free(rounded);
}

/* Doubles that F32 rounds to `single`, as close to `exact` as the sum of the row's terms is in F32 arithmetic. */
static void expect_doubles(const xent_tensor *got, const xent_tensor *single, const xent_tensor *exact, int64_t classes)
{
    int64_t more = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        double most = -INFINITY;
        for (int64_t c = 0; c < classes; c++) most = fmax(most, tensor_get(exact, row * classes + c));
        for (int64_t i = row * classes; i < (row + 1) * classes; i++) {
            const double x = tensor_get(got, i), want = tensor_get(exact, i);
            if (isnan(want)) {
                expect_bits(got, i, canonical_nan(XENT_F64));
                continue;
            }
            assert_true((float)x == (float)tensor_get(single, i));
            if (x != want && !(fabs(x - want) <= 0x1.6ap-25 * fabs(most) + 0x1p-51 * fabs(want)))
                fail_msg("log-probability %lld is %a, expected %a", (long long)i, x, want);
            more += x != (double)(float)x;
        }
    }
    assert_true(classes == 1 || more > 0);
}

/* Made in F32 from a logarithm that is off by 2^-24.5 of itself: rounded to 16 bits from a number within 3 * 2^-24 of the exact one. */
static void expect_made_in_f32(const xent_tensor *got, const xent_tensor *same, const xent_tensor *exact)
{
    xent_tensor *bound = tensor_new(xent_tensor_dtype(got), SHAPE(2), ROW_MAJOR);
    for (int64_t i = 0; i < xent_tensor_numel(got); i++) {
        const double want = tensor_get(exact, i), x = tensor_get(got, i);
        expect_bits(got, i, tensor_bits(same, i));
        if (isnan(want) && isnan(x)) continue;
        tensor_set(bound, 0, want * (1 + 3 * 0x1p-24));
        tensor_set(bound, 1, want * (1 - 3 * 0x1p-24));
        if (!(x >= tensor_get(bound, 0) && x <= tensor_get(bound, 1)))
            fail_msg("log-probability %lld is %a, expected %a", (long long)i, x, want);
    }
    tensor_free(bound);
}

static bool is_made_in_f32(operation *o, xent_dtype from, xent_dtype to)
{
    return o == xent_log_softmax && from != XENT_F64 && xent_dtype_size(to) == 2;
}

static void check(operation *o, xent_dtype from, xent_dtype to, int64_t classes, int layouts)
{
    xent_tensor *z = logits_of(from, classes, layouts % 2 == 0 ? ROW_MAJOR : TRANSPOSED);
    xent_tensor *out = tensor_new(to, SHAPE(ROWS, classes), layouts / 2 == 0 ? ROW_MAJOR : TRANSPOSED);
    const xent_dtype real = from == XENT_F64 ? XENT_F64 : XENT_F32;
    const bool in_f32 = is_made_in_f32(o, from, to), in_double = o == xent_log_softmax && to == XENT_F64;
    xent_tensor *answer = answer_of(o, z, classes, real, in_f32 ? to : real);
    expect_ok(o(z, 1, out));
    if (in_f32 || in_double) {
        xent_tensor *exact = answer_of(o, z, classes, XENT_F64, XENT_F64);
        if (in_f32)
            expect_made_in_f32(out, answer, exact);
        else
            expect_doubles(out, answer, exact, classes);
        tensor_free(exact);
    } else {
        expect_rounded(out, answer);
    }
    tensor_free(answer);
    tensor_free(out);
    tensor_free(z);
}

static void test_every_pair(void **state)
{
    (void)state;
    static const int64_t classes[] = { 1, 2, 3, 17, 67, 1000, 4096, 4097, 9001 };
    for (size_t k = 0; k < sizeof classes / sizeof classes[0]; k++)
        for (int pair = 0; pair < DTYPES * DTYPES; pair++)
            for (int layouts = 0; layouts < 4; layouts++) {
                const xent_dtype from = dtypes[pair / DTYPES], to = dtypes[pair % DTYPES];
                if (from == to && !is_made_in_f32(xent_log_softmax, from, to)) continue;
                check(xent_softmax, from, to, classes[k], layouts);
                check(xent_log_softmax, from, to, classes[k], layouts);
            }
}

/* Outputs whose rows are as far apart as the logits' elements are large: what lies between them is left alone. */
static void test_rows_apart(void **state)
{
    (void)state;
    enum { CLASSES = 5, MANY = 130, BETWEEN = 0x5555 };
    static const xent_dtype halves[] = { XENT_F16, XENT_BF16 };
    static uint16_t memory[CLASSES * MANY * 2];
    xent_tensor *z = tensor_new(XENT_F32, SHAPE(CLASSES, MANY), ROW_MAJOR);
    for (int64_t i = 0; i < CLASSES * MANY; i++) tensor_set(z, i, (double)(i % 17) / 4);
    for (int k = 0; k < 4; k++) {
        operation *o = k / 2 == 0 ? xent_softmax : xent_log_softmax;
        const int64_t shape[] = { CLASSES, MANY }, strides[] = { 2 * MANY, 2 };
        xent_tensor *close = tensor_new(halves[k % 2], SHAPE(CLASSES, MANY), ROW_MAJOR), *apart;
        for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++) memory[i] = BETWEEN;
        expect_ok(xent_tensor_wrap(&apart, halves[k % 2], 2, shape, strides, memory));
        expect_ok(o(z, 0, close));
        expect_ok(o(z, 0, apart));
        for (int64_t i = 0; i < CLASSES * MANY; i++) {
            expect_bits(apart, i, tensor_bits(close, i));
            assert_int_equal(memory[2 * i + 1], BETWEEN);
        }
        xent_tensor_destroy(apart);
        tensor_free(close);
    }
    tensor_free(z);
}

/* Not a byte is written beside the output, nor read beside the logits. */
static void test_guard_pages(void **state)
{
    (void)state;
    for (int64_t classes = 1; classes <= 140; classes += classes < 70 ? 1 : 7)
        for (int pair = 0; pair < DTYPES * DTYPES; pair++) {
            const xent_dtype from = dtypes[pair / DTYPES], to = dtypes[pair % DTYPES];
            const size_t read = (size_t)classes * xent_dtype_size(from), written = (size_t)classes * xent_dtype_size(to);
            struct guarded in = guarded_new(read), out = guarded_new(written);
            void *at = guarded_at_end(&out, written);
            xent_tensor *z = tensor_over(from, SHAPE(classes), guarded_at_end(&in, read)),
                        *p = tensor_over(to, SHAPE(classes), at);
            for (int64_t c = 0; c < classes; c++) tensor_set(z, c, (double)(c % 9) / 4);
            expect_ok(xent_softmax(z, 0, p));
            assert_true(guarded_intact(&out, at, written));
            expect_ok(xent_log_softmax(z, 0, p));
            assert_true(guarded_intact(&out, at, written));
            xent_tensor_destroy(z);
            xent_tensor_destroy(p);
            guarded_free(&in);
            guarded_free(&out);
        }
}

/* In the logits' memory only what has their dtype. */
static void test_not_in_place(void **state)
{
    (void)state;
    float memory[12] = { 1, 2, 3 };
    xent_tensor *z = tensor_over(XENT_F32, SHAPE(2, 3), memory), *half = tensor_over(XENT_F16, SHAPE(2, 3), memory);
    expect_refused(xent_softmax(z, 1, half), XENT_ERROR_OVERLAP,
                   "p overlaps z but is not in its place: data, dtype, shape and strides must agree", half);
    expect_refused(xent_log_softmax(z, 1, half), XENT_ERROR_OVERLAP,
                   "logp overlaps z but is not in its place: data, dtype, shape and strides must agree", half);
    expect_ok(xent_softmax(z, 1, z));
    xent_tensor_destroy(z);
    z = tensor_over(XENT_BF16, SHAPE(2, 3), memory); /* elements of one size */
    expect_refused(xent_softmax(z, 1, half), XENT_ERROR_OVERLAP,
                   "p overlaps z but is not in its place: data, dtype, shape and strides must agree", half);
    xent_tensor_destroy(z);
    xent_tensor_destroy(half);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair),
        cmocka_unit_test(test_rows_apart),
        cmocka_unit_test(test_guard_pages),
        cmocka_unit_test(test_not_in_place),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
