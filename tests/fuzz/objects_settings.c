/* Structs that say how large they are, settings, and names. */
#include <string.h>
#include <xent.h>

#include "flaw.h"
#include "objects.h"

/* ---- Structs ------------------------------------------------------------------------------------------------------------- */

static void init_options(void *at, size_t size) { xent_options_init(at, size); }
static void init_stats(void *at, size_t size) { xent_stats_init(at, size); }
static void init_exchange(void *at, size_t size) { xent_exchange_init(at, size); }
static void init_linear(void *at, size_t size) { xent_linear_init(at, size); }

void struct_calls(struct bytes *b)
{
    enum { MOST = 4096, GUARD = 16, PATTERN = 0xA5 };
    static const xent_options options = XENT_OPTIONS_INIT;
    static const xent_stats stats = XENT_STATS_INIT;
    static const xent_linear linear = XENT_LINEAR_INIT;
    static const xent_exchange exchange = XENT_EXCHANGE_INIT;
    static const struct {
        void (*init)(void *at, size_t size);
        const void *defaults;
        size_t size;
    } kinds[] = { { init_options, &options, sizeof options },
                  { init_stats, &stats, sizeof stats },
                  { init_linear, &linear, sizeof linear },
                  { init_exchange, &exchange, sizeof exchange } };
    static double room[(MOST + GUARD) / sizeof(double)];
    unsigned char expected[sizeof room];
    const int64_t kind = bytes_below(b, 4);
    const size_t own = kinds[kind].size;
    const size_t size = bytes_chance(b, 2) ? own + (size_t)bytes_below(b, 6000) : (size_t)bytes_below(b, (int64_t)own + 1);
    memset(room, PATTERN, sizeof room);
    memset(expected, PATTERN, sizeof expected);
    kinds[kind].init(NULL, size);
    kinds[kind].init(room, size);
    if (size >= own) {
        memset(expected, 0, size < MOST ? size : MOST);
        memcpy(expected, kinds[kind].defaults, own);
        memcpy(expected, &size, sizeof size);
    }
    if (memcmp(room, expected, sizeof expected) != 0) flaw("init of %d bytes, where %d are known", (int)size, (int)own);
}

/* ---- Settings ------------------------------------------------------------------------------------------------------------ */

static bool is_backend(const char *name)
{
    for (const char *const *each = xent_backends(); *each != NULL; each++)
        if (strcmp(*each, name) == 0) return true;
    return false;
}

static void backend_call(struct bytes *b)
{
    static const char *const names[] = { "scalar", "avx2", "avx512", "neon", "", "AVX2", "avx2 ", "avx", "scalars" };
    const char *name = bytes_chance(b, 8) ? NULL : BYTES_ONE_OF(b, names), *before = xent_backend();
    const xent_status status = xent_set_backend(name);
    const bool known = name == NULL || is_backend(name);
    const char *wanted = !known ? before : name == NULL ? xent_backends()[0] : name;
    if (status != (known ? XENT_OK : XENT_ERROR_UNSUPPORTED)) flaw("the backend %s: %s", name, xent_status_name(status));
    if (strcmp(xent_backend(), wanted) != 0) flaw("the backend is %s, expected %s", xent_backend(), wanted);
}

static void thread_call(struct bytes *b)
{
    static const int32_t counts[] = { 1, 2, 3, 4096, 4097, -1, INT32_MIN, INT32_MAX, 0 };
    const int32_t n = BYTES_ONE_OF(b, counts), before = xent_num_threads();
    const bool good = n >= 0 && n <= 4096;
    const xent_status status = xent_set_num_threads(n);
    if (status != (good ? XENT_OK : XENT_ERROR_INVALID_ARGUMENT)) flaw("%d threads: %s", (int)n, xent_status_name(status));
    const int32_t now = xent_num_threads();
    if (now < 1 || now > 4096 || (n != 0 && now != (good ? n : before))) flaw("%d threads are %d", (int)n, (int)now);
}

void setting_calls(struct bytes *b)
{
    if (bytes_chance(b, 2))
        backend_call(b);
    else
        thread_call(b);
    if (!is_backend("scalar")) flaw("there is no scalar backend");
    if (xent_numerics_version() < 1) flaw("a version of the numerics below 1");
    if (xent_version_number() < XENT_VERSION_NUMBER) flaw("a library older than its header");
    if (xent_version()[0] == '\0') flaw("a version without a name");
}

/* ---- Errors -------------------------------------------------------------------------------------------------------------- */

void error_calls(struct bytes *b)
{
    enum { LONGEST = 400, KEPT = 255 };
    char text[LONGEST + 1];
    const size_t length = (size_t)bytes_below(b, LONGEST + 1);
    const int number = (int)bytes_number(b, 4);
    const char *name = xent_status_name((xent_status)number);
    const bool known = number >= XENT_OK && number <= XENT_ERROR_COMMUNICATION;
    memset(text, 'a' + (int)(length % 26), length);
    text[length] = '\0';
    xent_set_error_message(text);
    if (strncmp(xent_error_message(), text, KEPT) != 0) flaw("the message is another one");
    if (strlen(xent_error_message()) > KEPT) flaw("the message is longer than %d bytes", KEPT);
    xent_set_error_message(NULL);
    if (xent_error_message()[0] != '\0') flaw("there still is a message");
    if (known == (strcmp(name, "unknown") == 0)) flaw("status %d is named %s", number, name);
    if (xent_dtype_size((xent_dtype)number) > sizeof(double)) flaw("an element of dtype %d is too large", number);
}
