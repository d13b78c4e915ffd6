/* Files in windows. A file that shrinks while it is mapped raises SIGBUS in whatever thread reads it. */
#include "mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "progress.h"

enum { MOST_FILES = 8 };

static const uint64_t window_length = 64 << 20;

/* The files that are open, for the handler. Windows move only while no thread reads them. */
static struct mapped_file *open_files[MOST_FILES];

static const char *outputs[MOST_FILES];

void file_keep_from(const char *output)
{
    for (int k = 0; k < MOST_FILES; k++) {
        if (outputs[k] != NULL) continue;
        outputs[k] = output;
        return;
    }
}

static void check_outputs(const char *path, const struct stat *input)
{
    struct stat output;
    for (int k = 0; k < MOST_FILES && outputs[k] != NULL; k++)
        if (stat(outputs[k], &output) == 0 && output.st_dev == input->st_dev && output.st_ino == input->st_ino)
            fail("%s: is to be read, and would be overwritten", path);
}

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(FAILED);
}

static void bus_error(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    for (int k = 0; k < MOST_FILES; k++) {
        const struct mapped_file *file = open_files[k];
        if (file == NULL || file->window == NULL) continue;
        if ((uintptr_t)info->si_addr - (uintptr_t)file->window >= file->length) continue;
        progress_end();
        say("xent: ");
        say(file->path);
        say(": became shorter, or could not be read, while it was read\n");
        _exit(FAILED);
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void register_file(struct mapped_file *file)
{
    struct sigaction action = { .sa_flags = SA_SIGINFO };
    action.sa_sigaction = bus_error;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    for (int k = 0; k < MOST_FILES; k++) {
        if (open_files[k] != NULL) continue;
        open_files[k] = file;
        return;
    }
}

/* No socket, which cannot be opened. */
static const char *kind(mode_t mode) { return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a pipe" : "a device"; }

void file_open(struct mapped_file *file, const char *path)
{
    struct stat status;
    *file = (struct mapped_file){ .path = path };
    /* A pipe without a writer would otherwise block here. */
    file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor < 0 || fstat(file->descriptor, &status) != 0) fail("%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode)) fail("%s: is %s, expected a regular file", path, kind(status.st_mode));
    if (status.st_size == 0) fail("%s: is empty", path);
    check_outputs(path, &status);
    file->size = (uint64_t)status.st_size;
    file->change = status.st_mtim;
    register_file(file);
}

static void unmap(struct mapped_file *file)
{
    if (file->window != NULL) munmap(file->window, (size_t)file->length);
    file->window = NULL;
}

/* As much beyond the bytes that are asked for as the next calls will want. */
static void map(struct mapped_file *file, uint64_t begin, uint64_t length)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), before = begin % page;
    const uint64_t rest = file->size - (begin - before), wanted = before + length + window_length;
    file->begin = begin - before;
    file->length = wanted < rest ? wanted : rest;
    errno = ENOMEM;
    void *window = MAP_FAILED;
    if (file->length <= SIZE_MAX)
        window = mmap(NULL, (size_t)file->length, PROT_READ, MAP_SHARED, file->descriptor, (off_t)file->begin);
    if (window == MAP_FAILED)
        fail("%s: %llu bytes of it cannot be mapped: %s", file->path, (unsigned long long)file->length, strerror(errno));
    file->window = window;
    posix_madvise(window, (size_t)file->length, POSIX_MADV_SEQUENTIAL);
    posix_madvise(window, (size_t)file->length, POSIX_MADV_WILLNEED);
}

const unsigned char *file_bytes(struct mapped_file *file, uint64_t begin, uint64_t length)
{
    if (file->window == NULL || begin < file->begin || begin - file->begin > file->length ||
        length > file->length - (begin - file->begin)) {
        unmap(file);
        map(file, begin, length);
    }
    return file->window + (begin - file->begin);
}

void file_close(struct mapped_file *file)
{
    struct stat status;
    unmap(file);
    for (int k = 0; k < MOST_FILES; k++)
        if (open_files[k] == file) open_files[k] = NULL;
    if (fstat(file->descriptor, &status) != 0) fail("%s: %s", file->path, strerror(errno));
    if ((uint64_t)status.st_size != file->size)
        fail("%s: has %lld bytes, and had %llu when it was opened: it changed while it was read", file->path,
             (long long)status.st_size, (unsigned long long)file->size);
    if (status.st_mtim.tv_sec != file->change.tv_sec || status.st_mtim.tv_nsec != file->change.tv_nsec)
        fail("%s: changed while it was read", file->path);
    close(file->descriptor);
}
