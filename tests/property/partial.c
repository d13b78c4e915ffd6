/* Rows cut into shards at multiples of 4096 classes are the rows of one call, to the bit: losses, statistics, every entry of the gradient,
   with all options, dtypes and layouts. All cuts of 1 to 20 chunks into 1 to 8 shards, and random ones with everything else random. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "partial_batch.h"
#include "support/backend.h"
#include "support/effort.h"

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };

/* ---- All cuts: each run of chunks is reduced once, and merged in every cut that has it ------------------------------ */

enum { MOST_CHUNKS = 20, MOST_SHARDS = 8, TRIALS_OF_CUTS = 4 };

struct runs {
    const struct batch *batch;
    int64_t chunks;
    xent_shard shard[MOST_CHUNKS][MOST_CHUNKS + 1]; /* of the chunks from, to */
    xent_partial *states[MOST_CHUNKS][MOST_CHUNKS + 1];
    const xent_partial *whole; /* of a cut that is none */
    int64_t cuts;
};

static xent_shard run_of(const struct batch *b, int64_t from, int64_t to)
{
    const int64_t first = from * CHUNK < b->classes ? from * CHUNK : b->classes;
    const int64_t end = to * CHUNK < b->classes ? to * CHUNK : b->classes;
    return (xent_shard){ .first = first, .classes = end - first, .of = b->classes, .dtype = (int32_t)b->dtype };
}

static void merge_cut(struct runs *runs, const int64_t *cut, int32_t parts)
{
    const size_t bytes = (size_t)runs->batch->rows * sizeof(xent_partial);
    xent_shard shards[MOST_SHARDS];
    const xent_partial *states[MOST_SHARDS];
    xent_partial *merged = malloc(bytes);
    assert_non_null(merged);
    for (int32_t i = 0; i < parts; i++) {
        shards[i] = runs->shard[cut[i]][cut[i + 1]];
        states[i] = runs->states[cut[i]][cut[i + 1]];
    }
    expect_ok(xent_partial_merge(parts, shards, states, runs->batch->rows, merged));
    if (memcmp(merged, runs->whole, bytes) != 0)
        fail_msg("%d chunks in %d parts merge to other bits", (int)runs->chunks, (int)parts);
    free(merged);
    runs->cuts++;
}

/* All ways to go on from the last place in a cut. */
static void try_cuts(struct runs *runs, int64_t *cut, int32_t parts)
{
    for (int64_t to = cut[parts] + 1; to <= runs->chunks; to++) {
        cut[parts + 1] = to;
        if (to == runs->chunks)
            merge_cut(runs, cut, parts + 1);
        else if (parts + 1 < MOST_SHARDS)
            try_cuts(runs, cut, parts + 1);
    }
}

static void expect_gradients(const struct runs *runs, const struct rows *want)
{
    const struct batch *b = runs->batch;
    for (int64_t from = 0; from < runs->chunks; from++)
        for (int64_t to = from + 1; to <= runs->chunks; to++) {
            const xent_shard *shard = &runs->shard[from][to];
            xent_tensor *logits = slice_of(b->logits, shard), *expected = slice_of(want->gradient, shard);
            xent_tensor *target = b->probabilities ? slice_of(b->target, shard) : b->target;
            xent_tensor *got = tensor_new(b->dtype, SHAPE(b->outer, shard->classes, b->inner), ROW_MAJOR);
            expect_ok(xent_partial_grad(logits, shard, target, &b->options, runs->whole, b->grad_loss, got));
            expect_same_bits(got, expected, "gradient", "of some chunks");
            tensor_free(got);
            xent_tensor_destroy(logits);
            xent_tensor_destroy(expected);
            if (b->probabilities) xent_tensor_destroy(target);
        }
}

