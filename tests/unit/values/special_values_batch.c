#include "special_values.h"

#include "support/effort.h"

/* A handful of classes, and more than the lanes, in every dtype; then several chunks, of which less effort tries fewer. */
static const struct size sizes[] = { { XENT_F32, 3 },    { XENT_F64, 3 },     { XENT_F16, 3 },    { XENT_BF16, 3 },
                                     { XENT_F32, 67 },   { XENT_F64, 67 },    { XENT_F16, 67 },   { XENT_BF16, 67 },
                                     { XENT_F32, 9001 }, { XENT_BF16, 4097 }, { XENT_F64, 4097 }, { XENT_F16, 4097 },
                                     { XENT_F32, 4096 } };
enum { SIZES = sizeof sizes / sizeof sizes[0], SHORT = 8, ROWS = 3, MOST = 20 };

int run_on_all_sizes(const struct CMUnitTest *each, size_t count)
{
    static struct CMUnitTest tests[MOST * SIZES];
    const size_t tried = SHORT + (size_t)effort(SIZES - SHORT);
    require_backend();
    for (size_t i = 0; i < tried * count; i++) {
        tests[i] = each[i / tried];
        tests[i].initial_state = (void *)(uintptr_t)&sizes[i % tried];
    }
    /* the macro counts the elements of an array */
    return _cmocka_run_group_tests("special values", tests, tried * count, NULL, NULL);
}

const xent_tensor *target_of(const struct batch *b, int kind) { return kind == 0 ? b->y : b->t; }

static size_t row_bytes(const struct batch *b) { return (size_t)b->classes * xent_dtype_size(b->dtype); }

struct batch open_batch(void **state)
{
    const struct size *s = *state;
    struct batch b = { s->dtype,
                       s->classes,
                       tensor_new(s->dtype, SHAPE(ROWS, s->classes), ROW_MAJOR),
                       tensor_of(XENT_I32, SHAPE(ROWS), ROW_MAJOR, VALUES(1, 1, 1)),
                       tensor_new(XENT_F64, SHAPE(ROWS, s->classes), ROW_MAJOR),
                       tensor_new(XENT_F64, SHAPE(s->classes), ROW_MAJOR),
                       tensor_new(s->dtype, SHAPE(ROWS), ROW_MAJOR),
                       tensor_new(s->dtype, SHAPE(ROWS, s->classes), ROW_MAJOR),
                       tensor_new(s->dtype, SHAPE(ROWS, s->classes), ROW_MAJOR),
                       tensor_new(s->dtype, SHAPE(s->classes), ROW_MAJOR),
                       XENT_OPTIONS_INIT };
    b.none.reduction = XENT_REDUCTION_NONE;
    for (int64_t i = 0; i < ROWS * b.classes; i++) tensor_set(b.usual, i, (double)(i % 7) / 4 - 1); /* exact in every dtype */
    memcpy(xent_tensor_data(b.z), xent_tensor_data(b.usual), ROWS * row_bytes(&b));
    for (int64_t c = 0; c < b.classes; c++) tensor_set(b.nan_row, c, NAN);
    for (int64_t row = 0; row < ROWS; row++) tensor_set(b.t, row * b.classes + 1, 1);
    for (int64_t c = 0; c < b.classes; c++) tensor_set(b.weight, c, 1);
    return b;
}

void close_batch(struct batch *b)
{
    xent_tensor *all[] = { b->z, b->y, b->t, b->weight, b->losses, b->table, b->usual, b->nan_row };
    for (int i = 0; i < 8; i++) tensor_free(all[i]);
}

void set_middle(const struct batch *b, xent_tensor *table, int64_t c, double value)
{
    tensor_set(table, b->classes + c, value);
}

double get_middle(const struct batch *b, const xent_tensor *table, int64_t c) { return tensor_get(table, b->classes + c); }

void spoil(struct batch *b, int64_t c, double value) { set_middle(b, b->z, c, value); }

void spoil_all(struct batch *b, double value)
{
    for (int64_t c = 0; c < b->classes; c++) spoil(b, c, value);
}

void restore(struct batch *b) { memcpy(tensor_at(b->z, b->classes), tensor_at(b->usual, b->classes), row_bytes(b)); }

void spoil_with_nan(struct batch *b, int64_t c, int which)
{
    static const uint32_t f32[NANS] = { 0x7FC00000, 0xFFC00000, 0xFFC12345, 0x7F800001 };
    static const uint64_t f64[NANS] = { 0x7FF8000000000000, 0xFFF8000000000000, 0xFFF8000000012345, 0x7FF0000000000001 };
    static const uint16_t f16[NANS] = { 0x7E00, 0xFE00, 0xFE23, 0x7C01 }, bf16[NANS] = { 0x7FC0, 0xFFC0, 0xFFC5, 0x7F81 };
    const void *bits = b->dtype == XENT_F32   ? (const void *)&f32[which]
                       : b->dtype == XENT_F64 ? (const void *)&f64[which]
                       : b->dtype == XENT_F16 ? &f16[which]
                                              : &bf16[which];
    memcpy(tensor_at(b->z, b->classes + c), bits, xent_dtype_size(b->dtype));
}

