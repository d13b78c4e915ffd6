/* States whose bytes were spoiled on their way give spoiled results, and no more: what tells where a state belongs is checked, the rest are
   numbers. */
#include <string.h>

#include "support/random.h"
#include "support/refusal.h"

enum { CHUNK = 4096, ROWS = 2, CLASSES = 2 * CHUNK, PARTS = 2, ROUNDS = 2000, NUMBERS = 7 };

static float z[ROWS][CLASSES], entries[ROWS][CLASSES];
static xent_shard shard[PARTS];
static xent_partial states[PARTS][ROWS], whole[ROWS];

static xent_tensor *slice(float (*of)[CLASSES], int part)
{
    return tensor_strided(XENT_F32, SHAPE(ROWS, CHUNK), (const int64_t[]){ CLASSES, 1 }, &of[0][part * CHUNK]);
}

/* Any number, or an infinite one, or some NaN. */
static void spoil(struct random *r)
{
    uint64_t word = random_bits(r);
    char *at = (char *)&states[1][random_below(r, ROWS)] + 8 * random_below(r, NUMBERS);
    if (random_chance(r, 3)) word |= (uint64_t)0x7ff << 52;
    memcpy(at, &word, sizeof word);
}

static void test_spoiled_states(void **state)
{
    struct random r = random_stream(11, 0);
    const xent_partial *const all[PARTS] = { states[0], states[1] };
    xent_partial kept[ROWS];
    xent_stats stats = XENT_STATS_INIT;
    xent_tensor *lse = tensor_new(XENT_F64, SHAPE(ROWS), ROW_MAJOR);
    xent_tensor *classes = tensor_of(XENT_I64, SHAPE(ROWS), ROW_MAJOR, VALUES(7, CHUNK + 5));
    xent_tensor *logits[PARTS] = { slice(z, 0), slice(z, 1) }, *out = slice(entries, 1);
    (void)state;
    for (int i = 0; i < ROWS * CLASSES; i++) (&z[0][0])[i] = (float)(i * 7919 % 64) / 8;
    for (int i = 0; i < PARTS; i++) {
        expect_ok(xent_shard_cut(CLASSES, XENT_F32, PARTS, i, &shard[i]));
        expect_ok(xent_partial_reduce(logits[i], &shard[i], classes, NULL, states[i]));
    }
    memcpy(kept, states[1], sizeof kept);
    stats.lse = lse;
    for (int i = 0; i < ROUNDS; i++) {
        spoil(&r);
        expect_ok(xent_partial_merge(PARTS, shard, all, ROWS, whole));
        for (int row = 0; row < ROWS; row++) assert_true(whole[row].argmax >= 0 && whole[row].argmax < CLASSES);
        expect_ok(xent_partial_finish(whole, &shard[0], NULL, NULL, &stats, NULL));
        expect_ok(xent_partial_grad(logits[1], &shard[1], classes, NULL, whole, NULL, out));
        if (random_chance(&r, 4)) memcpy(states[1], kept, sizeof kept);
    }
    xent_tensor_destroy(out);
    for (int i = 0; i < PARTS; i++) xent_tensor_destroy(logits[i]);
    tensor_free(classes);
    tensor_free(lse);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(test_spoiled_states) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
