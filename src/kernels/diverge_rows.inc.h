/* The divergence of a chunk of two rows, and the gradient entries. Assumes the elements of a variant (element.h). */
#ifndef XENT_KERNELS_DIVERGE_ROWS_INC_H
#define XENT_KERNELS_DIVERGE_ROWS_INC_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "diverge.inc.h"
#include "element.h"
#include "pair.h"

/* Two chunks: their logits, and what `reduce` has made of them. */
struct chunk_pair {
    const stored *p, *q;
    const real *term_p, *term_q;
};

static inline struct chunk_pair classes_from(struct chunk_pair of, size_t from)
{
    return (struct chunk_pair){ of.p + from, of.q + from, of.term_p + from, of.term_q + from };
}

/* The sums over a chunk's lanes. */
struct diverged {
    struct lanes excess, moment;
};

/* A sum of reals goes to its lanes. */
static inline void flush_reals(struct lanes *lanes, size_t lane, vector x)
{
    EACH (k, PARTS) {
        const size_t at = lane + k * VF64_WIDTH;
        vf64 sum = vf64_load(lanes->sum + at), error = load_error(lanes, at);
        accumulate(&sum, &error, v_widen(x, k));
        vf64_store(lanes->sum + at, sum);
        store_error(lanes, at, error);
    }
}

static inline vector add_to_lanes(struct diverged *sums, size_t lane, const struct addend *x, vector reach)
{
    flush_reals(&sums->excess, lane, x->excess);
    flush_reals(&sums->moment, lane, x->moment);
    return v_max(x->reach, reach);
}

/* One vector of classes. */
static inline __attribute__((always_inline)) struct addend diverge_at(struct chunk_pair of, size_t at, const struct pairing *by,
                                                                      enum care care)
{
    return diverge_vector(load(of.p + at), load(of.q + at), v_load(of.term_p + at), v_load(of.term_q + at), by, care);
}

/* Groups that stand one behind the other, whose classes are added to each other first; and how many of these a block has. */
enum {
    TOGETHER = DIVERGENCE_GROUPS > 1 ? 2 : 1,
    PER_BLOCK = DIVERGENCE_GROUPS / TOGETHER,
    TOGETHER_CLASSES = TOGETHER * XENT_LANES
};

/* The classes behind the last groups that are together, filled up with logits and terms of 0, which add nothing. */
struct last_classes {
    size_t count;
    _Alignas(XENT_LINE) stored p[TOGETHER_CLASSES];
    _Alignas(XENT_LINE) stored q[TOGETHER_CLASSES];
    _Alignas(XENT_LINE) real term_p[TOGETHER_CLASSES];
    _Alignas(XENT_LINE) real term_q[TOGETHER_CLASSES];
};

static __attribute__((noinline)) void copy_last(struct chunk_pair of, size_t n, struct last_classes *last)
{
    static const char zeros[XENT_LINE];
    const struct chunk_pair from = classes_from(of, n / TOGETHER_CLASSES * TOGETHER_CLASSES);
    last->count = n % TOGETHER_CLASSES;
    if (last->count == 0) return;
    copy_padded(last->p, from.p, last->count * sizeof(stored), sizeof last->p, zeros);
    copy_padded(last->q, from.q, last->count * sizeof(stored), sizeof last->q, zeros);
    copy_padded(last->term_p, from.term_p, last->count * sizeof(real), sizeof last->term_p, zeros);
    copy_padded(last->term_q, from.term_q, last->count * sizeof(real), sizeof last->term_q, zeros);
}

/* A sweep's vectors of lanes of groups that are together. */
static inline __attribute__((always_inline)) void diverge_groups(struct chunk_pair of, const struct pairing *by, enum care care,
                                                                 struct addend *sum)
{
    EACH (v, SWEEP) {
        struct addend x = diverge_at(of, v * WIDTH, by, care);
        if (TOGETHER > 1) x = both(x, diverge_at(of, XENT_LANES + v * WIDTH, by, care), care);
        sum[v] = both(sum[v], x, care);
    }
}

