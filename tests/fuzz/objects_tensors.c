/* Tensors of any shape, strides and memory, against the rules of xent.h in numbers that do not overflow. */
#include <string.h>
#include <xent.h>

#include "flaw.h"
#include "judge.h"
#include "objects.h"
#include "support/quad.h"

struct description_of_tensor {
    bool owns, read_only, out_missing;
    xent_dtype dtype;
    int32_t ndim;
    const int64_t *shape, *strides; /* NULL, or: */
    int64_t extents[XENT_MAX_NDIM + 2], steps[XENT_MAX_NDIM + 2];
    void *data;
};

static double memory[64]; /* what wrapped tensors point to; nothing reads it through them */
enum { MOST_OWNED = 1 << 16 };

static size_t alignment_of(xent_dtype dtype)
{
    struct of_double {
        char c;
        double x;
    };
    struct of_int64 {
        char c;
        int64_t x;
    };
    if (dtype == XENT_F64) return offsetof(struct of_double, x);
    if (dtype == XENT_I64 || dtype == XENT_U64) return offsetof(struct of_int64, x);
    return xent_dtype_size(dtype);
}

/* In pieces that libFuzzer can reach one by one: plain extents, and those at the ends of what can be counted. */
static int64_t choose_extent(struct bytes *b)
{
    static const int64_t extents[] = {
        0, 1, 2, 3, 4, 5, 7, 64, -1, INT64_MIN, INT64_MAX, INT64_C(1) << 31, INT64_C(1) << 61, INT64_C(1) << 32, 65536
    };
    return bytes_chance(b, 3) ? BYTES_ONE_OF(b, extents) : bytes_below(b, 5);
}

static int64_t choose_step(struct bytes *b)
{
    static const int64_t steps[] = { 0, 1, -1, 2, -3, INT64_MAX, INT64_MIN, INT64_C(1) << 60, -(INT64_C(1) << 60), 1 << 20 };
    return BYTES_ONE_OF(b, steps);
}

static void choose(struct description_of_tensor *t, struct bytes *b)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16,      XENT_BF16,     XENT_I64,
                                         XENT_I32, XENT_I16, XENT_I8,       XENT_U8,       XENT_U16,
                                         XENT_U32, XENT_U64, (xent_dtype)0, (xent_dtype)5, XENT_DTYPE_FORCE_INT };
    static const int32_t ranks[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 2, 2, -1, 9 };
    memset(t, 0, sizeof *t);
    t->owns = bytes_chance(b, 4);
    t->read_only = bytes_chance(b, 4);
    t->out_missing = bytes_chance(b, 40);
    t->dtype = BYTES_ONE_OF(b, dtypes);
    t->ndim = BYTES_ONE_OF(b, ranks);
    for (int32_t d = 0; d < t->ndim; d++) {
        t->extents[d] = choose_extent(b);
        t->steps[d] = choose_step(b);
    }
    t->shape = bytes_chance(b, 30) ? NULL : t->extents;
    t->strides = bytes_chance(b, 2) ? t->steps : NULL;
    t->data = bytes_chance(b, 12) ? NULL : (char *)memory + bytes_below(b, 16);
}

/* ---- What xent.h says of it ---------------------------------------------------------------------------------------------- */

static bool has_elements(const struct description_of_tensor *t)
{
    for (int32_t d = 0; d < t->ndim; d++)
        if (t->shape[d] == 0) return false;
    return true;
}

/* The product of the extents that are not 0, in bytes. */
static quad bytes_of(const struct description_of_tensor *t)
{
    quad bytes = (quad)xent_dtype_size(t->dtype);
    for (int32_t d = 0; d < t->ndim; d++) bytes *= (quad)(t->shape[d] == 0 ? 1 : t->shape[d]);
    return bytes;
}

static bool too_far(const struct description_of_tensor *t)
{
    const quad size = (quad)xent_dtype_size(t->dtype), most = (quad)PTRDIFF_MAX;
    quad lowest = 0, highest = 0;
    if (t->strides == NULL || t->owns || !has_elements(t)) return false;
    for (int32_t d = 0; d < t->ndim; d++) {
        const quad reach = (quad)(t->shape[d] - 1) * (quad)t->strides[d] * size;
        *(reach < 0 ? &lowest : &highest) += reach;
    }
    return lowest < -most - 1 || highest + size - lowest > most;
}

static bool misaligned(const struct description_of_tensor *t) { return (uintptr_t)t->data % alignment_of(t->dtype) != 0; }

