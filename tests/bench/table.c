#include "table.h"

#include <string.h>

#include "roofline.h"

static bool is_libxent(const char *name) { return strncmp(name, "libxent ", 8) == 0; }

void bench_table_head(FILE *out, const struct bench_peer *peers, int count)
{
    fprintf(out, "%-20s %-13s %-4s %-12s %6s %7s %-8s %9s %10s %7s %7s", "operation", "shape", "type", "pass", "offset",
            "threads", "backend", "ns/logit", "us/call", "GB/s", "memory");
    for (int k = 0; k + 1 < count; k++)
        if (!is_libxent(peers[k].name)) fprintf(out, " %12s", peers[k].name);
    fputs("\n", out);
}

void bench_table_case(FILE *out, const struct bench_problem *p, const struct bench_result *results, int count)
{
    const double elements = (double)bench_elements(&p->shape);
    for (int k = 0; k < count; k++) {
        const struct bench_result *r = &results[k];
        if (!is_libxent(r->name) || r->samples == 0) continue;
        fprintf(out, "%-20s %-13s %-4s %-12s %6d %7d %-8s %9.4f %10.3f %7.2f", p->workload->name, p->shape.name,
                bench_dtype_name(p->dtype), bench_pass_name(p->pass), p->offset, p->threads, r->name + 8,
                r->seconds * 1e9 / elements, r->seconds * 1e6, bench_bytes_moved(p) / r->seconds * 1e-9);
        /* The share of the roofline that is reached, then the peers' times over this one's. */
        if (results[count - 1].samples > 0)
            fprintf(out, " %5.0f %%", 100 * r->ratio[count - 1]);
        else
            fprintf(out, " %7s", "-");
        for (int other = 0; other + 1 < count; other++) {
            if (is_libxent(results[other].name)) continue;
            if (results[other].samples > 0)
                fprintf(out, " %11.2fx", r->ratio[other]);
            else
                fprintf(out, " %12s", "-");
        }
        fputs("\n", out);
    }
    fflush(out);
}

void bench_table_accuracy_head(FILE *out)
{
    fprintf(out, "error of the f32 loss in ulp\n%-15s %-26s %8s %12s %12s\n", "", "rows of 1000 classes", "rows", "median",
            "worst");
}

void bench_table_accuracy(FILE *out, const struct bench_accuracy *results, int count)
{
    for (int k = 0; k < count; k++)
        fprintf(out, "%-15s %-26s %8d %12.4g %12.4g\n", results[k].name, results[k].rows, results[k].count, results[k].median,
                results[k].worst);
    fflush(out);
}
