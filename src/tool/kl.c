/* xent kl: how the logits of two models differ, row by row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "fail.h"
#include "plot.h"
#include "progress.h"
#include "rows_file.h"
#include "targets.h"
#include "vector.h"

/* What is found of each row of one of the models. */
struct side {
    struct source source;
    double *loss; /* NULL without targets */
    int64_t *top;
};

struct kl {
    struct side base, other;
    struct targets targets;
    xent_options options;
    double *divergence, *change; /* of the target's probability; NULL without targets */
};

static void check_shapes(const struct source *base, const struct source *other)
{
    const bool flat = source_is_base(base) && other->batch_ndim == 1 && other->count == base->count;
    bool same = base->batch_ndim == other->batch_ndim && base->classes == other->classes;
    for (int32_t k = 0; same && k < base->batch_ndim; k++) same = base->batch_shape[k] == other->batch_shape[k];
    if (same || (flat && base->classes == other->classes)) return;
    fail("%s: has rows of the shape %s with %lld classes, expected %s with %lld, as %s has", other->contents.path,
         shape_text(other->batch_ndim, other->batch_shape).text, (long long)other->classes,
         shape_text(base->batch_ndim, base->batch_shape).text, (long long)base->classes, base->contents.path);
}

static void begin_side(struct side *side, bool losses)
{
    const uint64_t count = (uint64_t)side->source.count;
    side->loss = losses ? allocate(count, sizeof *side->loss) : NULL;
    side->top = allocate(count, sizeof *side->top);
}

static void begin(struct kl *k, const struct arguments *arguments)
{
    struct source *base = &k->base.source, *other = &k->other.source, *sources[] = { other, base, NULL };
    source_open(base, arguments->files[0], arguments);
    source_open(other, arguments->files[1], arguments);
    if (source_is_base(other)) fail("%s: is a KLD base file, which can only stand first", other->contents.path);
    source_match(other, base);
    check_shapes(base, other);
    check_sequences(arguments, base);
    targets_load(&k->targets, arguments, 2, base, sources, false);
    if (arguments->bytes > 0 && k->targets.values == NULL) fail("--bytes needs targets, and there are none");
    k->options = options_of(arguments);
    begin_side(&k->base, k->targets.values != NULL);
    begin_side(&k->other, k->targets.values != NULL);
    k->divergence = allocate((uint64_t)base->count, sizeof *k->divergence);
    k->change = k->targets.values != NULL ? allocate((uint64_t)base->count, sizeof *k->change) : NULL;
}

static void end(struct kl *k)
{
    targets_destroy(&k->targets);
    free(k->base.loss);
    free(k->base.top);
    free(k->other.loss);
    free(k->other.top);
    free(k->divergence);
    free(k->change);
}

static void compute_side(struct side *side, int64_t first, int64_t count, const xent_tensor *target,
                         const xent_options *options)
{
    xent_stats stats = XENT_STATS_INIT;
    stats.loss = vector(XENT_F64, count, side->loss != NULL ? side->loss + first : NULL);
    stats.argmax = vector(XENT_I64, count, side->top + first);
    source_stats(&side->source, first, count, target, options, &stats);
    xent_tensor_destroy(stats.loss);
    xent_tensor_destroy(stats.argmax);
}

static void compute_block(struct kl *k, int64_t first, int64_t count)
{
    xent_tensor *target = vector(XENT_I64, count, k->targets.values != NULL ? k->targets.values + first : NULL);
    xent_tensor *divergence = vector(XENT_F64, count, k->divergence + first);
    compute_side(&k->base, first, count, target, &k->options);
    compute_side(&k->other, first, count, target, &k->options);
    source_divergence(&k->base.source, &k->other.source, first, count, target, &k->options, divergence);
    for (int64_t row = first; k->change != NULL && row < first + count; row++)
        k->change[row] = exp(-k->other.loss[row]) - exp(-k->base.loss[row]);
    xent_tensor_destroy(divergence);
    xent_tensor_destroy(target);
}

static void compute(struct kl *k, const struct arguments *arguments)
{
    const struct source *base = &k->base.source, *other = &k->other.source;
    struct progress progress = progress_begin("KL", base->count, arguments->quiet);
    for (int64_t first = 0, count; first < base->count; first += count) {
        count = source_block(base, first, arguments->block);
        count = source_block(other, first, count);
        compute_block(k, first, count);
        progress_step(&progress, first + count, k->divergence + first, k->targets.ignored + first, count);
    }
    progress_end();
}

static int64_t count_same_top(const struct kl *k)
{
    int64_t n = 0;
    for (int64_t row = 0; row < k->targets.count; row++) n += !k->targets.ignored[row] && k->base.top[row] == k->other.top[row];
    return n;
}

static struct sample sample_of(const struct kl *k, const double *values)
{
    return (struct sample){ values, k->targets.ignored, k->targets.count };
}

