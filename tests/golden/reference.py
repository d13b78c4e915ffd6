"""The contract in MPFR arithmetic of 400 bits: the answers of every case, each rounded once to double.

Sums leave out the maximum as the library does, so that 400 bits are enough however small a result is.
"""
import gmpy2
from gmpy2 import mpfr

from formats import round_to

gmpy2.get_context().precision = 400
ZERO, ONE, INF, NAN = mpfr(0), mpfr(1), mpfr("inf"), mpfr("nan")


def total(numbers):
    result = ZERO
    for x in numbers:
        result += x
    return result


class Softmax:
    """One row v: its maximum, the sum of the others, and what follows. `fails`: NaN or +inf in it, or nothing but -inf."""

    def __init__(self, v):
        self.v = v
        self.nan = any(gmpy2.is_nan(x) for x in v)
        self.infinite = any(x == INF for x in v)
        self.empty = all(x == -INF for x in v)
        self.fails = self.nan or self.infinite or self.empty
        if not self.fails:
            self.top = max(range(len(v)), key=lambda c: v[c])
            self.terms = [gmpy2.exp(x - v[self.top]) for x in v]
            self.rest = total(e for c, e in enumerate(self.terms) if c != self.top)
            self.log1p = gmpy2.log1p(self.rest)
            self.lse = v[self.top] + self.log1p

    def logsumexp(self):
        return NAN if self.nan else INF if self.infinite else -INF if self.empty else self.lse

    def p(self, c):
        return NAN if self.fails else self.terms[c] / (1 + self.rest)

    def others(self, c):
        """1 - p of c."""
        return total(e for k, e in enumerate(self.terms) if k != c) / (1 + self.rest)

    def surprise(self, c):
        """-log p of c."""
        return NAN if self.fails else (self.v[self.top] - self.v[c]) + self.log1p


# ---- The preparation of a row ----------------------------------------------------------------------------------------------


def exact(numbers):
    return [mpfr(x) for x in numbers]


class Options:
    """What logit_scale and softcap are after rounding."""

    def __init__(self, case):
        self.dtype = "F32" if case.narrow() else "F64"
        self.scale = round_to(self.dtype, case.logit_scale)
        self.cap = round_to(self.dtype, case.softcap)

    def scaled(self, z):
        """logit_scale * z is one product of the logits' precision."""
        return mpfr(z) if self.scale == 1 else mpfr(round_to(self.dtype, mpfr(self.scale) * mpfr(z)))

    def capped(self, x):
        return x if self.cap == 0 or not gmpy2.is_finite(x) else self.cap * gmpy2.tanh(x / self.cap)

    def slope(self, x):
        """d capped / dx; 1 where x is not finite, since softcap leaves it as it is."""
        return ONE if self.cap == 0 or not gmpy2.is_finite(x) else 1 / gmpy2.cosh(x / self.cap) ** 2


def log_softmax_of(case, z):
    """log_softmax of every row, rounded to the case's dtype."""
    return per_element(case, z, lambda row, c: -row.surprise(c))


def softmax_of(case, z):
    return per_element(case, z, lambda row, c: row.p(c))


def per_element(case, z, function):
    result = [None] * len(z)
    for row in case.rows():
        softmax = Softmax(exact(z[i] for i in row))
        for c, i in enumerate(row):
            result[i] = round_to(case.dtype, function(softmax, c))
    return result


# ---- Losses ----------------------------------------------------------------------------------------------------------------


def coefficients(case, k, row):
    """Weight times smoothed target of each class in row k."""
    e, count = mpfr(case.label_smoothing), len(row)
    result = []
    for c, i in enumerate(row):
        t = mpfr(case.probabilities[i]) if case.classes is None else mpfr(case.classes[k] == c)
        w = mpfr(case.weights[c]) if case.weights is not None else ONE
        result.append(w * ((1 - e) * t + e / count))
    return result


def automatic_divisor(case):
    result = ZERO
    for k, counts in enumerate(case.counted()):
        if counts:
            weighted = case.classes is not None and case.weights is not None
            result += mpfr(case.weight_of(k)) * (mpfr(case.weights[case.classes[k]]) if weighted else 1)
    return result


def used_divisor(case):
    if case.reduction != "MEAN":
        return ONE
    return mpfr(case.normalizer) if case.normalizer != 0 else automatic_divisor(case)


def products(factors, numbers):
    """The sum of the products; a factor of 0 contributes 0 against anything."""
    return total(f * x for f, x in zip(factors, numbers) if f != 0)


