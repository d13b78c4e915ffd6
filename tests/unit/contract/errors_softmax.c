/* What softmax, log_softmax, their backward functions, logsumexp and log refuse, in its variants: status, message, outputs untouched.
   Each check of each function, and their order, is in errors_table.c. */
#include <string.h>

#include "support/refusal.h"

static xent_tensor *z, *p, *integers;

static int prepare(void **state)
{
    (void)state;
    z = tensor_of(XENT_F32, SHAPE(2, 3), ROW_MAJOR, VALUES(1, 0.5, 2, 0.5, 3, 1));
    p = tensor_of(XENT_F32, SHAPE(2, 3), ROW_MAJOR, VALUES(7, 7, 7, 7, 7, 7));
    integers = tensor_of(XENT_I64, SHAPE(2, 3), ROW_MAJOR, VALUES(7, 7, 7, 7, 7, 7));
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    tensor_free(z);
    tensor_free(p);
    tensor_free(integers);
    return 0;
}

/* A tensor of sevens, to be an output. */
static xent_tensor *sevens(xent_dtype dtype, int32_t ndim, const int64_t *shape)
{
    xent_tensor *t = tensor_new(dtype, ndim, shape, ROW_MAJOR);
    for (int64_t i = 0; i < xent_tensor_numel(t); i++) tensor_set(t, i, 7);
    return t;
}

static void test_dtype(void **state)
{
    (void)state;
    xent_tensor *wide = sevens(XENT_F64, SHAPE(2, 3)), *vector = sevens(XENT_I32, SHAPE(2));
    xent_tensor *half = sevens(XENT_F16, SHAPE(2, 3)), *brain = sevens(XENT_BF16, SHAPE(2, 3));
    expect_refused(xent_softmax(integers, 1, p), XENT_ERROR_DTYPE, "z has dtype I64, expected a floating one", p);
    expect_refused(xent_softmax(z, 1, wide), XENT_ERROR_DTYPE, "p has dtype F64, expected F32, that of z", wide);
    expect_refused(xent_softmax(z, 1, integers), XENT_ERROR_DTYPE, "p has dtype I64, expected F32, that of z", integers);
    expect_refused(xent_softmax(wide, 1, p), XENT_ERROR_DTYPE, "p has dtype F32, expected F64, that of z", p);
    expect_refused(xent_log_softmax(z, 1, wide), XENT_ERROR_DTYPE, "logp has dtype F64, expected F32, that of z", wide);
    expect_refused(xent_logsumexp(integers, 1, p), XENT_ERROR_DTYPE, "z has dtype I64, expected a floating one", p);
    expect_refused(xent_logsumexp(z, 1, vector), XENT_ERROR_DTYPE, "out has dtype I32, expected a floating one", vector);
    expect_refused(xent_log(integers, p), XENT_ERROR_DTYPE, "x has dtype I64, expected a floating one", p);
    expect_refused(xent_log(z, wide), XENT_ERROR_DTYPE, "out has dtype F64, expected F32, that of x", wide);
    expect_refused(xent_softmax(half, 1, brain), XENT_ERROR_DTYPE, "p has dtype BF16, expected F16, that of z", brain);
    expect_refused(xent_log(brain, half), XENT_ERROR_DTYPE, "out has dtype F16, expected BF16, that of x", half);
    expect_refused(xent_softmax_backward(z, wide, 1, p), XENT_ERROR_DTYPE, "grad_p has dtype F64, expected F32, that of p", p);
    expect_refused(xent_softmax_backward(wide, wide, 1, p), XENT_ERROR_DTYPE, "grad_z has dtype F32, expected F64, that of p",
                   p);
    expect_refused(xent_log_softmax_backward(half, brain, 1, half), XENT_ERROR_DTYPE,
                   "grad_logp has dtype BF16, expected F16, that of logp", half);
    xent_tensor *all[] = { wide, vector, half, brain };
    for (int i = 0; i < 4; i++) tensor_free(all[i]);
}

