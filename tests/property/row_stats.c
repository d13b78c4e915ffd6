/* What xent_row_stats promises of its members, on random batches of every dtype, layout and kind of row: each is the same bits alone and
   together with the others, loss and lse are those of xent_cross_entropy and xent_logsumexp, and max, argmax and rank are what a loop
   finds. */
#include <math.h>
#include <string.h>

#include "support/backend.h"
#include "support/effort.h"
#include "support/random.h"
#include "support/tensors.h"

enum member { LOSS, LSE, MAX, ARGMAX, ENTROPY, RANK, MEMBERS };
enum { TRIALS = 600, KINDS = 7, MOST_CLASSES = 9000 };

static const char *const names[MEMBERS] = { "loss", "lse", "max", "argmax", "entropy", "rank" };
static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };

struct trial {
    xent_dtype dtype;
    int64_t outer, classes, inner, rows;
    bool probabilities;
    xent_tensor *logits, *target, *row_weight, *class_weight, *out[MEMBERS];
    xent_options options;
};

/* ---- Drawing --------------------------------------------------------------------------------------------------------- */

/* Ordinary rows, ties, masked classes, one class far ahead, large logits, a NaN or +inf, nothing but -inf. */
static double logit(int kind, bool special, struct random *r)
{
    const double normal = 4 * random_normal(r);
    switch (kind) {
    case 1: return (double)random_below(r, 4) - 2;
    case 2: return random_chance(r, 3) ? -(double)INFINITY : normal;
    case 3: return special ? 100 : normal;
    case 4: return 40000 + normal;
    case 5:
        return special ? (random_chance(r, 2) ? (double)NAN : (double)INFINITY) : random_chance(r, 40) ? (double)NAN : normal;
    case 6: return -(double)INFINITY;
    default: return normal;
    }
}

static int64_t at(const struct trial *t, int64_t row, int64_t c)
{
    return (row / t->inner * t->classes + c) * t->inner + row % t->inner;
}

static void draw_logits(struct trial *t, struct random *r)
{
    for (int64_t row = 0; row < t->rows; row++) {
        const int kind = random_chance(r, 2) ? 0 : (int)random_below(r, KINDS);
        const int64_t special = random_below(r, t->classes);
        for (int64_t c = 0; c < t->classes; c++) tensor_set(t->logits, at(t, row, c), logit(kind, c == special, r));
    }
}

static xent_tensor *batch_tensor(const struct trial *t, xent_dtype dtype, struct random *r)
{
    return tensor_new(dtype, SHAPE(t->outer, t->inner), (enum layout)random_below(r, LAYOUTS));
}

static void draw_target(struct trial *t, struct random *r)
{
    const xent_dtype index_dtypes[] = { XENT_I64, XENT_I32, XENT_I16 };
    if (t->probabilities) {
        t->target = tensor_new(XENT_F32, SHAPE(t->outer, t->classes, t->inner), (enum layout)random_below(r, LAYOUTS));
        for (int64_t i = 0; i < t->rows * t->classes; i++)
            tensor_set(t->target, i, random_chance(r, 3) ? 0 : random_uniform(r));
        return;
    }
    t->target = batch_tensor(t, index_dtypes[random_below(r, 3)], r);
    for (int64_t i = 0; i < t->rows; i++)
        tensor_set(t->target, i, random_chance(r, 8) ? -100 : (double)random_below(r, t->classes));
}

static void draw_options(struct trial *t, struct random *r)
{
    const xent_options defaults = XENT_OPTIONS_INIT;
    t->options = defaults;
    t->options.axis = 1;
    t->options.reduction = XENT_REDUCTION_NONE;
    t->row_weight = t->class_weight = NULL;
    if (random_chance(r, 2)) return;
    if (random_chance(r, 2)) t->options.label_smoothing = 0.125;
    if (random_chance(r, 3)) t->options.z_loss = 0.01;
    if (random_chance(r, 3)) t->options.logit_scale = 0.7;
    if (random_chance(r, 3)) t->options.softcap = 3;
    if (random_chance(r, 2)) {
        t->row_weight = batch_tensor(t, XENT_F32, r);
        for (int64_t i = 0; i < t->rows; i++) tensor_set(t->row_weight, i, random_chance(r, 4) ? 0 : 1 + random_uniform(r));
    }
    if (random_chance(r, 2)) {
        t->class_weight = tensor_new(XENT_F64, SHAPE(t->classes), ROW_MAJOR);
        for (int64_t c = 0; c < t->classes; c++) tensor_set(t->class_weight, c, random_uniform(r));
    }
    t->options.row_weight = t->row_weight;
    t->options.class_weight = t->class_weight;
}

static struct trial draw_trial(int64_t i, struct random *r)
{
    static const int64_t most[] = { 5, 12, 70, 450, 1200, MOST_CLASSES };
    struct trial t = { .dtype = dtypes[i % 4], .probabilities = random_chance(r, 5) };
    t.classes = 1 + random_below(r, most[random_below(r, 6)]);
    t.outer = 1 + random_below(r, t.classes > 1000 ? 3 : 12);
    t.inner = random_chance(r, 2) ? 1 : 1 + random_below(r, t.classes > 1000 ? 3 : 12);
    t.rows = t.outer * t.inner;
    t.logits = tensor_new(t.dtype, SHAPE(t.outer, t.classes, t.inner), (enum layout)random_below(r, LAYOUTS));
    draw_logits(&t, r);
    draw_target(&t, r);
    draw_options(&t, r);
    for (int m = 0; m < MEMBERS; m++)
        t.out[m] =
            batch_tensor(&t, m == ARGMAX || m == RANK ? (random_chance(r, 2) ? XENT_I64 : XENT_I32) : dtypes[i / 4 % 4], r);
    return t;
}

