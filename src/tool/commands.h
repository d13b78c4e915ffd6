/* The commands. Each returns the program's exit code. */
#ifndef XENT_TOOL_COMMANDS_H
#define XENT_TOOL_COMMANDS_H

#include "arguments.h"
#include "report.h"
#include "source.h"

int eval(const struct arguments *arguments);
int kl(const struct arguments *arguments);
int diff(const struct arguments *arguments);

/* What eval and kl share: options of the library as the command line has them. */
xent_options options_of(const struct arguments *arguments);

/* How many rows make a sequence: the last extent of the batch. */
int64_t sequence_length(const struct source *source);

/* Ends the program if --by-sequence is wanted of rows that are not sequences. */
void check_sequences(const struct arguments *arguments, const struct source *source);

/* That a base file's numbers have been rounded, if it is one. */
void report_base(struct report *report, const struct source *source);

#endif
