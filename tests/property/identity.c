#include "identity.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/backend.h"
#include "support/effort.h"

static uint64_t seed = 1;

/* The trial that runs, for messages, and how much it compared. */
static const struct trial *current;
static int64_t number, compared;

void identities_begin(int argc, char **argv)
{
    if (argc > 1) {
        char *end;
        seed = strtoull(argv[1], &end, 10);
        if (argc > 2 || *end != '\0' || argv[1][0] == '-') {
            fprintf(stderr, "usage: %s [seed]\n", argv[0]);
            exit(EXIT_FAILURE);
        }
    }
    require_backend();
    printf("seed %" PRIu64 "\n", seed);
    fflush(stdout);
}

void identity_compared(void) { compared++; }

void expect_near(double got, double want, double allowed, const char *what, int64_t row, int64_t c)
{
    compared++;
    if (got == want || fabs(got - want) <= allowed) return;
    fail_msg("%s of row %" PRId64 ", class %" PRId64 ": %.17g, expected %.17g within %.3g (%s, %" PRId64 " x %" PRId64
             ", features %#x, trial %" PRId64 ", seed %" PRIu64 ")",
             what, row, c, got, want, allowed, precision_of(current->dtype)->name, current->rows, current->classes,
             current->features, number, seed);
}

static int64_t draw_classes(int64_t most, struct random *r)
{
    const int64_t limit = random_chance(r, 8) ? most : random_chance(r, 2) ? 12 : 70;
    return 1 + random_below(r, limit < most ? limit : most);
}

static void try_dtype(const struct identity *identity, xent_dtype dtype)
{
    for (number = 0; number < effort(identity->trials); number++) {
        struct random r = random_stream(seed, (uint64_t)number << 8 | (uint64_t)dtype);
        const unsigned features = (unsigned)random_bits(&r) & identity->features;
        const int64_t classes = draw_classes(identity->classes, &r), rows = 1 + random_below(&r, 6);
        struct trial *t = trial_new(&r, dtype, rows, classes, features, NULL, NULL);
        current = t;
        identity->check(t, &r);
        trial_free(t);
    }
}

void identity_holds(void **state)
{
    static const xent_dtype dtypes[] = { XENT_F64, XENT_F32, XENT_F16, XENT_BF16 };
    const struct identity *identity = *state;
    for (size_t i = 0; i < (identity->f64_alone ? 1 : sizeof dtypes / sizeof *dtypes); i++) {
        compared = 0;
        try_dtype(identity, dtypes[i]);
        if (compared == 0) fail_msg("%s: nothing was compared", precision_of(dtypes[i])->name);
    }
}
