/* What xent_row_stats checks beside what contract/errors_table tries: its own struct, which members need a target and of which kind, and how
   many classes an index holds; and xent_stats_init. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/refusal.h"

enum { ROWS = 2, CLASSES = 3 };

static xent_tensor *logits, *classes, *probabilities, *number, *index_of_row;

static int prepare(void **state)
{
    (void)state;
    logits = tensor_of(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR, VALUES(1, 0.5, 2, 0.5, 3, 1));
    classes = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(2, 1));
    probabilities = tensor_of(XENT_F32, SHAPE(ROWS, CLASSES), ROW_MAJOR, VALUES(1, 0, 0, 0, 0.5, 0.5));
    number = tensor_new(XENT_F32, SHAPE(ROWS), ROW_MAJOR);
    index_of_row = tensor_new(XENT_I64, SHAPE(ROWS), ROW_MAJOR);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    tensor_free(logits);
    tensor_free(classes);
    tensor_free(probabilities);
    tensor_free(number);
    tensor_free(index_of_row);
    return 0;
}

static void refused(const xent_tensor *target, const xent_stats *stats, xent_status status, const char *message)
{
    tensor_set(number, 0, 7);
    tensor_set(index_of_row, 0, 7);
    expect_refused(xent_row_stats(logits, target, NULL, stats), status, message, number, index_of_row);
}

/* ---- The struct ---------------------------------------------------------------------------------------------------- */

static void test_init(void **state)
{
    (void)state;
    const xent_stats want = XENT_STATS_INIT;
    union {
        xent_stats stats;
        unsigned char bytes[5000];
    } got;
    assert_int_equal(want.struct_size, sizeof want);
    assert_true(want.loss == NULL && want.lse == NULL && want.max == NULL && want.argmax == NULL && want.entropy == NULL &&
                want.rank == NULL);
    xent_stats_init(NULL, sizeof want);
    memset(&got, 0xA5, sizeof got);
    xent_stats_init(&got.stats, sizeof want - 1);
    assert_int_equal(got.bytes[0], 0xA5);
    xent_stats_init(&got.stats, sizeof want);
    assert_memory_equal(&got.stats, &want, sizeof want);
    assert_int_equal(got.bytes[sizeof want], 0xA5);
    xent_stats_init(&got.stats, sizeof got);
    assert_int_equal(got.stats.struct_size, sizeof got);
    assert_true(got.bytes[sizeof want] == 0 && got.bytes[4095] == 0 && got.bytes[4096] == 0xA5);
}

static void test_size(void **state)
{
    (void)state;
    union {
        xent_stats stats;
        unsigned char bytes[4096];
    } newer = { .stats = XENT_STATS_INIT };
    xent_stats stats = XENT_STATS_INIT;
    char text[160];
    stats.max = number;
    for (int i = 0; i < 3; i++) {
        static const size_t sizes[] = { 0, sizeof stats - 1, 4097 };
        stats.struct_size = sizes[i];
        (void)snprintf(text, sizeof text, "stats->struct_size is %zu, expected %zu (sizeof(xent_stats)) to 4096", sizes[i],
                       sizeof stats);
        refused(NULL, &stats, XENT_ERROR_INVALID_ARGUMENT, text);
    }
    newer.stats.struct_size = sizeof newer;
    newer.stats.max = number;
    expect_ok(xent_row_stats(logits, NULL, NULL, &newer.stats));
    newer.bytes[4000] = 3;
    refused(NULL, &newer.stats, XENT_ERROR_INVALID_ARGUMENT,
            "stats: byte 4000 of 4096 is 3, expected 0: a member that this version does not know");
}

static void test_nothing_wanted(void **state)
{
    (void)state;
    const xent_stats none = XENT_STATS_INIT;
    refused(classes, NULL, XENT_ERROR_INVALID_ARGUMENT, "stats is NULL");
    refused(classes, &none, XENT_ERROR_INVALID_ARGUMENT, "stats has no member, expected at least one output");
}

