/* Expects the vectors of an instruction set (src/kernels/scalar.h ...); PRIMITIVES_TABLE is a table of struct primitive that ends with an empty one. */
#include "kernels/bits.h"
#include "kernels/kernels.h"
#include "primitives.h"

#define ALONG(type, real, name, expression)                                                                                    \
    static void along_##type##_##name(const real *pa, const real *pb, const real *pc, size_t n, real *out)                     \
    {                                                                                                                          \
        for (size_t i = 0; i < n; i += WIDTH_##type) {                                                                         \
            v##type a = v##type##_load(pa + i), b = v##type##_load(pb + i), c = v##type##_load(pc + i);                        \
            (void)a, (void)b, (void)c;                                                                                         \
            v##type##_store(out + i, expression);                                                                              \
        }                                                                                                                      \
    }
#define WIDTH_f32 VF32_WIDTH
#define WIDTH_f64 VF64_WIDTH

ALONG(f32, float, max, vf32_max(a, b))
ALONG(f32, float, add, vf32_add(a, b))
ALONG(f32, float, sub, vf32_sub(a, b))
ALONG(f32, float, div, vf32_div(a, b))
ALONG(f32, float, abs, vf32_abs(a))
ALONG(f32, float, with_sign, vf32_with_sign(vf32_abs(a), b))
ALONG(f32, float, where_less, vf32_where_less(a, b, c, b))
ALONG(f32, float, where_equal, vf32_where_equal(a, b, c, b))
ALONG(f32, float, count_less, vf32_count_less(c, a, b))
ALONG(f32, float, canonical, vf32_canonical(a))
ALONG(f32, float, mul, vf32_mul(a, b))
ALONG(f32, float, fma, vf32_fma(a, b, c))
ALONG(f32, float, exp_scale, vf32_exp_scale(a))
ALONG(f32, float, exp_correction, vf32_exp_correction(a))
ALONG(f32, float, log_exponent, vf32_log_exponent(a))
ALONG(f32, float, log_fraction, vf32_log_fraction(a))
ALONG(f32, float, set, vf32_set(pa[i - i % PRIMITIVES_STEP]))
ALONG(f64, double, max, vf64_max(a, b))
ALONG(f64, double, add, vf64_add(a, b))
ALONG(f64, double, sub, vf64_sub(a, b))
ALONG(f64, double, div, vf64_div(a, b))
ALONG(f64, double, abs, vf64_abs(a))
ALONG(f64, double, count_less, vf64_count_less(c, a, b))
ALONG(f64, double, with_sign, vf64_with_sign(vf64_abs(a), b))
ALONG(f64, double, where_less, vf64_where_less(a, b, c, b))
ALONG(f64, double, where_equal, vf64_where_equal(a, b, c, b))
ALONG(f64, double, canonical, vf64_canonical(a))
ALONG(f64, double, mul, vf64_mul(a, b))
ALONG(f64, double, sub_apart, vf64_sub_apart(a, b))
ALONG(f64, double, add_apart, vf64_add_apart(a, b))
ALONG(f64, double, unless_zero, vf64_unless_zero(a, b))
ALONG(f64, double, fma, vf64_fma(a, b, c))
ALONG(f64, double, exp_scale, vf64_exp_scale(a))
ALONG(f64, double, exp_correction, vf64_exp_correction(a))
ALONG(f64, double, log_exponent, vf64_log_exponent(a))
ALONG(f64, double, log_fraction, vf64_log_fraction(a))

