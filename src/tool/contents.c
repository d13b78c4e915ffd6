/* What a file holds, by its content. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail.h"
#include "npy.h"
#include "safetensors.h"
#include "source.h"

/* As many as any format needs to be told by, and to say how long its header is. */
enum { BEGINNING = 20 };

/* PATH, or PATH:NAME where there is no file of the whole name. */
static void split(struct contents *contents, const char *argument)
{
    const size_t size = strlen(argument) + 1;
    contents->path = memcpy(allocate(size, 1), argument, size);
    char *colon = access(argument, F_OK) != 0 ? strrchr(contents->path, ':') : NULL;
    if (colon == NULL) return;
    *colon = '\0';
    contents->name = colon + 1;
}

static const unsigned char *header(struct mapped_file *file, size_t size) { return file_bytes(file, 0, size); }

static bool read_npy(struct contents *contents, const unsigned char *bytes, size_t size, struct reason *why)
{
    struct mapped_file *file = &contents->file;
    const size_t needed = npy_header_size(bytes, size, file->size, why);
    contents->format = NPY;
    return needed > 0 && npy_parse(&contents->array, header(file, needed), needed, file->size, why);
}

static bool read_safetensors(struct contents *contents, const unsigned char *bytes, size_t size, const char *usual,
                             struct reason *why)
{
    struct mapped_file *file = &contents->file;
    const size_t needed = safetensors_header_size(bytes, size, file->size, why);
    contents->format = SAFETENSORS;
    if (needed == 0) return false;
    bytes = header(file, needed);
    return contents->name != NULL ? safetensors_parse(&contents->array, contents->name, bytes, needed, file->size, why)
                                  : safetensors_parse_usual(&contents->array, usual, bytes, needed, file->size, why);
}

void contents_open(struct contents *contents, const char *argument, const char *usual)
{
    struct reason why;
    bool good;
    *contents = (struct contents){ 0 };
    split(contents, argument);
    file_open(&contents->file, contents->path);
    const size_t size = contents->file.size < BEGINNING ? (size_t)contents->file.size : BEGINNING;
    const unsigned char *bytes = file_bytes(&contents->file, 0, size);
    if (npy_is(bytes, size)) {
        good = read_npy(contents, bytes, size, &why);
    } else if (kld_is(bytes, size)) {
        contents->format = KLD;
        good = kld_parse(&contents->kld, bytes, size, contents->file.size, &why);
    } else if (safetensors_is(bytes, size)) {
        good = read_safetensors(contents, bytes, size, usual, &why);
    } else {
        good = refuse(&why, "is neither a .npy file, nor a .safetensors file, nor a KLD base file of llama.cpp");
    }
    if (!good) fail("%s: %s", contents->path, why.text);
    if (contents->name != NULL && contents->format != SAFETENSORS)
        fail("%s: is no .safetensors file, and has no tensor '%s'", contents->path, contents->name);
}

void contents_close(struct contents *contents)
{
    file_close(&contents->file);
    free(contents->path);
}

bool contents_beside(struct contents *contents, const char *name, struct array *array)
{
    struct mapped_file *file = &contents->file;
    struct reason why = { "" };
    bool found = false;
    if (contents->format != SAFETENSORS) return false;
    const size_t beginning = file->size < BEGINNING ? (size_t)file->size : BEGINNING;
    const size_t size = safetensors_header_size(header(file, beginning), beginning, file->size, &why);
    if (!safetensors_look_up(array, name, header(file, size), size, file->size, &found, &why))
        fail("%s: %s", file->path, why.text);
    return found;
}
