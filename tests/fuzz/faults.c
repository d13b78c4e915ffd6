#include "faults.h"

#include <math.h>
#include <string.h>

#include "support/operations.h"

int stage_pick(const struct stage *s, int count, struct bytes *b)
{
    int given[STAGE_ARGUMENTS], n = 0;
    for (int k = 0; k < count; k++)
        if (s->argument[k].given) given[n++] = k;
    return n == 0 ? -1 : given[bytes_below(b, n)];
}

static bool is_host(const struct stage *s, int at)
{
    for (int k = 0; k < STAGE_ARGUMENTS; k++)
        if (k != at && s->argument[k].given && s->argument[k].host == at) return true;
    return false;
}

void stage_miss(struct stage *s, int at)
{
    if (!is_host(s, at)) s->argument[at].given = false;
}

static void change_dtype(struct argument *a, struct bytes *b)
{
    static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16, XENT_I64, XENT_I32,
                                         XENT_I16, XENT_I8,  XENT_U8,  XENT_U16,  XENT_U32, XENT_U64 };
    a->dtype = BYTES_ONE_OF(b, dtypes);
}

static void change_shape(struct argument *a, struct bytes *b)
{
    static const int64_t extents[] = { 0, 1, 2, 3, 4, 7 };
    const int64_t kind = bytes_below(b, 4);
    const int32_t d = a->ndim > 0 ? (int32_t)bytes_below(b, a->ndim) : 0;
    if (kind == 0 && a->ndim > 0) a->ndim--;
    if (kind == 1 && a->ndim < XENT_MAX_NDIM) a->shape[a->ndim++] = BYTES_ONE_OF(b, extents);
    if (kind == 2 && a->ndim > 0) a->shape[d] = BYTES_ONE_OF(b, extents);
    if (kind == 3 && a->ndim > 0) a->shape[d] += bytes_chance(b, 2) && a->shape[d] > 0 ? -1 : 1;
    argument_row_major(a);
}

static void change_stride(struct argument *a, struct bytes *b)
{
    static const int64_t strides[] = { 0, 1, -1, 2, -2, 3, 5, 64 };
    if (a->ndim > 0) a->strides[bytes_below(b, a->ndim)] = BYTES_ONE_OF(b, strides);
}

/* Into the memory of another one, in its very place or some way on. */
static void move(struct stage *s, int at, int count, struct bytes *b)
{
    struct argument *a = &s->argument[at];
    const int other = stage_pick(s, count, b);
    const struct argument *host = &s->argument[other];
    if (other == at || is_host(s, at) || host->host != other) return;
    a->host = other;
    a->shift = bytes_chance(b, 2) ? 0 : sizeof(double) * (size_t)bytes_below(b, 64);
    if (bytes_chance(b, 2) || a->ndim != host->ndim) return;
    memcpy(a->strides, host->strides, sizeof a->strides);
    a->dtype = host->dtype;
}

void stage_fault(struct stage *s, int count, struct bytes *b)
{
    const int at = stage_pick(s, count, b);
    if (at < 0) return;
    switch (bytes_below(b, 6)) {
    case 0: stage_miss(s, at); break;
    case 1: change_dtype(&s->argument[at], b); break;
    case 2: change_shape(&s->argument[at], b); break;
    case 3: change_stride(&s->argument[at], b); break;
    case 4: move(s, at, count, b); break;
    default: s->argument[at].read_only = true; break;
    }
}

void option_fault(xent_options *o, struct bytes *b)
{
    static const double numbers[] = { 0,    -0.0,  1,      -1,     2,       0.5,   NAN, INFINITY, -INFINITY, 1e-30,
                                      1e30, 9e-31, 1.1e30, 1e-310, -1e-310, 1e300, 1.5, 1e-45,    65504,     88 };
    static const int32_t integers[] = { -1, 3, 4097, INT32_MIN, INT32_MAX, 1, 2, 0 };
    const double number = BYTES_ONE_OF(b, numbers);
    const int32_t integer = BYTES_ONE_OF(b, integers);
    switch (bytes_below(b, 8)) {
    case 0: o->reduction = integer; break;
    case 1: o->label_smoothing = number; break;
    case 2: o->z_loss = number; break;
    case 3: o->logit_scale = number; break;
    case 4: o->softcap = number; break;
    case 5: o->normalizer = number; break;
    case 6: o->num_threads = integer; break;
    default: o->reserved = integer; break;
    }
}

size_t size_fault(struct argument *a, size_t size, struct bytes *b)
{
    enum { MOST = 4096 };
    static const size_t more[] = { 1, 8, 40, 1000, 4096, 5000, SIZE_MAX / 2 };
    const size_t given = bytes_chance(b, 3) ? (size_t)bytes_below(b, (int64_t)size) : size + BYTES_ONE_OF(b, more);
    if (given > size && given <= MOST) a->shape[0] = (int64_t)given;
    return given;
}

void struct_fill(const struct argument *a, const void *from, size_t size, unsigned char tail)
{
    if (!a->given) return;
    const size_t room = (size_t)a->shape[0];
    memset(a->first, 0, room);
    memcpy(a->first, from, size < room ? size : room);
    if (room > size) a->first[room - 1] = tail;
}

void structs_fill(const struct stage *s, xent_options *options, int options_at, size_t stats_size, int stats_at,
                  unsigned char tail)
{
    xent_tensor *tensor[ROLES];
    stage_tensors(s, ROLES, tensor);
    const xent_stats stats = stats_of(tensor, stats_size);
    options->class_weight = tensor[ROLE_WEIGHT];
    options->row_weight = tensor[ROLE_ROW_WEIGHT];
    struct_fill(&s->argument[options_at], options, sizeof *options, tail);
    struct_fill(&s->argument[stats_at], &stats, sizeof stats, tail);
}
