#include "problem_operand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nan.h"

enum { PATTERN = 0xA5, ALIGNMENT = 64 };

void *memory_new(size_t bytes)
{
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (memory == NULL) {
        perror("problem");
        exit(EXIT_FAILURE);
    }
    return memory;
}

/* ---- Shapes ------------------------------------------------------------------------------------------------------------ */

static unsigned repeated_dimensions(const struct problem *p)
{
    if (p->repeated == REPEATED_EVERYWHERE) return ~(1U << p->axis);
    return p->repeated == REPEATED_NOWHERE ? 0 : 1U << p->repeated;
}

struct operand operand_of_logits(const struct problem *p, xent_dtype dtype)
{
    struct operand o = { .dtype = dtype, .ndim = p->ndim, .repeated = repeated_dimensions(p) };
    memcpy(o.shape, p->shape, sizeof o.shape);
    return o;
}

struct operand operand_of_best(const struct problem *p, xent_dtype dtype)
{
    struct operand o = operand_of_logits(p, dtype);
    o.shape[p->axis] = p->best;
    return o;
}

struct operand operand_of_rows(const struct problem *p, xent_dtype dtype)
{
    const unsigned repeated = repeated_dimensions(p), below = (1U << p->axis) - 1;
    struct operand o = { .dtype = dtype, .ndim = p->ndim - 1, .repeated = (repeated & below) | (repeated >> 1 & ~below) };
    for (int32_t d = 0; d < o.ndim; d++) o.shape[d] = p->shape[d + (d >= p->axis)];
    return o;
}

struct operand operand_of_one(const struct problem *p, xent_dtype dtype)
{
    return (struct operand){ .dtype = dtype, .ndim = (int32_t)(p->layout & 1), .shape = { 1 } };
}

struct operand operand_of_classes(const struct problem *p, xent_dtype dtype)
{
    return (struct operand){ .dtype = dtype, .ndim = 1, .shape = { problem_classes(p) } };
}

int64_t operand_elements(const struct operand *o)
{
    int64_t n = 1;
    for (int32_t d = 0; d < o->ndim; d++) n *= o->shape[d];
    return n;
}

/* One element after the other, in row-major order. */
struct walk {
    int64_t index[XENT_MAX_NDIM], offset;
};

static void walk_on(struct walk *w, const struct operand *o, const int64_t *strides)
{
    for (int32_t d = o->ndim - 1; d >= 0; d--) {
        w->offset += strides[d];
        if (++w->index[d] < o->shape[d]) return;
        w->offset -= o->shape[d] * strides[d];
        w->index[d] = 0;
    }
}

static void copy_element(void *to, const void *from, size_t size)
{
    switch (size) {
    case 2: memcpy(to, from, 2); break;
    case 4: memcpy(to, from, 4); break;
    case 8: memcpy(to, from, 8); break;
    default: memcpy(to, from, size); break;
    }
}

/* ---- Layout ------------------------------------------------------------------------------------------------------------ */

static void row_major(const struct operand *o, int64_t *strides)
{
    int64_t stride = 1;
    for (int32_t d = o->ndim - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= o->shape[d];
    }
}

/* Any order of the dimensions, either direction, gaps between elements and between lines; 0 along a dimension that repeats. */
static void draw_strides(struct operand *o, int repeats, struct random *r)
{
    int32_t order[XENT_MAX_NDIM];
    const int shuffled = random_chance(r, 2);
    for (int32_t d = 0; d < o->ndim; d++) {
        const int32_t other = shuffled ? (int32_t)random_below(r, d + 1) : d;
        if (other != d) order[d] = order[other];
        order[other] = o->ndim - 1 - d;
    }
    const int64_t padded = random_below(r, XENT_MAX_NDIM);
    int64_t stride = random_chance(r, 3) ? 2 + random_below(r, 2) : 1;
    for (int32_t k = 0; k < o->ndim; k++) {
        const int32_t d = order[k];
        const int backwards = random_chance(r, 4);
        if (repeats && o->repeated >> d & 1) {
            o->strides[d] = 0;
            continue;
        }
        o->strides[d] = backwards ? -stride : stride;
        stride *= o->shape[d] + (k == padded ? 1 + random_below(r, 3) : 0);
    }
}