static void try_chunks(int64_t trial, int64_t chunks)
{
    struct random r = random_stream(61, (uint64_t)(trial * (MOST_CHUNKS + 1) + chunks));
    struct batch b = { .dtype = dtypes[trial % 4], .outer = 1, .inner = 1, .probabilities = trial % 3 == 2 };
    struct runs runs = { .batch = &b, .chunks = chunks };
    struct rows want, got;
    int64_t cut[MOST_SHARDS + 1] = { 0 };
    b.classes = chunks * CHUNK - (random_chance(&r, 2) ? 0 : random_below(&r, CHUNK));
    batch_draw(&b, trial == 0, &r);
    want = rows_new(&b, XENT_F64, &r);
    got = rows_new(&b, XENT_F64, &r);
    solve_whole(&b, &want);
    for (int64_t from = 0; from < chunks; from++)
        for (int64_t to = from + 1; to <= chunks; to++) {
            runs.shard[from][to] = run_of(&b, from, to);
            runs.states[from][to] = reduce_shard(&b, &runs.shard[from][to]);
        }
    runs.whole = runs.states[0][chunks];
    solve_in_parts(&b, &(struct cut){ 1, { runs.shard[0][chunks] }, 0 }, false, &got);
    expect_same_rows(&got, &want, "by one shard");
    try_cuts(&runs, cut, 0);
    if (chunks <= 8 || chunks % 4 == 0) expect_gradients(&runs, &want);
    for (int64_t from = 0; from < chunks; from++)
        for (int64_t to = from + 1; to <= chunks; to++) free(runs.states[from][to]);
    rows_free(&want);
    rows_free(&got);
    batch_free(&b);
}

static void all_cuts_of_few_chunks(void **state)
{
    (void)state;
    for (int64_t trial = 0; trial < effort(TRIALS_OF_CUTS); trial++)
        for (int64_t chunks = 1; chunks <= MOST_CHUNKS; chunks++) try_chunks(trial, chunks);
}

/* ---- Random cuts, with everything else random ------------------------------------------------------------------------ */

enum { RANDOM_CUTS = 2000 };

/* Shards of whole chunks, some of none. */
static struct cut draw_cut(const struct batch *b, struct random *r)
{
    const int64_t chunks = (b->classes + CHUNK - 1) / CHUNK;
    struct cut cut = { .parts = 0 };
    int64_t at = 0;
    while (at < chunks || (cut.parts < MOST_PARTS && random_chance(r, 5))) {
        const int64_t left = chunks - at, step = cut.parts + 1 == MOST_PARTS ? left : random_below(r, left + 1);
        cut.shard[cut.parts++] = run_of(b, at, at + step);
        at += step;
    }
    return cut;
}

static void try_random(int64_t i)
{
    static const int64_t most[] = { 40, 700, CHUNK, 3 * CHUNK, 9 * CHUNK, MOST_CHUNKS * CHUNK };
    struct random r = random_stream(62, (uint64_t)i);
    struct batch b = { .dtype = dtypes[i % 4], .probabilities = random_chance(&r, 4) };
    struct rows want, got;
    struct cut cut;
    const bool in_place = random_chance(&r, 3);
    b.classes = 1 + random_below(&r, most[random_below(&r, 6)]);
    b.outer = 1 + random_below(&r, b.classes > CHUNK ? 2 : 9);
    b.inner = random_chance(&r, 2) ? 1 : 1 + random_below(&r, b.classes > CHUNK ? 2 : 9);
    batch_draw(&b, random_chance(&r, 3), &r);
    want = rows_new(&b, dtypes[random_below(&r, 4)], &r);
    got = rows_new(&b, xent_tensor_dtype(want.loss), &r);
    cut = draw_cut(&b, &r);
    if (random_chance(&r, 2)) cut.block_rows = 1 + random_below(&r, b.rows + 1);
    solve_whole(&b, &want);
    solve_in_parts(&b, &cut, in_place, &got);
    expect_same_rows(&got, &want, in_place ? "in parts, in place" : "in parts");
    rows_free(&want);
    rows_free(&got);
    batch_free(&b);
}

static void random_cuts(void **state)
{
    (void)state;
    for (int64_t i = 0; i < effort(RANDOM_CUTS); i++) try_random(i);
}

/* ---- Equal maxima: of the first alone the entry at the target is made of what is left of the row ----------------------- */