/* The lanes that equal, are less, or are above, as numbers 0 and 1. */
#define COMPARISON(type, real, name)                                                                                           \
    static void along_##type##_##name(const real *a, const real *b, const real *c, size_t n, real *out)                        \
    {                                                                                                                          \
        (void)c;                                                                                                               \
        for (size_t i = 0; i < n; i += WIDTH_##type)                                                                           \
            for (size_t lane = 0; lane < WIDTH_##type; lane++)                                                                 \
                out[i + lane] = (real)(v##type##_##name(v##type##_load(a + i), v##type##_load(b + i)) >> lane & 1);            \
    }
COMPARISON(f32, float, equal)
COMPARISON(f32, float, less)
COMPARISON(f32, float, above)
COMPARISON(f64, double, equal)
COMPARISON(f64, double, less)
COMPARISON(f64, double, above)

/* The low 16 bits of `a` are read as an element, and what `a` is stored as becomes a number again. */
#define HALF(half)                                                                                                             \
    static void along_f32_load_##half(const float *a, const float *b, const float *c, size_t n, float *out)                    \
    {                                                                                                                          \
        (void)b;                                                                                                               \
        (void)c;                                                                                                               \
        for (size_t i = 0; i < n; i += VF32_WIDTH) {                                                                           \
            uint16_t elements[VF32_WIDTH];                                                                                     \
            for (size_t lane = 0; lane < VF32_WIDTH; lane++) elements[lane] = (uint16_t)bits_of_f32(a[i + lane]);              \
            vf32_store(out + i, vf32_load_##half(elements));                                                                   \
        }                                                                                                                      \
    }
#define STORE_HALF(name)                                                                                                       \
    static void along_f32_##name(const float *a, const float *b, const float *c, size_t n, float *out)                         \
    {                                                                                                                          \
        (void)b;                                                                                                               \
        (void)c;                                                                                                               \
        for (size_t i = 0; i < n; i += VF32_WIDTH) {                                                                           \
            uint16_t elements[VF32_WIDTH];                                                                                     \
            vf32_##name(elements, vf32_load(a + i));                                                                           \
            for (size_t lane = 0; lane < VF32_WIDTH; lane++) out[i + lane] = (float)elements[lane];                            \
        }                                                                                                                      \
    }
HALF(f16)
HALF(bf16)
STORE_HALF(store_f16)
STORE_HALF(store_bf16)
STORE_HALF(store_number_f16)
STORE_HALF(store_number_bf16)

/* Groups of `a` that end somewhere, by `b`, and go on with a line of `c`. */
static void along_f32_copy_padded(const float *a, const float *b, const float *c, size_t n, float *out)
{
    enum { GROUP = 4 * XENT_LINE / sizeof(float) };
    for (size_t i = 0; i < n; i += GROUP)
        copy_padded(out + i, a + i, bits_of_f32(b[i]) % (GROUP * sizeof(float) / 2 + 1) * 2, GROUP * sizeof(float), c + i);
}

/* The low bits of `a` are read as an element of the narrower type. */
#define NARROWER(name, element, bits)                                                                                          \
    static void along_f64_load_##name(const double *a, const double *b, const double *c, size_t n, double *out)                \
    {                                                                                                                          \
        (void)b;                                                                                                               \
        (void)c;                                                                                                               \
        for (size_t i = 0; i < n; i += VF64_WIDTH) {                                                                           \
            element elements[VF64_WIDTH];                                                                                      \
            for (size_t lane = 0; lane < VF64_WIDTH; lane++) {                                                                 \
                bits low = (bits)bits_of_f64(a[i + lane]);                                                                     \
                memcpy(&elements[lane], &low, sizeof low);                                                                     \
            }                                                                                                                  \
            vf64_store(out + i, vf64_load_##name(elements));                                                                   \
        }                                                                                                                      \
    }
NARROWER(f32, float, uint32_t)
NARROWER(f16, uint16_t, uint16_t)
NARROWER(bf16, uint16_t, uint16_t)

/* Of operands whose products are exact: floats. */
static void along_f64_add_product(const double *a, const double *b, const double *c, size_t n, double *out)
{
    for (size_t i = 0; i < n; i += VF64_WIDTH) {
        float x[VF64_WIDTH], y[VF64_WIDTH];
        for (size_t lane = 0; lane < VF64_WIDTH; lane++) {
            x[lane] = f32_of_bits((uint32_t)bits_of_f64(b[i + lane]));
            y[lane] = f32_of_bits((uint32_t)bits_of_f64(c[i + lane]));
        }
        vf64_store(out + i, vf64_add_product(vf64_load(a + i), vf64_load_f32(x), vf64_load_f32(y)));
    }
}

/* Lane i and b, added in double, as a float again: what a conversion of the whole vector would leave of it. */
static void along_f32_widen_all(const float *a, const float *b, const float *c, size_t n, float *out)
{
    (void)c;
    for (size_t i = 0; i < n; i += VF32_WIDTH) {
        double lanes[VF32_WIDTH];
        vf64 halves[VF32_HALVES];
        for (size_t lane = 0; lane < VF32_WIDTH; lane++) lanes[lane] = (double)b[i + lane];
        vf32_widen_all(vf32_load(a + i), halves);
        for (int half = 0; half < VF32_HALVES; half++)
            vf64_store(lanes + half * VF64_WIDTH, vf64_add(vf64_load(lanes + half * VF64_WIDTH), halves[half]));
        for (size_t lane = 0; lane < VF32_WIDTH; lane++) out[i + lane] = (float)lanes[lane];
    }
}

/* Doubles that are no floats, rounded: a third of each lane. */
static void along_f32_narrow(const float *a, const float *b, const float *c, size_t n, float *out)
{
    (void)b, (void)c;
    for (size_t i = 0; i < n; i += VF32_WIDTH) {
        vf64 halves[VF32_HALVES];
        for (int half = 0; half < VF32_HALVES; half++)
            halves[half] = vf64_div(vf32_widen(vf32_load(a + i), half), vf64_set(3.0));
        vf32_store(out + i, vf32_narrow(halves));
    }
}

/* Among numbers the largest lane does not depend on how many there are: PRIMITIVES_STEP at a time, first by vectors. */
static void along_f32_max_lane(const float *a, const float *b, const float *c, size_t n, float *out)
{
    (void)b, (void)c;
    for (size_t i = 0; i < n; i += PRIMITIVES_STEP) {
        float most = vf32_max_lane(vf32_load(a + i));
        for (size_t k = 0; k < PRIMITIVES_STEP; k += VF32_WIDTH) {
            float lane = vf32_max_lane(vf32_load(a + i + k));
            most = lane > most ? lane : most;
        }
        for (size_t k = 0; k < PRIMITIVES_STEP; k++) out[i + k] = most + 0.0f;
    }
}

static void along_f64_max_lane(const double *a, const double *b, const double *c, size_t n, double *out)
{
    (void)b, (void)c;
    for (size_t i = 0; i < n; i += PRIMITIVES_STEP) {
        double most = vf64_max_lane(vf64_load(a + i));
        for (size_t k = 0; k < PRIMITIVES_STEP; k += VF64_WIDTH) {
            double lane = vf64_max_lane(vf64_load(a + i + k));
            most = lane > most ? lane : most;
        }
        for (size_t k = 0; k < PRIMITIVES_STEP; k++) out[i + k] = most + 0.0;
    }
}

static void along_f64_first(const double *a, const double *b, const double *c, size_t n, double *out)
{
    (void)b, (void)c;
    for (size_t i = 0; i < n; i++) out[i] = vf64_first(vf64_load(a + i - i % PRIMITIVES_STEP));
}

/* Elements that are read two vectors at a time come out in order. */
static void along_f32_load_pair_bf16(const float *a, const float *b, const float *c, size_t n, float *out)
{
    (void)b, (void)c;
    for (size_t i = 0; i < n; i += 2 * VF32_WIDTH) {
        uint16_t elements[2 * VF32_WIDTH];
        vf32 pair[2];
        for (size_t k = 0; k < 2 * VF32_WIDTH; k++) elements[k] = (uint16_t)bits_of_f32(a[i + k]);
        vf32_load_pair_bf16(elements, pair);
        vf32_interleave(pair);
        vf32_store(out + i, pair[0]);
        vf32_store(out + i + VF32_WIDTH, pair[1]);
    }
}

/* The same back to memory, of what the scalar line stores. */
static void along_f32_store_number_pair_bf16(const float *a, const float *b, const float *c, size_t n, float *out)
{
    (void)b, (void)c;
    for (size_t i = 0; i < n; i += 2 * VF32_WIDTH) {
        uint16_t elements[2 * VF32_WIDTH];
        vf32 pair[2];
        for (size_t k = 0; k < 2 * VF32_WIDTH; k++) elements[k] = (uint16_t)(bits_of_f32(a[i + k]) >> 16);
        vf32_load_pair_bf16(elements, pair);
        for (int v = 0; v < 2; v++) pair[v] = vf32_mul(pair[v], vf32_set(0x1.010102p0f));
        vf32_store_number_pair_bf16(elements, pair);
        for (size_t k = 0; k < 2 * VF32_WIDTH; k++) out[i + k] = (float)elements[k];
    }
}

/* Two vectors at a time, in order. */
static void along_f32_store_numbers_bf16(const float *a, const float *b, const float *c, size_t n, float *out)
{
    (void)b, (void)c;
    for (size_t i = 0; i < n; i += 2 * VF32_WIDTH) {
        const vf32 pair[] = { vf32_load(a + i), vf32_load(a + i + VF32_WIDTH) };
        uint16_t elements[2 * VF32_WIDTH];
        vf32_store_numbers_bf16(elements, pair);
        for (size_t k = 0; k < 2 * VF32_WIDTH; k++) out[i + k] = (float)elements[k];
    }
}

/* PRIMITIVES_STEP lanes by halves: vectors as long as there are several. */
static void along_f64_sum_lanes(const double *a, const double *b, const double *c, size_t n, double *out)
{
    (void)b, (void)c;
    for (size_t i = 0; i < n; i += PRIMITIVES_STEP) {
        vf64 vectors[PRIMITIVES_STEP / VF64_WIDTH];
        for (size_t k = 0; k < PRIMITIVES_STEP; k += VF64_WIDTH) vectors[k / VF64_WIDTH] = vf64_load(a + i + k);
        for (size_t half = PRIMITIVES_STEP / VF64_WIDTH / 2; half >= 1; half /= 2)
            for (size_t v = 0; v < half; v++) vectors[v] = vf64_add(vectors[v], vectors[v + half]);
        double sum = vf64_sum_lanes(vectors[0]);
        for (size_t k = 0; k < PRIMITIVES_STEP; k++) out[i + k] = sum;
    }
}

/* A square of as many vectors as there are lanes, and back; in between, element by element, what must have moved where. */
#define TRANSPOSE(type, real, WIDTH)                                                                                           \
    static void along_##type##_transpose(const real *a, const real *b, const real *c, size_t n, real *out)                     \
    {                                                                                                                          \
        (void)b;                                                                                                               \
        (void)c;                                                                                                               \
        for (size_t i = 0; i + WIDTH * WIDTH <= n; i += WIDTH * WIDTH) {                                                       \
            v##type rows[WIDTH];                                                                                               \
            real lanes[WIDTH];                                                                                                 \
            for (size_t k = 0; k < WIDTH; k++) rows[k] = v##type##_load(a + i + k * WIDTH);                                    \
            v##type##_transpose(rows);                                                                                         \
            for (size_t k = 0; k < WIDTH; k++) {                                                                               \
                v##type##_store(lanes, rows[k]);                                                                               \
                for (size_t lane = 0; lane < WIDTH; lane++) out[i + lane * WIDTH + k] = lanes[lane];                           \
            }                                                                                                                  \
        }                                                                                                                      \
    }
TRANSPOSE(f32, float, VF32_WIDTH)
TRANSPOSE(f64, double, VF64_WIDTH)

#define ROW(type, operation)                                                                                                   \
    {                                                                                                                          \
        .name = #operation, .type = along_##type##_##operation                                                                 \
    }
/* clang-format off */
#define PRIMITIVES_TABLE                                                                                                       \
    {                                                                                                                          \
        ROW(f32, max), ROW(f32, sub), ROW(f32, mul), ROW(f32, fma), ROW(f32, exp_scale), ROW(f32, exp_correction),             \
        ROW(f32, log_exponent), ROW(f32, log_fraction), ROW(f32, set), ROW(f32, add), ROW(f32, div), ROW(f32, abs),            \
        ROW(f32, where_equal), ROW(f64, where_equal),                                                                          \
        ROW(f32, with_sign), ROW(f32, where_less), ROW(f32, count_less), ROW(f32, load_f16), ROW(f32, store_f16),              \
        ROW(f32, load_bf16),                                                                                                   \
        ROW(f32, load_pair_bf16), ROW(f32, store_bf16), ROW(f32, store_number_f16), ROW(f32, store_number_bf16),               \
        ROW(f32, store_number_pair_bf16), ROW(f32, store_numbers_bf16),                                                        \
        ROW(f32, copy_padded), ROW(f32, equal), ROW(f32, less), ROW(f32, canonical), ROW(f32, widen_all),                    \
        ROW(f32, narrow), ROW(f32, max_lane), ROW(f32, transpose), ROW(f64, max), ROW(f64, add), ROW(f64, add_product),        \
        ROW(f64, sub), ROW(f64, sub_apart), ROW(f64, add_apart), ROW(f64, mul), ROW(f64, fma), ROW(f64, exp_scale),                                 \
        ROW(f64, exp_correction), ROW(f64, log_exponent), ROW(f64, log_fraction), ROW(f64, div), ROW(f64, abs),                \
        ROW(f64, with_sign), ROW(f64, where_less), ROW(f64, count_less), ROW(f64, equal), ROW(f64, less), ROW(f64, canonical),                       \
        ROW(f64, max_lane), ROW(f64, first), ROW(f64, sum_lanes), ROW(f64, transpose), ROW(f64, unless_zero),      \
        ROW(f32, above), ROW(f64, above), ROW(f64, load_f32),                                                                  \
        ROW(f64, load_f16), ROW(f64, load_bf16), { .name = NULL }                                                              \
    }
/* clang-format on */
