/* plug_in <libxent>: a program that loads the library, calls it on threads and closes it a thousand times, as one does that loads and
   unloads plug-ins. Neither memory nor mappings, files or threads become more. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xent.h>

#include "support/effort.h"

enum { ROWS = 40, CLASSES = 2000, TIMES = 1000 };

static float logits[ROWS * CLASSES];

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(EXIT_FAILURE);
}

/* POSIX says that a function's address fits a pointer to an object, and C does not. */
static void find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    if (address == NULL) give_up(dlerror());
    memcpy(function, &address, sizeof address);
}

/* As a plug-in does between being loaded and unloaded. */
static void use(const char *path)
{
    xent_status (*set_num_threads)(int32_t),
        (*wrap)(xent_tensor **, xent_dtype, int32_t, const int64_t *, const int64_t *, void *),
        (*softmax)(const xent_tensor *, int32_t, xent_tensor *);
    void (*destroy)(xent_tensor *);
    const int64_t shape[] = { ROWS, CLASSES };
    xent_tensor *z = NULL;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) give_up(dlerror());
    find(library, "xent_set_num_threads", &set_num_threads);
    find(library, "xent_tensor_wrap", &wrap);
    find(library, "xent_softmax", &softmax);
    find(library, "xent_tensor_destroy", &destroy);
    if (set_num_threads(2) != XENT_OK || wrap(&z, XENT_F32, 2, shape, NULL, logits) != XENT_OK) give_up("no tensor");
    memset(logits, 0, sizeof logits);
    if (softmax(z, 1, z) != XENT_OK || logits[0] != 1.0F / CLASSES) give_up("no softmax");
    destroy(z);
    if (dlclose(library) != 0) give_up(dlerror());
}

struct process {
    long pages, mappings, files, threads;
};

static long entries(const char *path)
{
    DIR *directory = opendir(path);
    long count = 0;
    if (directory == NULL) exit(77);
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

static struct process look(void)
{
    struct process p = { .files = entries("/proc/self/fd"), .threads = entries("/proc/self/task") };
    FILE *maps = fopen("/proc/self/maps", "r"), *memory = fopen("/proc/self/statm", "r");
    if (maps == NULL || memory == NULL) exit(77);
    for (int c; (c = getc(maps)) != EOF;) p.mappings += c == '\n';
    if (fscanf(memory, "%*d %ld", &p.pages) != 1) exit(77);
    fclose(maps);
    fclose(memory);
    return p;
}

/* A sanitizer keeps what is freed, and looks for leaks itself; an emulator's memory is not the program's. */
static bool memory_tells(void)
{
    const char *emulator = getenv("XENT_TEST_EMULATOR");
    return !has_address_sanitizer() && !has_thread_sanitizer() && (emulator == NULL || *emulator == '\0');
}

static bool same_or_less(const struct process *now, const struct process *before)
{
    const bool memory = (now->pages <= before->pages && now->mappings <= before->mappings) || !memory_tells();
    return memory && now->files <= before->files && now->threads <= before->threads;
}

/* What is lost each time, be it 16 bytes, makes every quarter end with more than it began with. What comes once, as the memory of a
   thread does when that first gets its turn, does not. */
int main(int argc, char **argv)
{
    bool kept = true;
    if (argc != 2) return EXIT_FAILURE;
    for (int quarter = 0; quarter < 4; quarter++) {
        const struct process before = look();
        for (int i = 0; i < TIMES / 4; i++) use(argv[1]);
        const struct process after = look();
        printf("%ld pages more, %ld mappings, %ld files, %ld threads\n", after.pages - before.pages,
               after.mappings - before.mappings, after.files - before.files, after.threads - before.threads);
        kept = kept && !same_or_less(&after, &before);
    }
    if (kept) give_up("each quarter of the calls has kept something");
    return EXIT_SUCCESS;
}
