/* Divergences and their gradients against PyTorch's in float64: F32 and F64 logits, temperature, softcap, a masked class, contiguous and not,
   in place. */
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

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_as_pytorch) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
