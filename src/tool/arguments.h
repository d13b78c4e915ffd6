/* The command line. */
#ifndef XENT_TOOL_ARGUMENTS_H
#define XENT_TOOL_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <xent.h>

enum command { EVAL = 1, KL = 2, DIFF = 4 };

struct arguments {
    enum command command;
    const char *files[3]; /* NULL behind those that were given */
    int32_t axis;
    int64_t ignore_index;
    double scale, softcap;
    xent_dtype as; /* what words of 16 bits are; 0: not said */
    bool shift, by_sequence, json, quiet;
    int64_t bytes; /* of the text; 0: not said */
    int64_t block; /* rows that are read at a time; 0: as many as suit a cache */
    int32_t threads;
    const char *rows, *plot; /* files to write; NULL: none */
};

/* Ends the program after --help and --version, with exit code 0, and where the command line is wrong. */
void arguments_parse(struct arguments *arguments, int argc, char **argv);

#endif
