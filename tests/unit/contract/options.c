/* xent_options: its defaults, its size, and the range of every field in every operation that takes it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/operations.h"
#include "support/tensors.h"

/* A batch that is right in all but its options. */
static xent_tensor *z, *y, *loss, *grad, *rank;
static double divisor;

static xent_status call(const struct operation *o, const xent_options *options)
{
    struct arguments a = { .options = options, .divisor = &divisor };
    a.tensor[ROLE_INPUT] = a.tensor[ROLE_UPSTREAM] = z;
    a.tensor[ROLE_CLASSES] = y;
    a.tensor[ROLE_LOSS] = loss;
    a.tensor[ROLE_OUTPUT] = grad;
    a.tensor[ROLE_RANK] = rank;
    return o->call(&a);
}

static int prepare(void **state)
{
    (void)state;
    z = tensor_of(XENT_F64, SHAPE(2, 3), ROW_MAJOR, VALUES(1, 0.5, 2, 0.5, 3, 1));
    y = tensor_of(XENT_I64, SHAPE(2), ROW_MAJOR, VALUES(2, 1));
    loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    grad = tensor_new(XENT_F64, SHAPE(2, 3), ROW_MAJOR);
    rank = tensor_new(XENT_I64, SHAPE(2), ROW_MAJOR);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    tensor_free(z);
    tensor_free(y);
    tensor_free(loss);
    tensor_free(grad);
    tensor_free(rank);
    return 0;
}

/* The call fails so and writes nothing. */
static void expect_refused(const struct operation *o, const xent_options *options, const char *message)
{
    tensor_set(loss, 0, 7);
    divisor = 7;
    for (int64_t i = 0; i < 6; i++) tensor_set(grad, i, 7);
    for (int64_t i = 0; i < 2; i++) tensor_set(rank, i, 7);
    expect_error(call(o, options), XENT_ERROR_INVALID_ARGUMENT, message);
    assert_true(tensor_get(loss, 0) == 7 && divisor == 7);
    for (int64_t i = 0; i < 6; i++) assert_true(tensor_get(grad, i) == 7);
    for (int64_t i = 0; i < 2; i++) assert_true(tensor_get(rank, i) == 7);
}

static void expect_refused_by_all(const xent_options *options, const char *message)
{
    for (int op = 0; op < OPS; op++)
        if (operations[op].options != OPTIONS_NONE) expect_refused(&operations[op], options, message);
}

static void expect_accepted_by_all(const xent_options *options)
{
    for (int op = 0; op < OPS; op++)
        if (operations[op].options != OPTIONS_NONE && call(&operations[op], options) != XENT_OK)
            fail_msg("%s: %s", operations[op].name, xent_error_message());
}

/* ---- Defaults and size ----------------------------------------------------------------------------------------- */

static void test_defaults(void **state)
{
    (void)state;
    const xent_options o = XENT_OPTIONS_INIT;
    assert_int_equal(o.struct_size, sizeof o);
    assert_int_equal(o.reduction, XENT_REDUCTION_MEAN);
    assert_int_equal(o.axis, XENT_AXIS_DEFAULT);
    assert_int_equal(o.ignore_index, -100);
    assert_null(o.class_weight);
    assert_true(o.label_smoothing == 0 && o.z_loss == 0 && o.logit_scale == 1 && o.softcap == 0 && o.normalizer == 0);
    assert_int_equal(o.num_threads, 0);
    assert_int_equal(o.reserved, 0);
    assert_null(o.row_weight);
    expect_accepted_by_all(&o);
    expect_accepted_by_all(NULL);
    /* No padding hides between the fields where pointers have 64 bits: a field added later lies where everybody
       expects it. */
    if (sizeof(void *) == 8) assert_int_equal(sizeof o, 8 + 4 + 4 + 8 + 8 + 5 * 8 + 4 + 4 + 8);
}

