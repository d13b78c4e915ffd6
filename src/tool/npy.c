/* The header of a .npy file: a magic string, a version, a length, and a Python literal of a dictionary with three keys. */
#include "npy.h"

#include <string.h>

enum { MAGIC = 6, LONGEST = 1 << 20 };

bool npy_is(const unsigned char *bytes, size_t size) { return size >= MAGIC && memcmp(bytes, "\x93NUMPY", MAGIC) == 0; }

size_t npy_header_size(const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why)
{
    if (size < MAGIC + 4) return refuse(why, "ends after %zu bytes, inside the header of a .npy file", size);
    const unsigned major = bytes[MAGIC];
    if (major < 1 || major > 3) return refuse(why, "has version %u of the .npy format, expected 1 to 3", major);
    const size_t digits = major == 1 ? 2 : 4, prefix = MAGIC + 2 + digits;
    uint64_t length = 0;
    if (size < prefix) return refuse(why, "ends after %zu bytes, inside the header of a .npy file", size);
    for (size_t k = digits; k-- > 0;) length = length << 8 | bytes[MAGIC + 2 + k];
    if (length > LONGEST)
        return refuse(why, "has a header of %llu bytes, expected at most %d", (unsigned long long)length, LONGEST);
    if (prefix + length > file_size)
        return refuse(why, "has %llu bytes, fewer than the %llu of its header", (unsigned long long)file_size,
                      (unsigned long long)(prefix + length));
    return prefix + (size_t)length;
}

/* The literal, as it is read. */
struct text {
    const char *at, *end;
};

static void skip_blanks(struct text *t)
{
    while (t->at < t->end && (*t->at == ' ' || *t->at == '\n' || *t->at == '\t' || *t->at == '\r')) t->at++;
}

static bool take(struct text *t, const char *word)
{
    const size_t length = strlen(word);
    skip_blanks(t);
    if ((size_t)(t->end - t->at) < length || memcmp(t->at, word, length) != 0) return false;
    t->at += length;
    return true;
}

/* A string without escapes and NUL, which no key and no type has. */
static bool take_string(struct text *t, char *out, size_t size)
{
    skip_blanks(t);
    if (t->at == t->end || (*t->at != '\'' && *t->at != '"')) return false;
    const char quote = *t->at, *begin = t->at + 1, *end = memchr(begin, quote, (size_t)(t->end - begin));
    const size_t length = end != NULL ? (size_t)(end - begin) : size;
    if (length >= size || memchr(begin, '\\', length) != NULL || memchr(begin, '\0', length) != NULL) return false;
    memcpy(out, begin, length);
    out[length] = '\0';
    t->at = end + 1;
    return true;
}

