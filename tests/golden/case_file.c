#include "case_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Words and fields -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    int32_t value;
} words[] = {
    { "F32", XENT_F32 },
    { "F64", XENT_F64 },
    { "F16", XENT_F16 },
    { "BF16", XENT_BF16 },
    { "I64", XENT_I64 },
    { "I32", XENT_I32 },
    { "I16", XENT_I16 },
    { "I8", XENT_I8 },
    { "U8", XENT_U8 },
    { "U16", XENT_U16 },
    { "U32", XENT_U32 },
    { "U64", XENT_U64 },
    { "row_major", ROW_MAJOR },
    { "transposed", TRANSPOSED },
    { "spaced", SPACED },
    { "reversed", REVERSED },
    { "broadcast", BROADCAST },
    { "input", IN_PLACE_INPUT },
    { "upstream", IN_PLACE_UPSTREAM },
    { "SUM", XENT_REDUCTION_SUM },
    { "NONE", XENT_REDUCTION_NONE },
    { "none", 0 },
};

enum kind { WORD, INTEGER, LONG, REAL, LIST, EXTENTS, UNUSED };

#define AT(kind, member) kind, offsetof(struct golden_case, member)
static const struct {
    const char *key;
    enum kind kind;
    size_t offset;
} fields[] = {
    { "operation", AT(WORD, operation) },
    { "dtype", AT(WORD, dtype) },
    { "shape", AT(EXTENTS, shape) },
    { "axis", AT(INTEGER, axis) },
    { "layout", AT(WORD, layout) },
    { "operand_layout", AT(WORD, operand_layout) },
    { "out_layout", AT(WORD, out_layout) },
    { "in_place", AT(WORD, in_place) },
    { "values", UNUSED, 0 },
    { "target", AT(WORD, target) },
    { "class_weight", AT(WORD, class_weight) },
    { "row_weight", AT(WORD, row_weight) },
    { "grad_loss", AT(WORD, grad_loss) },
    { "loss", AT(WORD, loss) },
    { "reduction", AT(WORD, options.reduction) },
    { "ignore_index", AT(LONG, options.ignore_index) },
    { "label_smoothing", AT(REAL, options.label_smoothing) },
    { "z_loss", AT(REAL, options.z_loss) },
    { "logit_scale", AT(REAL, options.logit_scale) },
    { "softcap", AT(REAL, options.softcap) },
    { "normalizer", AT(REAL, options.normalizer) },
    { "source", UNUSED, 0 },
    { "error", AT(REAL, error) },
    { "input", AT(LIST, input) },
    { "upstream", AT(LIST, upstream) },
    { "classes", AT(LIST, classes) },
    { "probabilities", AT(LIST, probabilities) },
    { "weights", AT(LIST, weights) },
    { "row_weights", AT(LIST, row_weights) },
    { "grad_losses", AT(LIST, grad_losses) },
    { "answer_output", AT(LIST, answer_output) },
    { "answer_loss", AT(LIST, answer_loss) },
    { "answer_gradient", AT(LIST, answer_gradient) },
    { "answer_divisor", AT(LIST, answer_divisor) },
};

/* ---- Lines ------------------------------------------------------------------------------------------------------------- */

static void damaged(const char *what, const char *text)
{
    fprintf(stderr, "the file of cases is damaged: %s: %.80s\n", what, text);
    exit(EXIT_FAILURE);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL) damaged("no memory", "");
    return memory;
}

static int32_t parse_word(const char *text)
{
    for (int op = 0; op < OPS; op++)
        if (strcmp(operations[op].name, text) == 0) return op;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].word, text) == 0) return words[i].value;
    damaged("word", text);
    return 0;
}

/* The next number of a list and how often it stands there; false at the end. */
static bool next_number(const char **text, double *value, int64_t *times)
{
    char *end;
    if (**text == '\0') return false;
    *value = strtod(*text, &end);
    if (end == *text) damaged("number", *text);
    *times = *end == '*' ? strtoll(end + 1, &end, 10) : 1;
    if (*times < 1 || (*end != ' ' && *end != '\0')) damaged("number", *text);
    *text = end + strspn(end, " ");
    return true;
}

static void parse_list(struct numbers *list, const char *text)
{
    double value;
    int64_t times;
    for (const char *at = text; next_number(&at, &value, &times);) list->count += times;
    list->value = allocate((size_t)list->count, sizeof *list->value);
    for (int64_t i = 0; next_number(&text, &value, &times);)
        for (; times > 0; times--) list->value[i++] = value;
}

