#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent.h>

#include "accuracy.h"
#include "cases.h"
#include "clock.h"
#include "json.h"
#include "measure.h"
#include "roofline.h"
#include "table.h"

#define ACCURACY_ROWS 2000
#define ACCURACY_ROWS_QUICK 20

struct run {
    struct bench_options options;
    struct bench_peer peers[BENCH_MAX_PEERS]; /* the memory roofline last */
    int count;
    struct bench_case cases[BENCH_MAX_CASES];
    int case_count;
    struct bench_arena arena;
    struct bench_json json;
    FILE *table;
};

static const char own[] = "libxent ";

static bool listed(const char *name, const char *const *names, int count)
{
    for (int k = 0; k < count; k++)
        if (strcmp(name, names[k]) == 0) return true;
    return false;
}

static bool is_own(const char *name) { return strncmp(name, own, strlen(own)) == 0; }

/* Ends the program where a name was asked for that there is not. skip: what the peers' names begin with. */
static void check_names(const char *option, const char *const *names, int count, const struct run *run, size_t skip)
{
    for (int k = 0; k < count; k++) {
        bool found = false;
        for (int i = 0; i < run->count; i++)
            if (is_own(run->peers[i].name) == (skip > 0)) found = found || strcmp(run->peers[i].name + skip, names[k]) == 0;
        if (found) continue;
        fprintf(stderr, "bench: %s: there is no '%s' here, only", option, names[k]);
        for (int i = 0; i < run->count; i++)
            if (is_own(run->peers[i].name) == (skip > 0)) fprintf(stderr, " '%s'", run->peers[i].name + skip);
        fputs("\n", stderr);
        exit(2);
    }
}

/* The peers found, less those that were not asked for. */
static void choose_peers(struct run *run)
{
    const struct bench_options *o = &run->options;
    int kept = 0;
    run->count = bench_peers_list(run->peers, BENCH_MAX_PEERS - 2, &run->arena, o->python);
    check_names("--backend", o->backends, o->backend_count, run, strlen(own));
    check_names("--peer", o->peers, o->peer_count, run, 0);
    for (int k = 0; k < run->count; k++) {
        const char *name = run->peers[k].name;
        bool wanted = o->backend_count == 0 || listed(name + strlen(own), o->backends, o->backend_count);
        if (!is_own(name)) wanted = !o->no_peers && (o->peer_count == 0 || listed(name, o->peers, o->peer_count));
        if (wanted) run->peers[kept++] = run->peers[k];
    }
    if (kept > 0 && is_own(run->peers[0].name)) bench_peer_own_loss(&run->peers[kept++], run->peers[0].context);
    bench_roofline(&run->peers[kept++]);
    run->count = kept;
}

static void pin(const struct bench_options *o, int threads)
{
    if (clock_pin(0, o->cpu, threads)) return;
    fprintf(stderr, "bench: cannot use %d CPUs, of the %d that are allowed", threads, clock_cpus());
    if (o->cpu >= 0) fprintf(stderr, ", from number %d on", o->cpu);
    fputs("\n", stderr);
    exit(1);
}

static void create_arena(struct run *run)
{
    size_t bytes = bench_cases_bytes(run->cases, run->case_count);
    if (bytes < bench_accuracy_bytes()) bytes = bench_accuracy_bytes();
    /* Some peers have tensors of the logits' size of their own: PyTorch has three. */
    if (bytes > bench_free_memory() / 3) {
        fprintf(stderr,
                "bench: the largest case takes about %.1f GB, and %.1f GB are free: choose smaller shapes with --shape\n",
                3e-9 * (double)bytes, 1e-9 * (double)bench_free_memory());
        exit(1);
    }
    run->arena = bench_arena_create(bytes);
}

/* All but the table are of libxent's first backend. Returns how many peers these are. */
static int peers_of_first(const struct run *run, struct bench_peer *peers)
{
    int count = 0;
    for (int k = 0; k < run->count; k++)
        if (k == 0 || !is_own(run->peers[k].name)) peers[count++] = run->peers[k];
    return count;
}

/* Whether the inputs that are there for `before` are those of p: no pass changes them. */
static bool same_inputs(const struct bench_problem *p, const struct bench_problem *before)
{
    return p->workload == before->workload && p->dtype == before->dtype && p->logits == before->logits &&
           p->second == before->second && strcmp(p->shape.name, before->shape.name) == 0;
}

static void measure_cases(struct run *run)
{
    struct bench_result results[BENCH_MAX_PEERS];
    struct bench_peer first[BENCH_MAX_PEERS];
    const int first_count = peers_of_first(run, first);
    if (run->case_count > 0) bench_table_head(run->table, run->peers, run->count);
    for (int k = 0; k < run->case_count; k++) {
        const enum bench_part part = run->cases[k].part;
        const bool all = part == BENCH_TABLE;
        const struct bench_peer *peers = all ? run->peers : first;
        const int count = all ? run->count : first_count;
        const struct bench_options *o = &run->options;
        struct bench_problem *p = &run->cases[k].problem;
        pin(o, p->threads);
        bench_layout(p, run->arena.base);
        if (k == 0 || !same_inputs(p, &run->cases[k - 1].problem)) bench_fill(p);
        bench_measure(peers, count, p, part == BENCH_BY_OPERATION ? &o->operations.effort : &o->loss.effort, results);
        bench_table_case(run->table, p, results, count);
        bench_json_case(&run->json, bench_part_name(part), p, results, count);
    }
}

/* All backends give the same bits, so the first one stands for libxent. */
static void measure_accuracy(struct run *run)
{
    const int rows = run->options.quick ? ACCURACY_ROWS_QUICK : ACCURACY_ROWS;
    bool done = false;
    bench_table_accuracy_head(run->table);
    for (int k = 0; k < run->count; k++) {
        struct bench_accuracy results[BENCH_ACCURACY_KINDS];
        if (is_own(run->peers[k].name) && done) continue;
        if (!bench_accuracy(&run->peers[k], &run->arena, rows, results)) continue;
        done = done || is_own(run->peers[k].name);
        bench_table_accuracy(run->table, results, BENCH_ACCURACY_KINDS);
        bench_json_accuracy(&run->json, results, BENCH_ACCURACY_KINDS);
    }
}

int main(int argc, char **argv)
{
    static struct run run;
    const struct bench_options *o = &run.options;
    clock_cpus();
    bench_options_parse(&run.options, argc, argv);
    run.table = o->json != NULL && strcmp(o->json, "-") == 0 ? stderr : stdout;
    run.case_count = bench_cases(o, run.cases);
    pin(o, o->loss.threads[0]);
    create_arena(&run);
    choose_peers(&run);
    bench_json_begin(&run.json, o->json);
    pin(o, 1);
    if (o->parts & BENCH_ACCURACY) measure_accuracy(&run);
    measure_cases(&run);
    bench_json_end(&run.json);
    return 0;
}