static void test_axis(void **state)
{
    (void)state;
    xent_tensor *scalar = sevens(XENT_F32, SCALAR);
    const char *const rank_0 = "z has rank 0, expected 1 to 8: it has no class axis";
    expect_refused(xent_softmax(scalar, 0, scalar), XENT_ERROR_SHAPE, rank_0, scalar);
    expect_refused(xent_log_softmax(scalar, XENT_AXIS_DEFAULT, scalar), XENT_ERROR_SHAPE, rank_0, scalar);
    expect_refused(xent_logsumexp(scalar, -1, p), XENT_ERROR_SHAPE, rank_0, p);
    expect_refused(xent_softmax(z, 2, p), XENT_ERROR_SHAPE, "axis is 2, expected -2 to 1: z has rank 2", p);
    expect_refused(xent_softmax(z, -3, p), XENT_ERROR_SHAPE, "axis is -3, expected -2 to 1: z has rank 2", p);
    expect_refused(xent_log_softmax(z, INT32_MAX, p), XENT_ERROR_SHAPE, "axis is 2147483647, expected -2 to 1: z has rank 2",
                   p);
    expect_refused(xent_logsumexp(z, -INT32_MAX, p), XENT_ERROR_SHAPE, "axis is -2147483647, expected -2 to 1: z has rank 2",
                   p);
    expect_ok(xent_log(scalar, scalar)); /* which has no axis to speak of */
    tensor_free(scalar);
}

static void test_shape(void **state)
{
    (void)state;
    xent_tensor *turned = sevens(XENT_F32, SHAPE(3, 2)), *flat = sevens(XENT_F32, SHAPE(6)),
                *three = sevens(XENT_F32, SHAPE(3));
    xent_tensor *row = sevens(XENT_F32, SHAPE(4)), *one = sevens(XENT_F32, SHAPE(1));
    expect_refused(xent_softmax(z, 1, turned), XENT_ERROR_SHAPE, "p has shape (3, 2), expected (2, 3), that of z", turned);
    expect_refused(xent_softmax(z, 1, flat), XENT_ERROR_SHAPE, "p has shape (6), expected (2, 3), that of z", flat);
    expect_refused(xent_log_softmax(z, 1, turned), XENT_ERROR_SHAPE, "logp has shape (3, 2), expected (2, 3), that of z",
                   turned);
    expect_refused(xent_logsumexp(z, 1, three), XENT_ERROR_SHAPE, "out has shape (3), expected (2), that of z without the axis",
                   three);
    expect_refused(xent_logsumexp(z, 1, p), XENT_ERROR_SHAPE, "out has shape (2, 3), expected (2), that of z without the axis",
                   p);
    expect_refused(xent_logsumexp(row, 0, one), XENT_ERROR_SHAPE, "out has shape (1), expected (), that of z without the axis",
                   one);
    expect_refused(xent_log(z, turned), XENT_ERROR_SHAPE, "out has shape (3, 2), expected (2, 3), that of x", turned);
    xent_tensor *all[] = { turned, flat, three, row, one };
    for (int i = 0; i < 5; i++) tensor_free(all[i]);
}

static void test_read_only_output(void **state)
{
    (void)state;
    static const float memory[6] = { 7, 7, 7, 7, 7, 7 };
    xent_tensor *constant, *vector;
    expect_ok(xent_tensor_wrap_const(&constant, XENT_F32, SHAPE(2, 3), NULL, memory));
    expect_ok(xent_tensor_wrap_const(&vector, XENT_F32, SHAPE(2), NULL, memory));
    const xent_status invalid = XENT_ERROR_INVALID_ARGUMENT;
    expect_refused(xent_softmax(z, 1, constant), invalid, "p is read-only (made by xent_tensor_wrap_const), expected an output",
                   constant);
    expect_refused(xent_softmax(constant, 1, constant), invalid,
                   "p is read-only (made by xent_tensor_wrap_const), expected an output", constant);
    expect_refused(xent_log_softmax(z, 1, constant), invalid,
                   "logp is read-only (made by xent_tensor_wrap_const), expected an output", constant);
    expect_refused(xent_logsumexp(z, 1, vector), invalid,
                   "out is read-only (made by xent_tensor_wrap_const), expected an output", vector);
    expect_refused(xent_log(z, constant), invalid, "out is read-only (made by xent_tensor_wrap_const), expected an output",
                   constant);
    expect_ok(xent_softmax(constant, 1, p)); /* as an input it is fine */
    xent_tensor_destroy(constant);
    xent_tensor_destroy(vector);
}