static void print_quantiles(struct report *report, const struct sample *sample, const char *key, const char *label, double unit,
                            const char *unit_name)
{
    static const struct {
        const char *key, *label;
        double fraction;
    } places[] = {
        { "min", "smallest", 0 }, { "q001", "0.1 %", .001 },  { "q01", "1 %", .01 },   { "q05", "5 %", .05 },
        { "q10", "10 %", .1 },    { "median", "median", .5 }, { "q90", "90 %", .9 },   { "q95", "95 %", .95 },
        { "q99", "99 %", .99 },   { "q999", "99.9 %", .999 }, { "max", "largest", 1 },
    };
    int64_t n;
    double *sorted = sample_sort(sample, &n);
    for (size_t place = 0; place < sizeof places / sizeof *places; place++) {
        char name[32], text[32];
        const double value = quantile(sorted, n, places[place].fraction);
        snprintf(name, sizeof name, "%s_%s", key, places[place].key);
        snprintf(text, sizeof text, "%s %s", label, places[place].label);
        report_value(report, name, text, report->json != NULL ? value : unit * value, unit_name);
    }
    free(sorted);
}

static double root_mean_square(const struct kl *k)
{
    double *squares = allocate((uint64_t)k->targets.count, sizeof *squares);
    for (int64_t row = 0; row < k->targets.count; row++) squares[row] = k->change[row] * k->change[row];
    const struct sample sample = sample_of(k, squares);
    const double result = sqrt(sample_mean(&sample).value);
    free(squares);
    return result;
}

/* The error of the logarithm of a ratio is that of the mean difference of two losses of a row, which go together. */
static struct estimate ratio(const struct kl *k)
{
    double *difference = allocate((uint64_t)k->targets.count, sizeof *difference);
    for (int64_t row = 0; row < k->targets.count; row++) difference[row] = k->other.loss[row] - k->base.loss[row];
    const struct sample sample = sample_of(k, difference);
    const struct estimate result = sample_mean(&sample);
    free(difference);
    return result;
}

static void print_targets(struct report *report, const struct kl *k, const struct arguments *arguments)
{
    const struct sample base = sample_of(k, k->base.loss), other = sample_of(k, k->other.loss),
                        change = sample_of(k, k->change);
    const struct estimate loss = sample_mean(&other);
    const double bits = loss.value / log(2) * (double)k->targets.counted;
    report_estimate(report, "perplexity_base", "perplexity_base_se", "perplexity of base", exponential(sample_mean(&base)), "");
    report_estimate(report, "perplexity", "perplexity_se", "perplexity", exponential(loss), "");
    report_estimate(report, "ln_ratio", "ln_ratio_se", "ln of their ratio", ratio(k), "");
    if (arguments->bytes > 0) report_value(report, "bits_per_byte", "bits per byte", bits / (double)arguments->bytes, "");
    report_share(report, "dp_mean", "dp_se", "dp mean", sample_mean(&change));
    report_fraction(report, "dp_rms", "dp RMS", root_mean_square(k));
    print_quantiles(report, &change, "dp", "dp", 100, "%");
}

static void print(const struct kl *k, const struct arguments *arguments)
{
    const struct sample divergences = sample_of(k, k->divergence);
    const struct estimate mean = sample_mean(&divergences);
    struct report report = report_begin(arguments->json);
    report_count(&report, "rows", "rows", k->targets.counted);
    report_count(&report, "ignored", "ignored", k->targets.count - k->targets.counted);
    report_estimate(&report, "kl_mean", "kl_se", "KL mean", mean, "nats");
    print_quantiles(&report, &divergences, "kl", "KL", 1, "nats");
    if (k->targets.values != NULL) print_targets(&report, k, arguments);
    report_share(&report, "same_top", "same_top_se", "same top class", share(count_same_top(k), k->targets.counted));
    if (arguments->by_sequence) {
        int64_t sequences;
        const struct estimate by_sequence = sample_mean_of_means(&divergences, sequence_length(&k->base.source), &sequences);
        report_count(&report, "sequences", "sequences", sequences);
        report_estimate(&report, "sequence_kl", "sequence_kl_se", "their mean KL", by_sequence, "nats");
    }
    report_base(&report, &k->base.source);
    report_end(&report);
}

static void write_files(const struct kl *k, const struct arguments *arguments)
{
    const struct column columns[] = {
        { "kl", k->divergence, NULL },       { "top_base", NULL, k->base.top },
        { "top", NULL, k->other.top },       { "target", NULL, k->targets.values },
        { "loss_base", k->base.loss, NULL }, { "loss", k->other.loss, NULL },
        { "dp", k->change, NULL },
    };
    const struct sample divergences = sample_of(k, k->divergence);
    if (arguments->plot != NULL)
        plot_write(arguments->plot, &divergences, sequence_length(&k->base.source), "KL divergence, nats", true);
    if (arguments->rows != NULL)
        rows_file_write(arguments->rows, columns, sizeof columns / sizeof *columns, &k->base.source, k->targets.ignored);
}

int kl(const struct arguments *arguments)
{
    struct kl k;
    begin(&k, arguments);
    compute(&k, arguments);
    source_close(&k.base.source);
    source_close(&k.other.source);
    write_files(&k, arguments);
    print(&k, arguments);
    end(&k);
    return 0;
}
