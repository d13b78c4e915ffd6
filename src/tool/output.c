/* Files that the program writes. */
#include "output.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"

double output_number(double value) { return isnan(value) ? (double)NAN : value; }

void output_finish(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) fail("standard output: %s", strerror(errno));
}

/* Whether a new file can stand beside what this path would be. */
static bool has_writable_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t length = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    char *directory = allocate(length + 2, 1);
    memcpy(directory, path, length);
    directory[length] = '.';
    const bool writable = access(directory, W_OK | X_OK) == 0;
    free(directory);
    return writable;
}

void output_check(const char *path)
{
    struct stat status;
    const bool is_new = lstat(path, &status) != 0 && errno == ENOENT;
    const bool is_directory = !is_new && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    if (is_directory) errno = EISDIR;
    /* A link may lead to where nothing is yet. */
    if (is_directory || (is_new ? !has_writable_directory(path) : access(path, W_OK) != 0 && errno != ENOENT))
        fail("%s: %s", path, strerror(errno));
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
