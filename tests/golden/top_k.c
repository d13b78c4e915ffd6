/* The classes that torch.topk answers, and the log-probabilities of F.log_softmax in float64 (top_k.py): index to the digit, logp as F64
 * within the bounds of xent.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/tensors.h"

enum { CASES_LEAST = 80 };

static FILE *file;
static const char *path;

static xent_dtype dtype_of(const char *name)
{
    static const char *const names[] = { "F32", "F64", "F16", "BF16" };
    for (int i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0) return (xent_dtype)(XENT_F32 + i);
    fail_msg("%s: no dtype %s", path, name);
    return (xent_dtype)0;
}

/* "<name> <n numbers>" */
static void read_row(const char *name, double *numbers, int64_t n)
{
    char word[64];
    assert_int_equal(fscanf(file, "%63s", word), 1);
    assert_string_equal(word, name);
    for (int64_t i = 0; i < n; i++) {
        char *end;
        assert_int_equal(fscanf(file, "%63s", word), 1);
        numbers[i] = strtod(word, &end);
        assert_true(*end == '\0');
    }
}

/* Of F32 and 16-bit logits an F64 log-probability is off by 2^-24.5 of the row's largest one, by 2^-51 of its own, and by 190 octaves
   below the maximum; of F64 logits by 4 ulp. PyTorch's own error is a few 2^-53 of the logits' size. */
static double allowed(xent_dtype dtype, double logp, double largest, double size)
{
    const double of_torch = 8 * 0x1p-53 * (size + fabs(logp));
    if (dtype == XENT_F64) return 8 * 0x1p-53 * fabs(logp) + of_torch;
    return 0x1p-24 * fabs(largest) + 0x1p-50 * fabs(logp) + 0x1p-180 + of_torch;
}

static void expect_row(xent_dtype dtype, const xent_tensor *index, const xent_tensor *logp, int64_t row, const double *classes,
                       const double *numbers, double size)
{
    const int64_t k = xent_tensor_shape(index)[1];
    for (int64_t i = 0; i < k; i++) {
        const double got = tensor_get(logp, row * k + i), want = numbers[i];
        if (tensor_get(index, row * k + i) != classes[i])
            fail_msg("place %d is class %g, expected %g", (int)i, tensor_get(index, row * k + i), classes[i]);
        if (isnan(want)   ? !isnan(got)
            : isinf(want) ? got != want
                          : !(fabs(got - want) <= allowed(dtype, want, numbers[0], size)))
            fail_msg("log-probability %d is %a, expected %a", (int)i, got, want);
    }
}

static double size_of(const double *logits, int64_t n)
{
    double size = 0;
    for (int64_t c = 0; c < n; c++)
        if (isfinite(logits[c])) size = fmax(size, fabs(logits[c]));
    return size;
}

static void check_case(xent_dtype dtype, int64_t rows, int64_t classes, int64_t k, enum layout layout)
{
    double *logits = calloc((size_t)(rows * classes), sizeof(double)), *best = calloc((size_t)(rows * k), sizeof(double));
    double *numbers = calloc((size_t)(rows * k), sizeof(double));
    assert_true(logits != NULL && best != NULL && numbers != NULL);
    for (int64_t row = 0; row < rows; row++) {
        read_row("logits", logits + row * classes, classes);
        read_row("classes", best + row * k, k);
        read_row("logp", numbers + row * k, k);
    }
    xent_tensor *z = tensor_of(dtype, SHAPE(rows, classes), layout, logits),
                *index = tensor_new(XENT_I64, SHAPE(rows, k), layout);
    xent_tensor *logp = tensor_new(XENT_F64, SHAPE(rows, k), layout);
    expect_ok(xent_top_k(z, 1, index, logp));
    for (int64_t row = 0; row < rows; row++)
        expect_row(dtype, index, logp, row, best + row * k, numbers + row * k, size_of(logits + row * classes, classes));
    tensor_free(z);
    tensor_free(index);
    tensor_free(logp);
    free(logits);
    free(best);
    free(numbers);
}

static void test_answers(void **state)
{
    char name[16];
    long long rows, classes, k;
    int cases = 0;
    (void)state;
    assert_int_equal(fscanf(file, "#%*[^\n]"), 0);
    for (; fscanf(file, " case %15s %lld %lld %lld", name, &rows, &classes, &k) == 4; cases++)
        check_case(dtype_of(name), rows, classes, k, (enum layout)(cases % LAYOUTS));
    assert_true(feof(file));
    assert_in_range(cases, CASES_LEAST, 1000);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_answers) };
    require_backend();
    path = argc > 1 ? argv[1] : "top_k.txt";
    file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return EXIT_FAILURE;
    }
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fclose(file);
    return failed;
}