static void test_init(void **state)
{
    (void)state;
    static const xent_options want = XENT_OPTIONS_INIT; /* whose padding, where there is any, is 0 */
    unsigned char memory[6000], untouched[6000];
    const size_t sizes[] = { sizeof want, sizeof want + 8, 4096, 5000 };
    memset(untouched, 0xA5, sizeof untouched);
    for (int i = 0; i < 4; i++) {
        const size_t filled = sizes[i] < 4096 ? sizes[i] : 4096;
        xent_options got;
        memset(memory, 0xA5, sizeof memory);
        xent_options_init((xent_options *)(void *)memory, sizes[i]);
        memcpy(&got, memory, sizeof got);
        assert_int_equal(got.struct_size, sizes[i]);
        got.struct_size = want.struct_size;
        assert_memory_equal(&got, &want, sizeof want);
        for (size_t k = sizeof want; k < filled; k++) assert_int_equal(memory[k], 0);
        assert_memory_equal(memory + filled, untouched, sizeof memory - filled);
    }
    const size_t unpublished[] = { 0, 8, sizeof want - 1, sizeof want - 8 };
    memset(memory, 0xA5, sizeof memory);
    for (int i = 0; i < 4; i++) xent_options_init((xent_options *)(void *)memory, unpublished[i]);
    assert_memory_equal(memory, untouched, sizeof memory);
    xent_options_init(NULL, sizeof want);
}

static void test_struct_size(void **state)
{
    (void)state;
    const xent_options defaults = XENT_OPTIONS_INIT;
    static union {
        xent_options options;
        unsigned char bytes[8192];
    } u;
    char message[128];
    u.options = defaults;

    const size_t good[] = { sizeof(xent_options) + 1, sizeof(xent_options) + 8, 4096 };
    for (int i = 0; i < 3; i++) {
        u.options.struct_size = good[i];
        u.bytes[good[i]] = 1; /* beyond the struct: not the library's business */
        expect_accepted_by_all(&u.options);
        u.bytes[good[i]] = 0;
    }
    const size_t bad[] = { 0, 8, sizeof(xent_options) - 1, sizeof(xent_options) - 8, 4097, 8192, SIZE_MAX };
    for (int i = 0; i < 7; i++) {
        u.options.struct_size = bad[i];
        snprintf(message, sizeof message, "options->struct_size is %zu, expected %zu (sizeof(xent_options)) to 4096", bad[i],
                 sizeof(xent_options));
        expect_refused_by_all(&u.options, message);
    }
    /* Something set that this version does not know. */
    const size_t places[] = { sizeof(xent_options), 1000, 4095 };
    u.options.struct_size = 4096;
    for (int i = 0; i < 3; i++) {
        u.bytes[places[i]] = 3;
        snprintf(message, sizeof message, "options: byte %zu of 4096 is 3, expected 0: a field that this version does not know",
                 places[i]);
        expect_refused_by_all(&u.options, message);
        u.bytes[places[i]] = 0;
    }
}

/* ---- Fields ---------------------------------------------------------------------------------------------------- */

static void test_integer_fields(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        int32_t value;
        const char *message;
    } bad[] = {
        { offsetof(xent_options, reduction), -1, "options->reduction is -1, expected 0 (MEAN), 1 (SUM) or 2 (NONE)" },
        { offsetof(xent_options, reduction), 3, "options->reduction is 3, expected 0 (MEAN), 1 (SUM) or 2 (NONE)" },
        { offsetof(xent_options, reduction), XENT_REDUCTION_FORCE_INT,
          "options->reduction is 2147483647, expected 0 (MEAN), 1 (SUM) or 2 (NONE)" },
        { offsetof(xent_options, num_threads), -1, "options->num_threads is -1, expected 0 (as set for the process) to 4096" },
        { offsetof(xent_options, num_threads), 4097,
          "options->num_threads is 4097, expected 0 (as set for the process) to 4096" },
        { offsetof(xent_options, reserved), 1, "options->reserved is 1, expected 0" },
        { offsetof(xent_options, reserved), -1, "options->reserved is -1, expected 0" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        xent_options o = XENT_OPTIONS_INIT;
        memcpy((char *)&o + bad[i].offset, &bad[i].value, sizeof bad[i].value);
        expect_refused_by_all(&o, bad[i].message);
    }
    xent_options o = XENT_OPTIONS_INIT;
    o.num_threads = 4096;
    expect_accepted_by_all(&o);
    o.num_threads = 1;
    o.reduction = XENT_REDUCTION_SUM;
    expect_accepted_by_all(&o);
}

