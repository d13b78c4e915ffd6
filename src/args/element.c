/* Elements of every type between memory, doubles and 64-bit integers. The dtype has been checked, memory is aligned to it. */
#include "args/element.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "kernels/bits.h"

/* What an array needs that is a struct's member: on i386 4 bytes for a double, though _Alignof may say 8. */
#define MEMBER(type)                                                                                                           \
    struct type##_member {                                                                                                     \
        char before;                                                                                                           \
        type member;                                                                                                           \
    }
#define ALIGNMENT(type) offsetof(struct type##_member, member)
MEMBER(float);
MEMBER(double);
MEMBER(int8_t);
MEMBER(int16_t);
MEMBER(int32_t);
MEMBER(int64_t);

static const struct element {
    const char *name;
    size_t size, alignment;
    bool floating;
} elements[] = {
    [XENT_F32] = { "F32", 4, ALIGNMENT(float), true },    [XENT_F64] = { "F64", 8, ALIGNMENT(double), true },
    [XENT_F16] = { "F16", 2, ALIGNMENT(int16_t), true },  [XENT_BF16] = { "BF16", 2, ALIGNMENT(int16_t), true },
    [XENT_I64] = { "I64", 8, ALIGNMENT(int64_t), false }, [XENT_I32] = { "I32", 4, ALIGNMENT(int32_t), false },
    [XENT_I16] = { "I16", 2, ALIGNMENT(int16_t), false }, [XENT_I8] = { "I8", 1, ALIGNMENT(int8_t), false },
    [XENT_U8] = { "U8", 1, ALIGNMENT(int8_t), false },    [XENT_U16] = { "U16", 2, ALIGNMENT(int16_t), false },
    [XENT_U32] = { "U32", 4, ALIGNMENT(int32_t), false }, [XENT_U64] = { "U64", 8, ALIGNMENT(int64_t), false },
};

static const struct element *element(xent_dtype dtype)
{
    size_t index = (size_t)dtype;
    return index < sizeof elements / sizeof elements[0] && elements[index].size != 0 ? &elements[index] : NULL;
}

size_t xent_element_size(xent_dtype dtype)
{
    const struct element *e = element(dtype);
    return e == NULL ? 0 : e->size;
}

size_t xent_element_alignment(xent_dtype dtype) { return element(dtype)->alignment; }

const char *xent_element_name(xent_dtype dtype) { return element(dtype)->name; }

bool xent_element_is_floating(xent_dtype dtype)
{
    const struct element *e = element(dtype);
    return e != NULL && e->floating;
}

double xent_load_float_any(xent_dtype dtype, const void *from)
{
    switch (dtype) {
    case XENT_F32: return (double)*(const float *)from;
    case XENT_F16: return (double)f32_of_f16(*(const uint16_t *)from);
    case XENT_BF16: return (double)f32_of_bf16(*(const uint16_t *)from);
    default: return *(const double *)from;
    }
}

void xent_store_float_any(xent_dtype dtype, void *to, double value)
{
    if (value != value) value = (double)NAN;
    switch (dtype) {
    case XENT_F32: *(float *)to = (float)value; break;
    case XENT_F16: *(uint16_t *)to = f16_of_f64(value); break;
    case XENT_BF16: *(uint16_t *)to = bf16_of_f64(value); break;
    default: *(double *)to = value; break;
    }
}

/* A number that is not zero may round to a zero of its sign. */
void xent_store_result_any(xent_dtype dtype, void *to, double value)
{
    xent_store_float_any(dtype, to, value);
    if (xent_load_float(dtype, to) == 0) xent_store_float_any(dtype, to, 0.0);
}

void xent_store_results(xent_dtype dtype, const double *from, size_t n, char *to, ptrdiff_t step)
{
    if (dtype == XENT_F32)
        for (size_t i = 0; i < n; i++, to += step) *(float *)to = from[i] == from[i] ? (float)from[i] + 0.0f : (float)NAN;
    else if (dtype == XENT_F64)
        for (size_t i = 0; i < n; i++, to += step) *(double *)to = from[i] == from[i] ? from[i] + 0.0 : (double)NAN;
    else
        for (size_t i = 0; i < n; i++, to += step) xent_store_result_any(dtype, to, from[i]);
}

int64_t xent_load_index_any(xent_dtype dtype, const void *from)
{
    switch (dtype) {
    case XENT_I32: return *(const int32_t *)from;
    case XENT_I16: return *(const int16_t *)from;
    case XENT_I8: return *(const int8_t *)from;
    case XENT_U8: return *(const uint8_t *)from;
    case XENT_U16: return *(const uint16_t *)from;
    case XENT_U32: return *(const uint32_t *)from;
    default: return *(const int64_t *)from;
    }
}

