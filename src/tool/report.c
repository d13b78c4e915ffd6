/* Text with six digits, or JSON with all of them. */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "fail.h"
#include "output.h"

void must_json(bool done)
{
    if (!done) fail("out of memory for JSON");
}

struct report report_begin(bool as_json)
{
    struct report report = { as_json ? json_object() : NULL };
    must_json(!as_json || report.json != NULL);
    return report;
}

static void member(struct report *report, const char *key, json_t *value)
{
    must_json(value != NULL && json_object_set_new(report->json, key, value) == 0);
}

/* JSON has no number that is not finite. */
static json_t *real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static void line(const char *label, const char *text) { printf("%-20s %s\n", label, text); }

void report_count(struct report *report, const char *key, const char *label, int64_t count)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)count);
    if (report->json != NULL)
        member(report, key, json_integer(count));
    else
        line(label, text);
}

void report_value(struct report *report, const char *key, const char *label, double value, const char *unit)
{
    char text[64];
    snprintf(text, sizeof text, "%.6g%s%s", output_number(value), unit[0] != '\0' ? " " : "", unit);
    if (report->json != NULL)
        member(report, key, real(value));
    else
        line(label, text);
}

void report_estimate(struct report *report, const char *key, const char *error_key, const char *label, struct estimate estimate,
                     const char *unit)
{
    char text[96];
    snprintf(text, sizeof text, "%.6g +- %.6g%s%s", output_number(estimate.value), output_number(estimate.error),
             unit[0] != '\0' ? " " : "", unit);
    if (report->json != NULL) {
        member(report, key, real(estimate.value));
        member(report, error_key, real(estimate.error));
    } else {
        line(label, text);
    }
}

void report_share(struct report *report, const char *key, const char *error_key, const char *label, struct estimate share)
{
    const struct estimate percent = { 100 * share.value, 100 * share.error };
    report_estimate(report, key, error_key, label, report->json != NULL ? share : percent, "%");
}

void report_fraction(struct report *report, const char *key, const char *label, double fraction)
{
    report_value(report, key, label, report->json != NULL ? fraction : 100 * fraction, "%");
}

void report_other(struct report *report, const char *key, const char *label, json_t *value, const char *text)
{
    if (report->json != NULL) {
        member(report, key, value);
    } else {
        json_decref(value);
        line(label, text);
    }
}

/* The text is whole before any of it is printed. Of a string that jansson makes itself a key is missing where memory ends at it. */
static void print_json(const json_t *json)
{
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(17), size = json_dumpb(json, NULL, 0, flags);
    char *text = allocate(size + 1, 1);
    must_json(size > 0 && json_dumpb(json, text, size, flags) == size);
    text[size] = '\n';
    fwrite(text, 1, size + 1, stdout);
    free(text);
}

void report_end(struct report *report)
{
    if (report->json != NULL) {
        print_json(report->json);
        json_decref(report->json);
    }
    output_finish();
}
