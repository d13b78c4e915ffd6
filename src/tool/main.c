/* xent: evaluates and compares models' logits. */
#include <fcntl.h>
#include <signal.h>

#include "arguments.h"
#include "commands.h"
#include "fail.h"
#include "mapped_file.h"
#include "output.h"
#include "plot.h"

/* Where one of the first three descriptors is closed, the next file that is opened would become it. In its place stands what fails as
   it does. */
static void occupy_standard_descriptors(void)
{
    for (int descriptor = 0; descriptor < 3; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0) return;
}

static void prepare_output(const char *path)
{
    output_check(path);
    file_keep_from(path);
}

static int (*const run[])(const struct arguments *) = { [EVAL] = eval, [KL] = kl, [DIFF] = diff };

int main(int argc, char **argv)
{
    struct arguments arguments;
    occupy_standard_descriptors();
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is told as a disk that is full */
    arguments_parse(&arguments, argc, argv);
    if (arguments.threads > 0) must(xent_set_num_threads(arguments.threads));
    if (arguments.rows != NULL) prepare_output(arguments.rows);
    if (arguments.plot != NULL) prepare_output(arguments.plot);
    if (arguments.plot != NULL) plot_check();
    return run[arguments.command](&arguments);
}
