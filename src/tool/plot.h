/* --plot: a drawing of a number over the rows, by gnuplot. */
#ifndef XENT_TOOL_PLOT_H
#define XENT_TOOL_PLOT_H

#include <stdbool.h>

#include "summary.h"

/* Ends the program with a sentence where there is no gnuplot. */
void plot_check(void);

/* name: of the number, with its unit. length: how many rows make a sequence, whose positions are the second drawing's. by_magnitude: a
   logarithmic scale. */
void plot_write(const char *path, const struct sample *sample, int64_t length, const char *name, bool by_magnitude);

#endif
