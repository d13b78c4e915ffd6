/* Coefficients that the kernels compute from what is stored, and the same ones as doubles: the same sums and entries, bit by bit. */
#include <math.h>
#include <string.h>

#include "dispatch/select.h"
#include "rows/coefficients.h"
#include "support/backend.h"
#include "support/expect.h"
#include "support/random.h"

enum { MOST = 1000 };

static const size_t sizes[] = { 1, 7, 63, 64, 65, 200, MOST };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* Of F32 or F64, in as many bytes as they take. */
struct problem {
    xent_dtype dtype;
    size_t size, n;
    double z[MOST], t[MOST], w[MOST], terms[MOST];
};

static void put(const struct problem *p, double *array, size_t i, double x)
{
    if (p->dtype == XENT_F64)
        array[i] = x;
    else
        ((float *)(void *)array)[i] = (float)x;
}

/* Every tenth coefficient is 0, and every tenth logit is as `masked`, where that is one of them. */
static void draw(struct problem *p, xent_dtype dtype, size_t n, double masked, uint64_t tag)
{
    struct random random = random_stream(11, tag);
    p->dtype = dtype;
    p->n = n;
    p->size = dtype == XENT_F64 ? sizeof(double) : sizeof(float);
    for (size_t i = 0; i < n; i++) {
        bool tenth = i % 10 == 3;
        put(p, p->z, i, tenth ? masked : 4 * random_normal(&random));
        put(p, p->t, i, tenth ? 0.0 : random_normal(&random) / (double)n);
        put(p, p->w, i, fabs(random_normal(&random)));
        put(p, p->terms, i, exp(random_normal(&random)) * 0x1p60);
    }
}

static const struct xent_stored_kernels *kernels_of(const struct problem *p)
{
    return xent_kernels_of(xent_dispatch_find(xent_backend()), p->dtype);
}

static void expect_same(const struct problem *p, const struct xent_chunk_coef *by_factors,
                        const struct xent_chunk_coef *doubles, double factor)
{
    static double by[MOST], as[MOST];
    const struct xent_stored_kernels *kernels = kernels_of(p);
    const struct xent_rescale rescale = { factor, 0.75, 0, 0.5, 1.25 };
    struct xent_state a = { .max = 7 }, b = a;
    kernels->weigh(p->z, by_factors, p->n, &a);
    kernels->weigh(p->z, doubles, p->n, &b);
    assert_true((a.gap != a.gap) == (b.gap != b.gap));
    if (a.gap != a.gap) a.gap = b.gap = 0;
    assert_memory_equal(&a, &b, sizeof a);
    kernels->entries(p->terms, by_factors, by, p->n, &rescale);
    kernels->entries(p->terms, doubles, as, p->n, &rescale);
    assert_memory_equal(by, as, p->n * p->size);
    for (int sloped = 0; sloped < 2; sloped++) {
        kernels->entries_in_double(p->terms, by_factors, sloped ? p->w : NULL, by, p->n, &rescale);
        kernels->entries_in_double(p->terms, doubles, sloped ? p->w : NULL, as, p->n, &rescale);
        assert_memory_equal(by, as, p->n * p->size);
    }
}

/* Probabilities, class weights, or both. */
static void try_coefficients(struct problem *p, bool probabilities, bool weighted, double uniform)
{
    static double buffer[MOST], at_once[MOST];
    const struct xent_kernels *backend = xent_dispatch_find(xent_backend());
    struct xent_tensor weight = { .dtype = p->dtype, .size = p->size, .ndim = 1, .data = p->w };
    const struct xent_line line = { (char *)p->t, (ptrdiff_t)p->size, p->dtype, true };
    const struct xent_line none = { NULL, 0, XENT_F32, true };
    const struct xent_coefficients c = { .per_class = probabilities ? line : none,
                                         .class_weight = weighted ? &weight : NULL,
                                         .hot = 1 - uniform,
                                         .uniform = uniform };
    struct xent_chunk_coef by_factors, doubles;
    weight.shape[0] = (int64_t)p->n;
    weight.step[0] = (ptrdiff_t)p->size;
    by_factors = xent_chunk_factors(&c, backend, p->dtype, 0, p->n, buffer);
    doubles = xent_chunk_coefficients(&c, backend, 0, p->n, at_once);
    assert_null(by_factors.at);
    for (size_t i = 0; i < p->n; i++) assert_true(xent_coefficient_at(&c, (int64_t)i) == at_once[i]);
    expect_same(p, &by_factors, &doubles, 0.3);
    expect_same(p, &by_factors, &doubles, 1e-30);
}

static void factors_are_as_good_as_doubles(void **state)
{
    static struct problem p;
    static const double masked[] = { 1, -(double)INFINITY, (double)NAN };
    (void)state;
    for (size_t size = 0; size < SIZES; size++)
        for (size_t i = 0; i < sizeof masked / sizeof masked[0]; i++)
            for (int is_f64 = 0; is_f64 < 2; is_f64++) {
                draw(&p, is_f64 ? XENT_F64 : XENT_F32, sizes[size], masked[i], size);
                try_coefficients(&p, true, false, 0);
                try_coefficients(&p, true, false, 0.1 / MOST);
                try_coefficients(&p, true, true, 0);
                try_coefficients(&p, true, true, 0.1 / MOST);
                try_coefficients(&p, false, true, 0.1 / MOST);
            }
}

static void other_elements_are_made_doubles(void **state)
{
    static double buffer[MOST];
    static struct problem p;
    const struct xent_kernels *backend = xent_dispatch_find(xent_backend());
    struct xent_coefficients c = { .hot = 1 };
    (void)state;
    draw(&p, XENT_F32, MOST, 1, 0);
    c.per_class = (struct xent_line){ (char *)p.t, sizeof(float), XENT_F32, true };
    assert_null(xent_chunk_factors(&c, backend, XENT_F32, 0, MOST, buffer).at);
    assert_ptr_equal(xent_chunk_factors(&c, backend, XENT_F64, 0, MOST, buffer).at, buffer);
    assert_ptr_equal(xent_chunk_factors(&c, backend, XENT_BF16, 0, MOST, buffer).at, buffer);
    c.per_class = (struct xent_line){ (char *)p.t, 2 * sizeof(float), XENT_F32, false };
    assert_ptr_equal(xent_chunk_factors(&c, backend, XENT_F32, 0, MOST / 2, buffer).at, buffer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(factors_are_as_good_as_doubles),
                                               cmocka_unit_test(other_elements_are_made_doubles) };
    require_backend();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
