/* Rows side by side against the same rows one by one: what the kernels find in a row, its terms and its scaled entries, bit by bit. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dispatch/select.h"
#include "support/backend.h"
#include "support/effort.h"
#include "support/expect.h"
#include "support/half.h"
#include "support/random.h"
#include "xent.h"

enum { MOST_CLASSES = 4096, CASES = 400, LAYOUTS = 3, ELEMENT = 8 };
enum layout { CLASSES_TOGETHER, ROWS_TOGETHER, APART };

struct scene {
    xent_dtype dtype, real;
    const struct xent_stored_kernels *kernels;
    size_t size, real_size, rows, classes;
    ptrdiff_t row_step, class_step;
};

static unsigned char stored[XENT_TILE * MOST_CLASSES * 2 * ELEMENT], written[sizeof stored];
static _Alignas(64) unsigned char tile[XENT_TILE * MOST_CLASSES * ELEMENT];
static _Alignas(64) unsigned char row[MOST_CLASSES * ELEMENT], terms[MOST_CLASSES * ELEMENT];

static const xent_dtype dtypes[] = { XENT_F32, XENT_F64, XENT_F16, XENT_BF16 };

static const struct xent_stored_kernels *kernels_of(const struct xent_kernels *k, int dtype)
{
    const struct xent_stored_kernels *of[] = { k->f32, k->f64, k->f16, k->bf16 };
    return of[dtype];
}

static struct scene draw_scene(const struct xent_kernels *kernels, int dtype, enum layout layout, struct random *r)
{
    static const size_t bytes[] = { 4, 8, 2, 2 };
    struct scene s = { .dtype = dtypes[dtype], .real = dtype == 1 ? XENT_F64 : XENT_F32, .size = bytes[dtype] };
    s.kernels = kernels_of(kernels, dtype);
    s.real_size = dtype == 1 ? 8 : 4;
    s.rows = 1 + (size_t)random_below(r, XENT_TILE);
    s.classes = 1 + (size_t)random_below(r, random_chance(r, 30) ? MOST_CLASSES : random_chance(r, 4) ? 200 : 70);
    s.row_step = (ptrdiff_t)(layout == ROWS_TOGETHER ? s.size : s.classes * s.size * (layout == APART ? 2 : 1));
    s.class_step = (ptrdiff_t)(s.size * (layout == CLASSES_TOGETHER ? 1 : layout == APART ? 2 : s.rows));
    return s;
}

static void put(const struct scene *s, unsigned char *at, double value)
{
    float f = (float)value;
    uint16_t half;
    if (s->dtype == XENT_F64) {
        memcpy(at, &value, sizeof value);
    } else if (s->dtype == XENT_F32) {
        memcpy(at, &f, sizeof f);
    } else {
        half = half_encode(s->dtype, value);
        memcpy(at, &half, sizeof half);
    }
}

/* Mostly usual rows; some far from zero, some masked, some with a NaN or an infinity, some of equal logits. */
static double draw(int kind, struct random *r)
{
    double x = 3 * random_normal(r);
    switch (kind) {
    case 0: return x - 40000;
    case 1: return random_chance(r, 3) ? x : -(double)INFINITY;
    case 2: return random_chance(r, 20) ? (double)NAN : x;
    case 3: return random_chance(r, 20) ? (double)INFINITY : x;
    case 4: return -0.0;
    case 5: return -(double)INFINITY;
    case 6: return x * 1e30;
    default: return x;
    }
}

static unsigned char *element(const struct scene *s, unsigned char *base, size_t i, size_t c)
{
    return base + (ptrdiff_t)i * s->row_step + (ptrdiff_t)c * s->class_step;
}

static void fill(const struct scene *s, struct random *r)
{
    memset(stored, 0, sizeof stored);
    for (size_t i = 0; i < s->rows; i++) {
        int kind = (int)random_below(r, 14);
        for (size_t c = 0; c < s->classes; c++) put(s, element(s, stored, i, c), draw(kind, r));
    }
}

static void expect_bytes(const void *got, const void *want, size_t size, const char *what, const struct scene *s, size_t i)
{
    if (memcmp(got, want, size) == 0) return;
    fail_msg("%s of row %zu of %zu, %zu classes, dtype %d, differs", what, i, s->rows, s->classes, (int)s->dtype);
}

static double real_at(const struct scene *s, const unsigned char *at)
{
    double d;
    float f;
    memcpy(&f, at, sizeof f);
    if (s->real == XENT_F32) return (double)f;
    memcpy(&d, at, sizeof d);
    return d;
}

static double real_of(const struct scene *s, const unsigned char *tile_of_reals, size_t i, size_t c)
{
    return real_at(s, tile_of_reals + (c * XENT_TILE + i) * s->real_size);
}

static double stored_real(const struct scene *s, size_t i, size_t c)
{
    uint16_t half;
    memcpy(&half, element(s, stored, i, c), sizeof half);
    if (s->dtype == XENT_F16 || s->dtype == XENT_BF16) return half_decode(s->dtype, half);
    return real_at(s, element(s, stored, i, c));
}

