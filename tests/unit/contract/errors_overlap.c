/* The rule of outputs and overlap, in every operation: which strides let an output overlap itself, and which tensors overlap another one.
   That each output is compared with each other operand, and in which order, is in errors_table.c. */
#include <stdio.h>
#include <string.h>

#include "support/operations.h"
#include "support/refusal.h"

enum { ROWS = 2, CLASSES = 3 };

static xent_dtype dtype_of(enum role role) { return role_is_integer(role) ? XENT_I32 : XENT_F32; }

/* Operands of a batch with so many rows; all zeros, which is a class too. */
static void open_batch(xent_tensor *tensors[ROLES], int64_t rows)
{
    for (int role = 0; role < ROLES; role++) {
        int64_t shape[2];
        const int32_t ndim = extent_shape(role_rules[role].extent, rows, CLASSES, shape);
        tensors[role] = tensor_new(dtype_of((enum role)role), ndim, shape, ROW_MAJOR);
    }
}

static void close_batch(xent_tensor *tensors[ROLES])
{
    for (int role = 0; role < ROLES; role++) tensor_free(tensors[role]);
}

static xent_status call(const struct use *u, xent_tensor *const tensors[ROLES])
{
    double divisor;
    return use_call(u, tensors, 1, XENT_REDUCTION_NONE, &divisor);
}

/* ---- An output over itself --------------------------------------------------------------------------------------------- */

static void check_output(const struct use *u, enum role role, const int64_t strides[2], bool overlaps)
{
    static const int64_t shape[] = { ROWS, CLASSES };
    const int32_t ndim = extent_has_axis(role_rules[role].extent) ? 2 : 1;
    float memory[24];
    char text[128];
    xent_tensor *tensors[ROLES], *given[ROLES];
    open_batch(tensors, ROWS);
    memcpy(given, tensors, sizeof given);
    memset(memory, 0x77, sizeof memory);
    given[role] = tensor_strided(dtype_of(role), ndim, shape, strides, memory + 12);
    if (overlaps) {
        (void)snprintf(text, sizeof text, "%s overlaps itself: by its strides, elements may share memory",
                       u->operation->operand[role]);
        expect_refused(call(u, given), XENT_ERROR_OVERLAP, text, given[role]);
    } else {
        expect_ok(call(u, given));
    }
    xent_tensor_destroy(given[role]);
    close_batch(tensors);
}

static void test_output_overlaps_itself(void **state)
{
    static const int64_t bad[][2] = { { 0, 1 }, { 3, 0 }, { 1, 1 }, { 2, 1 }, { -2, 1 }, { 2, -1 }, { 1, 0 } };
    static const int64_t good[][2] = { { 3, 1 }, { 1, 2 }, { -3, 1 }, { 3, -1 }, { 5, 2 }, { 1, -5 } };
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    (void)state;
    for (int i = 0; i < count; i++) {
        for (int role = 0; role < ROLES; role++) {
            if (!role_rules[role].output || !use_takes(&uses[i], (enum role)role)) continue;
            const bool table = extent_has_axis(role_rules[role].extent); /* else the first stride alone counts */
            for (int k = 0; k < 7; k++)
                if (table || bad[k][0] == 0) check_output(&uses[i], (enum role)role, bad[k], true);
            for (int k = 0; k < 6; k++) check_output(&uses[i], (enum role)role, good[k], false);
        }
    }
}

/* ---- An output over the input ------------------------------------------------------------------------------------------ */

/* A table of CLASSES columns in the memory of the test. */
struct view {
    int first;
    int64_t strides[2];
};

