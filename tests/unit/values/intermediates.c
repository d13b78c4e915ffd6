/* Results that are numbers, though something on the way to them underflows, overflows or is no number: tiny smoothing, losses that round
   to zero, distances and sums beyond double's range, factors that bring each other back. Each row is computed alone and forty
   times in a batch, which takes other ways through the library. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/backend.h"
#include "support/tensors.h"

enum { MOST = 3, ROWS = 40 };

/* A row of a cross entropy, with what it gives, to 8 ulp of F32 or F64; NaN: to be NaN. */
struct loss_case {
    const char *name;
    xent_dtype dtype;
    int64_t classes;
    double z[MOST];
    const double *probabilities; /* NULL: the target is class `target` */
    double target;
    const double *weight; /* NULL: ones */
    double smoothing, z_loss, scale, normalizer, grad_loss;
    double loss;
    double grad[MOST];
    double subtracted; /* an entry may be off by 8 ulp of what is subtracted on its way, besides; 0 where that is the entry */
};

static const double second_alone[] = { 0, 1 }, half_second[] = { 1, 0.5 }, infinite_first[] = { INFINITY, 0 },
                    huge_first[] = { 1e10, 0 }, huge_weight[] = { 1e308, 1 };

static const struct loss_case cases[] = {
    { "smoothing of 1e-30 is all there is",
      XENT_F32,
      2,
      { 80, 0 },
      .smoothing = 1e-30,
      .scale = 1,
      .grad_loss = 1,
      .loss = 4.00000180485138785e-29,
      .grad = { 4.99981951486121546e-31, -4.99981951486121546e-31 },
      .subtracted = 1 },
    { "smoothing of 1e-30 of another class",
      XENT_F32,
      2,
      { 3, 0 },
      .weight = second_alone,
      .smoothing = 1e-30,
      .scale = 1,
      .grad_loss = 1,
      .loss = 1.52429367578687103e-30,
      .grad = { 4.7628706341121661e-31, -4.7628706341121661e-31 } },
    { "smoothing of 1e-30 against -inf",
      XENT_F32,
      3,
      { 1, 0, -INFINITY },
      .smoothing = 1e-30,
      .scale = 1,
      .grad_loss = 1,
      .loss = INFINITY,
      .grad = { -0.26894142136999512, 0.26894142136999512, -3.3333333333333333e-31 } },
    { "a distance beyond the range",
      XENT_F64,
      2,
      { 1.7e308, -1.7e308 },
      .target = 1,
      .weight = half_second,
      .scale = 1,
      .grad_loss = 1,
      .loss = 1.7e308,
      .grad = { 0.5, -0.5 } },
    { "the same as probabilities",
      XENT_F64,
      2,
      { 1.7e308, -1.7e308 },
      .probabilities = second_alone,
      .weight = half_second,
      .scale = 1,
      .grad_loss = 1,
      .loss = 1.7e308,
      .grad = { 0.5, -0.5 } },
    { "factors that overflow by two",
      XENT_F64,
      2,
      { 1e-30, 0 },
      .scale = 1e30,
      .normalizer = 1e100,
      .grad_loss = 1e300,
      .loss = 0.313261687518222834,
      .grad = { -2.68941421369995121e229, 2.68941421369995121e229 } },
    { "factors that underflow by two",
      XENT_F64,
      2,
      { 1e30, 0 },
      .scale = 1e-30,
      .normalizer = 1e-300,
      .grad_loss = 1e-300,
      .loss = 0.313261687518222834,
      .grad = { -2.68941421369995121e-31, 2.68941421369995121e-31 } },
    { "an infinite probability of the largest class",
      XENT_F64,
      2,
      { 1, 0 },
      .probabilities = infinite_first,
      .scale = 1,
      .grad_loss = 1,
      .loss = INFINITY,
      .grad = { NAN, INFINITY } },
    { "a weight times a probability that overflows",
      XENT_F64,
      2,
      { 1, 0 },
      .probabilities = huge_first,
      .weight = huge_weight,
      .scale = 1,
      .grad_loss = 1,
      .loss = INFINITY,
      .grad = { NAN, INFINITY } },
    { "a z-loss that overflows under a gradient of 0",
      XENT_F64,
      2,
      { 1.7e308, 0 },
      .z_loss = 1,
      .scale = 1,
      .grad_loss = 0,
      .loss = INFINITY,
      .grad = { 0, 0 },
      0 },
    { "an upstream gradient of NaN where the bracket is 0",
      XENT_F64,
      2,
      { 5, -INFINITY },
      .scale = 1,
      .grad_loss = NAN,
      .loss = 0,
      .grad = { NAN, NAN } },
};

