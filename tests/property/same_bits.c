/* The same bits everywhere: random problems on every backend, in other layouts, in place and not, as loss alone and with its
   gradient, in one call and in several. Prints the seed; `same_bits <seed>` runs that one again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/effort.h"
#include "support/expect.h"
#include "support/problem.h"

enum { PROBLEMS = 5000, LOGITS = 40000, TEXT = 400 };

static uint64_t seed = 1;

/* ---- Problems ---------------------------------------------------------------------------------------------------------- */

static int64_t draw_classes(struct random *r)
{
    switch (random_below(r, 12)) {
    case 0:
    case 1:
    case 2: return 1 + random_below(r, 12);
    case 3:
    case 4: return 1 + random_below(r, 70);
    case 5: return 64 * (1 + random_below(r, 8)) + random_below(r, 3) - 1;
    case 6:
    case 7:
    case 8: return 1 + random_below(r, 2000);
    case 9: return 4090 + random_below(r, 12);
    case 10: return 1 + random_below(r, 10000);
    default: return 1 + random_below(r, LOGITS);
    }
}

/* Up to LOGITS logits in up to four dimensions, now and then more dimensions of extent 1, seldom no row. */
static void draw_shape(struct problem *p, struct random *r)
{
    int64_t left = LOGITS;
    p->ndim = 1 + (int32_t)random_below(r, random_chance(r, 10) ? XENT_MAX_NDIM : 4);
    p->axis = (int32_t)random_below(r, p->ndim);
    left /= p->shape[p->axis] = draw_classes(r);
    for (int32_t d = 0; d < p->ndim; d++) {
        if (d == p->axis) continue;
        const int64_t limit = left < 300 ? left : 300;
        p->shape[d] = random_chance(r, 40)  ? 0
                      : random_chance(r, 4) ? 1
                                            : 1 + random_below(r, random_chance(r, 2) ? limit : 1 + limit / 10);
        left /= p->shape[d] > 0 ? p->shape[d] : 1;
    }
}

static struct problem draw(int64_t number)
{
    struct problem p = { .op = (enum op)(number % OPS), .dtype = number / OPS % 2 == 0 ? XENT_F32 : XENT_F64 };
    struct random r = random_stream(seed, (uint64_t)number);
    draw_shape(&p, &r);
    p.values = random_chance(&r, 2) ? VALUES_MIXED : (enum values)random_below(&r, VALUES_KINDS);
    problem_draw(&p, &r);
    return p;
}

static struct answer solve(const struct problem *p, const char *backend)
{
    expect_ok(xent_set_backend(backend));
    struct answer a = problem_solve(p);
    char text[TEXT];
    problem_text(p, text, sizeof text);
    if (a.status != XENT_OK)
        fail_msg("%s: %s: %s: %s (seed %" PRIu64 ")", backend, text, xent_status_name(a.status), xent_error_message(), seed);
    if (a.stray) fail_msg("%s: %s: wrote beside the output (seed %" PRIu64 ")", backend, text, seed);
    return a;
}

/* The backend's answer to p begins with `size` bytes that are those of `want`. */
static void expect_bytes(const struct problem *p, const char *backend, const unsigned char *want, size_t size,
                         const char *claim)
{
    struct answer got = solve(p, backend);
    char text[TEXT];
    problem_text(p, text, sizeof text);
    if (got.size < size || memcmp(got.bytes, want, size) != 0) {
        size_t at = 0;
        while (at < size && at < got.size && got.bytes[at] == want[at]) at++;
        fail_msg("%s: %s: byte %zu of %zu differs: %s (seed %" PRIu64 ", values %" PRIu64 ")", backend, text, at, size, claim,
                 seed, p->seed);
    }
    answer_free(&got);
}

/* ---- What must not matter ------------------------------------------------------------------------------------------------ */

static int64_t tried;

static void other_layout(struct problem p, const char *backend, const struct answer *want)
{
    p.layout = p.layout == 0 ? p.seed | 1 : 0;
    expect_bytes(&p, backend, want->bytes, want->size, "another layout gives the same bits");
    tried++;
}

static void other_place(struct problem p, const char *backend, const struct answer *want)
{
    if (problem_places(&p) == 0) return;
    p.in_place = !p.in_place;
    expect_bytes(&p, backend, want->bytes, want->size, "in place and out of place give the same bits");
    tried++;
}

/* The loss of the gradient call is that of the forward call. */
static void with_gradient(struct problem p, const char *backend, const struct answer *want)
{
    if (p.op != OP_CROSS_ENTROPY) return;
    p.op = OP_CROSS_ENTROPY_GRAD;
    expect_bytes(&p, backend, want->bytes, want->size, "the gradient call gives the forward call's loss");
    tried++;
}

/* MEAN with its own divisor as normalizer is MEAN. */
static void own_divisor(struct problem p, const char *backend, const struct answer *want)
{
    if ((p.op != OP_CROSS_ENTROPY && p.op != OP_CROSS_ENTROPY_GRAD && p.op != OP_NLL_LOSS) || p.normalizer != 0) return;
    if (p.reduction != XENT_REDUCTION_MEAN) return;
    struct problem divisor = p;
    divisor.op = OP_MEAN_DIVISOR;
    struct answer a = solve(&divisor, backend);
    uint64_t bits = 0;
    assert_int_equal(a.size, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++) bits |= (uint64_t)a.bytes[i] << (8 * i);
    answer_free(&a);
    memcpy(&p.normalizer, &bits, sizeof bits);
    if (!(p.normalizer > 0)) return; /* no row counts: NaN without a normalizer, 0 with one */
    expect_bytes(&p, backend, want->bytes, want->size, "its own divisor as normalizer gives the same bits");
    tried++;
}

