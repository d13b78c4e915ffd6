/* Prints the states of rows whose classes are cut into shards, as words of 64 bits, for a fixed list of problems: what one machine sends and
 * another one merges. They are the same on every backend, CPU, compiler and operating system.
 *
 *     golden_states                prints the list; tests/golden/states.txt is its output
 *     golden_states states.txt     compares; then merges the states of the file, and expects of them the losses, statistics and gradients
 *                                  that whole rows have here
 *
 * Needs libc and libxent alone (and -Itests).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xent.h>

#include "support/nan.h"

enum { ROWS = 3, CHUNK = 4096, CLASSES = 5 * CHUNK + 77, PARTS = 3, MOST_STATES = 4, WORDS = 8, REALS = 7, CANNOT_RUN = 77 };

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

static double logits[ROWS * CLASSES]; /* room for any dtype */
static int64_t target[ROWS] = { 5 * CHUNK + 3, -100, 17 };

static void check(int fine, const char *what)
{
    if (fine) return;
    fprintf(stderr, "%s: %s\n", what, xent_error_message());
    exit(EXIT_FAILURE);
}

/* A number of the sequence, an eighth of a small integer: exact in every dtype. */
static double next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return (double)((int32_t)(*state >> 24) - 128) / 8;
}

/* The bits of an eighth of an integer below 128 in magnitude, as F16 and BF16. */
static uint16_t half_of(xent_dtype dtype, double x)
{
    const float real = (float)x;
    uint32_t bits;
    memcpy(&bits, &real, sizeof bits);
    if (dtype == XENT_BF16) return (uint16_t)(bits >> 16);
    if (bits << 1 == 0) return (uint16_t)(bits >> 16);
    return (uint16_t)((bits >> 16 & 0x8000) | (((bits >> 23 & 0xff) - 112) << 10) | (bits >> 13 & 0x3ff));
}

static void fill(xent_dtype dtype)
{
    uint32_t state = (uint32_t)dtype;
    for (int i = 0; i < ROWS * CLASSES; i++) {
        const double x = next(&state);
        if (dtype == XENT_F32)
            ((float *)logits)[i] = (float)x;
        else if (dtype == XENT_F64)
            logits[i] = x;
        else
            ((uint16_t *)logits)[i] = half_of(dtype, x);
    }
}

static xent_tensor *wrap(xent_dtype dtype, int32_t ndim, const int64_t *shape, const int64_t *strides, void *memory)
{
    xent_tensor *t;
    check(xent_tensor_wrap(&t, dtype, ndim, shape, strides, memory) == XENT_OK, "wrap");
    return t;
}

static xent_tensor *table(xent_dtype dtype, void *memory, const xent_shard *shard)
{
    const int64_t shape[2] = { ROWS, shard->classes }, strides[2] = { CLASSES, 1 };
    return wrap(dtype, 2, shape, strides, (char *)memory + (size_t)shard->first * xent_dtype_size(dtype));
}

static xent_tensor *column(xent_dtype dtype, void *memory) { return wrap(dtype, 1, (const int64_t[]){ ROWS }, NULL, memory); }

struct problem {
    xent_dtype dtype;
    xent_options options;
    xent_tensor *target;
    xent_shard shard[PARTS];
    xent_partial states[PARTS][ROWS * MOST_STATES];
};

static int64_t count_of(const struct problem *p, int part) { return ROWS * xent_partials_per_row(&p->shard[part]); }

static void reduce(struct problem *p, xent_dtype dtype)
{
    const xent_options defaults = XENT_OPTIONS_INIT;
    p->dtype = dtype;
    p->options = defaults;
    p->options.reduction = XENT_REDUCTION_NONE;
    p->options.label_smoothing = 0.125;
    p->options.z_loss = 0.25;
    p->target = column(XENT_I64, target);
    fill(dtype);
    for (int i = 0; i < PARTS; i++) {
        check(xent_shard_cut(CLASSES, dtype, PARTS, i, &p->shard[i]) == XENT_OK, "cut");
        check(xent_partials_per_row(&p->shard[i]) <= MOST_STATES, "states");
        xent_tensor *z = table(dtype, logits, &p->shard[i]);
        check(xent_partial_reduce(z, &p->shard[i], p->target, &p->options, p->states[i]) == XENT_OK, "reduce");
        xent_tensor_destroy(z);
    }
}

