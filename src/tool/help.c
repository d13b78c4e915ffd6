/* What --help and --version print. */
#include "help.h"

#include <stdio.h>
#include <xent.h>

#include "output.h"

static const char help[] = "usage: xent eval LOGITS [TARGETS]\n"
                           "           loss, perplexity, accuracy, top-5 and entropy of a model's logits\n"
                           "       xent kl BASE LOGITS [TARGETS]\n"
                           "           how the logits of two models differ: KL(base || logits) and more\n"
                           "       xent diff A B\n"
                           "           whether two arrays have the same bits, and how far apart they are\n"
                           "\n"
                           "A file is .npy, .safetensors or llama.cpp's KLD base file; its content tells\n"
                           "which. Logits have the shape (..., classes) and are F32, F64, F16 or BF16.\n"
                           "TARGETS are class indices, integers of the shape (...).\n"
                           "  x.safetensors:NAME   that tensor; without a name \"logits\" (TARGETS:\n"
                           "                       \"targets\"), or else the only one\n"
                           "  without TARGETS      the tensor \"targets\" beside the logits, or the tokens\n"
                           "                       of the base file\n"
                           "\n"
                           "  --axis N             where the classes are: 0 is the first axis, -1 the last\n"
                           "                       one and the default\n"
                           "  --ignore-index N     rows with this target do not count; default: -100\n"
                           "  --scale X            multiplies every logit first: 1 / temperature\n"
                           "  --softcap X          then a logit z becomes X * tanh(z / X)\n"
                           "  --as bf16|f16        what the 16-bit words of a file without a type for them\n"
                           "                       are, such as bf16 in .npy\n"
                           "  --shift              TARGETS are the tokens: position t predicts token t + 1\n"
                           "                       of the last batch axis\n"
                           "  --by-sequence        also the mean of the means of sequences (the last batch\n"
                           "                       axis), and its standard error\n"
                           "  --bytes N            also bits per byte, of a text of N bytes\n"
                           "  --rows FILE          writes a line for each row: .csv, .json, or .npy\n"
                           "                       (losses, or divergences, in F64)\n"
                           "  --plot FILE.svg      draws the distribution over rows, and its quantiles over\n"
                           "                       positions (needs gnuplot)\n"
                           "  --json               prints JSON, with all digits\n"
                           "  --threads N          at most N threads; default: one for each CPU\n"
                           "  --block N            reads N rows at a time; no result depends on it\n"
                           "  --quiet              no progress on a terminal\n"
                           "  --help, --version\n"
                           "\n"
                           "Exit code: 0; 1: diff has found a difference; 2: an error, in one sentence.\n"
                           "xent(1) is the manual.\n";

int print_help(void)
{
    fputs(help, stdout);
    output_finish();
    return 0;
}

int print_version(void)
{
    printf("xent %s\nnumerics %d\n", xent_version(), (int)xent_numerics_version());
    output_finish();
    return 0;
}