static void free_trial(struct trial *t)
{
    tensor_free(t->logits);
    tensor_free(t->target);
    tensor_free(t->row_weight);
    tensor_free(t->class_weight);
    for (int m = 0; m < MEMBERS; m++) tensor_free(t->out[m]);
}

/* ---- Checks ---------------------------------------------------------------------------------------------------------- */

static bool is_ignored(const struct trial *t, int64_t row)
{
    if (t->row_weight != NULL && tensor_get(t->row_weight, row) == 0) return true;
    return !t->probabilities && tensor_get(t->target, row) == -100;
}

static void set_member(xent_stats *stats, enum member m, xent_tensor *out)
{
    xent_tensor **const members[MEMBERS] = { &stats->loss,   &stats->lse,     &stats->max,
                                             &stats->argmax, &stats->entropy, &stats->rank };
    *members[m] = out;
}

static void expect_same(const struct trial *t, enum member m, const xent_tensor *want, const char *what)
{
    for (int64_t row = 0; row < t->rows; row++)
        if (tensor_bits(t->out[m], row) != tensor_bits(want, row))
            fail_msg("%s of row %d of %d x %d x %d, dtype %d: %.17g, %s it is %.17g", names[m], (int)row, (int)t->outer,
                     (int)t->classes, (int)t->inner, (int)t->dtype, tensor_get(t->out[m], row), what, tensor_get(want, row));
}

static void check_alone(const struct trial *t, struct random *r)
{
    for (int m = 0; m < MEMBERS; m++) {
        xent_stats stats = XENT_STATS_INIT;
        if (m == RANK && t->probabilities) continue;
        xent_tensor *alone = batch_tensor(t, xent_tensor_dtype(t->out[m]), r);
        set_member(&stats, (enum member)m, alone);
        expect_ok(xent_row_stats(t->logits, t->target, &t->options, &stats));
        expect_same(t, (enum member)m, alone, "alone");
        tensor_free(alone);
    }
}

/* lse, where nothing is ignored that xent_logsumexp would read, and nothing is done to the logits before. */
static void check_other_functions(const struct trial *t, struct random *r)
{
    xent_tensor *loss = batch_tensor(t, xent_tensor_dtype(t->out[LOSS]), r),
                *lse = batch_tensor(t, xent_tensor_dtype(t->out[LSE]), r);
    expect_ok(xent_cross_entropy(t->logits, t->target, &t->options, loss));
    expect_same(t, LOSS, loss, "of cross_entropy");
    expect_ok(xent_logsumexp(t->logits, 1, lse));
    for (int64_t row = 0; row < t->rows; row++)
        if (is_ignored(t, row)) tensor_set(lse, row, 0);
    if (t->options.logit_scale == 1 && t->options.softcap == 0) expect_same(t, LSE, lse, "of logsumexp");
    tensor_free(loss);
    tensor_free(lse);
}

/* The first NaN, else the first of the largest. */
static int64_t argmax_of(const struct trial *t, int64_t row)
{
    int64_t first = 0;
    for (int64_t c = 0; c < t->classes; c++) {
        const double v = tensor_get(t->logits, at(t, row, c)), best = tensor_get(t->logits, at(t, row, first));
        if (isnan(v)) return c;
        if (v > best) first = c;
    }
    return first;
}

static int64_t rank_of(const struct trial *t, int64_t row)
{
    const int64_t y = (int64_t)tensor_get(t->target, row);
    const double target = tensor_get(t->logits, at(t, row, y));
    int64_t rank = 0;
    for (int64_t c = 0; c < t->classes; c++) {
        const double v = tensor_get(t->logits, at(t, row, c));
        if (isnan(v)) return -1;
        rank += v > target || (v == target && c < y);
    }
    return rank;
}

/* A scale above 0 keeps the order, but may make logits equal; so ranks are compared without. */
static void check_loops(const struct trial *t)
{
    if (t->options.logit_scale != 1 || t->options.softcap != 0) return;
    for (int64_t row = 0; row < t->rows; row++) {
        const int64_t argmax = argmax_of(t, row);
        const double max = tensor_get(t->logits, at(t, row, argmax)), got = tensor_get(t->out[MAX], row);
        if (is_ignored(t, row)) {
            assert_true(got == 0 && tensor_get(t->out[ENTROPY], row) == 0 && tensor_get(t->out[LSE], row) == 0);
            assert_true(tensor_get(t->out[ARGMAX], row) == -1 && (t->probabilities || tensor_get(t->out[RANK], row) == -1));
            continue;
        }
        assert_int_equal((int64_t)tensor_get(t->out[ARGMAX], row), argmax);
        if (xent_tensor_dtype(t->out[MAX]) == XENT_F64) assert_true(got == max || (isnan(got) && isnan(max)));
        assert_true((isfinite(max) != 0) == !isnan(tensor_get(t->out[ENTROPY], row)) &&
                    !(tensor_get(t->out[ENTROPY], row) < 0));
        if (!t->probabilities) assert_int_equal((int64_t)tensor_get(t->out[RANK], row), rank_of(t, row));
    }
}

static void members_are_what_they_are_alone(void **state)
{
    (void)state;
    for (int64_t i = 0; i < effort(TRIALS); i++) {
        struct random r = random_stream(41, (uint64_t)i);
        struct trial t = draw_trial(i, &r);
        xent_stats stats = XENT_STATS_INIT;
        for (int m = 0; m < MEMBERS; m++)
            if (m != RANK || !t.probabilities) set_member(&stats, (enum member)m, t.out[m]);
        expect_ok(xent_row_stats(t.logits, t.target, &t.options, &stats));
        check_loops(&t);
        check_other_functions(&t, &r);
        check_alone(&t, &r);
        free_trial(&t);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(members_are_what_they_are_alone) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