/* Memory around the elements, all of it the pattern; elements begin at an aligned address, or at some other one. */
static void allocate(struct operand *o, struct random *r, int aligned)
{
    const size_t size = xent_dtype_size(o->dtype);
    int64_t lowest = 0, highest = 0;
    for (int32_t d = 0; d < o->ndim; d++) {
        const int64_t reach = (o->shape[d] - 1) * o->strides[d];
        if (o->shape[d] > 0) *(reach < 0 ? &lowest : &highest) += reach;
    }
    o->bytes = (size_t)(highest - lowest + 1) * size + 4 * ALIGNMENT;
    o->memory = memory_new(o->bytes);
    memset(o->memory, PATTERN, o->bytes);
    const size_t past = (uintptr_t)o->memory % ALIGNMENT, shift = aligned ? 0 : (size_t)random_below(r, 16) * size % ALIGNMENT;
    o->first = o->memory + (2 * ALIGNMENT - past) + shift - lowest * (int64_t)size;
}

static void lay_out(struct operand *o, const struct problem *p, uint64_t stream, int repeats)
{
    struct random r = random_stream(p->layout, stream);
    if (p->layout == 0)
        row_major(o, o->strides);
    else
        draw_strides(o, repeats, &r);
    allocate(o, &r, p->layout == 0);
}

static void make(struct operand *o)
{
    const xent_status status = o->writable
                                   ? xent_tensor_wrap(&o->tensor, o->dtype, o->ndim, o->shape, o->strides, o->first)
                                   : xent_tensor_wrap_const(&o->tensor, o->dtype, o->ndim, o->shape, o->strides, o->first);
    if (status == XENT_OK) return;
    fprintf(stderr, "problem: %s: %s\n", xent_status_name(status), xent_error_message());
    exit(EXIT_FAILURE);
}

/* ---- Elements ---------------------------------------------------------------------------------------------------------- */

static void scatter(struct operand *o, const unsigned char *values)
{
    const size_t size = xent_dtype_size(o->dtype);
    int64_t from[XENT_MAX_NDIM];
    row_major(o, from);
    for (int32_t d = 0; d < o->ndim; d++)
        if (o->repeated >> d & 1) from[d] = 0;
    struct walk to_walk = { .offset = 0 }, from_walk = { .offset = 0 };
    for (int64_t i = 0, n = operand_elements(o); i < n; i++) {
        copy_element(o->first + to_walk.offset * (int64_t)size, values + (size_t)from_walk.offset * size, size);
        walk_on(&to_walk, o, o->strides);
        walk_on(&from_walk, o, from);
    }
}

void operand_input(struct operand *o, const struct problem *p, uint64_t stream, const void *values)
{
    lay_out(o, p, stream, 1);
    scatter(o, values);
    make(o);
}

void operand_output(struct operand *o, const struct problem *p, uint64_t stream)
{
    lay_out(o, p, stream, 0);
    o->writable = 1;
    make(o);
}

void operand_input_output(struct operand *o, const struct problem *p, uint64_t stream, const void *values)
{
    lay_out(o, p, stream, 0);
    scatter(o, values);
    o->writable = 1;
    make(o);
}

void operand_narrow(struct operand *o, int32_t dimension, int64_t begin, int64_t end)
{
    o->first += begin * o->strides[dimension] * (int64_t)xent_dtype_size(o->dtype);
    o->shape[dimension] = end - begin;
    make(o);
}

void operand_gather(const struct operand *o, unsigned char *to)
{
    const size_t size = xent_dtype_size(o->dtype);
    struct walk walk = { .offset = 0 };
    for (int64_t i = 0, n = operand_elements(o); i < n; i++, walk_on(&walk, o, o->strides)) {
        const unsigned char *at = o->first + walk.offset * (int64_t)size;
        uint16_t quarter;
        uint32_t half;
        uint64_t word;
        if (size == sizeof quarter) {
            memcpy(&quarter, at, sizeof quarter);
            word = quarter;
        } else if (size == sizeof half) {
            memcpy(&half, at, sizeof half);
            word = half;
        } else
            memcpy(&word, at, sizeof word);
        word = bits_elsewhere(o->dtype, word);
        for (size_t b = 0; b < size; b++) *to++ = (unsigned char)(word >> (8 * b) & 0xff);
    }
}

int operand_stray(struct operand *o)
{
    const size_t size = xent_dtype_size(o->dtype);
    unsigned char pattern[sizeof(double)];
    struct walk walk = { .offset = 0 };
    memset(pattern, PATTERN, sizeof pattern);
    for (int64_t i = 0, n = operand_elements(o); i < n; i++, walk_on(&walk, o, o->strides))
        copy_element(o->first + walk.offset * (int64_t)size, pattern, size);
    return o->memory[0] != PATTERN || memcmp(o->memory, o->memory + 1, o->bytes - 1) != 0;
}

void operand_free(struct operand *o)
{
    xent_tensor_destroy(o->tensor);
    free(o->memory);
}
