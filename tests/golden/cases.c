/* The library against the answers of PyTorch and MPFR: every case of cases.txt, whose path is the argument. generate.py says
   where the cases come from, coverage.py which pairs of parameters they have. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "case_bounds.h"
#include "case_call.h"
#include "support/backend.h"

/* The case that a test runs, its results, and how many answers it has compared. */
struct examination {
    const struct golden_case *g;
    struct golden_call call;
    struct golden_sizes sizes;
    int64_t compared;
};

static void refuse(const char *answer, int64_t i, double got, double want, double bound)
{
    fail_msg("%s %lld is %a, expected %a within %.3g (off by %.3g)", answer, (long long)i, got, want, bound, fabs(got - want));
}

/* rounded: the bound is for the number before its one rounding to the storage type. */
static void compare(struct examination *x, const char *answer, const xent_tensor *t, int64_t i, double want, double bound,
                    bool rounded)
{
    const xent_dtype dtype = xent_tensor_dtype(t);
    const double got = tensor_get(t, i);
    x->compared++;
    if (isnan(want) ? tensor_bits(t, i) != canonical_nan(dtype) : !golden_allowed(dtype, got, want, bound, rounded))
        refuse(answer, i, got, want, bound);
}

/* The case has exactly these answers and the library as many results. */
static void expect_count(const char *answer, const xent_tensor *t, const struct numbers *answers)
{
    if ((t == NULL) != (answers->value == NULL)) fail_msg("%s: %s", answer, t == NULL ? "no result" : "no answer");
    if (t != NULL && xent_tensor_numel(t) != answers->count)
        fail_msg("%s: %lld results, %lld answers", answer, (long long)xent_tensor_numel(t), (long long)answers->count);
}

static const struct operation *operation_of(const struct examination *x) { return &operations[x->g->operation]; }

static bool gives_gradient(const struct operation *o)
{
    return operation_takes(o, ROLE_UPSTREAM) || operation_takes(o, ROLE_GRAD_LOSS);
}

/* What the file calls output: the result of an operation that gives neither a loss nor a gradient. */
static const xent_tensor *output_of(const struct examination *x)
{
    const xent_tensor *per_row = x->call.tensor[ROLE_LOSS];
    if (gives_gradient(operation_of(x))) return NULL;
    return operation_of(x)->options == OPTIONS_NONE && per_row != NULL ? per_row : x->call.tensor[ROLE_OUTPUT];
}

static const xent_tensor *loss_of(const struct examination *x)
{
    return operation_of(x)->options == OPTIONS_NONE ? NULL : x->call.tensor[ROLE_LOSS];
}

static const xent_tensor *gradient_of(const struct examination *x)
{
    return gives_gradient(operation_of(x)) ? x->call.tensor[ROLE_OUTPUT] : NULL;
}

static void check_output(struct examination *x)
{
    const struct numbers *answers = &x->g->answer_output;
    const xent_tensor *t = output_of(x);
    const bool rounded = x->g->operation != OP_LOGSUMEXP && (x->g->dtype == XENT_F16 || x->g->dtype == XENT_BF16);
    expect_count("output", t, answers);
    for (int64_t i = 0; i < answers->count; i++) {
        const double want = answers->value[i];
        compare(x, "output", t, i, want, golden_bound_output(x->g, &x->sizes, xent_tensor_dtype(t), i, want), rounded);
    }
}

/* A loss goes from double straight to its storage type; one of zero is +0. */
static void check_loss(struct examination *x)
{
    const struct numbers *answers = &x->g->answer_loss;
    const xent_tensor *t = loss_of(x);
    expect_count("loss", t, answers);
    for (int64_t i = 0; i < answers->count; i++) {
        const double want = answers->value[i];
        compare(x, "loss", t, i, want, golden_bound_loss(x->g, &x->sizes, i, want), true);
        if (tensor_get(t, i) == 0 && signbit(tensor_get(t, i))) fail_msg("loss %lld is -0", (long long)i);
    }
}

/* Ignored rows, and entries of nll_loss without a coefficient, are +0 to the bit. */
static void check_gradient(struct examination *x)
{
    const struct golden_case *g = x->g;
    const struct numbers *answers = &g->answer_gradient;
    const xent_tensor *t = gradient_of(x);
    const bool rounded = g->dtype == XENT_F16 || g->dtype == XENT_BF16;
    expect_count("gradient", t, answers);
    for (int64_t k = 0; answers->count > 0 && k < x->sizes.rows * x->sizes.classes; k++) {
        const int64_t row = k / x->sizes.classes, c = k % x->sizes.classes, i = golden_element(g, row, c);
        const double want = answers->value[i];
        const bool nothing = g->operation == OP_NLL_LOSS_BACKWARD && x->sizes.coefficient[i] == 0 && !isnan(want);
        compare(x, "gradient", t, i, want, golden_bound_gradient(g, &x->sizes, row, c, want), rounded);
        if ((golden_ignored(g, row) || nothing) && tensor_bits(t, i) != 0) fail_msg("gradient %lld is not +0", (long long)i);
    }
}

static void check_divisor(struct examination *x)
{
    const struct numbers *answers = &x->g->answer_divisor;
    if (operation_of(x)->divisor != (answers->count == 1)) fail_msg("divisor: %d answers", (int)answers->count);
    if (answers->count == 0) return;
    const double want = answers->value[0], bound = golden_bound_divisor(x->g, want);
    x->compared++;
    if (!golden_allowed(XENT_F64, x->call.divisor, want, bound, false)) refuse("divisor", 0, x->call.divisor, want, bound);
}

static void test_case(void **state)
{
    struct examination x = { .g = *state };
    const struct golden_case *g = x.g;
    x.sizes = golden_sizes_of(g);
    x.call = golden_call_run(g);
    check_output(&x);
    check_loss(&x);
    check_gradient(&x);
    check_divisor(&x);
    const int64_t answers = g->answer_output.count + g->answer_loss.count + g->answer_gradient.count + g->answer_divisor.count;
    assert_int_equal(x.compared, answers);
    golden_call_free(&x.call);
    golden_sizes_free(&x.sizes);
}

int main(int argc, char **argv)
{
    int64_t count;
    if (argc != 2) {
        fprintf(stderr, "usage: %s <cases.txt>\n", argv[0]);
        return EXIT_FAILURE;
    }
    require_backend();
    struct golden_case *cases = golden_cases_read(argv[1], &count);
    struct CMUnitTest *tests = calloc((size_t)count, sizeof *tests);
    if (tests == NULL) return EXIT_FAILURE;
    for (int64_t i = 0; i < count; i++) tests[i] = (struct CMUnitTest){ cases[i].title, test_case, NULL, NULL, &cases[i] };
    const int failed = _cmocka_run_group_tests("golden cases", tests, (size_t)count, NULL, NULL);
    free(tests);
    golden_cases_free(cases, count);
    return failed;
}
