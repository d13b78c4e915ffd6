/* The caller's floating-point environment: results have the same bits under every rounding mode, with subnormals
   flushed to zero and with exceptions unmasked, and the control word and the sticky flags are afterwards what they were
   before. */
#define _GNU_SOURCE /* feenableexcept */
#include <fenv.h>
#include <stdlib.h>
#include <string.h>

#include "support/backend.h"
#include "support/exam.h"

#if defined __SSE2__
#include <xmmintrin.h>
#endif

/* The batches of all tests, and their answers in the default environment. */
enum { EXAMS = 8 };
static struct exam exams[EXAMS];
static unsigned char *answers[EXAMS];

static int prepare(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    (void)state;
    for (int i = 0; i < EXAMS; i++) {
        exams[i] = i < 4 ? exam_new(dtypes[i], 40, 10, true) : exam_new(dtypes[i - 4], 7, 5000, true);
        exam_solve(&exams[i]);
        answers[i] = malloc(exams[i].size);
        if (answers[i] == NULL) return 1;
        memcpy(answers[i], exams[i].answers, exams[i].size);
    }
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    for (int i = 0; i < EXAMS; i++) {
        exam_free(&exams[i]);
        free(answers[i]);
    }
    return 0;
}

static uint64_t smallest_normal(xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F64: return UINT64_C(1) << 52;
    case XENT_F16: return UINT64_C(1) << 10;
    case XENT_BF16: return UINT64_C(1) << 7;
    default: return UINT64_C(1) << 23;
    }
}

/* Without subnormal results a test of flushing would show nothing. */
static void test_answers_hold_subnormals(void **state)
{
    (void)state;
    for (int i = 0; i < EXAMS; i++) {
        const xent_dtype dtype = xent_tensor_dtype(exams[i].logits);
        const int64_t n = (int64_t)((exams[i].size - sizeof(double)) / xent_dtype_size(dtype));
        xent_tensor *elements = tensor_over(dtype, SHAPE(n), answers[i]);
        int subnormals = 0;
        for (int64_t k = 0; k < n; k++) {
            const uint64_t bits = tensor_bits(elements, k);
            subnormals += bits != 0 && bits < smallest_normal(dtype);
        }
        xent_tensor_destroy(elements);
        assert_true(subnormals > 0);
    }
}

static void check_same_bits(const char *environment)
{
    for (int i = 0; i < EXAMS; i++) {
        exam_solve(&exams[i]);
        if (memcmp(answers[i], exams[i].answers, exams[i].size) != 0) fail_msg("%s: other bits in exam %d", environment, i);
    }
}

static void test_rounding_modes(void **state)
{
    static const struct {
        int mode;
        const char *name;
    } modes[] = {
#ifdef FE_UPWARD
        { FE_UPWARD, "upward" },
#endif
#ifdef FE_DOWNWARD
        { FE_DOWNWARD, "downward" },
#endif
#ifdef FE_TOWARDZERO
        { FE_TOWARDZERO, "toward zero" },
#endif
        { FE_TONEAREST, "to nearest" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(fesetround(modes[i].mode), 0);
        check_same_bits(modes[i].name);
        const int after = fegetround();
        fesetround(FE_TONEAREST);
        assert_int_equal(after, modes[i].mode);
    }
}

/* The results overflow, underflow, are inexact and invalid: none of it shows in the flags, and a flag that was set
   stays. */
static void test_sticky_flags(void **state)
{
    static const int flags[] = { 0, FE_INEXACT, FE_INVALID | FE_OVERFLOW, FE_ALL_EXCEPT };
    (void)state;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        for (int k = 0; k < EXAMS; k++) {
            feclearexcept(FE_ALL_EXCEPT);
            feraiseexcept(flags[i]);
            const int before = fetestexcept(FE_ALL_EXCEPT); /* overflow may bring inexact along */
            exam_solve(&exams[k]);
            assert_int_equal(fetestexcept(FE_ALL_EXCEPT), before);
        }
    }
    feclearexcept(FE_ALL_EXCEPT);
}

#ifdef __GLIBC__
static void test_unmasked_exceptions(void **state)
{
    (void)state;
    feclearexcept(FE_ALL_EXCEPT);
    if (feenableexcept(FE_ALL_EXCEPT) == -1) skip(); /* a CPU without traps */
    const int unmasked = fegetexcept();
    for (int i = 0; i < EXAMS; i++) exam_solve(&exams[i]);
    const int after = fegetexcept(), raised = fetestexcept(FE_ALL_EXCEPT);
    fedisableexcept(FE_ALL_EXCEPT);
    assert_int_equal(after, unmasked);
    assert_int_equal(raised, 0);
    check_same_bits("unmasked exceptions");
}
#endif

#if defined __SSE2__
static void test_flush_to_zero(void **state)
{
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x0040 };
    const unsigned before = _mm_getcsr(), modes[] = { FLUSH_TO_ZERO, DENORMALS_ARE_ZERO, FLUSH_TO_ZERO | DENORMALS_ARE_ZERO };
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        _mm_setcsr(before | modes[i]);
        check_same_bits("subnormals flushed to zero");
        const unsigned after = _mm_getcsr();
        _mm_setcsr(before);
        assert_int_equal(after, before | modes[i]);
    }
}
#endif

