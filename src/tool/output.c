/* Files that the program writes. */
#include "output.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "fail.h"

double output_number(double value) { return isnan(value) ? (double)NAN : value; }

void output_finish(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) fail("standard output: %s", strerror(errno));
}

FILE *output_open(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) fail("%s: %s", path, strerror(errno));
    return file;
}

void output_close(FILE *file, const char *path)
{
    const int failed = ferror(file);
    if (fclose(file) != 0 || failed) fail("%s: %s", path, strerror(errno));
}
