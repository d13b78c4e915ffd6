/* xent eval: loss, perplexity, accuracy, top-5 accuracy and entropy. */
#include <math.h>
#include <stdlib.h>

#include "commands.h"
#include "fail.h"
#include "plot.h"
#include "progress.h"
#include "rows_file.h"
#include "targets.h"
#include "vector.h"

enum { TOP = 5 };

struct eval {
    struct source logits;
    struct targets targets;
    xent_options options;
    double *loss, *entropy;
    int64_t *rank;
};

static void begin(struct eval *e, const struct arguments *arguments)
{
    struct source *sources[] = { &e->logits, NULL };
    source_open(&e->logits, arguments->files[0], arguments);
    check_sequences(arguments, &e->logits);
    targets_load(&e->targets, arguments, 1, &e->logits, sources, true);
    e->options = options_of(arguments);
    e->loss = allocate((uint64_t)e->logits.count, sizeof *e->loss);
    e->entropy = allocate((uint64_t)e->logits.count, sizeof *e->entropy);
    e->rank = allocate((uint64_t)e->logits.count, sizeof *e->rank);
}

static void end(struct eval *e)
{
    targets_destroy(&e->targets);
    free(e->loss);
    free(e->entropy);
    free(e->rank);
}

static void compute_block(struct eval *e, int64_t first, int64_t count)
{
    xent_stats stats = XENT_STATS_INIT;
    xent_tensor *target = vector(XENT_I64, count, e->targets.values + first);
    stats.loss = vector(XENT_F64, count, e->loss + first);
    stats.entropy = vector(XENT_F64, count, e->entropy + first);
    stats.rank = vector(XENT_I64, count, e->rank + first);
    source_stats(&e->logits, first, count, target, &e->options, &stats);
    xent_tensor_destroy(stats.rank);
    xent_tensor_destroy(stats.entropy);
    xent_tensor_destroy(stats.loss);
    xent_tensor_destroy(target);
}

static void compute(struct eval *e, const struct arguments *arguments)
{
    struct progress progress = progress_begin("loss", e->logits.count, arguments->quiet);
    for (int64_t first = 0, count; first < e->logits.count; first += count) {
        count = source_block(&e->logits, first, arguments->block);
        compute_block(e, first, count);
        progress_step(&progress, first + count, e->loss + first, e->targets.ignored + first, count);
    }
    progress_end();
}

/* How many rows have their target among the `top` best. */
static int64_t count_among(const struct eval *e, int64_t top)
{
    int64_t n = 0;
    for (int64_t row = 0; row < e->logits.count; row++)
        n += !e->targets.ignored[row] && e->rank[row] >= 0 && e->rank[row] < top;
    return n;
}

static void print(const struct eval *e, const struct arguments *arguments)
{
    const int64_t counted = e->targets.counted;
    const struct sample losses = { e->loss, e->targets.ignored, e->logits.count };
    const struct sample entropies = { e->entropy, e->targets.ignored, e->logits.count };
    const struct estimate loss = sample_mean(&losses);
    struct report report = report_begin(arguments->json);
    report_count(&report, "rows", "rows", counted);
    report_count(&report, "ignored", "ignored", e->logits.count - counted);
    report_estimate(&report, "loss", "loss_se", "loss", loss, "nats");
    report_estimate(&report, "perplexity", "perplexity_se", "perplexity", exponential(loss), "");
    report_share(&report, "accuracy", "accuracy_se", "accuracy", share(count_among(e, 1), counted));
    report_fraction(&report, "top5", "top-5 accuracy", share(count_among(e, TOP), counted).value);
    report_value(&report, "entropy", "entropy", sample_mean(&entropies).value, "nats");
    report_value(&report, "bits", "bits", loss.value / log(2), "per row");
    if (arguments->bytes > 0)
        report_value(&report, "bits_per_byte", "bits per byte",
                     loss.value / log(2) * (double)counted / (double)arguments->bytes, "");
    if (arguments->by_sequence) {
        int64_t sequences;
        const struct estimate mean = sample_mean_of_means(&losses, sequence_length(&e->logits), &sequences);
        report_count(&report, "sequences", "sequences", sequences);
        report_estimate(&report, "sequence_loss", "sequence_loss_se", "their mean loss", mean, "nats");
        report_estimate(&report, "sequence_perplexity", "sequence_perplexity_se", "their perplexity", exponential(mean), "");
    }
    report_base(&report, &e->logits);
    report_end(&report);
}

static void write_files(const struct eval *e, const struct arguments *arguments)
{
    const struct column columns[] = {
        { "target", NULL, e->targets.values },
        { "loss", e->loss, NULL },
        { "rank", NULL, e->rank },
        { "entropy", e->entropy, NULL },
    };
    const struct sample losses = { e->loss, e->targets.ignored, e->logits.count };
    if (arguments->plot != NULL) plot_write(arguments->plot, &losses, sequence_length(&e->logits), "loss, nats", false);
    if (arguments->rows != NULL)
        rows_file_write(arguments->rows, columns, sizeof columns / sizeof *columns, &e->logits, e->targets.ignored);
}

int eval(const struct arguments *arguments)
{
    struct eval e;
    begin(&e, arguments);
    compute(&e, arguments);
    source_close(&e.logits);
    write_files(&e, arguments);
    print(&e, arguments);
    end(&e);
    return 0;
}
