/* Elements of 16 bits: every operation gives what the same numbers give in F32, rounded once; losses in a wider dtype are the same. The
   log-probabilities of F32 have digits from double, which those of 16 bits have not: F32's answer is asked for in 16 bits. */
#include "support/backend.h"
#include "support/half.h"
#include "support/operations.h"
#include "support/random.h"
#include "support/tensors.h"

enum { ROWS = 5 };

/* The same numbers in 16 bits and in F32: every operand in both, and room for the results of both. */
struct twins {
    xent_dtype dtype;
    int64_t classes;
    xent_tensor *half[ROLES], *single[ROLES], *narrow; /* the last an output of 16 bits for F32's numbers */
};

static bool is_of_input(int role) { return role == ROLE_INPUT || role_rules[role].elements == ELEMENTS_OF_INPUT; }

/* What is not of the input's dtype: upstream gradients that no 16 bits hold, losses that are not rounded. */
static xent_dtype other_dtype(int role)
{
    if (role_rules[role].elements == ELEMENTS_INDEX) return XENT_I32;
    return role == ROLE_CLASSES ? XENT_U16 : role == ROLE_PROBABILITIES || role == ROLE_WEIGHT ? XENT_F32 : XENT_F64;
}

static xent_tensor *operand(int role, xent_dtype dtype, int64_t classes)
{
    int64_t shape[2];
    const int32_t ndim = extent_shape(role_rules[role].extent, ROWS, classes, shape);
    return tensor_new(is_of_input(role) ? dtype : other_dtype(role), ndim, shape, ROW_MAJOR);
}

static double draw(int role, int64_t classes, struct random *r)
{
    switch (role) {
    case ROLE_INPUT: return 4 * random_normal(r);
    case ROLE_CLASSES: return (double)random_below(r, classes);
    case ROLE_GRAD_LOSS: return random_normal(r) / 3;
    default: return random_uniform(r);
    }
}

static struct twins open_twins(xent_dtype dtype, int64_t classes)
{
    struct twins t = { .dtype = dtype, .classes = classes };
    struct random r = random_stream((uint64_t)classes, (uint64_t)dtype);
    for (int role = 0; role < ROLES; role++) {
        t.half[role] = operand(role, dtype, classes);
        t.single[role] = operand(role, XENT_F32, classes);
        for (int64_t i = 0; i < xent_tensor_numel(t.half[role]) && !role_rules[role].output; i++) {
            tensor_set(t.half[role], i, draw(role, classes, &r));
            tensor_set(t.single[role], i, tensor_get(t.half[role], i));
        }
    }
    t.narrow = operand(ROLE_OUTPUT, dtype, classes);
    return t;
}

static void close_twins(struct twins *t)
{
    tensor_free(t->narrow);
    for (int role = 0; role < ROLES; role++) {
        tensor_free(t->half[role]);
        tensor_free(t->single[role]);
    }
}

static bool is_log_softmax(const struct use *u) { return u->operation == &operations[OP_LOG_SOFTMAX]; }

/* Positive numbers where only these make sense; they are those of the probabilities. */
static void choose_input(const struct twins *t, const struct use *u, xent_tensor *half[ROLES], xent_tensor *single[ROLES])
{
    for (int role = 0; role < ROLES; role++) {
        half[role] = t->half[role];
        single[role] = t->single[role];
    }
    if (is_log_softmax(u)) single[ROLE_OUTPUT] = t->narrow;
    if (u->operation->input != CONTENT_POSITIVE && u->operation->input != CONTENT_PROBABILITIES) return;
    half[ROLE_INPUT] = t->half[ROLE_UPSTREAM];
    single[ROLE_INPUT] = t->single[ROLE_UPSTREAM];
    half[ROLE_UPSTREAM] = t->half[ROLE_INPUT];
    single[ROLE_UPSTREAM] = t->single[ROLE_INPUT];
}

static void expect_rounded(const struct twins *t, const struct use *u, int role)
{
    char name[USE_NAME_SIZE];
    const bool narrow = is_log_softmax(u) && role == ROLE_OUTPUT;
    const xent_tensor *single = narrow ? t->narrow : t->single[role];
    use_name(u, name);
    for (int64_t i = 0; i < xent_tensor_numel(t->half[role]); i++) {
        const double exact = tensor_get(single, i);
        if (is_of_input(role) && !narrow ? tensor_bits(t->half[role], i) != half_encode(t->dtype, exact)
                                         : tensor_bits(t->half[role], i) != tensor_bits(single, i))
            fail_msg("%s, %lld classes: entry %lld is %a, but %a in F32", name, (long long)t->classes, (long long)i,
                     tensor_get(t->half[role], i), exact);
    }
}

/* The losses once more, in 16 bits: they are those in F64, rounded once. */
static void check_rounded_loss(const struct twins *t, const struct use *u, xent_tensor *half[ROLES])
{
    xent_tensor *rounded = tensor_new(t->dtype, SHAPE(ROWS), ROW_MAJOR), *exact = half[ROLE_LOSS];
    half[ROLE_LOSS] = rounded;
    expect_ok(use_call(u, half, 1, XENT_REDUCTION_NONE, NULL));
    for (int64_t row = 0; row < ROWS; row++) expect_bits(rounded, row, half_encode(t->dtype, tensor_get(exact, row)));
    tensor_free(rounded);
}

static void check_use(const struct twins *t, const struct use *u)
{
    xent_tensor *half[ROLES], *single[ROLES];
    choose_input(t, u, half, single);
    expect_ok(use_call(u, half, 1, XENT_REDUCTION_NONE, NULL));
    expect_ok(use_call(u, single, 1, XENT_REDUCTION_NONE, NULL));
    for (int role = 0; role < ROLES; role++)
        if (role_rules[role].output && use_takes(u, (enum role)role)) expect_rounded(t, u, role);
    if (use_takes(u, ROLE_LOSS)) check_rounded_loss(t, u, half);
}

static void test_as_in_f32_but_rounded(void **state)
{
    (void)state;
    static const xent_dtype halves[] = { XENT_F16, XENT_BF16 };
    const int64_t classes[] = { 2, 10, 67, 1000, 5000 };
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    for (int i = 0; i < 10; i++) {
        struct twins t = open_twins(halves[i % 2], classes[i / 2]);
        for (int k = 0; k < count; k++)
            if (!uses[k].operation->divisor) check_use(&t, &uses[k]); /* whose numbers are doubles */
        close_twins(&t);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_as_in_f32_but_rounded) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
