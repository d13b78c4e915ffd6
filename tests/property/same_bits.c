/* The same bits everywhere: random problems on every backend, in other layouts, in place and not, as loss alone and with its
   gradient, in one call and in several, with elements of 16 bits and with the same numbers in F32. Prints the seed;
   `same_bits <seed>` runs that one again. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/effort.h"
#include "support/expect.h"
#include "support/half.h"
#include "support/problem.h"

enum { PROBLEMS = 4400, LOGITS = 40000, TEXT = 400 };

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
    int64_t left = random_chance(r, 5) ? LOGITS : LOGITS / 10;
    p->ndim = 1 + (int32_t)random_below(r, random_chance(r, 10) ? XENT_MAX_NDIM : 4);
    p->axis = (int32_t)random_below(r, p->ndim);
    p->shape[p->axis] = draw_classes(r);
    left = left < p->shape[p->axis] ? 1 : left / p->shape[p->axis];
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
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    struct problem p = {
        .op = (enum op)(number % OPS), .dtype = dtypes[number / OPS % 4], .any_dtype = 1, .row_weights = 1, .converts = 1
    };
    struct random r = random_stream(seed, (uint64_t)number);
    draw_shape(&p, &r);
    p.values = random_chance(&r, 2) ? VALUES_MIXED : (enum values)random_below(&r, VALUES_KINDS);
    p.options = random_chance(&r, 2) ? (unsigned)random_below(&r, OPTION_SETS) : 0;
    p.tame = random_chance(&r, 2);
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

static void fail_at(const struct problem *p, const char *backend, size_t at, size_t size, const char *claim)
{
    char text[TEXT];
    problem_text(p, text, sizeof text);
    fail_msg("%s: %s: byte %zu of %zu differs: %s (seed %" PRIu64 ", values %" PRIu64 ")", backend, text, at, size, claim, seed,
             p->seed);
}

/* The answer begins with `size` bytes that are those of `want`. */
static void expect_prefix(const struct problem *p, const char *backend, const struct answer *got, const unsigned char *want,
                          size_t size, const char *claim)
{
    size_t at = 0;
    if (got->size >= size && memcmp(got->bytes, want, size) == 0) return;
    while (at < size && at < got->size && got->bytes[at] == want[at]) at++;
    fail_at(p, backend, at, size, claim);
}

static void expect_bytes(const struct problem *p, const char *backend, const struct answer *want, const char *claim)
{
    struct answer got = solve(p, backend);
    expect_prefix(p, backend, &got, want->bytes, want->size, claim);
    answer_free(&got);
}

/* ---- What must not matter ------------------------------------------------------------------------------------------------ */

enum variant { LAYOUT, PLACE, GRADIENT, DIVISOR, PIECES, ROUNDED, VARIANTS };
static const char *const variant_names[VARIANTS] = { "other layouts", "other places",    "with gradient",
                                                     "own divisors",  "cut into pieces", "rounded from F32" };
static int64_t tried[VARIANTS];

static void other_layout(struct problem p, const char *backend, const struct answer *want)
{
    p.layout = p.layout == 0 ? p.seed | 1 : 0;
    expect_bytes(&p, backend, want, "another layout gives the same bits");
    tried[LAYOUT]++;
}

static void other_places(struct problem p, const char *backend, const struct answer *want)
{
    const int place = p.in_place;
    for (p.in_place = 0; p.in_place <= problem_places(&p); p.in_place++) {
        if (p.in_place == place) continue;
        expect_bytes(&p, backend, want, "in place and out of place give the same bits");
        tried[PLACE]++;
    }
}

/* The loss of the gradient call is that of the forward call. */
static void with_gradient(struct problem p, const char *backend, const struct answer *want)
{
    if (p.op != OP_CROSS_ENTROPY && p.op != OP_KL_DIV) return;
    p.op = p.op == OP_KL_DIV ? OP_KL_DIV_GRAD : OP_CROSS_ENTROPY_GRAD;
    expect_bytes(&p, backend, want, "the gradient call gives the forward call's loss");
    tried[GRADIENT]++;
}

/* MEAN with its own divisor as normalizer is MEAN. */
static void own_divisor(struct problem p, const char *backend, const struct answer *want)
{
    if (!problem_has_loss(&p) && !problem_has_upstream(&p)) return;
    if (p.normalizer != 0 || p.reduction != XENT_REDUCTION_MEAN || p.target_dtype == 0) return;
    struct problem divisor = p;
    divisor.op = OP_MEAN_DIVISOR;
    divisor.in_place = 0;
    struct answer a = solve(&divisor, backend);
    uint64_t bits = 0;
    assert_int_equal(a.size, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++) bits |= (uint64_t)a.bytes[i] << (8 * i);
    answer_free(&a);
    memcpy(&p.normalizer, &bits, sizeof bits);
    /* no row counts: NaN without a normalizer, 0 with one; a sum of weights that overflows is none that a caller may pass */
    if (!(p.normalizer > 0) || isinf(p.normalizer)) return;
    expect_bytes(&p, backend, want, "its own divisor as normalizer gives the same bits");
    tried[DIVISOR]++;
}