/* Outputs whose elements share memory, by the header's test. */
static void test_output_overlaps_itself(void **state)
{
    (void)state;
    float memory[16];
    const int64_t shape[2] = { 2, 3 };
    const int64_t bad[][2] = { { 0, 1 }, { 3, 0 }, { 1, 1 }, { 2, 1 }, { -2, 1 }, { 2, -1 }, { 1, 0 } };
    const int64_t good[][2] = { { 3, 1 }, { 1, 2 }, { -3, 1 }, { 3, -1 }, { 5, 2 }, { 1, -5 } };
    for (int i = 0; i < 7; i++) {
        xent_tensor *out = tensor_strided(XENT_F32, 2, shape, bad[i], memory + 8);
        memset(memory, 0x77, sizeof memory);
        expect_refused(xent_softmax(z, 1, out), XENT_ERROR_OVERLAP,
                       "p overlaps itself: by its strides, elements may share memory", out);
        expect_refused(xent_log(z, out), XENT_ERROR_OVERLAP, "out overlaps itself: by its strides, elements may share memory",
                       out);
        xent_tensor_destroy(out);
    }
    for (int i = 0; i < 6; i++) {
        xent_tensor *out = tensor_strided(XENT_F32, 2, shape, good[i], memory + (good[i][1] < -1 ? 11 : 5));
        expect_ok(xent_softmax(z, 1, out));
        xent_tensor_destroy(out);
    }
    /* As an input such a tensor is fine: here one row, broadcast. */
    xent_tensor *broadcast = tensor_strided(XENT_F32, 2, shape, bad[0], memory);
    memset(memory, 0, sizeof memory);
    expect_ok(xent_softmax(broadcast, 1, p));
    xent_tensor_destroy(broadcast);
    for (int64_t i = 0; i < 6; i++) tensor_set(p, i, 7);
}

static void test_output_overlaps_input(void **state)
{
    (void)state;
    float memory[16] = { 0 };
    const int64_t shape[2] = { 2, 3 }, turned[2] = { 1, 2 };
    xent_tensor *in = tensor_over(XENT_F32, 2, shape, memory), *next = tensor_over(XENT_F32, 2, shape, memory + 1);
    xent_tensor *across = tensor_strided(XENT_F32, 2, shape, turned, memory),
                *last = tensor_over(XENT_F32, 2, shape, memory + 5);
    xent_tensor *after = tensor_over(XENT_F32, 2, shape, memory + 6), *losses = tensor_over(XENT_F32, SHAPE(2), memory + 4);
    const char *const not_in_place = "p overlaps z but is not in its place: data, dtype, shape and strides must agree";
    expect_refused(xent_softmax(in, 1, next), XENT_ERROR_OVERLAP, not_in_place, next);
    expect_refused(xent_softmax(next, 1, in), XENT_ERROR_OVERLAP, not_in_place, in);
    expect_refused(xent_softmax(in, 1, across), XENT_ERROR_OVERLAP, not_in_place, across);
    expect_refused(xent_softmax(in, 1, last), XENT_ERROR_OVERLAP, not_in_place, last);
    expect_refused(xent_log_softmax(in, 1, next), XENT_ERROR_OVERLAP,
                   "logp overlaps z but is not in its place: data, dtype, shape and strides must agree", next);
    expect_refused(xent_log(in, next), XENT_ERROR_OVERLAP,
                   "out overlaps x but is not in its place: data, dtype, shape and strides must agree", next);
    expect_refused(xent_logsumexp(in, 1, losses), XENT_ERROR_OVERLAP, "out overlaps z", losses);
    expect_ok(xent_softmax(in, 1, after));
    expect_ok(xent_softmax(in, 1, in));
    xent_tensor *all[] = { in, next, across, last, after, losses };
    for (int i = 0; i < 6; i++) xent_tensor_destroy(all[i]);
}

