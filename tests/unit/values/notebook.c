/* The notebook's table, cell by cell, against PyTorch's values in full precision: float and double, class numbers and
   one-hot targets, row-major and transposed. */
#include <math.h>

#include "golden/notebook.inc"
#include "support/backend.h"
#include "support/tensors.h"

/* One way to run the notebook. Errors are relative to a value; `exact` is what it should be. */
struct way {
    xent_dtype dtype;
    enum layout layout;
};

static const struct way ways[] = {
    { XENT_F32, ROW_MAJOR }, { XENT_F32, TRANSPOSED }, { XENT_F64, ROW_MAJOR }, { XENT_F64, TRANSPOSED }
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* Half an ulp of a number lies between unit / 2 and unit of it. */
static double unit(const struct way *w) { return w->dtype == XENT_F32 ? 0x1p-24 : 0x1p-53; }

/* Every element within `units` of PyTorch's float64 value, relative; that value itself is good to a few 2^-53. In
   float also within those units and 8 of PyTorch's own of what PyTorch prints: a misread table would show. */
static void check(const struct way *w, const xent_tensor *got, const double *exact, const double *printed, double units)
{
    const double allowed = units * unit(w) + 4 * 0x1p-53;
    for (int64_t i = 0; i < xent_tensor_numel(got); i++) {
        const double value = tensor_get(got, i);
        if (!(fabs(value - exact[i]) <= allowed * fabs(exact[i])))
            fail_msg("%s: element %d is %a, expected %a", layout_names[w->layout], (int)i, value, exact[i]);
        if (w->dtype == XENT_F32 && !(fabs(value - printed[i]) <= (allowed + 8 * unit(w)) * fabs(exact[i])))
            fail_msg("%s: element %d is %a, the notebook has %a", layout_names[w->layout], (int)i, value, printed[i]);
    }
}

/* What the cells share: the logits, both kinds of targets, and room for results. */
struct cells {
    const struct way *way;
    xent_tensor *logits, *classes, *one_hot, *table, *losses, *mean;
    xent_options none;
};

static struct cells open_cells(void **state)
{
    const struct way *w = *state;
    xent_options none = XENT_OPTIONS_INIT;
    none.reduction = XENT_REDUCTION_NONE;
    return (struct cells){
        .way = w,
        .logits = tensor_of(w->dtype, SHAPE(2, 3), w->layout, float64_logits),
        .classes = tensor_of(XENT_I64, SHAPE(2), w->layout, VALUES(2, 1)),
        .one_hot = tensor_of(w->dtype, SHAPE(2, 3), w->layout, VALUES(0, 0, 1, 0, 1, 0)),
        .table = tensor_new(w->dtype, SHAPE(2, 3), w->layout),
        .losses = tensor_new(w->dtype, SHAPE(2), w->layout),
        .mean = tensor_new(w->dtype, SCALAR, w->layout),
        .none = none,
    };
}

static void close_cells(struct cells *c)
{
    xent_tensor *all[] = { c->logits, c->classes, c->one_hot, c->table, c->losses, c->mean };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) tensor_free(all[i]);
}

static void test_softmax(void **state)
{
    struct cells c = open_cells(state);
    expect_ok(xent_softmax(c.logits, 1, c.table));
    check(c.way, c.table, float64_softmax, float32_softmax, 4);
    close_cells(&c);
}

/* log p has the relative error of p as an absolute one: 4 units, and the smallest logarithm here is 0.1967. */
static void test_log_of_softmax(void **state)
{
    struct cells c = open_cells(state);
    expect_ok(xent_softmax(c.logits, 1, c.table));
    expect_ok(xent_log(c.table, c.table));
    check(c.way, c.table, float64_log_softmax, float32_log_softmax, 4 / 0.1967 + 8);
    close_cells(&c);
}

/* Negative log likelihood, per row and mean, with both kinds of targets, of the log-probabilities in c.table. */
static void check_nll(struct cells *c, double units)
{
    const xent_tensor *targets[] = { c->one_hot, c->classes };
    for (int i = 0; i < 2; i++) {
        expect_ok(xent_nll_loss(c->table, targets[i], &c->none, c->losses));
        check(c->way, c->losses, float64_losses, float32_losses, units);
        expect_ok(xent_nll_loss(c->table, targets[i], NULL, c->mean));
        check(c->way, c->mean, float64_mean_loss, float32_mean_loss, units + 1);
    }
}

static void test_nll_of_log(void **state)
{
    struct cells c = open_cells(state);
    expect_ok(xent_softmax(c.logits, 1, c.table));
    expect_ok(xent_log(c.table, c.table));
    check_nll(&c, 4 / 0.1967 + 8);
    close_cells(&c);
}

static void test_log_softmax(void **state)
{
    struct cells c = open_cells(state);
    expect_ok(xent_log_softmax(c.logits, 1, c.table));
    check(c.way, c.table, float64_log_softmax, float32_log_softmax, 8); /* 4 ulp; F32 keeps 2 */
    check_nll(&c, 8);
    close_cells(&c);
}

static void test_cross_entropy(void **state)
{
    struct cells c = open_cells(state);
    const xent_tensor *targets[] = { c.one_hot, c.classes };
    for (int i = 0; i < 2; i++) {
        expect_ok(xent_cross_entropy(c.logits, targets[i], &c.none, c.losses));
        check(c.way, c.losses, float64_losses, float32_losses, c.way->dtype == XENT_F32 ? 2 : 8); /* 1 and 4 ulp */
        expect_ok(xent_cross_entropy(c.logits, targets[i], NULL, c.mean));
        check(c.way, c.mean, float64_mean_loss, float32_mean_loss, c.way->dtype == XENT_F32 ? 2 : 8);
    }
    close_cells(&c);
}

/* S p - coef of the one-hot target may cancel: at most 8 units of what is subtracted, which here is below 11 times
   the entry. */
static void test_gradient(void **state)
{
    struct cells c = open_cells(state);
    expect_ok(xent_cross_entropy_grad(c.logits, c.classes, NULL, NULL, c.mean, c.table));
    check(c.way, c.table, float64_gradient, float32_gradient, c.way->dtype == XENT_F32 ? 4 : 8);
    check(c.way, c.mean, float64_mean_loss, float32_mean_loss, c.way->dtype == XENT_F32 ? 2 : 8);
    expect_ok(xent_cross_entropy_grad(c.logits, c.one_hot, NULL, NULL, NULL, c.table));
    check(c.way, c.table, float64_gradient, float32_gradient, 88);
    close_cells(&c);
}

int main(void)
{
    static const struct CMUnitTest cells[] = {
        cmocka_unit_test(test_softmax),     cmocka_unit_test(test_log_of_softmax), cmocka_unit_test(test_nll_of_log),
        cmocka_unit_test(test_log_softmax), cmocka_unit_test(test_cross_entropy),  cmocka_unit_test(test_gradient),
    };
    enum { CELLS = sizeof cells / sizeof cells[0] };
    struct CMUnitTest tests[CELLS * WAYS];
    require_backend();
    for (int i = 0; i < CELLS * WAYS; i++) {
        tests[i] = cells[i / WAYS];
        tests[i].initial_state = (void *)(uintptr_t)&ways[i % WAYS];
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