/* Decimal: with a zero in front it is octal to one Python and nothing to the other. */
static bool take_extent(struct text *t, int64_t *out)
{
    int64_t value = 0;
    int digits = 0;
    skip_blanks(t);
    const char *first = t->at;
    for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++, digits++) {
        const int digit = *t->at - '0';
        if (value > (INT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    if (t->at < t->end && *t->at == 'L') t->at++; /* numpy under Python 2 */
    *out = value;
    return digits == 1 || (digits > 1 && *first != '0');
}

static bool take_shape(struct text *t, struct array *array, struct reason *why)
{
    array->ndim = 0;
    if (!take(t, "(")) return refuse(why, "has no tuple for its shape");
    while (!take(t, ")")) {
        int64_t extent;
        if (!take_extent(t, &extent)) return refuse(why, "has a shape that is no tuple of whole numbers up to 2^63");
        if (array->ndim == XENT_MAX_NDIM) return refuse(why, "has more than %d dimensions", XENT_MAX_NDIM);
        array->shape[array->ndim++] = extent;
        if (take(t, ",")) continue;
        if (array->ndim < 2 || !take(t, ")")) return refuse(why, "has a shape that is no tuple of whole numbers up to 2^63");
        break;
    }
    return true;
}

static bool take_type(struct text *t, struct array *array, struct reason *why)
{
    static const struct {
        const char *code;
        xent_dtype dtype;
    } types[] = {
        { "f2", XENT_F16 }, { "f4", XENT_F32 }, { "f8", XENT_F64 }, { "i1", XENT_I8 },  { "i2", XENT_I16 }, { "i4", XENT_I32 },
        { "i8", XENT_I64 }, { "u1", XENT_U8 },  { "u2", XENT_U16 }, { "u4", XENT_U32 }, { "u8", XENT_U64 }, { "V2", XENT_U16 },
    };
    char descr[32];
    if (!take_string(t, descr, sizeof descr)) return refuse(why, "has elements with parts, expected numbers");
    if (descr[0] == '>') return refuse(why, "has elements of type '%s', big-endian, expected little-endian", descr);
    for (size_t k = 0; (descr[0] == '<' || descr[0] == '|') && k < sizeof types / sizeof *types; k++) {
        if (strcmp(descr + 1, types[k].code) != 0) continue;
        array->dtype = types[k].dtype;
        array->untyped = descr[1] == 'V';
        return true;
    }
    return refuse(why, "has elements of type '%s', expected floating-point numbers or integers of up to 64 bits", descr);
}

static bool take_order(struct text *t, bool *column_major, struct reason *why)
{
    *column_major = take(t, "True");
    return *column_major || take(t, "False") || refuse(why, "has a fortran_order that is neither True nor False");
}

/* The dictionary: each key once, in any order. */
static bool take_dictionary(struct text *t, struct array *array, bool *column_major, struct reason *why)
{
    enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
    unsigned seen = 0;
    if (!take(t, "{")) return refuse(why, "has a header that is no dictionary");
    while (!take(t, "}")) {
        char key[16];
        if (!take_string(t, key, sizeof key) || !take(t, ":"))
            return refuse(why, "has a header that is no dictionary of three keys");
        const unsigned which = strcmp(key, "descr") == 0           ? DESCR
                               : strcmp(key, "fortran_order") == 0 ? ORDER
                               : strcmp(key, "shape") == 0         ? SHAPE
                                                                   : 0;
        if (which == 0) return refuse(why, "has a header with the unknown key '%s'", key);
        if (seen & which) return refuse(why, "has a header with the key '%s' twice", key);
        seen |= which;
        if (!(which == DESCR   ? take_type(t, array, why)
              : which == ORDER ? take_order(t, column_major, why)
                               : take_shape(t, array, why)))
            return false;
        if (take(t, ",")) continue;
        if (!take(t, "}")) return refuse(why, "has a header that is no dictionary of three keys");
        break;
    }
    skip_blanks(t);
    if (seen != (DESCR | ORDER | SHAPE) || t->at != t->end)
        return refuse(why, "has a header that is not a dictionary of descr, fortran_order and shape alone");
    return true;
}

bool npy_parse(struct array *array, const unsigned char *bytes, size_t size, uint64_t file_size, struct reason *why)
{
    const size_t header = npy_header_size(bytes, size, file_size, why);
    uint64_t needed;
    bool column_major = false;
    *array = (struct array){ 0 };
    if (header == 0) return false;
    if (header > size) return refuse(why, "ends after %zu bytes, inside the header of a .npy file", size);
    struct text text = { (const char *)bytes + MAGIC + (bytes[MAGIC] == 1 ? 4 : 6), (const char *)bytes + header };
    if (!take_dictionary(&text, array, &column_major, why) || !array_lay_out(array, column_major, &needed, why)) return false;
    array->offset = header;
    if (needed != file_size - header)
        return refuse(why, "has %llu bytes of data, expected %llu for the shape %s of %s",
                      (unsigned long long)(file_size - header), (unsigned long long)needed,
                      shape_text(array->ndim, array->shape).text, array->untyped ? "16-bit words" : type_name(array->dtype));
    return true;
}