static void expect_close(const struct loss_case *c, const char *what, const xent_tensor *t, int64_t i, double want,
                         double subtracted)
{
    const double got = tensor_get(t, i), ulp = xent_tensor_dtype(t) == XENT_F32 ? 0x1p-23 : 0x1p-52;
    if (isnan(want) ? isnan(got) : got == want || fabs(got - want) <= 8 * ulp * (fabs(want) + subtracted)) return;
    fail_msg("%s: %s %d is %.17g, expected %.17g", c->name, what, (int)i, got, want);
}

/* `rows` times the same row. */
static void check_rows(const struct loss_case *c, int64_t rows)
{
    xent_tensor *z = tensor_new(c->dtype, SHAPE(rows, c->classes), ROW_MAJOR),
                *grad = tensor_new(c->dtype, SHAPE(rows, c->classes), ROW_MAJOR);
    xent_tensor *indices = tensor_new(XENT_I64, SHAPE(rows), ROW_MAJOR), *loss = tensor_new(c->dtype, SHAPE(rows), ROW_MAJOR);
    xent_tensor *t = tensor_new(XENT_F64, SHAPE(rows, c->classes), ROW_MAJOR),
                *upstream = tensor_new(XENT_F64, SHAPE(rows), ROW_MAJOR);
    xent_tensor *weight = c->weight == NULL ? NULL : tensor_of(XENT_F64, SHAPE(c->classes), ROW_MAJOR, c->weight), *mean;
    xent_options options = XENT_OPTIONS_INIT;
    options.reduction = XENT_REDUCTION_NONE;
    options.class_weight = weight;
    options.label_smoothing = c->smoothing;
    options.z_loss = c->z_loss;
    options.logit_scale = c->scale;
    for (int64_t i = 0; i < rows * c->classes; i++) {
        tensor_set(z, i, c->z[i % c->classes]);
        if (c->probabilities != NULL) tensor_set(t, i, c->probabilities[i % c->classes]);
    }
    for (int64_t i = 0; i < rows; i++) {
        tensor_set(indices, i, c->target);
        tensor_set(upstream, i, c->grad_loss);
    }
    expect_ok(xent_cross_entropy(z, c->probabilities == NULL ? indices : t, &options, loss));
    for (int64_t i = 0; i < rows; i++) expect_close(c, "the loss of row", loss, i, c->loss, 0);
    mean = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, &c->grad_loss);
    options.normalizer = c->normalizer;
    options.reduction = c->normalizer == 0 ? XENT_REDUCTION_NONE : XENT_REDUCTION_MEAN;
    expect_ok(xent_cross_entropy_grad(z, c->probabilities == NULL ? indices : t, &options, c->normalizer == 0 ? upstream : mean,
                                      NULL, grad));
    for (int64_t i = 0; i < rows * c->classes; i++)
        expect_close(c, "the entry", grad, i, c->grad[i % c->classes], c->subtracted);
    tensor_free(mean);
    tensor_free(weight);
    tensor_free(upstream);
    tensor_free(t);
    tensor_free(loss);
    tensor_free(indices);
    tensor_free(grad);
    tensor_free(z);
}

static void test_losses_and_gradients(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_rows(&cases[i], 1);
        check_rows(&cases[i], ROWS);
    }
}

/* -logp is 1e-60, which no float is, and 1e-600 after the division, which no double is. */
static void test_losses_that_round_to_zero(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F16, XENT_BF16, XENT_F64 };
    xent_options none = XENT_OPTIONS_INIT, mean = XENT_OPTIONS_INIT;
    (void)state;
    none.reduction = XENT_REDUCTION_NONE;
    mean.normalizer = 1e300;
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        const double tiny = dtypes[i] == XENT_F64 ? 0 : 1e-60;
        xent_tensor *logp = tensor_of(XENT_F64, SHAPE(1, 2), ROW_MAJOR, VALUES(tiny, -1)),
                    *y = tensor_new(XENT_U8, SHAPE(1), ROW_MAJOR);
        xent_tensor *loss = tensor_of(dtypes[i], SHAPE(1), ROW_MAJOR, VALUES(1));
        expect_ok(xent_nll_loss(logp, y, &none, loss));
        expect_bits(loss, 0, 0);
        tensor_set(logp, 0, 1e-300);
        tensor_set(loss, 0, 1);
        expect_ok(xent_nll_loss(logp, y, &mean, loss));
        expect_bits(loss, 0, 0);
        tensor_free(loss);
        tensor_free(y);
        tensor_free(logp);
    }
}