/* The struct is looked at before the options. */
static void test_order(void **state)
{
    (void)state;
    xent_options bad = XENT_OPTIONS_INIT;
    xent_stats stats = XENT_STATS_INIT;
    bad.z_loss = -1;
    expect_error(xent_row_stats(logits, classes, &bad, &stats), XENT_ERROR_INVALID_ARGUMENT,
                 "stats has no member, expected at least one output");
    stats.rank = number; /* of no index dtype */
    expect_error(xent_row_stats(logits, NULL, &bad, &stats), XENT_ERROR_INVALID_ARGUMENT, "target is NULL");
    expect_error(xent_row_stats(logits, classes, &bad, &stats), XENT_ERROR_INVALID_ARGUMENT,
                 "options->z_loss is -1, expected a finite number >= 0");
}

/* ---- Targets ------------------------------------------------------------------------------------------------------- */

/* Members that need a target, and those that do not: with none, and with one of either kind. */
static void test_who_needs_a_target(void **state)
{
    (void)state;
    for (int member = 0; member < 6; member++) {
        xent_stats stats = XENT_STATS_INIT;
        xent_tensor **const members[] = { &stats.loss, &stats.lse, &stats.max, &stats.argmax, &stats.entropy, &stats.rank };
        const bool is_index = member == 3 || member == 5, needs = member == 0 || member == 5;
        *members[member] = is_index ? index_of_row : number;
        if (needs)
            refused(NULL, &stats, XENT_ERROR_INVALID_ARGUMENT, "target is NULL");
        else
            expect_ok(xent_row_stats(logits, NULL, NULL, &stats));
        expect_ok(xent_row_stats(logits, classes, NULL, &stats));
        if (member == 5)
            refused(probabilities, &stats, XENT_ERROR_DTYPE, "target has dtype F32, expected class indices: rank is wanted");
        else
            expect_ok(xent_row_stats(logits, probabilities, NULL, &stats));
    }
}

/* A target that nobody needs is checked all the same, and its rows are ignored. */
static void test_probabilities_of_another_shape(void **state)
{
    (void)state;
    xent_tensor *narrow = tensor_new(XENT_F32, SHAPE(ROWS, 2), ROW_MAJOR);
    xent_stats stats = XENT_STATS_INIT;
    stats.loss = number;
    refused(narrow, &stats, XENT_ERROR_SHAPE,
            "target has shape (2, 2), expected (2, 3), that of the logits, for probabilities");
    tensor_free(narrow);
}

static void test_target_for_nothing(void **state)
{
    (void)state;
    xent_stats stats = XENT_STATS_INIT;
    stats.max = number;
    xent_tensor *bad = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(0, 3));
    refused(bad, &stats, XENT_ERROR_TARGET, "target[1] = 3 is outside [0, 3)");
    tensor_set(bad, 1, -100);
    expect_ok(xent_row_stats(logits, bad, NULL, &stats));
    assert_true(tensor_get(number, 0) == 2 && tensor_get(number, 1) == 0);
    tensor_free(bad);
}

/* ---- Indices ------------------------------------------------------------------------------------------------------- */

/* The largest index of so many classes is one less. No row, so that nothing has to be that long. */
static void test_classes_that_i32_cannot_tell(void **state)
{
    (void)state;
    if (sizeof(void *) == 4) skip(); /* no tensor has so many */
    const int64_t most = INT64_C(1) << 31;
    for (int i = 0; i < 4; i++) {
        xent_stats stats = XENT_STATS_INIT;
        xent_tensor *z = tensor_strided(XENT_F32, SHAPE(0, most + i % 2), (const int64_t[]){ 0, 0 }, NULL);
        xent_tensor *y = tensor_new(XENT_I64, SHAPE(0), ROW_MAJOR), *index = tensor_new(XENT_I32, SHAPE(0), ROW_MAJOR);
        *(i < 2 ? &stats.argmax : &stats.rank) = index;
        if (i % 2 == 0)
            expect_ok(xent_row_stats(z, y, NULL, &stats));
        else
            expect_error(xent_row_stats(z, y, NULL, &stats), XENT_ERROR_SHAPE,
                         i < 2 ? "argmax has dtype I32, expected I64: there are 2147483649 classes"
                               : "rank has dtype I32, expected I64: there are 2147483649 classes");
        xent_tensor_destroy(z);
        tensor_free(y);
        tensor_free(index);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_nothing_wanted),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_who_needs_a_target),
        cmocka_unit_test(test_probabilities_of_another_shape),
        cmocka_unit_test(test_target_for_nothing),
        cmocka_unit_test(test_classes_that_i32_cannot_tell),
    };
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
