/* What a command has found, line by line, or as one JSON object. */
#ifndef XENT_TOOL_REPORT_H
#define XENT_TOOL_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "summary.h"

struct report {
    json_t *json; /* NULL: text */
};

/* What jansson fails at here is memory. */
void must_json(bool done);

struct report report_begin(bool as_json);

/* Each adds a line; key: in JSON, error_key: that of its error there; label: in text. Units stand behind a text's numbers. */
void report_count(struct report *report, const char *key, const char *label, int64_t count);
void report_value(struct report *report, const char *key, const char *label, double value, const char *unit);
void report_estimate(struct report *report, const char *key, const char *error_key, const char *label, struct estimate estimate,
                     const char *unit);
/* Fractions in JSON, percent in text. */
void report_share(struct report *report, const char *key, const char *error_key, const char *label, struct estimate share);
void report_fraction(struct report *report, const char *key, const char *label, double fraction);
/* A value of another kind for JSON, which is taken over, and the text for it. */
void report_other(struct report *report, const char *key, const char *label, json_t *value, const char *text);

void report_end(struct report *report);

#endif