/* Answers the largest u. */
static inline __attribute__((always_inline)) vector add_chunk(struct chunk_pair of, size_t n, const struct last_classes *last,
                                                              const struct pairing *by, enum care care, struct diverged *sums)
{
    const struct chunk_pair behind = { last->p, last->q, last->term_p, last->term_q };
    const size_t whole = n / TOGETHER_CLASSES;
    vector reach = v_set((real)0);
    for (size_t lane = 0; lane < XENT_LANES; lane += SWEEP * WIDTH) {
        const size_t count = whole + (lane < last->count);
        struct addend sum[SWEEP];
        EACH (v, SWEEP) sum[v] = no_classes();
        for (size_t i = 0; i < count; i++) {
            const struct chunk_pair groups = i < whole ? classes_from(of, i * TOGETHER_CLASSES) : behind;
            diverge_groups(classes_from(groups, lane), by, care, sum);
            if ((i + 1) % PER_BLOCK != 0 && i + 1 < count) continue;
            EACH (v, SWEEP) reach = add_to_lanes(sums, lane + v * WIDTH, &sum[v], reach);
            EACH (v, SWEEP) sum[v] = no_classes();
        }
    }
    return reach;
}

static void end_sums(struct diverged *sums, struct xent_divergence *to)
{
    to->excess = total(&sums->excess);
    to->lack = divergence_lack(to->share_p * to->excess, to->excess - total(&sums->moment));
}

static void diverge(const void *p, const void *q, const void *term_p, const void *term_q, size_t n, struct xent_divergence *to)
{
    const real offset = (real)to->offset, low = (real)((to->offset - (double)offset) + to->offset_low);
    const struct pairing by = { v_set((real)to->ratio), v_set(offset), v_set(low) };
    const struct chunk_pair of = { p, q, term_p, term_q };
    struct last_classes last;
    struct diverged sums;
    copy_last(of, n, &last);
    memset(&sums, 0, sizeof sums);
    if (n > XENT_PLAIN_CLASSES && fabs(to->offset) <= XENT_PLAIN_OFFSET) {
        (void)add_chunk(of, n, &last, &by, PLAIN, &sums);
        end_sums(&sums, to);
        to->reach = 0;
        if (divergence_is_plain(to->share_p * to->excess, to->share_p * to->lack, to->offset)) return;
        memset(&sums, 0, sizeof sums);
    }
    to->reach = (double)v_max_lane(add_chunk(of, n, &last, &by, CAREFUL, &sums));
    end_sums(&sums, to);
}

/* ---- Entries ------------------------------------------------------------------------------------------------------- */

/* The output's line a chunk on, where element i begins one: a store to a line that no cache holds would wait for it. */
static inline __attribute__((always_inline)) void fetch_output(const stored *out, size_t i)
{
    const uintptr_t next = (uintptr_t)out + XENT_CHUNK * sizeof(stored); /* no pointer of an array that may end before */
    if (i * sizeof(stored) % XENT_LINE == 0) prefetch((const void *)next);
}

/* F slope (q - p) of whole vectors, +0.0 where that has no influence. */
static inline __attribute__((always_inline)) void map_differences(const real *term_p, const real *term_q, const real *slopes,
                                                                  stored *out, size_t n, const struct xent_differences *by)
{
    const vf64 share_p = vf64_set(by->share_p), share_q = vf64_set(by->share_q), factor = vf64_set(by->factor);
    for (size_t i = 0; i < n; i += WIDTH) {
        vf64 part[PARTS];
        fetch_output(out + i, i);
        EACH (k, PARTS) {
            const size_t at = i + k * VF64_WIDTH;
            vf64 x = vf64_sub_apart(vf64_mul(load_real_doubles(term_q + at), share_q),
                                    vf64_mul(load_real_doubles(term_p + at), share_p));
            if (slopes != NULL) x = vf64_mul(x, load_real_doubles(slopes + at));
            part[k] = vf64_unless_zero(x, vf64_mul(x, factor));
        }
        store_number(out + i, v_narrow(part));
    }
}

static void differences(const void *term_p, const void *term_q, const void *slopes, void *out, size_t n,
                        const struct xent_differences *by)
{
    const size_t left = n % WIDTH, whole = n - left;
    const real *p = term_p, *q = term_q, *s = slopes;
    real last_p[WIDTH] = { 0 }, last_q[WIDTH] = { 0 }, last_s[WIDTH] = { 0 };
    stored last[WIDTH];
    if (s == NULL)
        map_differences(p, q, NULL, out, whole, by);
    else
        map_differences(p, q, s, out, whole, by);
    if (left == 0) return;
    memcpy(last_p, p + whole, left * sizeof(real));
    memcpy(last_q, q + whole, left * sizeof(real));
    if (s != NULL) memcpy(last_s, s + whole, left * sizeof(real));
    map_differences(last_p, last_q, s == NULL ? NULL : last_s, last, WIDTH, by);
    memcpy((stored *)out + whole, last, left * sizeof(stored));
}

#endif
