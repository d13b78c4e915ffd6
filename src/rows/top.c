/* Selection by a threshold that rises. */
#include "rows/top.h"

#include <assert.h>
#include <string.h>

#include "kernels/bits.h"

/* Up to so many best ones a candidate is inserted among them. */
#define FEW 8

/* Of them so many are listed before they are compared with a threshold that has risen. */
#define INSERTED_AT_ONCE 16

/* Candidates to select from at a time, k at least: fewer are gone through more often, more of them let the threshold rise later. */
#define LEAST_BATCH 32

/* Runs of the sort that are inserted one by one before they are merged. */
#define SHORT_RUN 4

#define SIGN (UINT64_C(1) << 63)
#define KEY_OF_NAN (UINT64_MAX - 1) /* 1 may be added to any key */

static uint64_t key_of(double logit)
{
    const uint64_t u = bits_of_f64(logit + 0.0); /* +0.0 for -0.0 */
    if (logit != logit) return KEY_OF_NAN;
    return u & SIGN ? ~u : u | SIGN;
}

static double logit_of(uint64_t key) { return f64_of_bits(key & SIGN ? key ^ SIGN : ~key); }

/* One comparison of keys: of two, compilers would make a branch, which no processor could foresee. */
static inline bool comes_before(const struct xent_ranked *a, const struct xent_ranked *b)
{
    return a->key + (a->class_index < b->class_index) > b->key;
}

static size_t room_of(size_t k) { return k <= FEW ? k : k < LEAST_BATCH ? k + LEAST_BATCH : 2 * k; }

size_t xent_top_size(size_t k)
{
    return sizeof(struct xent_top) + (k <= FEW ? 1 : 2) * room_of(k) * sizeof(struct xent_ranked);
}

struct xent_top *xent_top_begin(char *memory, size_t k)
{
    struct xent_top *top = (struct xent_top *)(void *)memory;
    struct xent_ranked *ranked = (struct xent_ranked *)(void *)(memory + sizeof *top);
    *top = (struct xent_top){ .k = k, .room = room_of(k), .ranked = ranked, .spare = ranked + room_of(k) };
    return top;
}

/* ---- Sorting -------------------------------------------------------------------------------------------------------- */

static void insert(struct xent_ranked *run, size_t n, struct xent_ranked ranked)
{
    for (; n > 0 && comes_before(&ranked, &run[n - 1]); n--) run[n] = run[n - 1];
    run[n] = ranked;
}

static void merge_runs(const struct xent_ranked *left, size_t lefts, const struct xent_ranked *right, size_t rights,
                       struct xent_ranked *to)
{
    const struct xent_ranked *left_end = left + lefts, *right_end = right + rights;
    while (left < left_end && right < right_end) {
        const ptrdiff_t takes_right = comes_before(right, left);
        *to++ = *(left + (-takes_right & (right - left)));
        right += takes_right;
        left += 1 - takes_right;
    }
    while (left < left_end) *to++ = *left++;
    while (right < right_end) *to++ = *right++;
}

/* Sorts n of them by way of `other`; answers which of the two they are in. */
static struct xent_ranked *sort(struct xent_ranked *ranked, size_t n, struct xent_ranked *other)
{
    for (size_t i = 0; i < n; i++) insert(ranked + i - i % SHORT_RUN, i % SHORT_RUN, ranked[i]);
    for (size_t run = SHORT_RUN; run < n; run *= 2) {
        struct xent_ranked *sorted = other;
        for (size_t i = 0; i < n; i += 2 * run) {
            const size_t lefts = n - i < run ? n - i : run, left = n - i - lefts;
            merge_runs(ranked + i, lefts, ranked + i + lefts, left < run ? left : run, other + i);
        }
        other = ranked;
        ranked = sorted;
    }
    return ranked;
}

/* ---- Selecting ------------------------------------------------------------------------------------------------------ */

/* By members: the struct as a whole would be read as a vector soon after its halves have been stored, and waited for. */
static inline void place_at(struct xent_ranked *to, uint64_t key, int64_t class_index)
{
    to->key = key;
    to->class_index = class_index;
}

