#ifndef XENT_TESTS_FUZZ_JSON_H
#define XENT_TESTS_FUZZ_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text in JSON (RFC 8259) as a tree, for a model of what reads it: UTF-8 that is right to the byte, no member of an object twice, no NUL
   in a string, integers that int64_t holds, other numbers that double does, at most 2048 values in each other. */
enum json_kind { JSON_OBJECT, JSON_ARRAY, JSON_STRING, JSON_INTEGER, JSON_OTHER };

struct json {
    enum json_kind kind;
    const char *name;          /* of a member */
    const char *string;        /* of a string, without escapes */
    int64_t integer;           /* of a number that is written without point and exponent */
    size_t count;              /* of the values within */
    struct json *first, *next; /* the first one within, and the one behind this */
};

struct json_text {
    struct json *root;
    char *strings;
};

/* false: no such text, and there is nothing to free. */
bool json_read(struct json_text *out, const uint8_t *text, size_t size);
void json_text_free(struct json_text *text);

/* The member of that name; NULL: there is none, or no object. */
const struct json *json_member(const struct json *object, const char *name);

#endif
