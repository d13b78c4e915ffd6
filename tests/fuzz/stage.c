#include "stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flaw.h"
#include "support/half.h"
#include "support/problem.h"
#include "support/problem_element.h"
#include "support/problem_operand.h"

enum { PATTERN = 0xA5, ALIGNMENT = 64 };

void argument_row_major(struct argument *a)
{
    int64_t stride = 1;
    for (int32_t d = a->ndim - 1; d >= 0; d--) {
        a->strides[d] = stride;
        stride *= a->shape[d] > 0 ? a->shape[d] : 1;
    }
}

struct argument *stage_add(struct stage *s, int at, bool output, xent_dtype dtype, int32_t ndim, const int64_t *shape)
{
    struct argument *a = &s->argument[at];
    *a = (struct argument){ .given = true, .output = output, .dtype = dtype, .ndim = ndim, .host = at };
    for (int32_t d = 0; d < ndim; d++) a->shape[d] = shape[d];
    argument_row_major(a);
    return a;
}

struct argument *stage_add_bytes(struct stage *s, int at, bool output, size_t size)
{
    struct argument *a = stage_add(s, at, output, XENT_U8, 1, (const int64_t[]){ (int64_t)size });
    a->aligned = true;
    return a;
}

void argument_stride(struct argument *a, struct bytes *b)
{
    int32_t order[XENT_MAX_NDIM];
    int64_t stride = 1 + bytes_below(b, 3);
    for (int32_t d = 0; d < a->ndim; d++) {
        const int32_t other = (int32_t)bytes_below(b, d + 1);
        if (other != d) order[d] = order[other];
        order[other] = a->ndim - 1 - d;
    }
    for (int32_t k = 0; k < a->ndim; k++) {
        const int32_t d = order[k];
        const int64_t kind = bytes_below(b, 16);
        a->strides[d] = kind % 4 == 3 ? -stride : kind == 8 && !a->output ? 0 : stride;
        if (a->strides[d] != 0) stride *= (a->shape[d] > 0 ? a->shape[d] : 1) + (kind >= 12);
    }
}

/* ---- Elements ------------------------------------------------------------------------------------------------------------ */

int64_t argument_elements(const struct argument *a)
{
    int64_t n = 1;
    for (int32_t d = 0; d < a->ndim; d++) n *= a->shape[d];
    return n;
}

void *argument_at(const struct argument *a, int64_t i)
{
    int64_t offset = 0;
    for (int32_t d = a->ndim - 1; d >= 0; d--) {
        offset += i % a->shape[d] * a->strides[d];
        i /= a->shape[d];
    }
    return a->first + offset * (int64_t)xent_dtype_size(a->dtype);
}

static double number_at(xent_dtype dtype, const void *at)
{
    float single;
    double number;
    uint16_t half;
    switch ((int)dtype) {
    case XENT_F32: memcpy(&single, at, sizeof single); return (double)single;
    case XENT_F64: memcpy(&number, at, sizeof number); return number;
    default: memcpy(&half, at, sizeof half); return half_decode(dtype, half);
    }
}

static bool little_endian(void)
{
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1;
}

