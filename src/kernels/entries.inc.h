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
    REAL lower, factor; /* a term is multiplied by the one, then by the other */
    double minus_factor;
};

/* coef NULL: each class subtracts `shared`; none does without `subtracts`. n is a multiple of the vector's lanes. */
static inline __attribute__((always_inline)) void S(rescale)(const REAL *terms, const double *coef, int subtracts, VEC shared,
                                                             STORED *out, size_t n, const struct S(scaling) * scaling)
{
    const VEC lower = V(set)(scaling->lower), factor = V(set)(scaling->factor);
    const double minus_factor = scaling->minus_factor;
    for (size_t i = 0; i < n; i += WIDTH) {
        VEC term = V(mul)(V(load)(terms + i), lower);
        VEC subtrahend = coef == NULL ? shared : S(subtrahend)(coef + i, minus_factor);
        STORE(out + i, subtracts ? V(fma)(term, factor, subtrahend) : V(mul)(term, factor));
    }
}

static void S(rescale_chunk)(const REAL *terms, const struct xent_chunk_coef *coef, STORED *out, size_t n,
                             const struct S(scaling) * scaling)
{
    VEC shared = V(set)((REAL)0);
    if (coef == NULL) {
        S(rescale)(terms, NULL, 0, shared, out, n, scaling);
    } else if (coef->step == 0) {
        shared = V(set)((REAL)(scaling->minus_factor * *coef->at));
        S(rescale)(terms, NULL, 1, shared, out, n, scaling);
    } else {
        S(rescale)(terms, coef->at, 1, shared, out, n, scaling);
    }
}

/* The classes behind the last whole vector, as a vector of their own. */
struct S(last) {
    REAL terms[WIDTH], slopes[WIDTH];
    STORED out[WIDTH];
    double coefs[WIDTH];
    struct xent_chunk_coef coef;
};

static inline const struct xent_chunk_coef *S(last_vector)(struct S(last) * last, const REAL *terms,
                                                           const struct xent_chunk_coef *coef, const REAL *slopes, size_t whole,
                                                           size_t rest)
{
    memset(last, 0, sizeof *last);
    memcpy(last->terms, terms + whole, rest * sizeof(REAL));
    if (slopes != NULL) memcpy(last->slopes, slopes + whole, rest * sizeof(REAL));
    if (coef == NULL) return NULL;
    for (size_t i = 0; i < rest; i++) last->coefs[i] = coef->at[(whole + i) * coef->step];
    last->coef = (struct xent_chunk_coef){ last->coefs, 1 };
    return &last->coef;
}

/* One rounding an entry: fma(term, scale 2^-64, -F coef); where that scale would be subnormal, the 2^-64 goes to the terms. */
static void S(entries)(const void *terms, const struct xent_chunk_coef *coef, void *out, size_t n,
                       const struct xent_rescale *rescale)
{
    STORED *to = out;
    size_t rest = n % WIDTH, whole = n - rest;
    double scale = rescale->factor * rescale->total * rescale->share * rescale->unit;
    int tiny = fabs(scale) < TINY;
    struct S(scaling) scaling = { tiny ? (REAL)0x1p-64 : (REAL)1, (REAL)(tiny ? scale : scale * 0x1p-64), -rescale->factor };
    struct S(last) last;
    S(rescale_chunk)(terms, coef, to, whole, &scaling);
    if (rest == 0) return;
    coef = S(last_vector)(&last, terms, coef, NULL, whole, rest);
    S(rescale_chunk)(last.terms, coef, last.out, WIDTH, &scaling);
    memcpy(to + whole, last.out, rest * sizeof(STORED));
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

static inline void S(entries_in_double_of)(const REAL *terms, const struct xent_chunk_coef *coef, const REAL *slopes,
                                           STORED *out, size_t n, const struct xent_rescale *rescale)
{
    for (size_t i = 0; i < n; i += WIDTH) {
        VEC term = V(load)(terms + i), slope = slopes == NULL ? V(set)((REAL)1) : V(load)(slopes + i);
        vf64 part[WIDTH / VF64_WIDTH];
        for (size_t k = 0; k < WIDTH / VF64_WIDTH; k++) {
            vf64 c = vf64_set(0.0);
            if (coef != NULL) c = coef->step == 0 ? vf64_set(*coef->at) : vf64_load(coef->at + i + k * VF64_WIDTH);
            part[k] = S(entry_in_double)(V(widen)(term, (int)k), c, V(widen)(slope, (int)k), rescale);
        }
        STORE(out + i, V(narrow)(part));
    }
}

static void S(entries_in_double)(const void *terms, const struct xent_chunk_coef *coef, const void *slopes, void *out, size_t n,
                                 const struct xent_rescale *rescale)
{
    STORED *to = out;
    size_t rest = n % WIDTH, whole = n - rest;
    struct S(last) last;
    S(entries_in_double_of)(terms, coef, slopes, to, whole, rescale);
    if (rest == 0) return;
    coef = S(last_vector)(&last, terms, coef, slopes, whole, rest);
    S(entries_in_double_of)(last.terms, coef, slopes == NULL ? NULL : last.slopes, last.out, WIDTH, rescale);
    memcpy(to + whole, last.out, rest * sizeof(STORED));
}
