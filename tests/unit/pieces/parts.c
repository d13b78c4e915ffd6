/* A row whose chunks are computed apart and know of each other by states alone, as tasks or processes would: the entries of a part,
   whose chunks need not hold the row's maximum, are those that the whole row has there. */
#include <string.h>

#include "dispatch/select.h"
#include "rows/write.h"
#include "support/backend.h"
#include "support/expect.h"
#include "support/random.h"

enum { CHUNKS = 5, CLASSES = CHUNKS * XENT_CHUNK - 100, TARGET = 2 * XENT_CHUNK + 17 };

static float logits[CLASSES], terms[CLASSES], whole[CLASSES], entries[CLASSES];
static struct xent_chunk chunks[CHUNKS];
static const struct xent_buffers no_buffers;

static struct xent_row row_at(int64_t from)
{
    return (struct xent_row){ .in = { (char *)(logits + from), sizeof(float), XENT_F32, true },
                              .out = { (char *)(entries + from), sizeof(float), XENT_F32, true },
                              .terms = (char *)(terms + from),
                              .chunks = chunks + from / XENT_CHUNK };
}

static struct xent_row_type type_of(int64_t classes)
{
    const struct xent_tensor model = { .dtype = XENT_F32, .size = sizeof(float) };
    struct xent_row_type type;
    xent_row_type_init(&type, &model, classes, xent_dispatch_find(xent_backend()));
    return type;
}

/* The chunks [from, to) of the row, as a row of their own: the first pass. */
static void reduce_part(int64_t from, int64_t to, struct xent_tree *tree)
{
    int64_t begin = from * XENT_CHUNK, end = to * XENT_CHUNK < CLASSES ? to * XENT_CHUNK : CLASSES;
    struct xent_row_type type = type_of(end - begin);
    struct xent_row row = row_at(begin);
    for (int64_t i = 0; i < to - from; i++) {
        xent_row_reduce(&type, &row, NULL, &no_buffers, i, &row.chunks[i]);
        xent_tree_push(tree, type.kernels->real, &(struct xent_node){ 0, from + i, row.chunks[i].state });
    }
}

static void write_part(int64_t from, int64_t to, const struct xent_state *state)
{
    int64_t begin = from * XENT_CHUNK, end = to * XENT_CHUNK < CLASSES ? to * XENT_CHUNK : CLASSES;
    struct xent_row_type type = type_of(end - begin);
    struct xent_row row = row_at(begin);
    const struct xent_span all = { 0, to - from };
    bool has_target = TARGET >= begin && TARGET < end;
    const struct xent_gradient gradient = {
        .factor = 0.25, .coef = 1, .target = has_target ? TARGET - begin : -1, .target_coef = has_target
    };
    row.state = *state;
    xent_row_write(&type, &row, &gradient, false, &no_buffers, all);
}

static void compute(const int64_t *cuts)
{
    struct xent_tree tree;
    struct xent_state state;
    xent_tree_begin(&tree);
    for (int i = 0; cuts[i] < CHUNKS; i++) reduce_part(cuts[i], cuts[i + 1], &tree);
    state = xent_tree_total(&tree, xent_dispatch_find(xent_backend())->f32->real);
    for (int i = 0; cuts[i] < CHUNKS; i++) write_part(cuts[i], cuts[i + 1], &state);
}

/* peak: the chunk that holds the row's maximum; CHUNKS: several do. */
static void draw_logits(int peak)
{
    struct random r = random_stream(37, (uint64_t)peak);
    for (int64_t c = 0; c < CLASSES; c++) logits[c] = (float)random_normal(&r);
    for (int i = 0; i < CHUNKS; i++)
        if (peak == i || peak == CHUNKS) logits[i * XENT_CHUNK + 33] = 9;
}

static void parts_write_what_the_whole_writes(void **state)
{
    static const int64_t one[] = { 0, CHUNKS }, parts[][CHUNKS + 1] = { { 0, 1, 2, 3, 4, 5 }, { 0, 2, 5 }, { 0, 3, 4, 5 } };
    (void)state;
    for (int peak = 0; peak <= CHUNKS; peak++) {
        draw_logits(peak);
        compute(one);
        memcpy(whole, entries, sizeof whole);
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            memset(entries, 0, sizeof entries);
            compute(parts[i]);
            assert_memory_equal(entries, whole, sizeof whole);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(parts_write_what_the_whole_writes) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
