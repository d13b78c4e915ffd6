/* Files that the program writes. */
#ifndef XENT_TOOL_OUTPUT_H
#define XENT_TOOL_OUTPUT_H

#include <stdio.h>

/* What printf shows of it is the same on every machine: NaN has no sign. */
double output_number(double value);

/* Ends the program if what was printed to standard output has not arrived. */
void output_finish(void);

/* Ends the program where a file that is to be written later cannot be: rows should not be read in vain. It is not touched. */
void output_check(const char *path);

/* A file that is empty so far; ends the program if that cannot be had. */
FILE *output_open(const char *path);
/* Ends the program if what was written has not arrived. */
void output_close(FILE *file, const char *path);

#endif
