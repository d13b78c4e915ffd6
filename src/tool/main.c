/* xent: evaluates and compares models' logits. */
#include "arguments.h"
#include "commands.h"
#include "fail.h"
#include "mapped_file.h"
#include "plot.h"

int main(int argc, char **argv)
{
    struct arguments arguments;
    arguments_parse(&arguments, argc, argv);
    if (arguments.threads > 0) must(xent_set_num_threads(arguments.threads));
    if (arguments.rows != NULL) file_keep_from(arguments.rows);
    if (arguments.plot != NULL) file_keep_from(arguments.plot);
    if (arguments.plot != NULL) plot_check();
    switch (arguments.command) {
    case EVAL: return eval(&arguments);
    case KL: return kl(&arguments);
    case DIFF: return diff(&arguments);
    }
    return FAILED;
}
