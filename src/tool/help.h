/* What --help and --version print. */
#ifndef XENT_TOOL_HELP_H
#define XENT_TOOL_HELP_H

/* Both print to standard output and return the program's exit code. */
int print_help(void);
int print_version(void);

#endif
