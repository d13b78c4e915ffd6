/* Divergences and their gradients against PyTorch's in float64: F32 and F64 logits, temperature, softcap, a masked class, contiguous and not,
   in place. And rows far from each other. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* What the table has: rows x classes of logits; the mean's gradient, times temperature^2, in those of q. */
struct golden_divergence {
    const char *name;
    int64_t rows, classes;
    double temperature, softcap, mean;
    const double *p, *q, *each, *gradient;
};

#include "golden/divergence.inc"
#include "support/backend.h"
#include "support/tensors.h"

enum { GOLDEN = sizeof golden_divergences / sizeof golden_divergences[0] };

/* PyTorch's sum cancels, to some 1e-15 of the largest summand; v moves by 2^-22 of itself under a softcap. */
static void expect_close(const struct golden_divergence *g, xent_dtype dtype, const char *what, double got, double want,
                         double size)
{
    const double capped = g->softcap != 0 ? 16 : 1, unit = dtype == XENT_F64 ? 1e-14 : 0x1p-20;
    if (!(fabs(got - want) <= capped * unit * size + 1e-14)) fail_msg("%s: %s is %a, expected %a", g->name, what, got, want);
}

static void check(const struct golden_divergence *g, xent_dtype dtype, enum layout layout, bool in_place)
{
    const int64_t shape[] = { g->rows, g->classes };
    xent_tensor *p = tensor_of(dtype, 2, shape, layout, g->p), *q = tensor_of(dtype, 2, shape, layout, g->q);
    xent_tensor *each = tensor_new(XENT_F64, 1, shape, ROW_MAJOR), *mean = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    xent_tensor *up = tensor_of(XENT_F64, SCALAR, ROW_MAJOR, VALUES(g->temperature * g->temperature));
    xent_tensor *gradient = in_place ? q : tensor_new(dtype, 2, shape, layout);
    xent_options options = XENT_OPTIONS_INIT;
    options.logit_scale = 1 / g->temperature;
    options.softcap = g->softcap;
    options.reduction = XENT_REDUCTION_NONE;
    expect_ok(xent_kl_div(p, q, NULL, &options, each));
    for (int64_t i = 0; i < g->rows; i++) expect_close(g, dtype, "a row", tensor_get(each, i), g->each[i], g->each[i]);
    options.reduction = XENT_REDUCTION_MEAN;
    expect_ok(xent_kl_div_grad(p, q, NULL, &options, up, mean, gradient));
    expect_close(g, dtype, "the mean", tensor_get(mean, 0), g->mean, g->mean);
    for (int64_t i = 0; i < g->rows * g->classes; i++)
        expect_close(g, dtype, "an entry", tensor_get(gradient, i), g->gradient[i], 1);
    tensor_free(p);
    tensor_free(q);
    tensor_free(each);
    tensor_free(mean);
    tensor_free(up);
    if (!in_place) tensor_free(gradient);
}

static void test_as_pytorch(void **state)
{
    (void)state;
    for (int k = 0; k < GOLDEN; k++)
        for (int layout = 0; layout < LAYOUTS; layout++)
            for (int way = 0; way < 4; way++)
                check(&golden_divergences[k], way / 2 == 0 ? XENT_F32 : XENT_F64, (enum layout)layout, way % 2 == 1);
}

/* Classes of one lane that are this far from the other row's: sums round to other digits, whose difference is no part of the divergence. */
static void test_far_apart(void **state)
{
    enum { CLASSES = 128, LANES = 64, MOST = 64 };
    static const double far[] = { -0x1.c484bep+22, -0x1.0821e2p+32 };
    static double p[MOST * CLASSES], q[MOST * CLASSES];
    (void)state;
    for (int i = 0; i < MOST * CLASSES; i++) {
        p[i] = i % LANES == 0 ? 60 : 0;
        q[i] = i % LANES == 0 ? far[i % CLASSES / LANES] : i % CLASSES == 1 ? 0 : -5;
    }
    for (int64_t rows = 1; rows <= MOST; rows += MOST - 1) { /* alone, and side by side */
        const int64_t shape[] = { rows, CLASSES };
        xent_tensor *of_p = tensor_of(XENT_F32, 2, shape, ROW_MAJOR, p), *of_q = tensor_of(XENT_F32, 2, shape, ROW_MAJOR, q);
        xent_tensor *kl = tensor_new(XENT_F64, 1, shape, ROW_MAJOR);
        const double want = -(far[0] + far[1]) / 2;
        xent_options options = XENT_OPTIONS_INIT;
        options.reduction = XENT_REDUCTION_NONE;
        expect_ok(xent_kl_div(of_p, of_q, NULL, &options, kl));
        for (int64_t i = 0; i < rows; i++)
            if (!(fabs(tensor_get(kl, i) / want - 1) <= 0x1p-20))
                fail_msg("row %d of %d: %a, expected %a", (int)i, (int)rows, tensor_get(kl, i), want);
        tensor_free(of_p);
        tensor_free(of_q);
        tensor_free(kl);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_as_pytorch), cmocka_unit_test(test_far_apart) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