static void parse_shape(struct golden_case *g, const char *text)
{
    double extent;
    int64_t times;
    while (g->ndim < XENT_MAX_NDIM && next_number(&text, &extent, &times)) g->shape[g->ndim++] = (int64_t)extent;
    if (*text != '\0') damaged("rank", text);
}

static void parse_field(struct golden_case *g, const char *key, const char *text)
{
    size_t i = 0;
    while (i < sizeof fields / sizeof fields[0] && strcmp(fields[i].key, key) != 0) i++;
    if (i == sizeof fields / sizeof fields[0]) damaged("key", key);
    void *at = (char *)g + fields[i].offset;
    switch (fields[i].kind) {
    case WORD: *(int32_t *)at = parse_word(text); break;
    case INTEGER: *(int32_t *)at = (int32_t)strtol(text, NULL, 10); break;
    case LONG: *(int64_t *)at = strtoll(text, NULL, 10); break;
    case REAL: *(double *)at = strtod(text, NULL); break;
    case LIST: parse_list(at, text); break;
    case EXTENTS: parse_shape(g, text); break;
    case UNUSED: break;
    }
}

/* ---- The file ---------------------------------------------------------------------------------------------------------- */

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) damaged("cannot be read", path);
    const long size = ftell(file);
    if (size < 0) damaged("cannot be read", path);
    rewind(file);
    char *text = allocate((size_t)size + 1, 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size) damaged("cannot be read", path);
    fclose(file);
    return text;
}

static int64_t count_cases(const char *text)
{
    int64_t count = 0;
    for (const char *at = text; (at = strstr(at, "\ncase ")) != NULL; at++) count++;
    return count;
}

static void case_begin(struct golden_case *g, const char *title)
{
    const xent_options defaults = XENT_OPTIONS_INIT;
    g->options = defaults;
    g->axis = XENT_AXIS_DEFAULT;
    g->title = allocate(strlen(title) + 1, 1);
    strcpy(g->title, title);
}

struct golden_case *golden_cases_read(const char *path, int64_t *count)
{
    char *text = read_text(path);
    const int64_t total = count_cases(text);
    struct golden_case *cases = allocate((size_t)total, sizeof *cases);
    int64_t at = -1, announced = -1;
    for (char *line = text; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        char *next = line + length + (line[length] == '\n');
        line[length] = '\0';
        char *value = line + strcspn(line, " ");
        if (*value != '\0') *value++ = '\0';
        if (strcmp(line, "case") == 0)
            case_begin(&cases[++at], value);
        else if (strcmp(line, "end") == 0)
            announced = strtoll(value, NULL, 10);
        else if (*line != '\0' && *line != '#' && at >= 0)
            parse_field(&cases[at], line, value);
        line = next;
    }
    if (total == 0 || announced != total || at + 1 != total) damaged("number of cases", path);
    free(text);
    *count = total;
    return cases;
}

void golden_cases_free(struct golden_case *cases, int64_t count)
{
    for (int64_t k = 0; k < count; k++) {
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
            if (fields[i].kind == LIST) free(((struct numbers *)((char *)&cases[k] + fields[i].offset))->value);
        free(cases[k].title);
    }
    free(cases);
}

/* ---- Geometry ---------------------------------------------------------------------------------------------------------- */

int32_t golden_class_axis(const struct golden_case *g)
{
    if (g->axis == XENT_AXIS_DEFAULT) return g->ndim > 1 ? 1 : 0;
    return g->axis < 0 ? g->axis + g->ndim : g->axis;
}

int64_t golden_class_count(const struct golden_case *g) { return g->shape[golden_class_axis(g)]; }

int64_t golden_batch_shape(const struct golden_case *g, int64_t *shape)
{
    int64_t rows = 1;
    for (int32_t d = 0, k = 0; d < g->ndim; d++) {
        if (d == golden_class_axis(g)) continue;
        if (shape != NULL) shape[k++] = g->shape[d];
        rows *= g->shape[d];
    }
    return rows;
}

int64_t golden_element(const struct golden_case *g, int64_t row, int64_t c)
{
    int64_t inner = 1;
    for (int32_t d = golden_class_axis(g) + 1; d < g->ndim; d++) inner *= g->shape[d];
    return (row / inner * golden_class_count(g) + c) * inner + row % inner;
}

double golden_row_weight(const struct golden_case *g, int64_t row)
{
    return g->row_weights.value == NULL ? 1 : g->row_weights.value[row];
}

bool golden_ignored(const struct golden_case *g, int64_t row)
{
    if (golden_row_weight(g, row) == 0) return true;
    return g->classes.value != NULL && (int64_t)g->classes.value[row] == g->options.ignore_index;
}
