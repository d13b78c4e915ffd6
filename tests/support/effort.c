#include "effort.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined SANITIZED || defined __SANITIZE_ADDRESS__
#define DEFAULT_EFFORT 0.2
#else
#define DEFAULT_EFFORT 1.0
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
