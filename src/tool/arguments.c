/* The command line, by getopt_long. */
#include "arguments.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "help.h"

static const struct {
    const char *name;
    enum command command;
    int least, most; /* files */
} commands[] = { { "eval", EVAL, 1, 2 }, { "kl", KL, 2, 3 }, { "diff", DIFF, 2, 2 } };

enum { COMMANDS = sizeof commands / sizeof *commands };

enum option_code {
    AXIS = 1,
    IGNORE_INDEX,
    SCALE,
    SOFTCAP,
    AS,
    SHIFT,
    BY_SEQUENCE,
    BYTES,
    ROWS,
    PLOT,
    JSON,
    THREADS,
    BLOCK,
    QUIET
};

/* An option's place here is that in long_options; in which commands it means something. */
static const unsigned meant_for[] = {
    [AXIS] = EVAL | KL,         [IGNORE_INDEX] = EVAL | KL, [SCALE] = EVAL | KL,       [SOFTCAP] = EVAL | KL,
    [AS] = EVAL | KL | DIFF,    [SHIFT] = EVAL | KL,        [BY_SEQUENCE] = EVAL | KL, [BYTES] = EVAL | KL,
    [ROWS] = EVAL | KL,         [PLOT] = EVAL | KL,         [JSON] = EVAL | KL | DIFF, [THREADS] = EVAL | KL,
    [BLOCK] = EVAL | KL | DIFF, [QUIET] = EVAL | KL | DIFF,
};

static const struct option long_options[] = {
    { "axis", required_argument, NULL, AXIS },
    { "ignore-index", required_argument, NULL, IGNORE_INDEX },
    { "scale", required_argument, NULL, SCALE },
    { "softcap", required_argument, NULL, SOFTCAP },
    { "as", required_argument, NULL, AS },
    { "shift", no_argument, NULL, SHIFT },
    { "by-sequence", no_argument, NULL, BY_SEQUENCE },
    { "bytes", required_argument, NULL, BYTES },
    { "rows", required_argument, NULL, ROWS },
    { "plot", required_argument, NULL, PLOT },
    { "json", no_argument, NULL, JSON },
    { "threads", required_argument, NULL, THREADS },
    { "block", required_argument, NULL, BLOCK },
    { "quiet", no_argument, NULL, QUIET },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

static int64_t whole(const char *option, const char *text, int64_t least, int64_t most)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < least || value > most)
        fail_usage("--%s takes a whole number from %lld to %lld, not '%s'", option, (long long)least, (long long)most, text);
    return value;
}

static double number(const char *option, const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 1e-30 && value <= 1e30))
        fail_usage("--%s takes a number from 1e-30 to 1e30, not '%s'", option, text);
    return value;
}

static xent_dtype words(const char *text)
{
    if (strcmp(text, "bf16") == 0) return XENT_BF16;
    if (strcmp(text, "f16") == 0) return XENT_F16;
    fail_usage("--as takes bf16 or f16, not '%s'", text);
}

/* A file's name with one of these endings. */
static const char *file_with_ending(const char *option, const char *text, const char *const *endings, const char *list)
{
    const size_t length = strlen(text);
    for (; *endings != NULL; endings++) {
        const size_t ending = strlen(*endings);
        if (length > ending && strcmp(text + length - ending, *endings) == 0) return text;
    }
    fail_usage("--%s takes a file whose name ends with %s, not '%s'", option, list, text);
}

static const char *const row_endings[] = { ".csv", ".json", ".npy", NULL }, *const plot_endings[] = { ".svg", NULL };

static void set(struct arguments *a, enum option_code code, const char *name, const char *text)
{
    switch (code) {
    case AXIS: a->axis = (int32_t)whole(name, text, -XENT_MAX_NDIM, XENT_MAX_NDIM - 1); break;
    case IGNORE_INDEX: a->ignore_index = whole(name, text, INT64_MIN, INT64_MAX); break;
    case SCALE: a->scale = number(name, text); break;
    case SOFTCAP: a->softcap = number(name, text); break;
    case AS: a->as = words(text); break;
    case SHIFT: a->shift = true; break;
    case BY_SEQUENCE: a->by_sequence = true; break;
    case BYTES: a->bytes = whole(name, text, 1, INT64_MAX); break;
    case ROWS: a->rows = file_with_ending(name, text, row_endings, ".csv, .json or .npy"); break;
    case PLOT: a->plot = file_with_ending(name, text, plot_endings, ".svg"); break;
    case JSON: a->json = true; break;
    case THREADS: a->threads = (int32_t)whole(name, text, 1, 4096); break;
    case BLOCK: a->block = whole(name, text, 1, INT64_MAX); break;
    case QUIET: a->quiet = true; break;
    }
}

/* The place of the command's name in commands[]. */
static int command_named(const char *name)
{
    for (int k = 0; k < COMMANDS; k++)
        if (strcmp(commands[k].name, name) == 0) return k;
    fail_usage("'%s' is no command, expected eval, kl or diff", name);
}

static void take_files(struct arguments *a, char **words_left, int count)
{
    if (count == 0) fail_usage("a command is missing: eval, kl or diff");
    const int k = command_named(words_left[0]), files = count - 1;
    a->command = commands[k].command;
    if (files < commands[k].least || files > commands[k].most)
        fail_usage(commands[k].least == commands[k].most ? "%s takes %d files, not %d" : "%s takes %d or %d files, not %d",
                   commands[k].name, commands[k].least, commands[k].least == commands[k].most ? files : commands[k].most,
                   files);
    for (int file = 0; file < files; file++) a->files[file] = words_left[1 + file];
}

static bool is_option(int code)
{
    for (const struct option *option = long_options; option->name != NULL; option++)
        if (option->val == code) return true;
    return false;
}

/* getopt_long's word for a word that is wrong: `code`. optopt tells an option that is there, of which nothing but the value is wrong, or
   the letter of one that is not, or 0 where a word is none. */
_Noreturn static void fail_option(int code, const char *word)
{
    if (code == ':') fail_usage("%s needs a value", word);
    if (is_option(optopt)) fail_usage("%s: this option takes no value", word);
    if (optopt == 0) fail_usage("%s is no option, or the beginning of several", word);
    if (optopt > ' ' && optopt <= '~') fail_usage("-%c is no option", optopt);
    fail_usage("-h and -V are the only options of one letter");
}

void arguments_parse(struct arguments *a, int argc, char **argv)
{
    unsigned meant = EVAL | KL | DIFF;
    const char *stray = NULL;
    *a = (struct arguments){ .axis = -1, .ignore_index = -100, .scale = 1 };
    opterr = 0;
    for (int code, place = 0; (code = getopt_long(argc, argv, ":hV", long_options, &place)) != -1;) {
        if (code == 'h') exit(print_help());
        if (code == 'V') exit(print_version());
        if (code == '?' || code == ':') fail_option(code, argv[optind - 1]);
        set(a, (enum option_code)code, long_options[place].name, optarg);
        if ((meant & meant_for[code]) != meant) stray = long_options[place].name;
        meant &= meant_for[code];
    }
    take_files(a, argv + optind, argc - optind);
    if (!(meant & a->command)) fail_usage("--%s means nothing to %s", stray, argv[optind]);
}
