/* The main function of a target where there is no fuzzer: runs it on the files that the command line names, and on those in directories. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 1 << 20, PATH = 4096 };

static int replay(const char *path, FILE *file)
{
    uint8_t *data = malloc(LONGEST);
    if (data == NULL) return 0;
    const size_t size = fread(data, 1, LONGEST, file);
    uint8_t *own = malloc(size > 0 ? size : 1); /* of its size, so that nothing beyond it can be read unseen */
    const int good = own != NULL && ferror(file) == 0;
    if (good) {
        memcpy(own, data, size);
        printf("%s\n", path);
        fflush(stdout);
        LLVMFuzzerTestOneInput(own, size);
    }
    free(own);
    free(data);
    return good;
}

static int replay_directory(const char *path, DIR *directory)
{
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char name[PATH];
        if (entry->d_name[0] == '.' || snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= PATH) continue;
        FILE *file = fopen(name, "rb");
        if (file == NULL) continue;
        count += replay(name, file);
        fclose(file);
    }
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        FILE *file = directory == NULL ? fopen(argv[i], "rb") : NULL;
        if (directory == NULL && file == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        count += directory != NULL ? replay_directory(argv[i], directory) : replay(argv[i], file);
        if (directory != NULL) closedir(directory);
        if (file != NULL) fclose(file);
    }
    printf("%d inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
