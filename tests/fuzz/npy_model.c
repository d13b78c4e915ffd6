/* A .npy file as its description has it: a magic string, a version, the length of the header, and a Python dictionary, whose words are
   told apart first. What the text leaves open and xent reads its own way: strings have no prefix, escapes or second half, numbers are
   decimal with at most an L behind them, blanks are those of ASCII that end a word in JSON too, and the minor version is not looked at. */
#include <string.h>

#include "readers.h"

enum { LONGEST = 1 << 20, WORDS = 64 };

size_t npy_model_header(const uint8_t *data, size_t size, uint64_t file_size)
{
    uint64_t end;
    if (size < 10 || memcmp(data, "\x93NUMPY", 6) != 0) return 0;
    if (data[6] == 1)
        end = 10 + data[8] + 256 * (uint64_t)data[9];
    else if ((data[6] == 2 || data[6] == 3) && size >= 12)
        end = 12 + data[8] + 256 * ((uint64_t)data[9] + 256 * ((uint64_t)data[10] + 256 * (uint64_t)data[11]));
    else
        return 0;
    return end > file_size || end > LONGEST + 12 ? 0 : (size_t)end;
}

/* A word of the literal. kind: the character itself, or 's' a string, 'n' a number, 'w' a name, '?' none of these. */
struct word {
    char kind;
    const char *text;
    size_t length;
};

static bool in(char c, const char *set) { return c != '\0' && strchr(set, c) != NULL; }

static struct word next_word(const char **at, const char *end)
{
    static const char digits[] = "0123456789";
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    while (*at < end && in(**at, " \n\r\t")) ++*at;
    const char *from = *at;
    struct word word = { '\0', from, 1 };
    if (from == end) return word;
    ++*at;
    word.kind = in(*from, "{}(),:") ? *from : '?';
    if (in(*from, "'\"")) {
        while (*at < end && **at != *from) ++*at;
        word = (struct word){ *at == end ? '?' : 's', from + 1, (size_t)(*at - from) - 1 };
        if (*at < end) ++*at;
    } else if (in(*from, digits)) {
        while (*at < end && in(**at, digits)) ++*at;
        word = (struct word){ 'n', from, (size_t)(*at - from) };
        if (*at < end && **at == 'L') ++*at;
    } else if (in(*from, letters)) {
        while (*at < end && in(**at, letters)) ++*at;
        word = (struct word){ 'w', from, (size_t)(*at - from) };
    }
    return word;
}

static bool is(const struct word *word, char kind, const char *text)
{
    return word->kind == kind && word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool type_of(struct array *array, const struct word *word)
{
    static const char *const codes[] = { "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "V2" };
    static const xent_dtype dtypes[] = { XENT_F16, XENT_F32, XENT_F64, XENT_I8,  XENT_I16, XENT_I32,
                                         XENT_I64, XENT_U8,  XENT_U16, XENT_U32, XENT_U64, XENT_U16 };
    if (word->kind != 's' || word->length != 3 || !in(word->text[0], "<|")) return false;
    for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++) {
        if (memcmp(word->text + 1, codes[k], 2) != 0) continue;
        array->dtype = dtypes[k];
        array->untyped = word->text[1] == 'V';
        return true;
    }
    return false;
}

/* Decimal, without zeros in front, which mean eight digits to one Python and nothing to the other. */
static bool extent_of(int64_t *extent, const struct word *word)
{
    uint64_t value = 0;
    if (word->kind != 'n' || word->length > 19 || (word->length > 1 && word->text[0] == '0')) return false;
    for (size_t k = 0; k < word->length; k++) value = 10 * value + (uint64_t)(word->text[k] - '0');
    *extent = (int64_t)value;
    return value <= INT64_MAX;
}

/* The words of a tuple of extents; returns how many, 0 if it is none. */
static int shape_of(struct array *array, const struct word *word)
{
    int k = 1;
    array->ndim = 0;
    if (word[0].kind != '(') return 0;
    for (; word[k].kind == 'n'; k++) {
        if (array->ndim == XENT_MAX_NDIM || !extent_of(&array->shape[array->ndim++], &word[k])) return 0;
        if (word[++k].kind != ',') break;
    }
    if (word[k].kind != ')' || (array->ndim == 1 && word[k - 1].kind != ',')) return 0;
    return k + 1;
}

static bool dictionary(struct array *array, bool *column_major, const struct word *word)
{
    int type = 0, order = 0, shape = 0, length;
    if (word++->kind != '{') return false;
    for (bool more = true; more && word->kind != '}'; word += length, more = word->kind == ',', word += more) {
        length = 1;
        if (word[0].kind != 's' || word[1].kind != ':') return false;
        const struct word *key = word;
        word += 2;
        if (is(key, 's', "descr") && type++ == 0 && type_of(array, word)) continue;
        *column_major |= is(key, 's', "fortran_order") && is(word, 'w', "True");
        if (is(key, 's', "fortran_order") && order++ == 0 && (is(word, 'w', "True") || is(word, 'w', "False"))) continue;
        if (is(key, 's', "shape") && shape++ == 0 && (length = shape_of(array, word)) > 0) continue;
        return false;
    }
    return word[0].kind == '}' && word[1].kind == '\0' && type == 1 && order == 1 && shape == 1;
}

bool npy_model(struct array *array, const uint8_t *data, size_t size, uint64_t file_size)
{
    const size_t header = npy_model_header(data, size, file_size);
    struct word words[WORDS];
    bool column_major = false;
    uint64_t bytes;
    int count = 0;
    *array = (struct array){ .offset = header };
    if (header == 0 || header > size) return false;
    const char *at = (const char *)data + (data[6] == 1 ? 10 : 12), *end = (const char *)data + header;
    do {
        if (count + 4 > WORDS) return false; /* more than three entries have; the rest stays '\0' */
        words[count] = next_word(&at, end);
    } while (words[count++].kind != '\0');
    for (; count < WORDS; count++) words[count] = (struct word){ '\0', end, 0 };
    return dictionary(array, &column_major, words) && array_model(array, column_major, &bytes) && bytes == file_size - header;
}