static const struct pair {
    int64_t rows;
    struct view input, output;
    bool overlaps;
} pairs[] = {
    { 2, { 4, { 3, 1 } }, { 4, { 3, 1 } }, false },  /* in place */
    { 2, { 4, { 3, 1 } }, { 5, { 3, 1 } }, true },   /* one element later */
    { 2, { 5, { 3, 1 } }, { 4, { 3, 1 } }, true },   /* one element before */
    { 2, { 4, { 3, 1 } }, { 4, { 1, 2 } }, true },   /* other strides at the same address */
    { 2, { 4, { 3, 1 } }, { 9, { 3, 1 } }, true },   /* from the last element on */
    { 2, { 4, { 3, 1 } }, { 10, { 3, 1 } }, false }, /* just behind */
    /* ranges that intersect are an overlap even where no element is shared */
    { 2, { 0, { 6, 2 } }, { 1, { 6, 2 } }, true }, /* every other element */
    /* strides of dimensions of length one do not count */
    { 1, { 0, { 3, 1 } }, { 0, { 99, 1 } }, false }, /* one row in place */
    { 0, { 0, { 3, 1 } }, { 0, { 3, 1 } }, false },  /* no row */
    /* a tensor that steps backwards lies below its data, here in elements 6 to 11; what lies above is free */
    { 2, { 11, { -3, -1 } }, { 3, { 3, 1 } }, true },     /* input backwards over the output */
    { 2, { 3, { 3, 1 } }, { 11, { -3, -1 } }, true },     /* output backwards over the input */
    { 2, { 11, { -3, -1 } }, { 12, { 3, 1 } }, false },   /* above the input backwards */
    { 2, { 11, { -3, -1 } }, { 0, { 3, 1 } }, false },    /* below the input backwards */
    { 2, { 12, { 3, 1 } }, { 11, { -3, -1 } }, false },   /* output backwards, below the input */
    { 2, { 0, { 3, 1 } }, { 11, { -3, -1 } }, false },    /* output backwards, above the input */
    { 2, { 11, { -3, -1 } }, { 11, { -3, -1 } }, false }, /* backwards in place */
};

static void check_pair(const struct use *u, enum role input, const struct pair *p)
{
    const int64_t shape[] = { p->rows, CLASSES };
    float memory[24] = { 0 };
    char text[160];
    xent_tensor *tensors[ROLES], *given[ROLES];
    open_batch(tensors, p->rows);
    memcpy(given, tensors, sizeof given);
    given[input] = tensor_strided(XENT_F32, 2, shape, p->input.strides, memory + p->input.first);
    given[ROLE_OUTPUT] = tensor_strided(XENT_F32, 2, shape, p->output.strides, memory + p->output.first);
    if (p->overlaps) {
        (void)snprintf(text, sizeof text, "%s overlaps %s but is not in its place: data, dtype, shape and strides must agree",
                       u->operation->operand[ROLE_OUTPUT], u->operation->operand[input]);
        expect_refused(call(u, given), XENT_ERROR_OVERLAP, text, given[ROLE_OUTPUT]);
    } else {
        expect_ok(call(u, given));
    }
    xent_tensor_destroy(given[input]);
    xent_tensor_destroy(given[ROLE_OUTPUT]);
    close_batch(tensors);
}

static void test_output_overlaps_input(void **state)
{
    struct use uses[USES_MAX];
    const int count = uses_of_all(uses);
    (void)state;
    for (int i = 0; i < count; i++)
        for (int role = 0; role < ROLES; role++)
            for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
                if (uses[i].operation->in_place & ROLE_BIT(role)) check_pair(&uses[i], (enum role)role, &pairs[k]);
}

/* ---- A byte is an overlap ---------------------------------------------------------------------------------------------- */

/* Class indices of one byte each, around losses that lie from FIRST to before END. */
static void test_bytes_beside_an_output(void **state)
{
    enum { FIRST = 8, END = FIRST + ROWS * sizeof(float) };
    static const struct {
        size_t at;
        bool overlaps;
    } targets[] = { { FIRST - ROWS, false }, { FIRST - ROWS + 1, true }, { END - 1, true }, { END, false } };
    static const int64_t rows[] = { ROWS }, step[] = { 1 };
    xent_tensor *logits = tensor_new(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR);
    (void)state;
    for (size_t k = 0; k < sizeof targets / sizeof targets[0]; k++) {
        float memory[(END + FIRST) / sizeof(float)] = { 0 };
        xent_tensor *target = tensor_strided(XENT_U8, 1, rows, step, (unsigned char *)memory + targets[k].at);
        xent_tensor *loss = tensor_strided(XENT_F32, 1, rows, step, memory + FIRST / sizeof(float));
        xent_options options = XENT_OPTIONS_INIT;
        options.reduction = XENT_REDUCTION_NONE;
        if (targets[k].overlaps)
            expect_refused(xent_cross_entropy(logits, target, &options, loss), XENT_ERROR_OVERLAP, "loss overlaps target",
                           loss);
        else
            expect_ok(xent_cross_entropy(logits, target, &options, loss));
        xent_tensor_destroy(loss);
        xent_tensor_destroy(target);
    }
    tensor_free(logits);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_overlaps_itself),
        cmocka_unit_test(test_output_overlaps_input),
        cmocka_unit_test(test_bytes_beside_an_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
