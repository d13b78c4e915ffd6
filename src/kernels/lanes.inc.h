/* Sums over the 64 virtual lanes of a chunk. Expects the vector primitives of a simd_*.h; defines
 *   EACH                    a loop over vectors in registers
 *   group_size              how many of n classes the group of 64 that begins at `from` has
 *   copy_padded             elements that are fewer than vectors hold
 *   struct lanes            the lanes' sums in memory
 *   struct sum_f32, sum_f64 and their functions   one vector of sums in registers: of lanes, or of one lane of several rows
 *   add_two                 TwoSum, scalar
 *   tree_f32, tree_f64      all lanes as one number; lanes->sum[0] is then their plain sum in the same order
 * A term is scale + scale * rest. The scales carry the digits and go to double at once (f32) or are summed with their error (f64);
 * the rests, at most a twentieth of them, are summed in the element type for a block of groups. */
#include <stddef.h>
#include <string.h>

#include "kernels.h"

/* Over a few vectors, unrolled before a compiler places arrays: each vector then has a register of its own. */
#define EACH(v, count) _Pragma("GCC unroll 16") for (size_t v = 0; v < (count); v++)

static inline size_t group_size(size_t n, size_t from) { return n - from < XENT_LANES ? n - from : XENT_LANES; }

/* The first `bytes` of `size`, then a line of `padding` again and again from where it would be; size is a multiple of a line. In whole
   vectors, so that what reads vectors need not wait for narrower stores. */
#ifndef VECTOR_COPIES_PADDED
static inline void copy_padded(void *to, const void *from, size_t bytes, size_t size, const void *padding)
{
    for (size_t i = 0; i < size; i += XENT_LINE) memcpy((char *)to + i, padding, XENT_LINE);
    memcpy(to, from, bytes);
}
#endif

struct lanes {
    double sum[XENT_LANES];
    double error[XENT_LANES]; /* of sum, f64 only */
};

struct sum_f32 {
    vf64 sum[VF32_HALVES];
    vf32 rest;
};

static inline struct sum_f32 sum_none_f32(void)
{
    struct sum_f32 s;
    for (int half = 0; half < VF32_HALVES; half++) s.sum[half] = vf64_set(0.0);
    s.rest = vf32_set(0.0f);
    return s;
}

static inline void sum_add_f32(struct sum_f32 *s, vf32 scale, vf32 rest)
{
    vf32_add_widened(s->sum, scale);
    s->rest = vf32_fma(scale, rest, s->rest);
}

/* Ends a block of groups. */
static inline void sum_flush_f32(struct sum_f32 *s)
{
    vf32_add_widened(s->sum, s->rest);
    s->rest = vf32_set(0.0f);
}

/* What one term alone sums up to. Not by way of memory: little else is there to do meanwhile. */
static inline struct sum_f32 sum_one_f32(vf32 scale, vf32 rest)
{
    struct sum_f32 s;
    vf32 small = vf32_mul(scale, rest);
    for (int half = 0; half < VF32_HALVES; half++) s.sum[half] = vf64_add(vf32_widen(scale, half), vf32_widen(small, half));
    s.rest = vf32_set(0.0f);
    return s;
}

static inline void sum_store_f32(const struct sum_f32 *s, struct lanes *lanes, size_t lane)
{
    for (int half = 0; half < VF32_HALVES; half++) vf64_store(lanes->sum + lane + (size_t)half * VF64_WIDTH, s->sum[half]);
}

/* The lanes of one class after another, rows side by side: *s += other, in the order of tree_f32. */
static inline void sum_join_f32(struct sum_f32 *s, const struct sum_f32 *other)
{
    for (int half = 0; half < VF32_HALVES; half++) s->sum[half] = vf64_add(s->sum[half], other->sum[half]);
}

static inline void sum_total_f32(const struct sum_f32 *s, double *total)
{
    for (int half = 0; half < VF32_HALVES; half++) vf64_store(total + (size_t)half * VF64_WIDTH, s->sum[half]);
}

struct sum_f64 {
    vf64 sum, error, rest;
};

static inline struct sum_f64 sum_none_f64(void) { return (struct sum_f64){ vf64_set(0.0), vf64_set(0.0), vf64_set(0.0) }; }

/* *sum += x by TwoSum; the error is returned */
static inline vf64 sum_two(vf64 *sum, vf64 x)
{
    vf64 a = *sum, s = vf64_add(a, x), back = vf64_sub(s, a);
    *sum = s;
    return vf64_add(vf64_sub(a, vf64_sub(s, back)), vf64_sub(x, back));
}

static inline void sum_add_f64(struct sum_f64 *s, vf64 scale, vf64 rest)
{
    s->error = vf64_add(s->error, sum_two(&s->sum, scale));
    s->rest = vf64_fma(scale, rest, s->rest);
}

static inline void sum_flush_f64(struct sum_f64 *s)
{
    s->error = vf64_add(s->error, s->rest);
    s->rest = vf64_set(0.0);
}

static inline struct sum_f64 sum_one_f64(vf64 scale, vf64 rest)
{
    return (struct sum_f64){ scale, vf64_mul(scale, rest), vf64_set(0.0) };
}

static inline void sum_store_f64(const struct sum_f64 *s, struct lanes *lanes, size_t lane)
{
    vf64_store(lanes->sum + lane, s->sum);
    vf64_store(lanes->error + lane, s->error);
}

static inline void sum_join_f64(struct sum_f64 *s, const struct sum_f64 *other)
{
    vf64 joint = vf64_add(s->error, other->error);
    s->error = vf64_add(joint, sum_two(&s->sum, other->sum));
}

static inline void sum_total_f64(const struct sum_f64 *s, double *total) { vf64_store(total, vf64_add(s->sum, s->error)); }

/* *sum += x, *error += what the rounding lost (Knuth's TwoSum) */
static inline void add_two(double *sum, double *error, double x)
{
    double a = *sum, s = a + x, back = s - a;
    *error += (a - (s - back)) + (x - back);
    *sum = s;
}

static inline double tree_f32(struct lanes *lanes)
{
    double *sum = lanes->sum;
    size_t half = XENT_LANES / 2;
    for (; half >= VF64_WIDTH; half /= 2)
        for (size_t i = 0; i < half; i += VF64_WIDTH)
            vf64_store(sum + i, vf64_add(vf64_load(sum + i), vf64_load(sum + i + half)));
    for (; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) sum[i] += sum[i + half];
    return sum[0];
}

static inline double tree_f64(struct lanes *lanes)
{
    double *sum = lanes->sum, *error = lanes->error;
    size_t half = XENT_LANES / 2;
    for (; half >= VF64_WIDTH; half /= 2)
        for (size_t i = 0; i < half; i += VF64_WIDTH) {
            vf64 total = vf64_load(sum + i), joint = vf64_add(vf64_load(error + i), vf64_load(error + i + half));
            vf64_store(error + i, vf64_add(joint, sum_two(&total, vf64_load(sum + i + half))));
            vf64_store(sum + i, total);
        }
    for (; half >= 1; half /= 2)
        for (size_t i = 0; i < half; i++) {
            double joint = error[i] + error[i + half], lost = 0;
            add_two(&sum[i], &lost, sum[i + half]);
            error[i] = joint + lost;
        }
    return sum[0] + error[0];
}
