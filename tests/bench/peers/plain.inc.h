/* One element type of plain.c: PLAIN (the function), STORED, REAL (the arithmetic), LOAD, STORE, EXP, LOG, and KEPT: whether
   exponentials are kept in the gradient until their sum is known, or in a row of scratch. */

#define PLAIN_PASTE_(a, b) a##b
#define PLAIN_PASTE(a, b) PLAIN_PASTE_(a, b)
#define PLAIN_ROW PLAIN_PASTE(PLAIN, _row)

/* target: negative for the probabilities alone, times `scale`. e: the exponentials, `step` apart; z itself in place. Loops that read and write the same array do so through one pointer, or
   the compiler would not vectorise them. */
static inline REAL PLAIN_ROW(const STORED *z, int64_t classes, int64_t stride, int64_t target, REAL scale, STORED *gradient,
                             REAL *e, int64_t step)
{
    const REAL at_target = target >= 0 ? LOAD(z[target * stride]) : 0;
    REAL max = LOAD(z[0]), sum = 0;
    for (int64_t i = 1; i < classes; i++) {
        const REAL x = LOAD(z[i * stride]);
        max = x > max ? x : max;
    }
    if (gradient == NULL) {
        for (int64_t i = 0; i < classes; i++) sum += EXP(LOAD(z[i * stride]) - max);
        return LOG(sum) + max - at_target;
    }
    if ((const void *)e == (const void *)z)
        for (int64_t i = 0; i < classes; i++) {
            e[i * step] = EXP(e[i * step] - max);
            sum += e[i * step];
        }
    else
        for (int64_t i = 0; i < classes; i++) {
            e[i * step] = EXP(LOAD(z[i * stride]) - max);
            sum += e[i * step];
        }
    const REAL factor = scale / sum, p = target >= 0 ? e[target * step] * factor : 0;
    if (KEPT)
        for (int64_t i = 0; i < classes; i++) e[i * step] *= factor;
    else
        for (int64_t i = 0; i < classes; i++) gradient[i * stride] = STORE(e[i * step] * factor);
    if (target < 0) return 0;
    gradient[target * stride] = STORE(p - scale);
    return LOG(sum) + max - at_target;
}

static double PLAIN(const struct bench_problem *p, int copy, int64_t from, int64_t to, void *scratch)
{
    const int64_t classes = p->shape.classes, inner = p->shape.inner;
    const STORED *logits = bench_logits(p, copy);
    STORED *gradient = bench_output(p, copy);
    const bool softmax = p->workload->operation == BENCH_SOFTMAX;
    const REAL scale = softmax ? 1 : 1 / (REAL)bench_rows(&p->shape);
    double loss = 0;
    for (int64_t r = from; r < to; r++) {
        const int64_t at = r / inner * classes * inner + r % inner;
        STORED *row = gradient != NULL ? gradient + at : NULL;
        const int64_t target = softmax ? -1 : p->target[r];
        REAL *e = KEPT ? (REAL *)(void *)row : (REAL *)scratch;
        if (inner == 1) /* a constant stride, for the compiler's sake */
            loss += (double)PLAIN_ROW(logits + at, classes, 1, target, scale, row, e, 1);
        else
            loss += (double)PLAIN_ROW(logits + at, classes, inner, target, scale, row, e, KEPT ? inner : 1);
    }
    return loss;
}

#undef PLAIN_ROW
#undef PLAIN_PASTE
#undef PLAIN_PASTE_
#undef PLAIN
#undef STORED
#undef REAL
#undef KEPT
#undef LOAD
#undef STORE
#undef EXP
#undef LOG
