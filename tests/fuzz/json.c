#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/problem_operand.h"

enum { DEEPEST = 2048 };

/* What is left of the text, and where strings go: none is longer than it is written. */
struct reading {
    const uint8_t *at, *end;
    char *strings;
    int depth;
};

static void skip_blanks(struct reading *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

static bool take(struct reading *r, const char *word)
{
    const size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0) return false;
    r->at += length;
    return true;
}

/* ---- Strings ------------------------------------------------------------------------------------------------------------- */

static void put(struct reading *r, uint32_t c)
{
    const int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint32_t first[] = { 0, 0xC0, 0xE0, 0xF0 };
    *r->strings++ = (char)(first[more] | c >> (6 * more));
    for (int k = more; k-- > 0;) *r->strings++ = (char)(0x80 | (c >> (6 * k) & 0x3F));
}

/* A character of UTF-8 in its shortest form. */
static bool take_character(struct reading *r, uint32_t *c)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    const uint32_t byte = *r->at++;
    const int more = byte < 0x80 ? 0 : byte >> 5 == 6 ? 1 : byte >> 4 == 14 ? 2 : byte >> 3 == 30 ? 3 : -1;
    if (more < 0 || r->end - r->at < more) return false;
    *c = more == 0 ? byte : byte & (0x3FU >> more);
    for (int k = 0; k < more; k++, r->at++) {
        if (*r->at >> 6 != 2) return false;
        *c = *c << 6 | (*r->at & 0x3FU);
    }
    return *c >= least[more] && *c <= 0x10FFFF && *c >> 11 != 0x1B;
}

static bool take_hexadecimal(struct reading *r, uint32_t *c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    *c = 0;
    for (int k = 0; k < 4; k++, r->at++) {
        const char *digit = r->at < r->end && *r->at != '\0' ? strchr(digits, *r->at) : NULL;
        if (digit == NULL) return false;
        *c = *c << 4 | (uint32_t)((digit - digits) & 15);
    }
    return true;
}

static bool take_escape(struct reading *r, uint32_t *c)
{
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    uint32_t low;
    if (r->at == r->end) return false;
    const char *found = *r->at == '\0' ? NULL : strchr(plain, *r->at);
    if (found != NULL) return r->at++, *c = (uint32_t)meant[found - plain], true;
    if (!take(r, "u") || !take_hexadecimal(r, c) || *c == 0) return false;
    if (*c >> 11 != 0x1B) return true;
    if (*c >> 10 != 0x36 || !take(r, "\\u") || !take_hexadecimal(r, &low) || low >> 10 != 0x37) return false;
    *c = 0x10000 + ((*c & 0x3FF) << 10 | (low & 0x3FF));
    return true;
}

static const char *take_string(struct reading *r)
{
    const char *string = r->strings;
    if (!take(r, "\"")) return NULL;
    while (r->at < r->end && *r->at >= ' ') {
        uint32_t c;
        if (take(r, "\"")) return *r->strings++ = '\0', string;
        if (!(take(r, "\\") ? take_escape(r, &c) : take_character(r, &c))) return NULL;
        put(r, c);
    }
    return NULL;
}

/* ---- Numbers ------------------------------------------------------------------------------------------------------------- */

static bool take_digits(struct reading *r)
{
    const uint8_t *from = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return r->at > from;
}

static bool take_number(struct reading *r, struct json *value)
{
    const char *from = r->strings;
    const uint8_t *begin = r->at;
    (void)take(r, "-");
    if (!take(r, "0") && !take_digits(r)) return false;
    const uint8_t *whole = r->at;
    if (take(r, ".") && !take_digits(r)) return false;
    if (take(r, "e") || take(r, "E")) {
        if (!take(r, "+")) (void)take(r, "-");
        if (!take_digits(r)) return false;
    }
    memcpy(r->strings, begin, (size_t)(r->at - begin));
    r->strings += r->at - begin;
    *r->strings++ = '\0';
    value->kind = r->at == whole ? JSON_INTEGER : JSON_OTHER;
    if (value->kind == JSON_OTHER) return isfinite(strtod(from, NULL));
    errno = 0;
    value->integer = strtoll(from, NULL, 10);
    return errno == 0;
}

/* ---- Values -------------------------------------------------------------------------------------------------------------- */

static struct json *take_value(struct reading *r);
static void value_free(struct json *value);

static bool take_values(struct reading *r, struct json *value)
{
    const bool object = value->kind == JSON_OBJECT;
    const char *close = object ? "}" : "]";
    struct json **last = &value->first;
    r->at++;
    skip_blanks(r);
    if (take(r, close)) return true;
    for (;; skip_blanks(r)) {
        const char *name = object ? take_string(r) : "";
        skip_blanks(r);
        if (name == NULL || (object && (json_member(value, name) != NULL || !take(r, ":")))) return false;
        skip_blanks(r);
        if ((*last = take_value(r)) == NULL) return false;
        (*last)->name = name;
        last = &(*last)->next;
        value->count++;
        skip_blanks(r);
        if (take(r, close)) return true;
        if (!take(r, ",")) return false;
    }
}

static bool take_content(struct reading *r, struct json *value)
{
    if (value->kind == JSON_OBJECT || value->kind == JSON_ARRAY) return take_values(r, value);
    if (value->kind == JSON_STRING) return (value->string = take_string(r)) != NULL;
    return take(r, "true") || take(r, "false") || take(r, "null") || take_number(r, value);
}

static struct json *take_value(struct reading *r)
{
    struct json *value = memory_new(sizeof *value);
    const uint8_t c = r->at < r->end ? *r->at : 0;
    *value = (struct json){ .kind = c == '{' ? JSON_OBJECT : c == '[' ? JSON_ARRAY : c == '"' ? JSON_STRING : JSON_OTHER };
    const bool good = ++r->depth <= DEEPEST && take_content(r, value);
    r->depth--;
    if (good) return value;
    value_free(value);
    return NULL;
}

bool json_read(struct json_text *out, const uint8_t *text, size_t size)
{
    out->strings = memory_new(2 * size); /* a number is as long as its text, and a NUL */
    struct reading r = { text, text + size, out->strings, 0 };
    skip_blanks(&r);
    out->root = take_value(&r);
    skip_blanks(&r);
    if (out->root != NULL && r.at == r.end) return true;
    json_text_free(out);
    return false;
}

static void value_free(struct json *value)
{
    for (struct json *next; value != NULL; value = next) {
        next = value->next;
        value_free(value->first);
        free(value);
    }
}

void json_text_free(struct json_text *text)
{
    value_free(text->root);
    free(text->strings);
}

const struct json *json_member(const struct json *object, const char *name)
{
    const struct json *member = object->kind == JSON_OBJECT ? object->first : NULL;
    while (member != NULL && strcmp(member->name, name) != 0) member = member->next;
    return member;
}
