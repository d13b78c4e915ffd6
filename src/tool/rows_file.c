/* --rows as .csv, .json (an array with an object a line) or .npy. */
#include "rows_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "output.h"

static bool is_there(const struct column *column) { return column->reals != NULL || column->integers != NULL; }

static void print_integer(FILE *file, int64_t value) { fprintf(file, "%lld", (long long)value); }

static void write_csv(FILE *file, const struct column *columns, int count, int64_t rows, const uint8_t *ignored)
{
    fputs("row", file);
    for (int k = 0; k < count; k++)
        if (is_there(&columns[k])) fprintf(file, ",%s", columns[k].name);
    for (int64_t row = 0; row < rows; row++) {
        fprintf(file, "\n%lld", (long long)row);
        for (int k = 0; k < count; k++) {
            if (!is_there(&columns[k])) continue;
            putc(',', file);
            if (ignored[row]) continue;
            if (columns[k].reals != NULL)
                fprintf(file, "%.17g", output_number(columns[k].reals[row]));
            else
                print_integer(file, columns[k].integers[row]);
        }
    }
    putc('\n', file);
}

static void write_json(FILE *file, const struct column *columns, int count, int64_t rows, const uint8_t *ignored)
{
    for (int64_t row = 0; row < rows; row++) {
        fprintf(file, "%s{\"row\": %lld", row == 0 ? "[\n" : ",\n", (long long)row);
        for (int k = 0; k < count; k++) {
            if (!is_there(&columns[k])) continue;
            fprintf(file, ", \"%s\": ", columns[k].name);
            if (ignored[row] || (columns[k].reals != NULL && !isfinite(columns[k].reals[row])))
                fputs("null", file);
            else if (columns[k].reals != NULL)
                fprintf(file, "%.17g", columns[k].reals[row]);
            else
                print_integer(file, columns[k].integers[row]);
        }
        putc('}', file);
    }
    fputs("\n]\n", file);
}

/* Version 1.0 of the format, data from a multiple of 64 bytes on. */
static void write_npy(FILE *file, const struct column *columns, const struct source *source, const uint8_t *ignored)
{
    char header[512];
    int k = 0;
    while (columns[k].reals == NULL) k++;
    int length = snprintf(header, sizeof header, "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }",
                          shape_text(source->batch_ndim, source->batch_shape).text);
    while ((10 + length + 1) % 64 != 0) header[length++] = ' ';
    header[length++] = '\n';
    fwrite("\x93NUMPY\1\0", 1, 8, file);
    putc(length & 255, file);
    putc(length >> 8, file);
    fwrite(header, 1, (size_t)length, file);
    for (int64_t row = 0; row < source->count; row++) {
        const double value = ignored[row] ? (double)NAN : columns[k].reals[row];
        fwrite(&value, sizeof value, 1, file);
    }
}

void rows_file_write(const char *path, const struct column *columns, int count, const struct source *source,
                     const uint8_t *ignored)
{
    FILE *file = output_open(path);
    const char *ending = strrchr(path, '.');
    if (strcmp(ending, ".csv") == 0)
        write_csv(file, columns, count, source->count, ignored);
    else if (strcmp(ending, ".json") == 0)
        write_json(file, columns, count, source->count, ignored);
    else
        write_npy(file, columns, source, ignored);
    output_close(file, path);
}
