#include "effort.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#define DEFAULT_EFFORT 0.2
bool has_address_sanitizer(void) { return true; }
#else
#define DEFAULT_EFFORT 1.0
bool has_address_sanitizer(void) { return false; }
#endif

#ifdef __SANITIZE_THREAD__
bool has_thread_sanitizer(void) { return true; }
#else
bool has_thread_sanitizer(void) { return false; }
#endif

int64_t effort(int64_t n)
{
    const char *text = getenv("XENT_TEST_EFFORT");
    double share = DEFAULT_EFFORT;
    if (text != NULL && *text != '\0') {
        char *end;
        share = strtod(text, &end);
        if (*end != '\0' || !(share > 0 && share <= 1)) {
            fprintf(stderr, "XENT_TEST_EFFORT is %s, expected a number in (0, 1]\n", text);
            exit(EXIT_FAILURE);
        }
    }
    const int64_t scaled = (int64_t)((double)n * share);
    return scaled > 0 ? scaled : 1;
}