#if defined __i386__
/* The x87's control word of the caller: its precision and rounding neither reach the results nor are they lost. */
static void test_x87_control(void **state)
{
    static const uint16_t controls[] = { 0x007f, 0x027f, 0x0b7f, 0x0c7f };
    uint16_t before, after;
    (void)state;
    __asm__ volatile("fnstcw %0" : "=m"(before));
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        __asm__ volatile("fldcw %0" : : "m"(controls[i]));
        for (int k = 0; k < EXAMS; k++) exam_solve(&exams[k]);
        __asm__ volatile("fnstcw %0" : "=m"(after));
        __asm__ volatile("fldcw %0" : : "m"(before));
        assert_int_equal(after, controls[i]);
        for (int k = 0; k < EXAMS; k++) assert_memory_equal(answers[k], exams[k].answers, exams[k].size);
    }
}
#endif

/* A signalling NaN of the dtype. */
static uint64_t signalling_nan(xent_dtype dtype)
{
    switch (dtype) {
    case XENT_F64: return UINT64_C(0x7ff0000000000001);
    case XENT_F16: return 0x7c01;
    case XENT_BF16: return 0x7f81;
    default: return 0x7f800001;
    }
}

/* Puts a NaN of these bits into each input, into different rows. */
static void put_nan(struct exam *e, uint64_t bits, bool upstream)
{
    const xent_dtype dtype = xent_tensor_dtype(e->logits);
    const int64_t classes = xent_tensor_shape(e->logits)[1];
    xent_tensor *const tensors[] = { e->logits, e->log_probabilities, e->target, e->grad_loss };
    const int64_t places[] = { 1, classes + (int64_t)tensor_get(e->classes, 1), 2 * classes + 3, 0 };
    for (int i = 0; i < (upstream ? 4 : 3); i++) {
        const uint32_t half = (uint32_t)bits;
        memcpy(tensor_at(tensors[i], places[i]), dtype == XENT_F64 ? (const void *)&bits : (const void *)&half,
               xent_dtype_size(dtype));
    }
}

/* A signalling NaN among the inputs gives what a quiet one gives, without a flag and without a trap. */
static void test_signalling_nan(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    (void)state;
    for (int i = 0; i < 8; i++) {
        const xent_dtype dtype = dtypes[i % 4];
        struct exam e = exam_new(dtype, 40, 10, false);
        unsigned char *want = malloc(e.size);
        assert_non_null(want);
        put_nan(&e, canonical_nan(dtype), i >= 4);
        exam_solve(&e);
        memcpy(want, e.answers, e.size);
        put_nan(&e, signalling_nan(dtype), i >= 4);
        feclearexcept(FE_ALL_EXCEPT);
#ifdef __GLIBC__
        feenableexcept(FE_ALL_EXCEPT);
#endif
        exam_solve(&e);
#ifdef __GLIBC__
        fedisableexcept(FE_ALL_EXCEPT);
#endif
        assert_int_equal(fetestexcept(FE_ALL_EXCEPT), 0);
        assert_memory_equal(want, e.answers, e.size);
        free(want);
        exam_free(&e);
    }
}

/* A call that fails leaves the environment alone too. */
static void test_failing_call(void **state)
{
    (void)state;
    feclearexcept(FE_ALL_EXCEPT);
    const double weight = -0.1;
    xent_tensor *bad = tensor_of(XENT_F64, SHAPE(1), ROW_MAJOR, &weight), *loss = tensor_new(XENT_F64, SCALAR, ROW_MAJOR);
    xent_tensor *z = tensor_new(XENT_F64, SHAPE(2, 1), ROW_MAJOR), *y = tensor_new(XENT_I64, SHAPE(2), ROW_MAJOR);
    xent_options options = XENT_OPTIONS_INIT;
    options.class_weight = bad;
    feclearexcept(FE_ALL_EXCEPT);
    assert_int_equal(fesetround(FE_TOWARDZERO), 0);
    const xent_status status = xent_cross_entropy(z, y, &options, loss);
    const int mode = fegetround(), raised = fetestexcept(FE_ALL_EXCEPT);
    fesetround(FE_TONEAREST);
    assert_int_equal(status, XENT_ERROR_INVALID_ARGUMENT);
    assert_int_equal(mode, FE_TOWARDZERO);
    assert_int_equal(raised, 0);
    tensor_free(bad);
    tensor_free(loss);
    tensor_free(z);
    tensor_free(y);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_hold_subnormals),
        cmocka_unit_test(test_rounding_modes),
        cmocka_unit_test(test_sticky_flags),
#ifdef __GLIBC__
        cmocka_unit_test(test_unmasked_exceptions),
#endif
#if defined __SSE2__
        cmocka_unit_test(test_flush_to_zero),
#endif
#if defined __i386__
        cmocka_unit_test(test_x87_control),
#endif
        cmocka_unit_test(test_signalling_nan),
        cmocka_unit_test(test_failing_call),
    };
    require_backend();
    return cmocka_run_group_tests(tests, prepare, clean_up);
}