static const char *const *backends;
static int64_t backend_count;

/* Random problems: every backend answers as scalar does, and so does one of them, in turn, to what must not matter. */
static void random_problems_have_the_same_bits(void **state)
{
    (void)state;
    int64_t logits = 0;
    const int64_t problems = effort(PROBLEMS);
    for (int64_t i = 0; i < problems; i++) {
        const struct problem p = draw(i);
        const char *turn = backends[i / OPS % backend_count];
        struct answer want = solve(&p, "scalar");
        for (int64_t b = 0; b < backend_count; b++) {
            if (strcmp(backends[b], "scalar") != 0) expect_bytes(&p, backends[b], want.bytes, want.size, "scalar's are others");
        }
        other_layout(p, turn, &want);
        other_place(p, turn, &want);
        with_gradient(p, turn, &want);
        own_divisor(p, turn, &want);
        answer_free(&want);
        logits += problem_logits(&p);
    }
    assert_true(tried > problems); /* each has at least another layout */
    printf("seed %" PRIu64 ": %" PRId64 " problems, %" PRId64 " logits, %" PRId64 " backends (", seed, problems, logits,
           backend_count);
    for (int64_t b = 0; b < backend_count; b++) printf("%s%s", b > 0 ? " " : "", backends[b]);
    printf("), %" PRId64 " variants\n", tried);
}

/* ---- Splits over calls --------------------------------------------------------------------------------------------------- */

enum { ROWS = 150, CLASSES = 5000 };

struct split {
    int64_t rows, classes;
    float *logits, *loss, *gradient;
    int64_t *target;
};

static xent_tensor *wrap(xent_dtype dtype, int32_t ndim, int64_t rows, int64_t classes, void *data)
{
    xent_tensor *t;
    expect_ok(xent_tensor_wrap(&t, dtype, ndim, (const int64_t[]){ rows, classes }, NULL, data));
    return t;
}

/* Losses and gradients of the rows [begin, end), each row for itself. */
static void call(const struct split *s, int64_t begin, int64_t end, float *loss, float *gradient)
{
    xent_options none = XENT_OPTIONS_INIT;
    none.reduction = XENT_REDUCTION_NONE;
    xent_tensor *logits = wrap(XENT_F32, 2, end - begin, s->classes, s->logits + begin * s->classes);
    xent_tensor *target = wrap(XENT_I64, 1, end - begin, 0, s->target + begin);
    xent_tensor *losses = wrap(XENT_F32, 1, end - begin, 0, loss + begin);
    xent_tensor *entries = wrap(XENT_F32, 2, end - begin, s->classes, gradient + begin * s->classes);
    expect_ok(xent_cross_entropy_grad(logits, target, &none, NULL, losses, entries));
    xent_tensor_destroy(logits);
    xent_tensor_destroy(target);
    xent_tensor_destroy(losses);
    xent_tensor_destroy(entries);
}

static void check_split(const struct split *s, struct random *r)
{
    float *loss = malloc((size_t)s->rows * sizeof *loss), *gradient = malloc((size_t)(s->rows * s->classes) * sizeof *gradient);
    assert_non_null(loss);
    assert_non_null(gradient);
    call(s, 0, s->rows, s->loss, s->gradient);
    for (int64_t begin = 0, end; begin < s->rows; begin = end) {
        end = begin + 1 + random_below(r, s->rows - begin);
        call(s, begin, end, loss, gradient);
    }
    assert_memory_equal(loss, s->loss, (size_t)s->rows * sizeof *loss);
    assert_memory_equal(gradient, s->gradient, (size_t)(s->rows * s->classes) * sizeof *gradient);
    free(loss);
    free(gradient);
}

/* A batch may be cut into calls anywhere. */
static void a_batch_may_be_split(void **state)
{
    (void)state;
    struct random r = random_stream(seed, UINT64_MAX);
    for (int64_t i = 0; i < effort(30) * backend_count; i++) {
        struct split s = { .rows = 1 + random_below(&r, ROWS),
                           .classes = 1 + random_below(&r, random_chance(&r, 3) ? CLASSES : 70) };
        const size_t n = (size_t)(s.rows * s.classes);
        expect_ok(xent_set_backend(backends[i % backend_count]));
        s.logits = malloc(n * sizeof *s.logits);
        s.gradient = malloc(n * sizeof *s.gradient);
        s.loss = malloc((size_t)s.rows * sizeof *s.loss);
        s.target = malloc((size_t)s.rows * sizeof *s.target);
        assert_true(s.logits != NULL && s.gradient != NULL && s.loss != NULL && s.target != NULL);
        for (size_t k = 0; k < n; k++) s.logits[k] = (float)(4 * random_normal(&r));
        for (int64_t k = 0; k < s.rows; k++) s.target[k] = random_below(&r, s.classes);
        check_split(&s, &r);
        free(s.logits);
        free(s.gradient);
        free(s.loss);
        free(s.target);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_problems_have_the_same_bits),
        cmocka_unit_test(a_batch_may_be_split),
    };
    if (argc > 1) seed = strtoull(argv[1], NULL, 0);
    backends = xent_backends();
    while (backends[backend_count] != NULL) backend_count++;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