static void equal_maxima(void **state)
{
    struct random r = random_stream(64, 0);
    struct batch b = { .dtype = XENT_F64, .outer = 3, .inner = 1, .classes = 3 * CHUNK };
    const struct cut cut = { 3, { run_of(&b, 0, 1), run_of(&b, 1, 2), run_of(&b, 2, 3) }, 2 };
    struct rows want, got;
    (void)state;
    batch_draw(&b, true, &r);
    for (int64_t row = 0; row < b.outer; row++) {
        for (int64_t c = 0; c < b.classes; c++) tensor_set(b.logits, row * b.classes + c, c % CHUNK == 33 ? 9 : -500);
        tensor_set(b.target, row, (double)(row * CHUNK + 33));
    }
    want = rows_new(&b, XENT_F64, &r);
    got = rows_new(&b, XENT_F64, &r);
    solve_whole(&b, &want);
    solve_in_parts(&b, &cut, false, &got);
    expect_same_rows(&got, &want, "in parts");
    rows_free(&want);
    rows_free(&got);
    batch_free(&b);
}

/* ---- Unaligned cuts: other bits, of the same numbers; property/accuracy_partial has their errors ---------------------- */

enum { UNALIGNED_CUTS = 300 };

static struct cut draw_unaligned(const struct batch *b, struct random *r)
{
    struct cut cut = { .parts = (int32_t)(1 + random_below(r, 6)) };
    int64_t first = 0;
    for (int32_t i = 0; i < cut.parts; i++) {
        const int64_t left = b->classes - first, classes = i + 1 == cut.parts ? left : random_below(r, left + 1);
        cut.shard[i] = (xent_shard){ .first = first, .classes = classes, .of = b->classes, .dtype = (int32_t)b->dtype };
        first += classes;
    }
    return cut;
}

/* Relative to the largest number that a result is made of: of a gradient 1, of others their own size. */
static void expect_near(const xent_tensor *got, const xent_tensor *want, double tolerance, const char *name)
{
    for (int64_t i = 0; i < xent_tensor_numel(want); i++) {
        const double g = tensor_get(got, i), w = tensor_get(want, i), size = fabs(w) > 1 ? fabs(w) : 1;
        if (g == w || (isnan(g) && isnan(w))) continue;
        if (!(fabs(g - w) <= tolerance * size)) fail_msg("%s[%lld] is %a in parts, expected %a", name, (long long)i, g, w);
    }
}

static void try_unaligned(int64_t i)
{
    struct random r = random_stream(63, (uint64_t)i);
    struct batch b = { .dtype = dtypes[i % 2], .outer = 2, .inner = 1 + i % 3, .probabilities = random_chance(&r, 4) };
    const double tolerance = b.dtype == XENT_F64 ? 1e-12 : 1e-5;
    struct rows want, got;
    struct cut cut;
    b.classes = 1 + random_below(&r, random_chance(&r, 2) ? 300 : 3 * CHUNK);
    batch_draw(&b, false, &r);
    want = rows_new(&b, XENT_F64, &r);
    got = rows_new(&b, XENT_F64, &r);
    cut = draw_unaligned(&b, &r);
    if (random_chance(&r, 2)) cut.block_rows = 2;
    solve_whole(&b, &want);
    solve_in_parts(&b, &cut, false, &got);
    expect_near(got.loss, want.loss, tolerance, "loss");
    expect_near(got.gradient, want.gradient, tolerance, "gradient");
    for (int m = 0; m < MEMBERS; m++) expect_near(got.member[m], want.member[m], m == ARGMAX ? 0 : tolerance, member_names[m]);
    rows_free(&want);
    rows_free(&got);
    batch_free(&b);
}

static void unaligned_cuts(void **state)
{
    (void)state;
    for (int64_t i = 0; i < effort(UNALIGNED_CUTS); i++) try_unaligned(i);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(all_cuts_of_few_chunks), cmocka_unit_test(random_cuts),
                                               cmocka_unit_test(equal_maxima), cmocka_unit_test(unaligned_cuts) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
