#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <xent.h>

#include "clock.h"
#include "roofline.h"

static void string(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') putc('\\', out);
        if ((unsigned char)*text >= ' ') putc(*text, out);
    }
    putc('"', out);
}

/* The value of the first line of /proc/cpuinfo that begins with `key`; "" if there is none. */
static void cpuinfo(const char *key, char *value, size_t size)
{
    char line[4096];
    FILE *file = fopen("/proc/cpuinfo", "r");
    value[0] = '\0';
    if (file == NULL) return;
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, key, strlen(key)) != 0) continue;
        colon += strspn(colon, ": \t");
        snprintf(value, size, "%.*s", (int)strcspn(colon, "\n"), colon);
        break;
    }
    fclose(file);
}

static void member(FILE *out, const char *key, const char *value)
{
    fprintf(out, " \"%s\": ", key);
    string(out, value);
    fputs(",\n", out);
}

static void machine(FILE *out)
{
    char name[128], family[16], model[16], flags[4096];
    struct utsname system;
    cpuinfo("model name", name, sizeof name);
    cpuinfo("cpu family", family, sizeof family);
    cpuinfo("model\t", model, sizeof model);
    cpuinfo("flags", flags, sizeof flags);
    if (uname(&system) != 0) abort();
    fputs("{\"machine\": {\n", out);
    member(out, "cpu", name[0] != '\0' ? name : system.machine);
    member(out, "family", family);
    member(out, "model", model);
    member(out, "vectors", strstr(flags, " avx512f") != NULL ? "AVX-512" : strstr(flags, " avx2") != NULL ? "AVX2" : "");
    member(out, "system", system.sysname);
    member(out, "kernel", system.release);
    member(out, "compiler", BENCH_COMPILER);
    member(out, "libxent", xent_version());
    fprintf(out, " \"cpus\": %d\n},\n\"results\": [", clock_cpus());
}

void bench_json_begin(struct bench_json *json, const char *file)
{
    *json = (struct bench_json){ NULL, 0 };
    if (file == NULL) return;
    json->out = strcmp(file, "-") == 0 ? stdout : fopen(file, "w");
    if (json->out == NULL) {
        fprintf(stderr, "bench: cannot write %s: %s\n", file, strerror(errno));
        exit(1);
    }
    machine(json->out);
}

void bench_json_case(struct bench_json *json, const char *part, const struct bench_problem *p,
                     const struct bench_result *results, int count)
{
    const double per_logit = 1e9 / (double)bench_elements(&p->shape);
    FILE *out = json->out;
    bool first = true;
    if (out == NULL) return;
    fprintf(out,
            "%s\n {\"part\": \"%s\", \"operation\": \"%s\", \"shape\": \"%s\", \"dtype\": \"%s\", \"pass\": \"%s\", "
            "\"threads\": %d, ",
            json->rows++ > 0 ? "," : "", part, p->workload->name, p->shape.name, bench_dtype_name(p->dtype),
            bench_pass_name(p->pass), p->threads);
    fprintf(out, "\"offset\": %d, \"logits\": %lld, \"bytes\": %.0f, \"times\": {", p->offset,
            (long long)bench_elements(&p->shape), bench_bytes_moved(p));
    for (int k = 0; k < count; k++) {
        const struct bench_result *r = &results[k];
        if (r->samples == 0) continue;
        fputs(first ? "\n  " : ",\n  ", out);
        first = false;
        string(out, r->name);
        fprintf(out, ": {\"ns_per_logit\": %.4g, \"low\": %.4g, \"high\": %.4g", r->seconds * per_logit, r->low * per_logit,
                r->high * per_logit);
        if (r->ratio[0] > 0) fprintf(out, ", \"over_libxent\": %.4g", 1 / r->ratio[0]);
        fputs("}", out);
    }
    fputs("}}", out);
    fflush(out);
}

/* JSON has no infinity. */
static double finite(double x) { return x < 1e30 ? x : 1e30; }

void bench_json_accuracy(struct bench_json *json, const struct bench_accuracy *results, int count)
{
    if (json->out == NULL) return;
    for (int k = 0; k < count; k++) {
        fprintf(json->out, "%s\n {\"part\": \"accuracy\", \"name\": ", json->rows++ > 0 ? "," : "");
        string(json->out, results[k].name);
        fprintf(json->out, ", \"rows\": \"%s\", \"count\": %d, \"median\": %.4g, \"worst\": %.4g}", results[k].rows,
                results[k].count, finite(results[k].median), finite(results[k].worst));
    }
}

void bench_json_end(struct bench_json *json)
{
    if (json->out == NULL) return;
    fputs("\n]}\n", json->out);
    const bool failed = ferror(json->out) != 0;
    if ((json->out != stdout ? fclose(json->out) : fflush(json->out)) != 0 || failed) {
        fprintf(stderr, "bench: the JSON could not be written: %s\n", strerror(errno));
        exit(1);
    }
}