/* With a NaN in it a row may be irregular or not, as the maximum finds it; its sum is NaN then. Else it is irregular where its maximum
   is not finite or far from 0. */
static void expect_row(const struct scene *s, const struct xent_tile *found, size_t i, enum xent_tile_keeps keeps)
{
    struct xent_chunk chunk;
    double large = s->real == XENT_F64 ? 0x1p40 : 0x1p15, at_target = stored_real(s, i, (size_t)found->target[i]), term;
    const bool terms_too = keeps == XENT_KEEPS_TERMS_FOR_TARGETS;
    if (terms_too || keeps == XENT_KEEPS_TARGETS)
        expect_bytes(&found->at_target[i], &at_target, sizeof(double), "the target's logit", s, i);
    for (size_t c = 0; c < s->classes; c++) memcpy(row + c * s->size, element(s, stored, i, c), s->size);
    s->kernels->reduce(row, s->classes, terms, &chunk);
    if (chunk.state.rest != chunk.state.rest) {
        assert_true(!found->regular[i] || found->rest[i] != found->rest[i]);
        return;
    }
    assert_int_equal(found->regular[i], fabs(chunk.state.max) <= large);
    if (!found->regular[i]) return;
    expect_bytes(&found->max[i], &chunk.state.max, sizeof(double), "the maximum", s, i);
    expect_bytes(&found->rest[i], &chunk.state.rest, sizeof(double), "the sum", s, i);
    expect_bytes(&found->unit[i], &chunk.unit, sizeof(double), "the unit", s, i);
    assert_int_equal(found->first[i], chunk.first);
    for (size_t c = 0; c < s->classes && terms_too; c++)
        expect_bytes(tile + (c * XENT_TILE + i) * s->real_size, terms + c * s->real_size, s->real_size, "a term", s, i);
    term = real_of(s, tile, i, (size_t)found->target[i]);
    if (terms_too) expect_bytes(&found->target_term[i], &term, sizeof(double), "the target's term", s, i);
}

static const struct xent_tile_ahead nothing = { .count = 0 };

static void read_tile(const struct scene *s)
{
    struct xent_tile_place from = { (char *)stored, s->row_step, s->class_step };
    memset(tile, 0, sizeof tile);
    s->kernels->tile_read(&from, s->rows, s->classes, s->rows % 2 != 0, tile);
}

static void expect_reduced(const struct scene *s, enum xent_tile_keeps keeps)
{
    static unsigned char logits[sizeof tile];
    struct xent_tile found;
    read_tile(s);
    memcpy(logits, tile, sizeof tile);
    for (size_t i = 0; i < s->rows; i++) found.target[i] = (int32_t)((i * 7 + s->classes / 2) % s->classes);
    s->kernels->real->tile_maxima(tile, s->rows, s->classes, &found);
    s->kernels->real->tile_terms(tile, s->rows, s->classes, keeps, false, &nothing, &found);
    for (size_t i = 0; i < s->rows; i++) expect_row(s, &found, i, keeps);
    for (size_t at = 0; at < s->classes * XENT_TILE && keeps == XENT_KEEPS_LOGITS; at++)
        if (at % XENT_TILE < s->rows && found.regular[at % XENT_TILE])
            expect_bytes(tile + at * s->real_size, logits + at * s->real_size, s->real_size, "a logit", s, at % XENT_TILE);
}

static double coefs[XENT_TILE * MOST_CLASSES], coefs_of_row[MOST_CLASSES];

/* Some 0, some negative, some in need of all their digits. */
static void draw_coefs(size_t count, struct random *r)
{
    for (size_t i = 0; i < count; i++) coefs[i] = random_chance(r, 4) ? 0 : random_normal(r) / (double)(1 + random_below(r, 9));
}

/* With coefficients of each row's own, and of all rows together, the sums are those of the row alone, which it takes from its first
   class on. */
static void expect_weighed(const struct scene *s, bool own, struct random *r)
{
    const struct xent_tile_coef coef = { coefs, own ? XENT_TILE : 1, own };
    struct xent_tile found;
    draw_coefs(s->classes * (own ? XENT_TILE : 1), r);
    read_tile(s);
    s->kernels->real->tile_maxima(tile, s->rows, s->classes, &found);
    s->kernels->real->tile_weigh(tile, s->rows, s->classes, &coef, false, &nothing, &found);
    for (size_t i = 0; i < s->rows; i++) {
        const struct xent_chunk_coef of_row = { .at = coefs_of_row, .step = 1 };
        struct xent_state alone = { .max = found.max[i] };
        for (size_t c = 0; c < s->classes; c++) {
            coefs_of_row[c] = coefs[c * coef.class_step + i * coef.row_step];
            memcpy(row + c * s->size, element(s, stored, i, c), s->size);
        }
        s->kernels->weigh(row, &of_row, s->classes, &alone);
        expect_bytes(&found.coef[i], &alone.coef, sizeof(double), "the sum of the coefficients", s, i);
        expect_bytes(&found.coef_peak[i], &alone.coef_peak, sizeof(double), "the largest coefficient", s, i);
        if (alone.gap != alone.gap)
            assert_true(found.gap[i] != found.gap[i]);
        else
            expect_bytes(&found.gap[i], &alone.gap, sizeof(double), "the gap", s, i);
    }
}

