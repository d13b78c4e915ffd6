/* Prints a hash of the bits of every operation over a fixed list of problems, one line each. What it prints is numerics version 1:
 * the same on every backend, CPU, compiler and operating system.
 *
 *     golden_bits               prints the list; tests/golden/bits.txt is its output
 *     golden_bits bits.txt      compares, and prints the lines that differ
 *
 * Needs libc and libxent alone, so that it can be built anywhere; from the root of the repository:
 *     cc -std=c11 -Iinclude -Itests tests/golden/print_bits.c tests/golden/bits_problems.c tests/support/problem*.c \
 *         tests/support/operations.c tests/support/half.c tests/support/random.c -lxent -lm -o golden_bits
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bits_problems.h"

enum { LINE = 400, CANNOT_RUN = 77 };

/* FNV-1a, 64 bits. */
static uint64_t hash(const unsigned char *bytes, size_t size)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < size; i++) h = (h ^ bytes[i]) * UINT64_C(0x100000001B3);
    return h;
}

/* The line of a problem. Ends the program where it cannot be computed. */
static void solve(const struct problem *p, char line[LINE])
{
    problem_text(p, line, LINE - 32);
    struct answer a = problem_solve(p);
    if (a.status != XENT_OK) {
        fprintf(stderr, "%s: %s: %s\n", line, xent_status_name(a.status), xent_error_message());
        exit(EXIT_FAILURE);
    }
    sprintf(line + strlen(line), " %016" PRIx64 "\n", hash(a.bytes, a.size));
    answer_free(&a);
}

static void print(void)
{
    char line[LINE];
    struct problem p;
    printf("# Written by tests/golden/print_bits.c, which see: print_bits > tests/golden/bits.txt. Numerics version %d.\n",
           (int)xent_numerics_version());
    for (int k = 0; bits_problem(k, &p); k++) {
        solve(&p, line);
        fputs(line, stdout);
    }
}

/* Reads a line that is no comment; an empty string at the end. */
static void read_line(FILE *file, char line[LINE])
{
    do {
        if (fgets(line, LINE, file) == NULL) *line = '\0';
    } while (*line == '#');
    char *end = strchr(line, '\r');
    if (end != NULL) strcpy(end, "\n");
}

static int compare(FILE *file)
{
    char wanted[LINE], got[LINE];
    struct problem p;
    int problems = 0, differ = 0;
    for (; bits_problem(problems, &p); problems++) {
        solve(&p, got);
        read_line(file, wanted);
        if (strcmp(got, wanted) == 0) continue;
        differ++;
        printf("-%s%s+%s", wanted, *wanted != '\0' ? "" : "\n", got);
    }
    read_line(file, wanted);
    if (*wanted != '\0') {
        printf("the file has lines behind the last problem: %s", wanted);
        differ++;
    }
    printf("backend %s: %d problems, %d lines differ\n", xent_backend(), problems, differ);
    return differ > 0;
}

int main(int argc, char **argv)
{
    if (xent_backend() == NULL) {
        fprintf(stderr, "the backend that XENT_BACKEND names is not usable on this CPU: skipped\n");
        return CANNOT_RUN;
    }
    if (argc < 2) {
        print();
        return EXIT_SUCCESS;
    }
    FILE *file = fopen(argv[1], "r");
    if (file == NULL) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    const int differ = compare(file);
    fclose(file);
    return differ ? EXIT_FAILURE : EXIT_SUCCESS;
}
