/* The second pass over a chunk: probabilities and gradient entries from the terms, written as they are stored. A template,
 * included once per stored type. Defines S(entries), S(entries_in_double). */

/* -F coef of one vector of classes, rounded to REAL. */
static inline VEC S(subtrahend)(const double *coef, double minus_factor)
{
    vf64 part[WIDTH / VF64_WIDTH];
    for (size_t k = 0; k < WIDTH / VF64_WIDTH; k++)
        part[k] = vf64_mul(vf64_load(coef + k * VF64_WIDTH), vf64_set(minus_factor));
    return V(narrow)(part);
}

struct S(scaling) {
    REAL lower, factor; /* a term is multiplied by the one, where that is not 1, then by the other */
    double minus_factor;
};

/* One vector of entries. lowered: a term is multiplied by scaling->lower first. */
static inline __attribute__((always_inline)) VEC S(entry)(const REAL *term, const double *coef, int subtracts, VEC shared,
                                                          const struct S(scaling) * scaling, int lowered)
{
    const VEC factor = V(set)(scaling->factor);
    VEC x = V(load)(term);
    if (lowered) x = V(mul)(x, V(set)(scaling->lower));
    if (!subtracts) return V(mul)(x, factor);
    return V(fma)(x, factor, coef == NULL ? shared : S(subtrahend)(coef, scaling->minus_factor));
}

/* coef NULL: each class subtracts `shared`; none does without `subtracts`. n is at least a vector's lanes. The last vector overlaps
   the one before it; it is computed first, since the terms may stand where the entries go. */
static inline __attribute__((always_inline)) void S(rescale)(const REAL *terms, const double *coef, int subtracts, VEC shared,
                                                             STORED *out, size_t n, const struct S(scaling) * scaling,
                                                             int lowered)
{
    size_t end = n - WIDTH;
    VEC last = S(entry)(terms + end, coef == NULL ? NULL : coef + end, subtracts, shared, scaling, lowered);
    for (size_t i = 0; i < end; i += WIDTH)
        STORE_NUMBER(out + i, S(entry)(terms + i, coef == NULL ? NULL : coef + i, subtracts, shared, scaling, lowered));
    STORE_NUMBER(out + end, last);
}

static inline __attribute__((always_inline)) void S(rescale_chunk)(const REAL *terms, const struct xent_chunk_coef *coef,
                                                                   STORED *out, size_t n, const struct S(scaling) * scaling,
                                                                   int lowered)
{
    VEC shared = V(set)((REAL)0);
    if (coef == NULL) {
        S(rescale)(terms, NULL, 0, shared, out, n, scaling, lowered);
    } else if (coef->step == 0) {
        shared = V(set)((REAL)(scaling->minus_factor * *coef->at));
        S(rescale)(terms, NULL, 1, shared, out, n, scaling, lowered);
    } else {
        S(rescale)(terms, coef->at, 1, shared, out, n, scaling, lowered);
    }
}

/* Fewer classes than a vector has lanes, as a vector of their own. */
struct S(few) {
    REAL terms[WIDTH], slopes[WIDTH];
    STORED out[WIDTH];
    double coefs[WIDTH];
    struct xent_chunk_coef coef;
};

static inline const struct xent_chunk_coef *S(few_classes)(struct S(few) * few, const REAL *terms,
                                                           const struct xent_chunk_coef *coef, const REAL *slopes, size_t n)
{
    memset(few, 0, sizeof *few);
    memcpy(few->terms, terms, n * sizeof(REAL));
    if (slopes != NULL) memcpy(few->slopes, slopes, n * sizeof(REAL));
    if (coef == NULL) return NULL;
    for (size_t i = 0; i < n; i++) few->coefs[i] = coef->at[i * coef->step];
    few->coef = (struct xent_chunk_coef){ few->coefs, 1 };
    return &few->coef;
}

/* A row with a NaN in its sums does not come here, nor does one beyond `limits`: no entry is NaN.
   One rounding an entry: fma(term, scale 2^-64, -F coef); where that scale would be subnormal, the 2^-64 goes to the terms. */
