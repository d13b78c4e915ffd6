/* Outputs that are written past the caches, which only large ones are: the linker sends the library's question whether one is
   (-Wl,--wrap) here, and the test says yes to small ones. The bits stay, and nothing beside the output is written. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/select.h"
#include "ops/terms.h"
#include "support/backend.h"
#include "support/effort.h"
#include "support/guarded.h"
#include "support/problem.h"
#include "support/random.h"
#include "support/tensors.h"

enum { PROBLEMS = 200, LEAST_PROBLEMS = 24, THREADS = 4, TEXT = 400, MOST_BYTES = 300 };

static bool streaming;
static int64_t streamed; /* calls that were told so */

bool __real_xent_output_streams(const struct xent_row_type *type, size_t bytes);
bool __wrap_xent_output_streams(const struct xent_row_type *type, size_t bytes);

bool __wrap_xent_output_streams(const struct xent_row_type *type, size_t bytes)
{
    (void)bytes;
    if (type->real != type->dtype || !streaming) return false;
    streamed++;
    return true;
}

/* From every place in a line to every other, with whole lines between and without. */
static void test_copies(void **state)
{
    const struct xent_kernels *kernels = xent_dispatch_find(xent_backend());
    static unsigned char from[2 * XENT_LINE + MOST_BYTES];
    struct guarded memory = guarded_new(MOST_BYTES + XENT_LINE);
    (void)state;
    for (size_t i = 0; i < sizeof from; i++) from[i] = (unsigned char)(i * 7 + 1);
    for (size_t bytes = 0; bytes <= MOST_BYTES; bytes++)
        for (size_t at = 0; at < XENT_LINE; at++) {
            unsigned char *to =
                at == 0 ? guarded_at_end(&memory, bytes) : (unsigned char *)guarded_at_start(&memory, bytes) + at;
            const unsigned char *source = from + (bytes + 3 * at) % XENT_LINE;
            kernels->stream(to, source, bytes);
            kernels->end_stream();
            if (memcmp(to, source, bytes) != 0) fail_msg("%zu bytes to %zu behind a line: not those", bytes, at);
            if (!guarded_intact(&memory, to, bytes)) fail_msg("%zu bytes to %zu behind a line: others too", bytes, at);
        }
    guarded_free(&memory);
}

static const int64_t batches[][2] = { { 3, 64 },   { 2, 65 },    { 5, 1000 },   { 3, 4095 },   { 2, 4096 },   { 3, 4097 },
                                      { 2, 9001 }, { 40, 4100 }, { 3, 100000 }, { 5, 140001 }, { 1, 300000 }, { 7, 200 } };
enum { BATCHES = sizeof batches / sizeof batches[0] };

/* Operations whose output may go past the caches. */
static const enum op ops[] = { OP_CROSS_ENTROPY_GRAD, OP_SOFTMAX_BACKWARD, OP_SOFTMAX };
enum { STREAMING = sizeof ops / sizeof ops[0] };

static struct problem draw(int64_t number)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F32, XENT_BF16 };
    struct problem p = {
        .op = ops[number % STREAMING], .dtype = dtypes[number / STREAMING % 4], .any_dtype = 1, .row_weights = 1, .converts = 1
    };
    struct random r = random_stream(21, (uint64_t)number);
    const int64_t *batch = batches[random_below(&r, random_chance(&r, 10) ? BATCHES : BATCHES - 3)];
    problem_draw_batch(&p, batch, &r);
    return p;
}

static struct answer solve(const struct problem *p, bool stream, int32_t threads)
{
    char text[TEXT];
    streaming = stream;
    expect_ok(xent_set_num_threads(threads));
    struct answer a = problem_solve(p);
    problem_text(p, text, sizeof text);
    if (a.status != XENT_OK || a.stray) fail_msg("%s: %s", text, a.stray ? "wrote beside the output" : xent_error_message());
    return a;
}