/* to[i] and from[i] of one type, each `step` bytes apart; a step of an element's size is contiguous */
#define COPY(type, from, from_step, to, to_step, n)                                                                            \
    for (size_t i = 0; i < (n); i++)                                                                                           \
    *(type *)((to) + (ptrdiff_t)i * (to_step)) = *(const type *)((from) + (ptrdiff_t)i * (from_step))

static void copy(xent_dtype dtype, const char *from, ptrdiff_t from_step, char *to, ptrdiff_t to_step, size_t n)
{
    if (dtype == XENT_F32)
        COPY(float, from, from_step, to, to_step, n);
    else if (dtype == XENT_F64)
        COPY(double, from, from_step, to, to_step, n);
    else
        COPY(uint16_t, from, from_step, to, to_step, n);
}

void xent_gather(xent_dtype dtype, const char *from, ptrdiff_t step, size_t n, void *to)
{
    ptrdiff_t size = (ptrdiff_t)xent_element_size(dtype);
    if (step == size)
        memcpy(to, from, n * (size_t)size);
    else
        copy(dtype, from, step, to, size, n);
}

void xent_scatter(xent_dtype dtype, const void *from, size_t n, char *to, ptrdiff_t step)
{
    copy(dtype, from, (ptrdiff_t)xent_element_size(dtype), to, step, n);
}

/* to[i] = convert(the element `place` steps on), of one type: a loop for each. */
#define CONVERT(type, convert, place)                                                                                          \
    for (size_t i = 0; i < n; i++) to[i] = convert(*(const type *)(from + (ptrdiff_t)(place)*step))

#define CONVERT_FLOATING(place)                                                                                                \
    switch (dtype) {                                                                                                           \
    case XENT_F32: CONVERT(float, (double), place); break;                                                                     \
    case XENT_F16: CONVERT(uint16_t, (double)f32_of_f16, place); break;                                                        \
    case XENT_BF16: CONVERT(uint16_t, (double)f32_of_bf16, place); break;                                                      \
    default: CONVERT(double, , place); break;                                                                                  \
    }

void xent_gather_doubles(xent_dtype dtype, const char *from, ptrdiff_t step, size_t n, double *to) { CONVERT_FLOATING(i) }

void xent_gather_doubles_at(xent_dtype dtype, const char *from, ptrdiff_t step, const int64_t *index, size_t n, double *to)
{
    CONVERT_FLOATING(index[i])
}

void xent_gather_indices(xent_dtype dtype, const char *from, ptrdiff_t step, size_t n, int64_t *to)
{
    switch (dtype) {
    case XENT_I32: CONVERT(int32_t, , i); break;
    case XENT_I16: CONVERT(int16_t, , i); break;
    case XENT_I8: CONVERT(int8_t, , i); break;
    case XENT_U8: CONVERT(uint8_t, , i); break;
    case XENT_U16: CONVERT(uint16_t, , i); break;
    case XENT_U32: CONVERT(uint32_t, , i); break;
    default: CONVERT(int64_t, , i); break;
    }
}

void xent_fill(xent_dtype dtype, char *to, ptrdiff_t step, size_t n, double value)
{
    for (size_t i = 0; i < n; i++) xent_store_float(dtype, to + (ptrdiff_t)i * step, value);
}

/* Contiguous F32 is a loop without branches. */
void xent_put_results(xent_dtype dtype, char *to, ptrdiff_t step, size_t n, const double *results)
{
    if (dtype != XENT_F32 || step != sizeof(float)) {
        for (size_t i = 0; i < n; i++, to += step) xent_store_result(dtype, to, results[i]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float result = (float)results[i] + 0.0f;
        ((float *)(void *)to)[i] = result == result ? result : NAN;
    }
}

void xent_put_indices(xent_dtype dtype, char *to, ptrdiff_t step, size_t n, const int64_t *indices)
{
    if (dtype == XENT_I32)
        for (size_t i = 0; i < n; i++) *(int32_t *)(void *)(to + (ptrdiff_t)i * step) = (int32_t)indices[i];
    else if (step == sizeof *indices)
        memcpy(to, indices, n * sizeof *indices);
    else
        for (size_t i = 0; i < n; i++) *(int64_t *)(void *)(to + (ptrdiff_t)i * step) = indices[i];
}