/* grad_z may be either input, in its place; the inputs may be one tensor or overlap as they like. */
static void test_backward_overlaps(void **state)
{
    (void)state;
    float memory[24] = { 0 };
    const int64_t shape[2] = { 2, 3 };
    xent_tensor *first = tensor_over(XENT_F32, 2, shape, memory + 1), *second = tensor_over(XENT_F32, 2, shape, memory + 8);
    xent_tensor *before = tensor_over(XENT_F32, 2, shape, memory), *between = tensor_over(XENT_F32, 2, shape, memory + 4);
    xent_tensor *after = tensor_over(XENT_F32, 2, shape, memory + 13);
    const char *const over_p = "grad_z overlaps p but is not in its place: data, dtype, shape and strides must agree";
    const char *const over_grad_p = "grad_z overlaps grad_p but is not in its place: data, dtype, shape and strides must agree";
    const char *const over_logp = "grad_z overlaps logp but is not in its place: data, dtype, shape and strides must agree";
    const char *const over_grad_logp =
        "grad_z overlaps grad_logp but is not in its place: data, dtype, shape and strides must agree";
    expect_refused(xent_softmax_backward(first, second, 1, before), XENT_ERROR_OVERLAP, over_p, before);
    expect_refused(xent_softmax_backward(first, second, 1, between), XENT_ERROR_OVERLAP, over_p, between);
    expect_refused(xent_softmax_backward(second, first, 1, before), XENT_ERROR_OVERLAP, over_grad_p, before);
    expect_refused(xent_softmax_backward(first, second, 1, after), XENT_ERROR_OVERLAP, over_grad_p, after);
    expect_refused(xent_softmax_backward(first, between, 1, first), XENT_ERROR_OVERLAP, over_grad_p, first);
    expect_refused(xent_log_softmax_backward(first, second, 1, before), XENT_ERROR_OVERLAP, over_logp, before);
    expect_refused(xent_log_softmax_backward(first, second, 1, after), XENT_ERROR_OVERLAP, over_grad_logp, after);
    expect_refused(xent_log_softmax_backward(between, second, 1, second), XENT_ERROR_OVERLAP, over_logp, second);
    expect_ok(xent_softmax_backward(first, second, 1, first));
    expect_ok(xent_softmax_backward(first, second, 1, second));
    expect_ok(xent_softmax_backward(first, first, 1, first));
    expect_ok(xent_softmax_backward(first, between, 1, after));
    expect_ok(xent_log_softmax_backward(first, second, 1, first));
    expect_ok(xent_log_softmax_backward(first, second, 1, second));
    expect_ok(xent_log_softmax_backward(first, first, 1, first));
    expect_ok(xent_log_softmax_backward(first, between, 1, after));
    xent_tensor *all[] = { first, second, before, between, after };
    for (int i = 0; i < 5; i++) xent_tensor_destroy(all[i]);
}

/* A tensor that steps backwards lies below its data. Either may be the one that does, and what lies above it is free. */
static void test_overlap_below_the_data(void **state)
{
    (void)state;
    float memory[24] = { 0 };
    const int64_t backwards[2] = { -3, -1 };
    xent_tensor *down = tensor_strided(XENT_F32, SHAPE(2, 3), backwards, memory + 11); /* elements 6 to 11 */
    xent_tensor *low = tensor_over(XENT_F32, SHAPE(2, 3), memory + 3), *high = tensor_over(XENT_F32, SHAPE(2, 3), memory + 12);
    xent_tensor *lower = tensor_over(XENT_F32, SHAPE(2, 3), memory);
    const char *overlaps = "p overlaps z but is not in its place: data, dtype, shape and strides must agree";
    expect_refused(xent_softmax(down, 1, low), XENT_ERROR_OVERLAP, overlaps, low);
    expect_refused(xent_softmax(low, 1, down), XENT_ERROR_OVERLAP, overlaps, down);
    expect_ok(xent_softmax(down, 1, high));
    expect_ok(xent_softmax(high, 1, down));
    expect_ok(xent_softmax(down, 1, lower));
    expect_ok(xent_softmax(lower, 1, down));
    expect_ok(xent_softmax(down, 1, down));
    xent_tensor *all[] = { down, low, high, lower };
    for (int i = 0; i < 4; i++) xent_tensor_destroy(all[i]);
}

/* Ranges that intersect are an overlap even where no element is shared; strides of dimensions of length one do not
   count. */
static void test_overlap_is_by_ranges(void **state)
{
    (void)state;
    float memory[16] = { 0 };
    const int64_t every_second[2] = { 6, 2 }, one_row[2] = { 99, 1 };
    xent_tensor *even = tensor_strided(XENT_F32, SHAPE(2, 3), every_second, memory);
    xent_tensor *odd = tensor_strided(XENT_F32, SHAPE(2, 3), every_second, memory + 1);
    xent_tensor *row = tensor_over(XENT_F32, SHAPE(1, 3), memory),
                *same = tensor_strided(XENT_F32, SHAPE(1, 3), one_row, memory);
    xent_tensor *none = tensor_over(XENT_F32, SHAPE(0, 3), memory);
    expect_refused(xent_softmax(even, 1, odd), XENT_ERROR_OVERLAP,
                   "p overlaps z but is not in its place: data, dtype, shape and strides must agree", odd);
    expect_ok(xent_softmax(row, 1, same));
    expect_ok(xent_softmax(none, 1, none));
    xent_tensor *all[] = { even, odd, row, same, none };
    for (int i = 0; i < 5; i++) xent_tensor_destroy(all[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtype),
        cmocka_unit_test(test_axis),
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_read_only_output),
        cmocka_unit_test(test_output_overlaps_itself),
        cmocka_unit_test(test_output_overlaps_input),
        cmocka_unit_test(test_backward_overlaps),
        cmocka_unit_test(test_overlap_is_by_ranges),
        cmocka_unit_test(test_overlap_below_the_data),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
