/* same_bits <ranks along the classes> <problems>: batches of all options, dtypes and layouts, cut over the ranks, against one process: against
 * whole rows where cuts are between chunks, else against the same parts. */
#include <stdio.h>
#include <stdlib.h>

#include "grid.h"
#include "support/effort.h"

enum { MOST_CHUNKS = 9, MOST_ROWS = 8 };

static void draw_batch(struct batch *b, struct random *r)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
    *b = (struct batch){ .dtype = dtypes[random_below(r, 4)] };
    b->outer = random_below(r, MOST_ROWS + 1);
    b->inner = 1 + random_below(r, 2);
    b->classes = 1 + random_below(r, random_chance(r, 3) ? 100 : MOST_CHUNKS * CHUNK);
    b->probabilities = random_chance(r, 3) != 0;
    batch_draw(b, random_chance(r, 3) != 0, r);
}

/* The class where each part begins: as even as can be, anywhere between chunks, or anywhere, some parts empty. */
static int64_t begin_of(const struct batch *b, int64_t previous, int64_t unit, struct random *r)
{
    const int64_t units = (b->classes + unit - 1) / unit, from = (previous + unit - 1) / unit;
    const int64_t at = (from + random_below(r, units - from + 1)) * unit;
    return at < b->classes ? at : b->classes;
}

static struct cut draw_cut(const struct batch *b, const struct grid *g, int64_t unit, struct random *r)
{
    struct cut cut = { .parts = g->parts };
    const int even = unit == CHUNK && random_chance(r, 2);
    int64_t first = 0;
    for (int i = 0; i < g->parts; i++) {
        const int64_t end = i + 1 == g->parts ? b->classes : begin_of(b, first, unit, r);
        cut.shard[i] = (xent_shard){ .first = first, .classes = end - first, .of = b->classes, .dtype = (int32_t)b->dtype };
        if (even) expect_ok(xent_shard_cut(b->classes, b->dtype, g->parts, i, &cut.shard[i]));
        first = end;
    }
    return cut;
}

static void expect_part(const xent_tensor *got, const struct grid *g, const xent_tensor *want, const char *name)
{
    xent_tensor *part = grid_column(g, want);
    expect_same_bits(got, part, name, "over many ranks");
    xent_tensor_destroy(part);
}

static void expect_loss(const struct share *s, const struct grid *g, const xent_tensor *want)
{
    if (s->options.reduction == XENT_REDUCTION_NONE) expect_part(s->loss, g, want, "loss");
    if (s->options.reduction != XENT_REDUCTION_NONE) expect_same_bits(s->loss, want, "loss", "over many ranks");
}

/* A communicator of one rank, or none. */
static MPI_Comm or_none(MPI_Comm comm, int count, struct random *r)
{
    return random_chance(r, 2) && count == 1 ? MPI_COMM_NULL : comm;
}

static void try_batch(const struct grid *g, struct random *r)
{
    struct batch b;
    struct rows want, got;
    struct share s;
    draw_batch(&b, r);
    const xent_dtype loss_dtype = random_chance(r, 2) ? XENT_F64 : XENT_F32;
    want = rows_new(&b, loss_dtype, r);
    got = rows_new(&b, loss_dtype, r);
    const int64_t unit = random_chance(r, 4) ? 1 : CHUNK;
    const struct cut cut = draw_cut(&b, g, unit, r);
    const xent_shard shard = cut.shard[g->part];
    if (unit == CHUNK)
        solve_whole(&b, &want);
    else
        solve_in_parts(&b, &cut, false, &want);
    const MPI_Comm classes = or_none(g->classes, g->parts, r), rows = or_none(g->rows, g->batches, r);
    const int without_loss = random_chance(r, 4);
    s = share_of(g, &b, &got, &shard, random_chance(r, 2));
    const xent_shard *given = classes == MPI_COMM_NULL && random_chance(r, 2) ? NULL : &s.shard;
    s.options.num_threads = 1 + g->world % 2;

    expect_ok(xent_mpi_row_stats(classes, s.logits, given, s.target, &s.options, &s.stats));
    expect_part(s.stats.loss, g, want.member[LOSS], "loss of a row");
    expect_part(s.stats.lse, g, want.member[LSE], "lse");
    expect_part(s.stats.max, g, want.member[MAX], "max");
    expect_part(s.stats.argmax, g, want.member[ARGMAX], "argmax");
    expect_part(s.stats.entropy, g, want.member[ENTROPY], "entropy");
    expect_ok(xent_mpi_cross_entropy(classes, rows, s.logits, given, s.target, &s.options, s.loss));
    expect_loss(&s, g, want.loss);
    expect_ok(xent_mpi_cross_entropy_grad(classes, rows, s.logits, given, s.target, &s.options, s.grad_loss,
                                          without_loss ? NULL : s.loss, s.grad_logits));
    expect_loss(&s, g, want.loss);
    xent_tensor *gradient = grid_table(g, want.gradient, &shard);
    expect_same_bits(s.grad_logits, gradient, "gradient", "over many ranks");
    xent_tensor_destroy(gradient);
    share_free(&s);
    rows_free(&want);
    rows_free(&got);
    batch_free(&b);
}

int main(int argc, char **argv)
{
    struct grid g;
    struct random r = random_stream(19, 0);
    assert_int_equal(argc, 3);
    const int64_t problems = effort(atoi(argv[2]));
    grid_begin(&g, atoi(argv[1]), &argc, &argv);
    for (int64_t i = 0; i < problems; i++) try_batch(&g, &r);
    if (g.world == 0) printf("%d x %d ranks: %lld batches\n", g.parts, g.batches, (long long)problems);
    grid_end(&g);
    return 0;
}
