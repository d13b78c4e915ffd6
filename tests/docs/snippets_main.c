/* Runs the snippets of a document, which snippets.awk has made into functions.
 * Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
 */
#include "snippet.h"

struct section {
    const char *title;
    void (*run)(void);
};

#include "snippets.inc.h"

/* With an argument: lists the backends. */
int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        for (const char *const *backend = xent_backends(); *backend != NULL; backend++) puts(*backend);
        return 0;
    }
    for (const struct section *section = sections; section->title != NULL; section++) {
        printf("== %s\n", section->title);
        section->run();
        release();
    }
}