static statuses contract(const struct description_of_tensor *t)
{
    const statuses invalid = STATUS_BIT(XENT_ERROR_INVALID_ARGUMENT), shape = STATUS_BIT(XENT_ERROR_SHAPE);
    if (t->out_missing || (t->shape == NULL && t->ndim > 0)) return invalid;
    if (xent_dtype_size(t->dtype) == 0) return STATUS_BIT(XENT_ERROR_DTYPE) | (t->shape == NULL && t->ndim < 0 ? invalid : 0);
    if (t->ndim < 0 || t->ndim > XENT_MAX_NDIM) return shape | (t->shape == NULL ? invalid : 0);
    for (int32_t d = 0; d < t->ndim; d++)
        if (t->shape[d] < 0) return shape;
    if (bytes_of(t) > (quad)PTRDIFF_MAX || too_far(t)) return STATUS_BIT(XENT_ERROR_OVERFLOW);
    if (!t->owns && ((t->data == NULL && has_elements(t)) || misaligned(t))) return invalid;
    return STATUS_BIT(XENT_OK);
}

/* ---- What the library does ----------------------------------------------------------------------------------------------- */

static xent_status make(const struct description_of_tensor *t, xent_tensor **out)
{
    if (t->owns) return xent_tensor_create(out, t->dtype, t->ndim, t->shape);
    if (t->read_only) return xent_tensor_wrap_const(out, t->dtype, t->ndim, t->shape, t->strides, t->data);
    return xent_tensor_wrap(out, t->dtype, t->ndim, t->shape, t->strides, t->data);
}

static void check_answers(const struct description_of_tensor *t, const xent_tensor *made)
{
    int64_t numel = 1, stride = 1;
    bool good = xent_tensor_dtype(made) == t->dtype && xent_tensor_ndim(made) == t->ndim;
    for (int32_t d = t->ndim - 1; d >= 0; d--) {
        good &= xent_tensor_shape(made)[d] == t->shape[d];
        good &= !has_elements(t) || xent_tensor_strides(made)[d] == (t->strides != NULL && !t->owns ? t->strides[d] : stride);
        if (has_elements(t)) stride *= t->shape[d];
    }
    numel = has_elements(t) ? stride : 0;
    good &= xent_tensor_numel(made) == numel;
    if (!t->owns) good &= xent_tensor_const_data(made) == t->data;
    good &= xent_tensor_data(made) == (t->read_only && !t->owns ? NULL : xent_tensor_const_data(made));
    if (!good) flaw("a tensor of dtype %d and rank %d answers something else", (int)t->dtype, (int)t->ndim);
}

static void check_memory(const struct description_of_tensor *t, const xent_tensor *made)
{
    const unsigned char *at = xent_tensor_const_data(made);
    if (!has_elements(t)) return;
    if (at == NULL || (uintptr_t)at % 64 != 0) flaw("a tensor's own memory is not aligned");
    for (size_t i = 0; i < (size_t)bytes_of(t); i++)
        if (at[i] != 0) flaw("a tensor's own memory is not zero");
}

/* Points it elsewhere, which the tensor survives either way. */
static void check_set_data(struct description_of_tensor *t, xent_tensor *made, struct bytes *b)
{
    struct description_of_tensor other = *t;
    other.data = bytes_chance(b, 6) ? NULL : (char *)memory + bytes_below(b, 16);
    const bool refused = t->owns || (other.data == NULL && has_elements(t)) || misaligned(&other);
    const xent_status status = xent_tensor_set_data(made, other.data);
    if (status != (refused ? XENT_ERROR_INVALID_ARGUMENT : XENT_OK)) flaw("set_data: %s", xent_status_name(status));
    check_answers(refused ? t : &other, made);
    if (xent_tensor_set_data(NULL, memory) != XENT_ERROR_INVALID_ARGUMENT) flaw("set_data of no tensor");
}

void tensor_calls(struct bytes *b)
{
    struct description_of_tensor t;
    xent_tensor *made = (xent_tensor *)(void *)memory; /* no tensor */
    choose(&t, b);
    const statuses allowed = contract(&t);
    if (t.owns && (allowed & STATUS_BIT(XENT_OK)) != 0 && bytes_of(&t) > (quad)MOST_OWNED) return;
    const xent_status status = make(&t, t.out_missing ? NULL : &made);
    if ((unsigned)status > XENT_ERROR_COMMUNICATION || (allowed >> status & 1) == 0)
        flaw("a tensor of dtype %d and rank %d: %s, expected one of the set %x (%s)", (int)t.dtype, (int)t.ndim,
             xent_status_name(status), allowed, xent_error_message());
    if (t.out_missing) return;
    if ((status == XENT_OK) != (made != NULL)) flaw("%s, and the tensor is %p", xent_status_name(status), (void *)made);
    if (status != XENT_OK) return;
    check_answers(&t, made);
    if (t.owns) check_memory(&t, made);
    check_set_data(&t, made, b);
    xent_tensor_destroy(made);
}