/* Puts in front what comes before the one in the middle of the first, the middle and the last, then that one; answers its place. */
static size_t partition(struct xent_ranked *ranked, size_t n)
{
    struct xent_ranked *first = &ranked[0], *middle = &ranked[n / 2], *last = &ranked[n - 1], *pivot;
    struct xent_ranked at_pivot;
    size_t before = 0;
    if (comes_before(first, middle) == comes_before(middle, last))
        pivot = middle;
    else
        pivot = comes_before(first, middle) == comes_before(last, first) ? first : last;
    at_pivot = *pivot;
    *pivot = *first;
    for (size_t i = 1; i < n; i++) {
        struct xent_ranked *to = &ranked[before + 1];
        const struct xent_ranked here = { ranked[i].key, ranked[i].class_index };
        place_at(&ranked[i], to->key, to->class_index);
        place_at(to, here.key, here.class_index);
        before += comes_before(&here, &at_pivot);
    }
    *first = ranked[before];
    ranked[before] = at_pivot;
    return before;
}

/* The k best of n to the front. Where pivots are so bad that it would take longer, what is left is sorted. */
static void select_best(struct xent_ranked *ranked, size_t n, size_t k, struct xent_ranked *spare)
{
    size_t from = 0, to = n, work = 8 * n;
    while (from < k && k < to) {
        const size_t size = to - from;
        if (work < size) {
            const struct xent_ranked *sorted = sort(ranked + from, size, spare);
            if (sorted == spare) memcpy(ranked + from, sorted, size * sizeof *sorted);
            return;
        }
        work -= size;
        const size_t place = from + partition(ranked + from, size);
        if (place < k)
            from = place + 1;
        else
            to = place;
    }
}

static void keep_best(struct xent_top *top)
{
    if (top->count > top->k) {
        select_best(top->ranked, top->count, top->k, top->spare);
        top->count = top->k;
    }
    top->full = top->count == top->k;
    top->least = KEY_OF_NAN;
    for (size_t i = 0; i < top->count; i++) top->least = top->ranked[i].key < top->least ? top->ranked[i].key : top->least;
}

/* ---- Classes -------------------------------------------------------------------------------------------------------- */

/* Nothing comes before a NaN that is there. */
static bool is_closed(const struct xent_top *top) { return top->full && top->least == KEY_OF_NAN; }

bool xent_top_is_beyond(const struct xent_top *top, double logit) { return top->full && logit <= logit_of(top->least); }

/* Candidates that may come before the threshold is looked at again. */
static size_t room_left(const struct xent_top *top)
{
    if (top->k > FEW) return top->room - top->count;
    return top->full ? INSERTED_AT_ONCE : top->k - top->count;
}

/* The class comes behind all that have been added. */
static void add_candidate(struct xent_top *top, struct xent_ranked candidate)
{
    if (top->k > FEW) {
        top->ranked[top->count++] = candidate;
        if (top->count == top->room) keep_best(top);
        return;
    }
    if (top->full && candidate.key <= top->least) return;
    insert(top->ranked, top->full ? top->k - 1 : top->count++, candidate);
    top->full = top->count == top->k;
    top->least = top->ranked[top->count - 1].key;
}

void xent_top_add(struct xent_top *top, const struct xent_row_type *type, const void *z, size_t n, int64_t from)
{
    const char *next = z;
    uint16_t place[XENT_TOP_MOST];
    assert(n <= XENT_CHUNK);
    while (n > 0 && !is_closed(top)) {
        const size_t room = room_left(top);
        const bool listed = top->full;
        size_t count = n < room ? n : room, done = count;
        if (listed) {
            count = type->kernels->above(next, n, logit_of(top->least), place, room);
            done = count < room ? n : (size_t)place[count - 1] + 1;
        }
        for (size_t i = 0; i < count; i++) {
            const size_t at = listed ? place[i] : i;
            const double logit = xent_load_float(type->dtype, next + at * type->size);
            add_candidate(top, (struct xent_ranked){ key_of(logit), from + (int64_t)at });
        }
        next += done * type->size;
        from += (int64_t)done;
        n -= done;
    }
}

void xent_top_join(struct xent_top *top, struct xent_top *next)
{
    if (next->k > FEW) keep_best(next);
    for (size_t i = 0; i < next->count; i++) add_candidate(top, next->ranked[i]);
}

const struct xent_ranked *xent_top_end(struct xent_top *top, size_t *count)
{
    if (top->k > FEW) {
        keep_best(top);
        top->ranked = sort(top->ranked, top->count, top->spare);
    }
    *count = top->count;
    return top->ranked;
}