/* ---- States as text ------------------------------------------------------------------------------------------------- */

static void words_of(const xent_partial *state, uint64_t words[WORDS])
{
    memcpy(words, state, sizeof *state);
    for (int w = 0; w < REALS; w++) words[w] = bits_elsewhere(XENT_F64, words[w]);
}

static void print(const struct problem *p)
{
    for (int part = 0; part < PARTS; part++)
        for (int64_t i = 0; i < count_of(p, part); i++) {
            uint64_t words[WORDS];
            words_of(&p->states[part][i], words);
            printf("%d %d %d", (int)p->dtype, part, (int)i);
            for (int w = 0; w < WORDS; w++) printf(" %016" PRIx64, words[w]);
            printf("\n");
        }
}

/* A state with the NaN of this machine. */
static xent_partial state_of(uint64_t words[WORDS])
{
    xent_partial state;
    for (int w = 0; w < REALS; w++) words[w] = words[w] == NAN_F64 ? canonical_nan(XENT_F64) : words[w];
    memcpy(&state, words, sizeof state);
    return state;
}

/* The next line's state, which is to be that one; comments are skipped. */
static void read_state(FILE *file, int dtype, int part, int i, xent_partial *state)
{
    uint64_t words[WORDS];
    int found[3], c;
    while ((c = getc(file)) == '#')
        while ((c = getc(file)) != '\n' && c != EOF) continue;
    (void)ungetc(c, file);
    check(fscanf(file, "%d %d %d", &found[0], &found[1], &found[2]) == 3 && found[0] == dtype && found[1] == part &&
              found[2] == i,
          "states.txt: another line was expected");
    for (int w = 0; w < WORDS; w++) check(fscanf(file, "%" SCNx64, &words[w]) == 1, "states.txt: a word is missing");
    while ((c = getc(file)) != '\n' && c != EOF) continue;
    *state = state_of(words);
}

/* Takes the file's states in place of our own; answers how many differ. */
static int take(struct problem *p, FILE *file)
{
    int differ = 0;
    for (int part = 0; part < PARTS; part++)
        for (int i = 0; i < (int)count_of(p, part); i++) {
            xent_partial state;
            read_state(file, (int)p->dtype, part, i, &state);
            if (memcmp(&state, &p->states[part][i], sizeof state) != 0) {
                printf("dtype %d, part %d: state %d differs\n", (int)p->dtype, part, i);
                differ++;
            }
            p->states[part][i] = state;
        }
    return differ;
}

/* ---- What comes of them --------------------------------------------------------------------------------------------- */

struct results {
    double loss[ROWS], lse[ROWS], max[ROWS], entropy[ROWS];
    int64_t argmax[ROWS];
    double gradient[ROWS * CLASSES]; /* room for any dtype */
};

struct outputs {
    xent_tensor *loss;
    xent_stats stats;
};

static struct outputs outputs_of(struct results *r)
{
    const xent_stats none = XENT_STATS_INIT;
    struct outputs o = { column(XENT_F64, r->loss), none };
    memset(r, 0, sizeof *r);
    o.stats.lse = column(XENT_F64, r->lse);
    o.stats.max = column(XENT_F64, r->max);
    o.stats.entropy = column(XENT_F64, r->entropy);
    o.stats.argmax = column(XENT_I64, r->argmax);
    return o;
}

static void outputs_free(struct outputs *o)
{
    xent_tensor_destroy(o->loss);
    xent_tensor_destroy(o->stats.lse);
    xent_tensor_destroy(o->stats.max);
    xent_tensor_destroy(o->stats.entropy);
    xent_tensor_destroy(o->stats.argmax);
}