def reduced(case, losses):
    if case.reduction == "NONE":
        return losses
    divisor, result = used_divisor(case), total(losses)
    if case.reduction == "SUM":
        return [result]
    return [NAN if divisor == 0 else result / divisor]


def nll_loss(case):
    losses = []
    for k, row in enumerate(case.rows()):
        counts = case.counted()[k]
        loss = products(coefficients(case, k, row), [-mpfr(case.input[i]) for i in row]) if counts else ZERO
        losses.append(loss * mpfr(case.weight_of(k)) if counts else ZERO)
    return {"loss": reduced(case, losses)}


def upstream_of(case, k):
    """The derivative by the row's loss without its weight."""
    weight = mpfr(case.weight_of(k))
    if case.grad_losses is None:
        return weight
    return weight * mpfr(case.grad_losses[k if case.reduction == "NONE" else 0])


def nll_loss_backward(case):
    gradient = [ZERO] * len(case.input)
    for k, row in enumerate(case.rows()):
        if not case.counted()[k]:
            continue
        for coefficient, i in zip(coefficients(case, k, row), row):
            if used_divisor(case) == 0:
                gradient[i] = NAN
            elif coefficient != 0:
                gradient[i] = -coefficient * upstream_of(case, k) / used_divisor(case)
    return {"gradient": gradient}


def entry(softmax, coefs, whole, c, z_loss):
    """d(row)/dv of class c: S p - coef, without cancellation where p is near 1; and the part of the z-loss."""
    p = softmax.p(c)
    if p > 0.5:
        plain = total(f for k, f in enumerate(coefs) if k != c) - whole * softmax.others(c)
    else:
        plain = whole * p - coefs[c]
    return plain + 2 * z_loss * softmax.lse * p


def cross_entropy(case):
    options, z_loss, divisor = Options(case), mpfr(case.z_loss), used_divisor(case)
    losses, gradient = [], [ZERO] * len(case.input)
    for k, row in enumerate(case.rows()):
        if not case.counted()[k]:
            losses.append(ZERO)
            continue
        x = [options.scaled(case.input[i]) for i in row]
        softmax, coefs = Softmax([options.capped(a) for a in x]), coefficients(case, k, row)
        if softmax.fails:
            losses.append(NAN)
        else:
            loss = products(coefs, [softmax.surprise(c) for c in range(len(row))]) + z_loss * softmax.lse ** 2
            losses.append(mpfr(case.weight_of(k)) * loss)
        for c, i in enumerate(row):
            if softmax.fails or divisor == 0:
                gradient[i] = NAN
                continue
            factor = options.slope(x[c]) * options.scale * upstream_of(case, k) / divisor
            gradient[i] = factor * entry(softmax, coefs, total(coefs), c, z_loss)
    return {"loss": reduced(case, losses), "gradient": gradient}


# ---- The other operations --------------------------------------------------------------------------------------------------


def pointwise(case):
    result = [None] * len(case.input)
    for row in case.rows():
        softmax = Softmax(exact(case.input[i] for i in row))
        for c, i in enumerate(row):
            result[i] = softmax.p(c) if case.operation == "softmax" else -softmax.surprise(c)
    return {"output": result}


def logsumexp(case):
    return {"output": [Softmax(exact(case.input[i] for i in row)).logsumexp() for row in case.rows()]}


def softmax_backward(case):
    gradient = [None] * len(case.input)
    for row in case.rows():
        a, g = exact(case.input[i] for i in row), exact(case.upstream[i] for i in row)
        inner = total(x * y for x, y in zip(a, g))
        for x, y, i in zip(a, g, row):
            softmax = case.operation == "softmax_backward"
            gradient[i] = x * (y - inner) if softmax else y - gmpy2.exp(x) * total(g)
    return {"gradient": gradient}


SOLVERS = {
    "softmax": pointwise,
    "log_softmax": pointwise,
    "logsumexp": logsumexp,
    "log": lambda case: {"output": [gmpy2.log(mpfr(x)) for x in case.input]},
    "nll_loss": nll_loss,
    "cross_entropy": lambda case: {"loss": cross_entropy(case)["loss"]},
    "cross_entropy_grad": cross_entropy,
    "mean_divisor": lambda case: {"divisor": [automatic_divisor(case)]},
    "softmax_backward": softmax_backward,
    "log_softmax_backward": softmax_backward,
    "nll_loss_backward": nll_loss_backward,
}


def solve(case):
    """The answers, as mpfr numbers."""
    answers = SOLVERS[case.operation](case)
    if case.loss == "none":
        del answers["loss"]
    return answers