static int64_t integer_at(xent_dtype dtype, const void *at)
{
    const size_t size = xent_dtype_size(dtype);
    const unsigned char *bytes = at;
    const bool little = little_endian(), is_signed = dtype <= XENT_I8;
    uint64_t value = 0;
    for (size_t k = 0; k < size; k++) value |= (uint64_t)bytes[little ? k : size - 1 - k] << (8 * k);
    if (is_signed && size < 8 && value >> (8 * size - 1) != 0) value |= ~UINT64_C(0) << (8 * size);
    return !is_signed && value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

double argument_number(const struct argument *a, int64_t i) { return number_at(a->dtype, argument_at(a, i)); }
int64_t argument_integer(const struct argument *a, int64_t i) { return integer_at(a->dtype, argument_at(a, i)); }

void argument_store(const struct argument *a, int64_t i, double value) { element_store(a->dtype, argument_at(a, i), 0, value); }

void argument_poison(const struct argument *a, int64_t i) { element_store_nan(a->dtype, argument_at(a, i), 0, 0); }

void argument_store_integer(const struct argument *a, int64_t i, int64_t value)
{
    const size_t size = xent_dtype_size(a->dtype);
    memcpy(argument_at(a, i), (const unsigned char *)&value + (little_endian() ? 0 : sizeof value - size), size);
}

/* ---- Memory -------------------------------------------------------------------------------------------------------------- */

/* How far the lowest element lies before the first one, and what lies from there to the end of the highest one, in bytes. */
struct span {
    size_t before, bytes;
};

static struct span span_of(const struct argument *a)
{
    const size_t size = xent_dtype_size(a->dtype);
    size_t before = 0, behind = 0;
    if (argument_elements(a) == 0) return (struct span){ 0, 0 };
    for (int32_t d = 0; d < a->ndim; d++) {
        const int64_t reach = (a->shape[d] - 1) * a->strides[d];
        if (reach < 0)
            before += (size_t)-reach * size;
        else
            behind += (size_t)reach * size;
    }
    return (struct span){ before, before + behind + size };
}

struct range argument_range(const struct argument *a)
{
    const struct span span = span_of(a);
    const uintptr_t begin = (uintptr_t)a->first - span.before;
    return (struct range){ begin, begin + span.bytes };
}

/* The block of argument `host`, with room for all that lie in it. */
static void allocate(struct stage *s, int host, size_t guard, size_t offset)
{
    struct block *block = &s->block[host];
    size_t room = 0, unit = s->argument[host].aligned ? sizeof(double) : xent_dtype_size(s->argument[host].dtype);
    for (int i = 0; i < STAGE_ARGUMENTS; i++) {
        const struct argument *a = &s->argument[i];
        if (!a->given || a->host != host) continue;
        const size_t needed = a->shift + span_of(a).bytes;
        if (i != host) unit = sizeof(double);
        if (needed > room) room = needed;
    }
    offset *= unit;
    block->size = guard + offset + room + guard;
    block->memory = memory_new(block->size);
    block->before = memory_new(block->size);
    memset(block->memory, PATTERN, block->size);
    for (int i = 0; i < STAGE_ARGUMENTS; i++) {
        struct argument *a = &s->argument[i];
        if (a->given && a->host == host) a->first = block->memory + guard + offset + a->shift + span_of(a).before;
    }
}

void stage_open(struct stage *s, size_t guard, size_t offset)
{
    for (int i = 0; i < STAGE_ARGUMENTS; i++)
        if (s->argument[i].given && s->argument[i].host == i) allocate(s, i, guard, offset);
    for (int i = 0; i < STAGE_ARGUMENTS; i++) {
        struct argument *a = &s->argument[i];
        if (!a->given) continue;
        const xent_status status = a->read_only
                                       ? xent_tensor_wrap_const(&a->tensor, a->dtype, a->ndim, a->shape, a->strides, a->first)
                                       : xent_tensor_wrap(&a->tensor, a->dtype, a->ndim, a->shape, a->strides, a->first);
        if (status != XENT_OK) flaw("argument %d cannot be wrapped: %s", i, xent_error_message());
        a->answer = s->answer_size;
        if (a->output) s->answer_size += (size_t)argument_elements(a) * xent_dtype_size(a->dtype);
    }
    s->answer = memory_new(s->answer_size);
}

void stage_close(struct stage *s)
{
    for (int i = 0; i < STAGE_ARGUMENTS; i++) {
        xent_tensor_destroy(s->argument[i].tensor);
        free(s->block[i].memory);
        free(s->block[i].before);
    }
    free(s->answer);
}

void stage_tensors(const struct stage *s, int count, xent_tensor **out)
{
    for (int i = 0; i < count; i++) out[i] = s->argument[i].tensor;
}

void stage_keep(struct stage *s)
{
    for (int i = 0; i < STAGE_ARGUMENTS; i++)
        if (s->block[i].size > 0) memcpy(s->block[i].before, s->block[i].memory, s->block[i].size);
}

bool stage_untouched(const struct stage *s)
{
    bool same = true;
    for (int i = 0; i < STAGE_ARGUMENTS; i++)
        if (s->block[i].size > 0) same &= memcmp(s->block[i].before, s->block[i].memory, s->block[i].size) == 0;
    return same;
}

void stage_take(struct stage *s, unsigned char *answer, unsigned outputs)
{
    for (int k = 0; k < STAGE_ARGUMENTS; k++) {
        const struct argument *a = &s->argument[k];
        const struct block *block = &s->block[a->host];
        const size_t size = xent_dtype_size(a->dtype);
        if (!a->given || !a->output || (outputs >> k & 1) == 0) continue;
        for (int64_t i = 0, n = argument_elements(a); i < n; i++) {
            unsigned char *at = argument_at(a, i);
            memcpy(answer + a->answer + (size_t)i * size, at, size);
            memcpy(at, block->before + (at - block->memory), size);
        }
    }
}

double answer_number(const struct stage *s, int at, int64_t i)
{
    const struct argument *a = &s->argument[at];
    return number_at(a->dtype, s->answer + a->answer + (size_t)i * xent_dtype_size(a->dtype));
}

int64_t answer_integer(const struct stage *s, int at, int64_t i)
{
    const struct argument *a = &s->argument[at];
    return integer_at(a->dtype, s->answer + a->answer + (size_t)i * xent_dtype_size(a->dtype));
}

void stage_print(const struct stage *s, int at, const char *name)
{
    enum { MOST = 24 };
    const struct argument *a = &s->argument[at];
    if (!a->given) return;
    fprintf(stderr, "  %s (%d): %s%s,", name, at, dtype_name(a->dtype), a->read_only ? ", read-only" : "");
    for (int32_t d = 0; d < a->ndim; d++) fprintf(stderr, " %" PRId64 " by %" PRId64, a->shape[d], a->strides[d]);
    if (a->host != at) fprintf(stderr, ", %zu bytes into %d", a->shift, a->host);
    for (int64_t i = 0; a->dtype != XENT_U8 && i < MOST && i < argument_elements(a); i++)
        fprintf(stderr, "%s%.17g", i == 0 ? ":\n    " : " ",
                a->dtype <= XENT_BF16 ? argument_number(a, i) : (double)argument_integer(a, i));
    fputc('\n', stderr);
}