static void solve_whole(const struct problem *p, struct results *r)
{
    const xent_shard all = { 0, CLASSES, CLASSES, (int32_t)p->dtype, 0 };
    struct outputs o = outputs_of(r);
    xent_tensor *z = table(p->dtype, logits, &all), *gradient = table(p->dtype, r->gradient, &all);
    check(xent_cross_entropy_grad(z, p->target, &p->options, NULL, o.loss, gradient) == XENT_OK, "whole rows");
    check(xent_row_stats(z, p->target, &p->options, &o.stats) == XENT_OK, "whole rows");
    xent_tensor_destroy(z);
    xent_tensor_destroy(gradient);
    outputs_free(&o);
}

/* Merged rows that are known: as if all shards had answered. */
static xent_status take_merged(void *user, int64_t first, int64_t rows, const xent_partial *partials, xent_partial *whole)
{
    (void)partials;
    if (rows > 0) memcpy(whole, (const xent_partial *)user + first, (size_t)rows * sizeof *whole);
    return XENT_OK;
}

/* The same gradient by an exchange of two rows and one. */
static void solve_by_exchange(const struct problem *p, xent_partial *merged, double *gradient)
{
    xent_exchange exchange = XENT_EXCHANGE_INIT;
    xent_partial whole[ROWS];
    exchange.run = take_merged;
    exchange.user = merged;
    exchange.block_rows = 2;
    for (int i = 0; i < PARTS; i++) {
        const xent_shard *shard = &p->shard[i];
        xent_tensor *z = table(p->dtype, logits, shard), *out = table(p->dtype, gradient, shard);
        check(xent_partial_exchange(z, shard, p->target, &p->options, &exchange, NULL, whole, out) == XENT_OK, "exchange");
        xent_tensor_destroy(z);
        xent_tensor_destroy(out);
    }
}

static void solve_states(const struct problem *p, struct results *r)
{
    static double again[ROWS * CLASSES];
    const xent_partial *const states[PARTS] = { p->states[0], p->states[1], p->states[2] };
    struct outputs o = outputs_of(r);
    xent_partial whole[ROWS];
    check(xent_partial_merge(PARTS, p->shard, states, ROWS, whole) == XENT_OK, "merge");
    check(xent_partial_finish(whole, &p->shard[0], p->target, &p->options, &o.stats, o.loss) == XENT_OK, "finish");
    for (int i = 0; i < PARTS; i++) {
        const xent_shard *shard = &p->shard[i];
        xent_tensor *z = table(p->dtype, logits, shard), *gradient = table(p->dtype, r->gradient, shard);
        check(xent_partial_grad(z, shard, p->target, &p->options, whole, NULL, gradient) == XENT_OK, "grad");
        xent_tensor_destroy(z);
        xent_tensor_destroy(gradient);
    }
    memset(again, 0, sizeof again);
    solve_by_exchange(p, whole, again);
    check(memcmp(again, r->gradient, sizeof again) == 0, "an exchange gives another gradient");
    outputs_free(&o);
}

static int compare(struct problem *p, FILE *file)
{
    static struct results want, got;
    int differ = take(p, file);
    solve_whole(p, &want);
    solve_states(p, &got);
    if (memcmp(&want, &got, sizeof want) == 0) return differ;
    printf("dtype %d: the file's states merge to other bits than whole rows have\n", (int)p->dtype);
    return differ + 1;
}

int main(int argc, char **argv)
{
    static struct problem p;
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    int differ = 0;
    if (xent_backend() == NULL) {
        fprintf(stderr, "the backend that XENT_BACKEND names is not usable on this CPU: skipped\n");
        return CANNOT_RUN;
    }
    check(argc < 2 || file != NULL, "the file cannot be opened");
    if (file == NULL)
        printf("# Written by tests/golden/states.c, which see: dtype, part, state, and its eight words. Numerics version %d.\n",
               (int)xent_numerics_version());
    for (int i = 0; i < DTYPES; i++) {
        reduce(&p, dtypes[i]);
        if (file == NULL)
            print(&p);
        else
            differ += compare(&p, file);
        xent_tensor_destroy(p.target);
    }
    if (file == NULL) return EXIT_SUCCESS;
    printf("backend %s: %d differences\n", xent_backend(), differ);
    (void)fclose(file);
    return differ > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