/* A batch may be cut into calls anywhere: losses row by row; gradients where no call needs to know of the others' rows. */
static void in_pieces(struct problem p, const char *backend, const struct answer *want)
{
    struct random r = random_stream(p.seed, UINT64_MAX);
    int32_t dimension = (int32_t)random_below(&r, p.ndim);
    if (dimension == p.axis) dimension = (dimension + 1) % p.ndim;
    if (dimension == p.axis || p.shape[dimension] < 2 || problem_operation(&p)->divisor) return;
    const int apart = !operation_takes_target(problem_operation(&p)) || p.reduction == XENT_REDUCTION_NONE;
    if (problem_has_upstream(&p) && !apart) {
        p.loss_dtype = (xent_dtype)0;
        if (p.reduction == XENT_REDUCTION_MEAN && p.normalizer == 0) p.normalizer = 3;
    } else if (!apart)
        p.reduction = XENT_REDUCTION_NONE;
    struct answer other = { XENT_OK, 0, NULL, 0 };
    if (!apart) other = solve(&p, backend);
    struct answer pieces = problem_solve_pieces(&p, dimension, &r);
    if (pieces.status != XENT_OK || pieces.stray) fail_at(&p, backend, 0, 0, xent_error_message());
    if (!apart) want = &other;
    expect_prefix(&p, backend, &pieces, want->bytes, want->size, "several calls give the same bits as one");
    answer_free(&pieces);
    answer_free(&other);
    tried[PIECES]++;
}

/* Log-probabilities of 16 bits are not those of F32, which come from double: F32's answer is asked for in 16 bits. */
static void log_probs_of_f32(struct problem p, const char *backend, const struct answer *want)
{
    p.output_dtype = p.output_dtype == 0 ? p.dtype : p.output_dtype;
    p.in_place = 0;
    expect_bytes(&p, backend, want, "logits of 16 bits and the same ones in F32 give the same log-probabilities");
    tried[ROUNDED]++;
}

/* Logits of 16 bits are computed with as F32; what has their dtype is rounded from that once, and what has not is the same. */
static void rounded(struct problem p, const char *backend, const struct answer *want)
{
    if (xent_dtype_size(p.dtype) != 2 || p.second_dtype != 0 || problem_operation(&p)->divisor) return;
    p.widened = 1;
    if (p.op == OP_LOG_SOFTMAX) {
        log_probs_of_f32(p, backend, want);
        return;
    }
    struct answer got = solve(&p, backend);
    const size_t entries = problem_places(&p) > 0 ? (size_t)problem_logits(&p) : 0, rows = want->size - 2 * entries;
    assert_int_equal(got.size, rows + sizeof(float) * entries);
    expect_prefix(&p, backend, &got, want->bytes, rows, "logits of 16 bits and the same ones in F32 give the same bits");
    for (size_t i = 0; i < entries; i++) {
        const unsigned char *wide = got.bytes + rows + sizeof(float) * i, *half = want->bytes + rows + 2 * i;
        const uint32_t bits = wide[0] | (uint32_t)wide[1] << 8 | (uint32_t)wide[2] << 16 | (uint32_t)wide[3] << 24;
        float value;
        memcpy(&value, &bits, sizeof value);
        if (half_encode(p.dtype, (double)value) != (half[0] | half[1] << 8))
            fail_at(&p, backend, rows + 2 * i, want->size, "an entry of 16 bits is that of F32, rounded once");
    }
    answer_free(&got);
    tried[ROUNDED]++;
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
        const char *turn = backends[i / OPS / 4 % backend_count];
        struct answer want = solve(&p, "scalar");
        for (int64_t b = 0; b < backend_count; b++) {
            if (strcmp(backends[b], "scalar") != 0) expect_bytes(&p, backends[b], &want, "scalar's are others");
        }
        other_layout(p, turn, &want);
        other_places(p, turn, &want);
        with_gradient(p, turn, &want);
        own_divisor(p, turn, &want);
        in_pieces(p, turn, &want);
        rounded(p, turn, &want);
        answer_free(&want);
        logits += problem_logits(&p);
    }
    assert_int_equal(tried[LAYOUT], problems);
    printf("seed %" PRIu64 ": %" PRId64 " problems, %" PRId64 " logits, backends", seed, problems, logits);
    for (int64_t b = 0; b < backend_count; b++) printf(" %s", backends[b]);
    for (int v = 0; v < VARIANTS; v++) printf("%s %" PRId64 " %s", v > 0 ? "," : ";", tried[v], variant_names[v]);
    printf("\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_problems_have_the_same_bits),
    };
    if (argc > 1) seed = strtoull(argv[1], NULL, 0);
    backends = xent_backends();
    while (backends[backend_count] != NULL) backend_count++;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