/* What is read comes back to where it was, and nothing else is written. */
static void expect_moved(const struct scene *s)
{
    struct xent_tile_place to = { (char *)written, s->row_step, s->class_step };
    struct xent_tile state = { .target = { 0 } };
    memcpy(written, stored, sizeof written);
    for (size_t i = 0; i < s->rows; i++)
        for (size_t c = 0; c < s->classes; c++) memset(element(s, written, i, c), 0x55, s->size);
    read_tile(s);
    for (size_t i = 0; i < s->rows; i++) {
        state.scale[i] = 0x1p64;
        state.first_entry[i] = state.target_entry[i] = real_of(s, tile, i, 0);
    }
    s->kernels->tile_write(tile, s->rows, s->classes, &state, &to);
    expect_bytes(written, stored, sizeof stored, "the place", s, 0);
}

static void rows_side_by_side_have_the_bits_of_a_row_alone(void **state)
{
    (void)state;
    const struct xent_kernels *kernels = xent_dispatch_find(xent_backend());
    for (int64_t n = 0; n < effort(CASES); n++)
        for (int dtype = 0; dtype < 4; dtype++)
            for (int layout = 0; layout < LAYOUTS; layout++) {
                struct random r = random_stream(17, (uint64_t)((n * 4 + dtype) * LAYOUTS + layout));
                struct scene s = draw_scene(kernels, dtype, (enum layout)layout, &r);
                fill(&s, &r);
                expect_moved(&s);
                for (int keeps = XENT_KEEPS_NOTHING; keeps <= XENT_KEEPS_TERMS_FOR_TARGETS; keeps++)
                    expect_reduced(&s, (enum xent_tile_keeps)keeps);
                expect_weighed(&s, true, &r);
                expect_weighed(&s, false, &r);
            }
}

static const double scales[] = { 1, -0.25, 1e-9, 0x1p-70, 0x1p-130, 0, 3e20 };
enum { SCALES = sizeof scales / sizeof scales[0], CLASSES = 70 };

static void expect_entries(const struct scene *s, const struct xent_tile *state)
{
    for (size_t i = 0; i < SCALES; i++) {
        struct xent_rescale rescale = { scales[i], 1, 0, 1, 1 };
        for (size_t c = 0; c < CLASSES; c++) memcpy(terms + c * s->size, tile + (c * XENT_TILE + i) * s->size, s->size);
        s->kernels->entries(terms, NULL, row, CLASSES, &rescale);
        put(s, row + (size_t)state->first[i] * s->size, state->first_entry[i]);
        put(s, row + (size_t)state->target[i] * s->size, state->target_entry[i]);
        for (size_t c = 0; c < CLASSES; c++)
            expect_bytes(element(s, written, i, c), row + c * s->size, s->size, "an entry", s, i);
    }
}

/* Also where the factor could not be a normal float. */
static void terms_are_scaled_as_by_entries(void **test)
{
    (void)test;
    const struct xent_kernels *kernels = xent_dispatch_find(xent_backend());
    for (int dtype = 0; dtype < 2; dtype++)
        for (int apart = 0; apart < 2; apart++) {
            struct random r = random_stream(18, (uint64_t)dtype);
            struct scene s = {
                .dtype = dtypes[dtype], .real = dtypes[dtype], .size = dtype ? 8 : 4, .real_size = dtype ? 8 : 4
            };
            struct xent_tile state;
            struct xent_tile_place to = { (char *)written, 0, 0 };
            s.kernels = kernels_of(kernels, dtype);
            to.class_step = s.class_step = (ptrdiff_t)s.size * (apart ? SCALES : 1);
            to.row_step = s.row_step = (ptrdiff_t)s.size * (apart ? 1 : CLASSES);
            memset(tile, 0, sizeof tile);
            for (size_t i = 0; i < SCALES; i++) {
                for (size_t c = 0; c < CLASSES; c++)
                    put(&s, tile + (c * XENT_TILE + i) * s.size, ldexp(random_uniform(&r), 64 - (int)random_below(&r, 60)));
                state.scale[i] = scales[i];
                state.first[i] = (int32_t)random_below(&r, CLASSES);
                state.target[i] = (int32_t)random_below(&r, CLASSES);
                state.first_entry[i] = random_normal(&r);
                state.target_entry[i] = state.first[i] == state.target[i] ? state.first_entry[i] : 1e-60;
            }
            s.kernels->tile_write(tile, SCALES, CLASSES, &state, &to);
            expect_entries(&s, &state);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_side_by_side_have_the_bits_of_a_row_alone),
        cmocka_unit_test(terms_are_scaled_as_by_entries),
    };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