/* A row of a backward pass. */
struct backward_case {
    const char *name;
    bool of_logarithm;
    xent_dtype dtype;
    int64_t classes;
    double in[MOST], upstream[MOST], want[MOST];
    double subtracted; /* as above */
};

static const struct backward_case backward_cases[] = {
    { "e^-140 times 1e30", true, XENT_F32, 2, { -140, 0 }, { 0, 1e30 }, { -1.58042006027361296e-31, 0 }, 0 },
    { "e^-740 times 1e300", true, XENT_F64, 2, { -740, 0 }, { 0, 1e300 }, { -4.18873988004804894e-22, 0 }, 0 },
    { "e^-1000 times 1e300", true, XENT_F64, 2, { -1000, 0 }, { 0, 1e300 }, { -5.07595889754945677e-135, 0 }, 0 },
    { "e^-1400 times 1e308", true, XENT_F64, 2, { -1400, 0 }, { 0, 1e308 }, { -9.72132215475666206e-301, 0 }, 0 },
    { "a sum beyond the range",
      true,
      XENT_F64,
      3,
      { -300, -300, -1e-9 },
      { 1.7e308, 1.7e308, 1 },
      { 1.7e308, 1.7e308, -INFINITY },
      0 },
    { "a difference beyond the range",
      false,
      XENT_F64,
      2,
      { 1e-3, 1 },
      { -1.7e308, 1.7e308 },
      { -3.3983e305, 1.7e305 },
      3.4e307 },
    { "a product's sum beyond the range", false, XENT_F64, 2, { 1, 1 }, { 1.7e308, 1.7e308 }, { -1.7e308, -1.7e308 }, 0 },
    { "an infinite gradient stays one", false, XENT_F64, 2, { 0.5, 0.5 }, { INFINITY, 1 }, { NAN, -INFINITY }, 0 },
    { "NaN times the least gradient", false, XENT_F64, 3, { NAN, 0.5, 0.25 }, { 5e-324, 0, 1 }, { NAN, NAN, NAN }, 0 },
};

static void check_backward(const struct backward_case *c, int64_t rows, bool in_place)
{
    xent_tensor *in = tensor_new(c->dtype, SHAPE(rows, c->classes), ROW_MAJOR);
    xent_tensor *upstream = tensor_new(c->dtype, SHAPE(rows, c->classes), SPACED),
                *out = tensor_new(c->dtype, SHAPE(rows, c->classes), ROW_MAJOR);
    xent_tensor *to = in_place ? in : out;
    for (int64_t i = 0; i < rows * c->classes; i++) {
        tensor_set(in, i, c->in[i % c->classes]);
        tensor_set(upstream, i, c->upstream[i % c->classes]);
    }
    expect_ok((c->of_logarithm ? xent_log_softmax_backward : xent_softmax_backward)(in, upstream, 1, to));
    for (int64_t i = 0; i < rows * c->classes; i++) {
        const double want = c->want[i % c->classes], got = tensor_get(to, i);
        const double allowed = 8 * (c->dtype == XENT_F32 ? 0x1p-23 : 0x1p-52) * (fabs(want) + c->subtracted);
        if (isnan(want) ? !isnan(got) : got != want && !(fabs(got - want) <= allowed))
            fail_msg("%s: entry %d is %.17g, expected %.17g", c->name, (int)i, got, want);
    }
    tensor_free(out);
    tensor_free(upstream);
    tensor_free(in);
}

static void test_backwards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof backward_cases / sizeof backward_cases[0]; i++) {
        check_backward(&backward_cases[i], 1, false);
        check_backward(&backward_cases[i], ROWS, true);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_losses_and_gradients),
                                               cmocka_unit_test(test_losses_that_round_to_zero),
                                               cmocka_unit_test(test_backwards) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
