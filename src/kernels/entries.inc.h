/* The second pass over a chunk: probabilities and gradient entries from the terms. A template, included once per element type.
 * Defines F(entries), F(entries_in_double), F(fits). */

static int F(fits)(double factor, double total, double coef_peak)
{
    return fabs(factor * total) <= FACTOR_MAX && fabs(factor) * coef_peak <= COEF_MAX;
}

static inline void F(rescale_vectors)(const REAL *terms, const REAL *subtract, REAL *out, size_t n, REAL lower, REAL scale)
{
    for (size_t i = 0; i < n; i += WIDTH) {
        VEC term = V(mul)(V(load)(terms + i), V(set)(lower)), factor = V(set)(scale);
        VEC entry = subtract == NULL ? V(mul)(term, factor) : V(fma)(term, factor, V(load)(subtract + i));
        V(store)(out + i, entry);
    }
}

/* One rounding an entry: fma(term, scale 2^-64, -F coef); where that scale would be subnormal, the 2^-64 goes to the terms. */
static void F(entries)(const void *terms, const struct xent_chunk_coef *coef, void *out, size_t n,
                       const struct xent_rescale *rescale)
{
    const REAL *from = terms;
    REAL *to = out;
    double scale = rescale->factor * rescale->total * rescale->share * rescale->unit;
    int tiny = fabs(scale) < TINY;
    REAL lower = tiny ? (REAL)0x1p-64 : (REAL)1, factor = (REAL)(tiny ? scale : scale * 0x1p-64);
    REAL subtract[XENT_LANES], last[XENT_LANES];
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        if (coef != NULL)
            for (size_t k = 0; k < count; k++) subtract[k] = -(REAL)(rescale->factor * coef->at[(i + k) * coef->step]);
        if (count == XENT_LANES) {
            F(rescale_vectors)(from + i, coef == NULL ? NULL : subtract, to + i, XENT_LANES, lower, factor);
            continue;
        }
        for (size_t k = count; k < XENT_LANES; k++) last[k] = subtract[k] = 0;
        memcpy(last, from + i, count * sizeof(REAL));
        F(rescale_vectors)(last, coef == NULL ? NULL : subtract, last, count, lower, factor);
        memcpy(to + i, last, count * sizeof(REAL));
    }
}

static void F(entries_in_double)(const void *terms, const struct xent_chunk_coef *coef, const void *slopes, void *out, size_t n,
                                 const struct xent_rescale *rescale)
{
    const REAL *from = terms, *slope = slopes;
    REAL *to = out;
    double per_term = rescale->share * rescale->unit * 0x1p-64;
    for (size_t i = 0; i < n; i++) {
        double p = (double)from[i] * per_term;
        double entry = (p == 0 ? rescale->none : rescale->total * p) - (coef == NULL ? 0 : coef->at[i * coef->step]);
        if (slope != NULL) entry = slope[i] == 0 ? 0 : entry * (double)slope[i];
        if (entry != 0) entry *= rescale->factor;
        to[i] = entry == 0 ? (REAL)0 : entry == entry ? (REAL)entry : (REAL)NAN;
    }
}
