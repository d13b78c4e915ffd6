#include "backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent.h>

void require_backend(void)
{
    const char *wanted = getenv("XENT_BACKEND"), *used = xent_backend();
    if (used == NULL) {
        /* Plain C runs anywhere: to skip it would be to hide a defect. */
        const int defect = wanted == NULL || strcmp(wanted, "scalar") == 0;
        fprintf(stderr, "backend %s is not usable on this CPU: skipped\n", wanted == NULL ? "(default)" : wanted);
        exit(defect ? EXIT_FAILURE : 77);
    }
    if (wanted != NULL && *wanted != '\0' && strcmp(wanted, used) != 0) {
        fprintf(stderr, "XENT_BACKEND is %s, but %s is in use\n", wanted, used);
        exit(EXIT_FAILURE);
    }
    printf("backend %s\n", used);
    fflush(stdout); /* before a test forks */
}
