/* A regular file, seen through a window that moves: address space for a part of it, whatever its size. */
#ifndef XENT_TOOL_MAPPED_FILE_H
#define XENT_TOOL_MAPPED_FILE_H

#include <stdint.h>
#include <time.h>

struct mapped_file {
    const char *path;
    int descriptor;
    uint64_t size;          /* when it was opened */
    struct timespec change; /* likewise */
    unsigned char *window;  /* NULL: none yet */
    uint64_t begin, length; /* where in the file the window lies */
};

/* From now on a file that is opened to be read may not be this one, which will be written. */
void file_keep_from(const char *output);

/* Anything but a regular file that can be read ends the program, as all functions here do that fail. */
void file_open(struct mapped_file *file, const char *path);

/* The bytes [begin, begin + length), length > 0, inside the file; valid until the next call. Reads that find the file shorter than it
   was when it was opened end the program with a sentence. */
const unsigned char *file_bytes(struct mapped_file *file, uint64_t begin, uint64_t length);

/* Ends the program if the file is no longer what it was when it was opened. */
void file_close(struct mapped_file *file);

#endif
