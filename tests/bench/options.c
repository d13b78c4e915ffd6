#define _GNU_SOURCE
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

static const char help[] =
    "usage: bench [<option>...]\n"
    "\n"
    "Times libxent beside other implementations and the memory roofline, in one pinned, interleaved run, and prints a table.\n"
    "LIST: values with commas between.\n"
    "\n"
    "  --measure LIST    table (cross entropy), sweep (the same over the number of classes), threads (on 1, 2, 4 ... CPUs),\n"
    "                    operations (all of them, with their options), accuracy (error of the loss in ulp), all;\n"
    "                    default: table, or operations where --operation names some\n"
    "  --operation LIST  loss, smoothing, weights, smoothing+weights, row_weight, probabilities, softcap, logit_scale, z_loss\n"
    "                    (cross entropy and an option), softmax, log_softmax, logsumexp, softmax_backward,\n"
    "                    log_softmax_backward, log, nll_loss, kl_div, top_20 (and their log-probabilities), row_stats\n"
    "                    (loss, lse, max, argmax, entropy and rank of each row; PyTorch: a call for each); default: all\n"
    "  --shape LIST      N x C, or N x C x D1...: 128x10,4x21x256x256; default: nine from 2x3 to 64x256000, operations: five\n"
    "  --dtype LIST      f32, f64, f16, bf16; default: all. Sweep and threads take the first of these, accuracy f32\n"
    "  --pass LIST       forward, in-place, out-of-place (an array of the logits' shape is written); default: all\n"
    "  --backend LIST    libxent's backends; default: all that are usable here. Operations take the first\n"
    "  --peer LIST       by the table's names, or none; default: all found\n"
    "  --threads N       for table and sweep; 1. Operations: 1 and 2\n"
    "  --offset N        bytes from a cache line's begin to each array's; 0. malloc gives 16: operations' loss has both\n"
    "  --samples N       at most this many a case, interleaved; 15, operations: 7\n"
    "  --cpu N           the first CPU to pin to; default: the last ones that may be used\n"
    "  --quick           3 short samples a case: does it work? Not for figures. Fewer shapes; of operations f32 and bf16, one\n"
    "                    thread and out of place alone\n"
    "  --json FILE       writes all results there too; -: to standard output, and the table to standard error\n"
    "  --python FILE     the Python that has onnxruntime or torch; default: XENT_BENCH_PYTHON, else python3\n"
    "  --help\n";

static void fail(const char *format, ...)
{
    va_list arguments;
    fputs("bench: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\nbench --help lists the options.\n", stderr);
    exit(2);
}

bool bench_shape_parse(struct bench_shape *shape, const char *text)
{
    int64_t extents[8];
    int ndim = 0;
    double bytes = 8;
    if (strlen(text) >= sizeof shape->name) return false;
    for (const char *at = text;; at++) {
        char *end;
        errno = 0;
        const long long extent = *at >= '0' && *at <= '9' ? strtoll(at, &end, 10) : 0;
        if (extent < 1 || errno != 0 || ndim == 8 || (*end != 'x' && *end != '\0')) return false;
        extents[ndim++] = extent;
        bytes *= (double)extent;
        at = end;
        if (*at == '\0') break;
    }
    if (ndim < 2 || bytes > 0x1p40) return false;
    *shape = (struct bench_shape){ extents[0], extents[1], 1, "" };
    for (int k = 2; k < ndim; k++) shape->inner *= extents[k];
    strcpy(shape->name, text);
    return true;
}

static int whole(const char *option, const char *text, int least, int most)
{
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < least || value > most)
        fail("%s takes a number from %d to %d, not '%s'", option, least, most, text);
    return (int)value;
}

/* The entries of a list, one at a time; NULL at its end. The text is cut up. */
static char *next(char **rest)
{
    char *entry = *rest;
    if (entry == NULL) return NULL;
    char *comma = strchr(entry, ',');
    if (comma != NULL) *comma++ = '\0';
    *rest = comma;
    return entry;
}

/* Sets the flags of the names listed. */
static void choose(const char *option, char *list, bool *flags, int count, const char *(*name)(int))
{
    for (int k = 0; k < count; k++) flags[k] = false;
    for (char *entry; (entry = next(&list)) != NULL;) {
        int k = 0;
        while (k < count && strcmp(entry, name(k)) != 0) k++;
        if (k == count) fail("%s does not know '%s'", option, entry);
        flags[k] = true;
    }
}

static const char *dtype_name(int k) { return bench_dtype_name((enum bench_dtype)k); }
static const char *pass_name(int k) { return bench_pass_name((enum bench_pass)k); }

static const char *workload_name(int k) { return bench_workloads[k].name; }

static const char *part_name(int k)
{
    static const char *const names[] = { "table", "sweep", "threads", "accuracy", "operations", "all" };
    return names[k];
}

static void parts(struct bench_options *o, char *list)
{
    enum { PARTS = 5 };
    bool flags[PARTS + 1];
    choose("--measure", list, flags, PARTS + 1, part_name);
    o->parts = flags[PARTS] ? (1u << PARTS) - 1 : 0;
    for (unsigned k = 0; k < PARTS; k++) o->parts |= flags[k] ? 1u << k : 0;
}

static int names(const char *option, char *list, const char **to)
{
    int count = 0;
    for (char *entry; (entry = next(&list)) != NULL;) {
        if (count == BENCH_MAX_NAMES) fail("%s takes at most %d names", option, BENCH_MAX_NAMES);
        to[count++] = entry;
    }
    return count;
}