static double *field(xent_options *o, size_t offset) { return (double *)(void *)((char *)o + offset); }

static void test_real_fields(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t offset;
        double bad[8];
        const char *expected;
    } fields[] = {
        { "label_smoothing",
          offsetof(xent_options, label_smoothing),
          { -0.1, 1.5, -1e-300, INFINITY, -INFINITY, NAN, 2, -1 },
          "a number in [0, 1]" },
        { "z_loss",
          offsetof(xent_options, z_loss),
          { -0.1, -1e-300, INFINITY, -INFINITY, NAN, -1, -2, -3 },
          "a finite number >= 0" },
        { "logit_scale",
          offsetof(xent_options, logit_scale),
          { 0, -1, 1e-31, 1e31, INFINITY, -INFINITY, NAN, -0.0 },
          "a number in [1e-30, 1e30]" },
        { "softcap",
          offsetof(xent_options, softcap),
          { -1, 1e-31, 1e31, INFINITY, -INFINITY, NAN, -1e-300, -50 },
          "0 (off) or a number in [1e-30, 1e30]" },
        { "normalizer",
          offsetof(xent_options, normalizer),
          { -1, -1e-300, INFINITY, -INFINITY, NAN, -0.5, -2, -3 },
          "0 (automatic) or a finite number > 0" },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        for (int k = 0; k < 8; k++) {
            xent_options o = XENT_OPTIONS_INIT;
            char message[128];
            *field(&o, fields[i].offset) = fields[i].bad[k];
            snprintf(message, sizeof message, "options->%s is %.15g, expected %s", fields[i].name, fields[i].bad[k],
                     fields[i].expected);
            expect_refused_by_all(&o, message);
        }
    }
    const double normalizers[] = { 1e-300, 0x1p-1074, 1, 1e300 };
    for (int k = 0; k < 4; k++) {
        xent_options o = XENT_OPTIONS_INIT;
        o.normalizer = normalizers[k];
        expect_accepted_by_all(&o);
    }
}

/* What makes log-probabilities of logits has no meaning for those that are given; the other functions take it, and mean_divisor does
   not care. */
static void test_fields_of_logits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t offset;
        double value;
        int plain;
    } fields[] = {
        { "label_smoothing", offsetof(xent_options, label_smoothing), 0x1p-1074, 0 },
        { "label_smoothing", offsetof(xent_options, label_smoothing), 1, 0 },
        { "z_loss", offsetof(xent_options, z_loss), 0.25, 0 },
        { "z_loss", offsetof(xent_options, z_loss), 1e300, 0 },
        { "logit_scale", offsetof(xent_options, logit_scale), 1e-30, 1 },
        { "logit_scale", offsetof(xent_options, logit_scale), 1e30, 1 },
        { "softcap", offsetof(xent_options, softcap), 1e-30, 0 },
        { "softcap", offsetof(xent_options, softcap), 1e30, 0 },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        xent_options o = XENT_OPTIONS_INIT;
        char message[128];
        *field(&o, fields[i].offset) = fields[i].value;
        for (int op = 0; op < OPS; op++) {
            snprintf(message, sizeof message, "options->%s is %.15g, expected %d: it has no meaning for log-probabilities",
                     fields[i].name, fields[i].value, fields[i].plain);
            if (operations[op].options == OPTIONS_OF_BATCH)
                expect_refused(&operations[op], &o, message);
            else if (operations[op].options == OPTIONS_ALL)
                expect_ok(call(&operations[op], &o)); /* of a divergence: unit/contract/kl_div.c */
        }
    }
    /* -0.0 is the default too. */
    xent_options o = XENT_OPTIONS_INIT;
    o.label_smoothing = o.z_loss = o.softcap = o.normalizer = -0.0;
    expect_accepted_by_all(&o);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_init),        cmocka_unit_test(test_struct_size),
        cmocka_unit_test(test_integer_fields), cmocka_unit_test(test_real_fields), cmocka_unit_test(test_fields_of_logits),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
