#ifndef XENT_TESTS_QUAD_H
#define XENT_TESTS_QUAD_H

#include <float.h>

/* IEEE binary128, what accuracy is measured against: 113 bits, so that its own errors are far below those measured. */
#if LDBL_MANT_DIG == 113
#include <math.h>

typedef long double quad;

static inline quad quad_exp(quad x) { return expl(x); }
static inline quad quad_log(quad x) { return logl(x); }
static inline quad quad_log1p(quad x) { return log1pl(x); }
static inline quad quad_tanh(quad x) { return tanhl(x); }
#else
/* gcc's libquadmath; declared here because clang links it but does not find its header. */
__extension__ typedef __float128 quad;

quad expq(quad x);
quad logq(quad x);
quad log1pq(quad x);
quad tanhq(quad x);

static inline quad quad_exp(quad x) { return expq(x); }
static inline quad quad_log(quad x) { return logq(x); }
static inline quad quad_log1p(quad x) { return log1pq(x); }
static inline quad quad_tanh(quad x) { return tanhq(x); }
#endif

static inline quad quad_abs(quad x) { return x < 0 ? -x : x; }

#endif
