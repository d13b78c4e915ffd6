#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent.h>

#include "clock.h"
#include "data.h"
#include "json.h"
#include "measure.h"
#include "options.h"
#include "roofline.h"
#include "table.h"

struct run {
    const struct bench_options *options;
    struct bench_peer peers[BENCH_MAX_PEERS]; /* the memory roofline last */
    int count;
    struct bench_arena arena;
    struct bench_json json;
    FILE *table;
};

static bool listed(const char *name, const char *const *names, int count)
{
    for (int k = 0; k < count; k++)
        if (strcmp(name, names[k]) == 0) return true;
    return false;
}

static void check_names(const char *option, const char *const *names, int count, const struct run *run, const char *prefix)
{
    for (int k = 0; k < count; k++) {
        bool found = false;
        for (int i = 0; i < run->count && !found; i++)
            found = strncmp(run->peers[i].name, prefix, strlen(prefix)) == 0 &&
                    strcmp(run->peers[i].name + strlen(prefix), names[k]) == 0;
        if (found) continue;
        fprintf(stderr, "bench: %s: there is no '%s' here, only:", option, names[k]);
        for (int i = 0; i < run->count; i++)
            if (strncmp(run->peers[i].name, prefix, strlen(prefix)) == 0)
                fprintf(stderr, " '%s'", run->peers[i].name + strlen(prefix));
        fputs("\n", stderr);
        exit(2);
    }
}

/* The peers found, less those that were not asked for. */
static void choose_peers(struct run *run)
{
    static const char own[] = "libxent ";
    const struct bench_options *o = run->options;
    int kept = 0;
    run->count = bench_peers_list(run->peers, BENCH_MAX_PEERS - 1);
    check_names("--backend", o->backends, o->backend_count, run, own);
    check_names("--peer", o->peers, o->peer_count, run, "");
    for (int k = 0; k < run->count; k++) {
        const char *name = run->peers[k].name;
        const bool backend = strncmp(name, own, strlen(own)) == 0;
        const bool wanted = backend ? o->backend_count == 0 || listed(name + strlen(own), o->backends, o->backend_count)
                                    : !o->no_peers && (o->peer_count == 0 || listed(name, o->peers, o->peer_count));
        if (wanted) run->peers[kept++] = run->peers[k];
    }
    bench_roofline(&run->peers[kept++]);
    run->count = kept;
}

static void measure_case(struct run *run, const char *part, struct bench_problem *p)
{
    struct bench_result results[BENCH_MAX_PEERS];
    bench_layout(p, run->arena.base);
    bench_fill(p);
    bench_measure(run->peers, run->count, p, run->options, results);
    bench_table_case(run->table, p, results, run->count);
    bench_json_case(&run->json, part, p, results, run->count);
}

/* Every shape with every dtype and pass that was asked for. */
static void measure_table(struct run *run)
{
    const struct bench_options *o = run->options;
    for (int s = 0; s < o->shape_count; s++)
        for (int d = 0; d < BENCH_DTYPES; d++)
            for (int k = 0; k < BENCH_PASSES; k++) {
                struct bench_problem p = {
                    o->shapes[s], (enum bench_dtype)d, (enum bench_pass)k, o->threads, 1, 0, NULL, NULL, NULL, NULL, 0
                };
                if (o->dtypes[d] && o->passes[k]) measure_case(run, "table", &p);
            }
}

int main(int argc, char **argv)
{
    static struct bench_options options;
    static struct run run = { .options = &options };
    clock_cpus();
    bench_options_parse(&options, argc, argv);
    run.table = options.json != NULL && strcmp(options.json, "-") == 0 ? stderr : stdout;
    if (!clock_pin(0, options.cpu, options.threads)) {
        fprintf(stderr, "bench: cannot pin to %d of the %d CPUs from number %d on\n", options.threads, clock_cpus(),
                options.cpu);
        return 1;
    }
    choose_peers(&run);
    run.arena = bench_arena_create((size_t)1 << 33);
    bench_json_begin(&run.json, options.json);
    bench_table_head(run.table, run.peers, run.count);
    if (options.parts & BENCH_TABLE) measure_table(&run);
    bench_json_end(&run.json);
    return 0;
}
