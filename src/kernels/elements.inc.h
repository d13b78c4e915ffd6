/* What is computed element by element: logarithms, log-probabilities, the backward of softmax and log-softmax, and storing. A
 * template, included once per stored type. Expects groups.inc.h, log.inc.h and exp.inc.h; defines S(log), S(log_probs),
 * S(softmax_backward), S(log_softmax_backward), S(store). */

static void S(store)(const void *x, void *out, size_t n)
{
    const REAL *from = x;
    STORED *to = out;
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL group[XENT_LANES] = { 0 };
        memcpy(group, from + i, count * sizeof(REAL));
        S(write)(group, count, to + i);
    }
}

static void S(log)(const void *x, void *out, size_t n)
{
    const STORED *from = x;
    STORED *to = out;
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL group[XENT_LANES];
        S(read)(from + i, count, group);
        for (size_t lane = 0; lane < XENT_LANES; lane++) group[lane] = (REAL)ln((double)group[lane]);
        S(write)(group, count, to + i);
    }
}

static void S(log_probs)(const void *logits, void *out, size_t n, double max, double log1p_rest)
{
    const STORED *z = logits;
    STORED *to = out;
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL group[XENT_LANES];
        S(read)(z + i, count, group);
        for (size_t lane = 0; lane < XENT_LANES; lane++) group[lane] = (REAL)(((double)group[lane] - max) - log1p_rest);
        S(write)(group, count, to + i);
    }
}

static void S(softmax_backward)(const void *p, const void *grad_p, void *out, size_t n, double dot)
{
    const STORED *probability = p, *upstream = grad_p;
    STORED *to = out;
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL a[XENT_LANES], g[XENT_LANES];
        S(read)(probability + i, count, a);
        S(read)(upstream + i, count, g);
        for (size_t lane = 0; lane < XENT_LANES; lane++) {
            double entry = (double)a[lane] * ((double)g[lane] - dot);
            g[lane] = entry == entry ? (REAL)entry : (REAL)NAN;
        }
        S(write)(g, count, to + i);
    }
}

/* e^x of a group, exactly 1 for 0. Beyond 0, where no log-probability lies, as 1 / e^-x. */
static inline void S(exp_of_group)(const REAL *x, double *out)
{
    REAL scale[XENT_LANES], rest[XENT_LANES];
    for (size_t lane = 0; lane < XENT_LANES; lane += WIDTH) {
        VEC down = V(sub)(V(set)((REAL)0), V(abs)(V(load)(x + lane))), s, r;
        F(exp)(F(term)((REAL)0), down, &s, &r);
        V(store)(scale + lane, s);
        V(store)(rest + lane, r);
    }
    for (size_t lane = 0; lane < XENT_LANES; lane++) {
        double e = ((double)scale[lane] + (double)scale[lane] * (double)rest[lane]) * 0x1p-64;
        e = x[lane] == 0 ? 1 : e;
        out[lane] = x[lane] > 0 ? 1 / e : e;
    }
}

static void S(log_softmax_backward)(const void *logp, const void *grad_logp, void *out, size_t n, double sum)
{
    const STORED *q = logp, *upstream = grad_logp;
    STORED *to = out;
    for (size_t i = 0; i < n; i += XENT_LANES) {
        size_t count = group_size(n, i);
        REAL a[XENT_LANES], g[XENT_LANES];
        double p[XENT_LANES];
        S(read)(q + i, count, a);
        S(read)(upstream + i, count, g);
        S(exp_of_group)(a, p);
        for (size_t lane = 0; lane < XENT_LANES; lane++) {
            double entry = (double)g[lane] - p[lane] * sum;
            g[lane] = entry == entry ? (REAL)entry : (REAL)NAN;
        }
        S(write)(g, count, to + i);
    }
}