static void shapes(struct bench_choice *c, char *list)
{
    c->shape_count = 0;
    for (char *entry; (entry = next(&list)) != NULL;) {
        if (c->shape_count == BENCH_MAX_SHAPES) fail("--shape takes at most %d shapes", BENCH_MAX_SHAPES);
        if (!bench_shape_parse(&c->shapes[c->shape_count++], entry))
            fail("--shape takes shapes such as 128x10 or 4x21x256x256, of less than 2^37 elements, not '%s'", entry);
    }
}

static void standard(struct bench_choice *c, const char *standard_shapes)
{
    char list[128];
    snprintf(list, sizeof list, "%s", standard_shapes);
    *c = (struct bench_choice){ .threads = { 1, 2 }, .threads_count = 1 };
    shapes(c, list);
    for (int k = 0; k < BENCH_DTYPES; k++) c->dtypes[k] = true;
    for (int k = 0; k < BENCH_PASSES; k++) c->passes[k] = true;
}

static void defaults(struct bench_options *o)
{
    *o = (struct bench_options){ .offsets = { 0, 16 }, .offset_count = 2, .cpu = -1 };
    standard(&o->loss, "2x3,128x10,256x64,64x1000,4096x1000,512x32000,128x128256,64x256000,4x21x256x256");
    standard(&o->operations, "2x3,8192x10,1024x1000,128x32000,8x21x128x128");
    o->loss.effort = (struct bench_effort){ 15, 0.005, 2 };
    o->operations.effort = (struct bench_effort){ 7, 0.002, 0.5 };
    o->operations.threads_count = clock_cpus() > 1 ? 2 : 1;
    for (int k = 0; k < BENCH_WORKLOADS; k++) o->workloads[k] = true;
    o->python = getenv("XENT_BENCH_PYTHON");
    if (o->python == NULL || *o->python == '\0') o->python = "python3";
}

static void quick(struct bench_options *o)
{
    o->quick = true;
    standard(&o->loss, "2x3,128x10,256x64,64x1000,128x32000,1x21x256x256");
    o->loss.effort = (struct bench_effort){ 3, 0.001, 0.25 };
    o->operations.effort = (struct bench_effort){ 3, 0.0005, 0.1 };
    o->operations.threads_count = 1;
    o->operations.dtypes[BENCH_F64] = o->operations.dtypes[BENCH_F16] = o->operations.passes[BENCH_IN_PLACE] = false;
}

static bool is_option(const char *name)
{
    static const char *const options[] = { "--measure", "--shape",   "--dtype",   "--pass",      "--backend",
                                           "--peer",    "--threads", "--samples", "--operation", "--offset",
                                           "--cpu",     "--json",    "--python" };
    for (size_t k = 0; k < sizeof options / sizeof *options; k++)
        if (strcmp(name, options[k]) == 0) return true;
    return false;
}

/* What says which cases there are, for every part alike. */
static bool set_choice(struct bench_choice *c, const char *option, char *value)
{
    if (strcmp(option, "--shape") == 0)
        shapes(c, value);
    else if (strcmp(option, "--dtype") == 0)
        choose(option, value, c->dtypes, BENCH_DTYPES, dtype_name);
    else if (strcmp(option, "--pass") == 0)
        choose(option, value, c->passes, BENCH_PASSES, pass_name);
    else if (strcmp(option, "--samples") == 0)
        c->effort.samples = whole(option, value, 1, 1000);
    else if (strcmp(option, "--threads") == 0)
        *c->threads = whole(option, value, 1, clock_cpus()), c->threads_count = 1;
    else
        return false;
    return true;
}

static void offset(struct bench_options *o, const char *option, const char *value)
{
    o->offsets[0] = whole(option, value, 0, 63);
    o->offset_count = 1;
    if (o->offsets[0] % (int)sizeof(double) != 0) fail("%s takes a multiple of %zu, not '%s'", option, sizeof(double), value);
}

static void set(struct bench_options *o, const char *option, char *value)
{
    if (strcmp(option, "--measure") == 0)
        parts(o, value);
    else if (strcmp(option, "--operation") == 0)
        choose(option, value, o->workloads, BENCH_WORKLOADS, workload_name);
    else if (strcmp(option, "--backend") == 0)
        o->backend_count = names(option, value, o->backends);
    else if (strcmp(option, "--peer") == 0 && strcmp(value, "none") == 0)
        o->no_peers = true;
    else if (strcmp(option, "--peer") == 0)
        o->peer_count = names(option, value, o->peers);
    else if (strcmp(option, "--offset") == 0)
        offset(o, option, value);
    else if (strcmp(option, "--cpu") == 0)
        o->cpu = whole(option, value, 0, INT_MAX);
    else if (strcmp(option, "--json") == 0)
        o->json = value;
    else
        o->python = value;
}

/* One of these options with its value, which is cut up. */
static void apply(struct bench_options *o, const char *option, char *value)
{
    char *copy = strdup(value);
    if (copy == NULL) abort();
    if (set_choice(&o->loss, option, copy))
        set_choice(&o->operations, option, value);
    else
        set(o, option, value);
    free(copy);
}

void bench_options_parse(struct bench_options *o, int argc, char **argv)
{
    bool operations = false;
    defaults(o);
    for (int k = 1; k < argc; k++)
        if (strcmp(argv[k], "--quick") == 0) quick(o);
    for (int k = 1; k < argc; k++) {
        char *option = argv[k], *value = strchr(option, '=');
        if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
            fputs(help, stdout);
            exit(0);
        }
        if (strcmp(option, "--quick") == 0) continue;
        if (value != NULL) *value++ = '\0';
        if (!is_option(option)) fail("there is no option '%s'", option);
        if (value == NULL && k + 1 == argc) fail("%s takes a value", option);
        operations = operations || strcmp(option, "--operation") == 0;
        apply(o, option, value != NULL ? value : argv[++k]);
    }
    if (o->parts == 0) o->parts = operations ? BENCH_BY_OPERATION : BENCH_TABLE;
}