static void test_bits(void **state)
{
    const int64_t problems = LEAST_PROBLEMS + effort(PROBLEMS - LEAST_PROBLEMS); /* some of which stream */
    int64_t of_op[STREAMING] = { 0 };
    (void)state;
    for (int64_t i = 0; i < problems; i++) {
        const struct problem p = draw(i);
        streamed = 0;
        struct answer want = solve(&p, false, 1), got = solve(&p, true, i % 2 == 0 ? 1 : THREADS);
        char text[TEXT];
        of_op[i % STREAMING] += streamed;
        problem_text(&p, text, sizeof text);
        if (got.size != want.size || memcmp(got.bytes, want.bytes, want.size) != 0) fail_msg("%s: other bits", text);
        answer_free(&want);
        answer_free(&got);
    }
    for (int k = 0; k < STREAMING; k++) assert_true(of_op[k] > 0);
}

/* The last element of the output is the last one before an unmapped page, or the first one is the first behind another. */
static void check_guarded(xent_dtype dtype, int64_t rows, int64_t classes, bool at_end)
{
    const size_t bytes = (size_t)(rows * classes) * xent_dtype_size(dtype);
    struct guarded memory = guarded_new(bytes);
    xent_tensor *z = tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR), *y = tensor_new(XENT_I32, SHAPE(rows), ROW_MAJOR);
    xent_tensor *want = tensor_new(dtype, SHAPE(rows, classes), ROW_MAJOR);
    void *data = (at_end ? guarded_at_end : guarded_at_start)(&memory, bytes);
    xent_tensor *got = tensor_over(dtype, SHAPE(rows, classes), data);
    for (int64_t i = 0; i < rows * classes; i++) tensor_set(z, i, (double)(i * 37 % 32) / 8);
    for (int64_t i = 0; i < rows; i++) tensor_set(y, i, (double)((i + 1) * 7919 % classes));
    streaming = false;
    expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, NULL, want));
    streaming = true;
    streamed = 0;
    expect_ok(xent_cross_entropy_grad(z, y, NULL, NULL, NULL, got));
    assert_true(streamed > 0);
    if (memcmp(data, xent_tensor_data(want), bytes) != 0)
        fail_msg("%d rows of %d classes: other bits", (int)rows, (int)classes);
    if (!guarded_intact(&memory, data, bytes)) fail_msg("%d rows of %d classes: writes around", (int)rows, (int)classes);
    xent_tensor_destroy(got);
    tensor_free(want);
    tensor_free(y);
    tensor_free(z);
    guarded_free(&memory);
}

static void test_guard_pages(void **state)
{
    (void)state;
    expect_ok(xent_set_num_threads(1));
    for (int64_t classes = 65; classes <= 200; classes += 10 / effort(10))
        for (int end = 0; end < 2; end++) {
            check_guarded(XENT_F32, 3, classes, end == 1);
            check_guarded(XENT_F64, 2, classes, end == 1);
            check_guarded(XENT_F32, 2, 4096 - 130 + classes, end == 1);
        }
}

/* The library's own answer. */
static void expect_rule(xent_dtype dtype, int64_t classes, size_t bytes, bool want)
{
    const struct xent_tensor model = { .dtype = dtype, .size = xent_dtype_size(dtype) };
    struct xent_row_type type;
    xent_row_type_init(&type, &model, classes, xent_dispatch_find(NULL));
    if (__real_xent_output_streams(&type, bytes) != want)
        fail_msg("%zu bytes of dtype %d, %d classes: expected %d", bytes, (int)dtype, (int)classes, want);
}

static void test_rule(void **state)
{
    const size_t large = (size_t)32 << 20;
    (void)state;
    expect_rule(XENT_F32, 32000, large, true);
    expect_rule(XENT_F32, 32000, large - 1, false);
    expect_rule(XENT_F32, 2048, large, true);
    expect_rule(XENT_F32, 2047, large, false);
    expect_rule(XENT_F64, 1024, large, true);
    expect_rule(XENT_F64, 1023, large, false);
    expect_rule(XENT_F32, 1 << 20, large, true);
    expect_rule(XENT_F32, (1 << 20) + 1, large, false);
    expect_rule(XENT_F16, 32000, large, false);
    expect_rule(XENT_BF16, 32000, large, false);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_copies), cmocka_unit_test(test_bits),
                                               cmocka_unit_test(test_guard_pages), cmocka_unit_test(test_rule) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