static void S(entries)(const void *terms, const struct xent_chunk_coef *coef, void *out, size_t n,
                       const struct xent_rescale *rescale)
{
    double scale = rescale->factor * rescale->total * rescale->share * rescale->unit;
    int tiny = fabs(scale) < TINY;
    struct S(scaling) scaling = { (REAL)0x1p-64, (REAL)(tiny ? scale : scale * 0x1p-64), -rescale->factor };
    struct S(few) few;
    if (n < WIDTH) {
        coef = S(few_classes)(&few, terms, coef, NULL, n);
        scaling.lower = tiny ? scaling.lower : (REAL)1;
        S(rescale_chunk)(few.terms, coef, few.out, WIDTH, &scaling, 1);
        memcpy(out, few.out, n * sizeof(STORED));
    } else if (tiny) {
        S(rescale_chunk)(terms, coef, out, n, &scaling, 1);
    } else {
        S(rescale_chunk)(terms, coef, out, n, &scaling, 0);
    }
}

/* One vector of entries, as kernels.h has it; the zero is +0 and the NaN, which is neither below 1 nor above 0.5, canonical. */
static inline vf64 S(entry_in_double)(vf64 term, vf64 coef, vf64 slope, const struct xent_rescale *rescale)
{
    vf64 p = vf64_mul(term, vf64_set(rescale->share * rescale->unit * 0x1p-64)), magnitude;
    vf64 entry = vf64_where_less(vf64_set(0.0), p, vf64_mul(vf64_set(rescale->total), p), vf64_set(rescale->none));
    entry = vf64_unless_zero(slope, vf64_mul(vf64_sub(entry, coef), slope));
    entry = vf64_unless_zero(entry, vf64_mul(entry, vf64_set(rescale->factor)));
    entry = vf64_unless_zero(entry, entry);
    magnitude = vf64_abs(entry);
    return vf64_where_less(magnitude, vf64_set(1.0), entry,
                           vf64_where_less(vf64_set(0.5), magnitude, entry, vf64_set((double)NAN)));
}

static inline VEC S(vector_in_double)(const REAL *term, const REAL *slope, const struct xent_chunk_coef *coef, size_t i,
                                      const struct xent_rescale *rescale)
{
    VEC t = V(load)(term + i), s = slope == NULL ? V(set)((REAL)1) : V(load)(slope + i);
    vf64 part[WIDTH / VF64_WIDTH];
    for (size_t k = 0; k < WIDTH / VF64_WIDTH; k++) {
        vf64 c = vf64_set(0.0);
        if (coef != NULL) c = coef->step == 0 ? vf64_set(*coef->at) : vf64_load(coef->at + i + k * VF64_WIDTH);
        part[k] = S(entry_in_double)(V(widen)(t, (int)k), c, V(widen)(s, (int)k), rescale);
    }
    return V(narrow)(part);
}

/* As S(rescale). */
static inline void S(entries_in_double_of)(const REAL *terms, const struct xent_chunk_coef *coef, const REAL *slopes,
                                           STORED *out, size_t n, const struct xent_rescale *rescale)
{
    VEC last = S(vector_in_double)(terms, slopes, coef, n - WIDTH, rescale);
    for (size_t i = 0; i < n - WIDTH; i += WIDTH) STORE(out + i, S(vector_in_double)(terms, slopes, coef, i, rescale));
    STORE(out + n - WIDTH, last);
}

static void S(entries_in_double)(const void *terms, const struct xent_chunk_coef *coef, const void *slopes, void *out, size_t n,
                                 const struct xent_rescale *rescale)
{
    struct S(few) few;
    if (n >= WIDTH) {
        S(entries_in_double_of)(terms, coef, slopes, out, n, rescale);
        return;
    }
    coef = S(few_classes)(&few, terms, coef, slopes, n);
    S(entries_in_double_of)(few.terms, coef, slopes == NULL ? NULL : few.slopes, few.out, WIDTH, rescale);
    memcpy(out, few.out, n * sizeof(STORED));
}