/* ---- What is expected -------------------------------------------------------------------------------------------------- */

uint64_t bits_of(xent_dtype dtype, double value)
{
    xent_tensor *t = tensor_of(dtype, SCALAR, ROW_MAJOR, &value);
    const uint64_t bits = tensor_bits(t, 0);
    tensor_free(t);
    return bits;
}

void expect_near(const xent_tensor *t, int64_t i, double want)
{
    double allowed = 4 * 0x1p-52, step = 0x1p-1074;
    switch ((int)xent_tensor_dtype(t)) {
    case XENT_F32: allowed = 4 * 0x1p-23, step = 0x1p-149; break;
    case XENT_F16: allowed = 0x1.008p-11, step = 0x1p-25; break;
    case XENT_BF16: allowed = 0x1.008p-8, step = 0x1p-134; break;
    }
    if (!(fabs(tensor_get(t, i) - want) <= allowed * fabs(want) + step))
        fail_msg("element %lld is %a, expected %a", (long long)i, tensor_get(t, i), want);
}

void expect_nan_row(const struct batch *b)
{
    const void *row = tensor_at(b->table, b->classes);
    if (memcmp(row, xent_tensor_data(b->nan_row), row_bytes(b)) == 0) return;
    for (int64_t c = 0; c < b->classes; c++) expect_bits(b->table, b->classes + c, canonical_nan(b->dtype));
}

void expect_finite_row(const struct batch *b)
{
    for (int64_t c = 0; c < b->classes; c++)
        if (!isfinite(get_middle(b, b->table, c))) fail_msg("entry %lld is %g", (long long)c, get_middle(b, b->table, c));
}

void expect_zero_row(const struct batch *b)
{
    for (int64_t c = 0; c < b->classes; c++)
        if (get_middle(b, b->table, c) != 0) fail_msg("entry %lld is %g", (long long)c, get_middle(b, b->table, c));
}

void expect_loss_bits(const struct batch *b, const xent_tensor *target, const xent_options *options, uint64_t bits)
{
    expect_ok(xent_cross_entropy(b->z, target, options, b->losses));
    expect_bits(b->losses, 1, bits);
    tensor_set(b->losses, 1, 7);
    expect_ok(xent_cross_entropy_grad(b->z, target, options, NULL, b->losses, b->table));
    expect_bits(b->losses, 1, bits);
}

void compute_gradient(const struct batch *b, const xent_tensor *target, const xent_options *options,
                      const xent_tensor *grad_loss)
{
    memset(xent_tensor_data(b->table), 0x77, ROWS * row_bytes(b));
    expect_ok(xent_cross_entropy_grad(b->z, target, options, grad_loss, NULL, b->table));
}

/* The first and the last row of the table are those of `want`. */
static void expect_neighbours(const struct batch *b, const xent_tensor *want)
{
    assert_memory_equal(tensor_at(b->table, 0), tensor_at(want, 0), row_bytes(b));
    assert_memory_equal(tensor_at(b->table, 2 * b->classes), tensor_at(want, 2 * b->classes), row_bytes(b));
}

void expect_poisoned(struct batch *b, const xent_options *options)
{
    const xent_tensor *const targets[] = { b->y, b->t };
    xent_tensor *clean = tensor_new(b->dtype, SHAPE(ROWS, b->classes), ROW_MAJOR),
                *total = tensor_new(b->dtype, SCALAR, ROW_MAJOR);
    xent_options reduced = *options;
    for (int k = 0; k < 2; k++) {
        expect_ok(xent_cross_entropy_grad(b->usual, targets[k], options, NULL, NULL, clean));
        expect_loss_bits(b, targets[k], options, canonical_nan(b->dtype));
        expect_nan_row(b);
        expect_neighbours(b, clean);
        assert_true(isfinite(tensor_get(b->losses, 0)) && isfinite(tensor_get(b->losses, 2)));
        for (int32_t reduction = XENT_REDUCTION_MEAN; reduction <= XENT_REDUCTION_SUM; reduction++) {
            reduced.reduction = reduction;
            expect_ok(xent_cross_entropy(b->z, targets[k], &reduced, total));
            expect_bits(total, 0, canonical_nan(b->dtype));
        }
    }
    tensor_free(clean);
    tensor_free(total);
}

void expect_poisoned_kin(const struct batch *b, uint64_t logsumexp)
{
    expect_ok(xent_softmax(b->z, 1, b->table));
    expect_nan_row(b);
    assert_true(isfinite(tensor_get(b->table, 0)) && isfinite(tensor_get(b->table, 3 * b->classes - 1)));
    expect_ok(xent_log_softmax(b->z, 1, b->table));
    expect_nan_row(b);
    assert_true(isfinite(tensor_get(b->table, 0)) && isfinite(tensor_get(b->table, 3 * b->classes - 1)));
    expect_ok(xent_logsumexp(b->z, 1, b->losses));
    expect_bits(b->losses, 1, logsumexp);
    assert_true(isfinite(tensor_get(b->losses, 0)) && isfinite(tensor_get(b->losses, 2)));
}
