#!/usr/bin/env python3
"""Derives every number of src/kernels/constants.h with mpmath, and prints the file.

    python3 src/kernels/coefficients.py > src/kernels/constants.h

The test abi/constants compares the two. All derivations run at 200 bits; a polynomial is the true minimax one (Remez
exchange to twelve digits), each coefficient then rounded once. The error bounds in the comments are measured.
"""

import sys
from math import floor

from mpmath import atanh, cos, exp, log, lu_solve, matrix, mp, mpf, nint, pi, sqrt, tanh

mp.prec = 200
LN2 = log(2)


def rounded(x, bits):
    """x to the nearest number of so many significant bits: 24 for f32, 53 for f64."""
    if x == 0:
        return mpf(0)
    mantissa, exponent = mp.frexp(x)
    return nint(mantissa * mpf(2) ** bits) * mpf(2) ** (exponent - bits)


# ---- Minimax polynomials


def sharpen(f, left, right):
    """Where |f| has its maximum between left and right, to about 1e-12 of their distance: golden section."""
    ratio = (sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = right - ratio * (right - left), left + ratio * (right - left)
        if abs(f(a)) > abs(f(b)):
            right = b
        else:
            left = a
    return (left + right) / 2


def alternation(error, low, high, count, cells=600):
    """The extrema of error on [low, high], signs alternating: the largest of each run of one sign, `count` of them."""
    grid = [low + (high - low) * mpf(k) / cells for k in range(cells + 1)]
    value = [error(x) for x in grid]
    peaks = []
    for k in range(cells + 1):
        if value[k] == 0:
            continue
        if not peaks or value[peaks[-1]] * value[k] < 0:
            peaks.append(k)
        elif abs(value[k]) > abs(value[peaks[-1]]):
            peaks[-1] = k
    while len(peaks) > count:
        peaks.pop(0 if abs(value[peaks[0]]) < abs(value[peaks[-1]]) else -1)
    assert len(peaks) == count, "the error does not alternate"
    return [sharpen(error, grid[k - 1], grid[k + 1]) if 0 < k < cells else grid[k] for k in peaks]


def minimax(target, weight, powers, low, high):
    """{power: coefficient} of the polynomial with the least largest |weight (polynomial - target)| on [low, high]."""
    count = len(powers) + 1
    points = [(low + high) / 2 - (high - low) / 2 * cos(pi * (k + mpf("0.5")) / count) for k in range(count)]
    for _ in range(40):
        system, right = matrix(count, count), matrix(count, 1)
        for row, x in enumerate(points):
            for column, power in enumerate(powers):
                system[row, column] = x**power
            system[row, count - 1] = (-1) ** row / weight(x)
            right[row] = target(x)
        solution = lu_solve(system, right)
        polynomial = dict(zip(powers, solution))

        def error(x):
            return weight(x) * (evaluate(polynomial, x) - target(x))

        points = alternation(error, low, high, count)
        sizes = [abs(error(x)) for x in points]
        if max(sizes) < min(sizes) * (1 + mpf(10) ** -12):
            return polynomial
    raise ArithmeticError("no convergence")


def evaluate(polynomial, x):
    return sum(c * x**power for power, c in polynomial.items())


def largest(error, low, high, cells=4000):
    return max(abs(error(low + (high - low) * mpf(k) / cells)) for k in range(cells + 1))


# ---- The exponential: 2^n 2^(j/8) e^r


class TableExp:
    """Table, correction and polynomial of one precision. The polynomial's constant term c0 is divided out and put into
    the corrections, with what the table's entries were rounded by: the term is T (1 + (r (1 + ...) + D))."""

    def __init__(self, bits, polynomial, reach):
        c0 = polynomial[0]
        self.reach = reach
        self.c = {p: rounded(c / c0, bits) for p, c in polynomial.items()}
        self.exact = [mpf(2) ** (mpf(j) / 8) for j in range(8)]
        self.table = [rounded(t, bits) for t in self.exact]
        self.correction = [rounded(e * c0 / t - 1, bits) for e, t in zip(self.exact, self.table)]
        assert self.c[0] == 1 and self.c[1] == 1, "the kernels have no multiplication for these two"

    def bound(self, reach):
        """The largest relative error of a term with |r| <= reach, without the rounding of its evaluation."""
        small = {p: c for p, c in self.c.items() if p > 0}
        return max(
            largest(lambda r: t * (1 + evaluate(small, r) + d) / (e * exp(r)) - 1, -reach, reach, 400)
            for t, d, e in zip(self.table, self.correction, self.exact)
        )


def exp_f32():
    """Degree 3, all four coefficients free: c0 is off 1 by 1.8e-8, which the corrections take. Where |x| is near 2^15, r
    passes ln2/16, and the bound is 2^-25.29."""
    reach = LN2 / 16 * mpf("1.0003")
    e = TableExp(24, minimax(exp, lambda r: exp(-r), range(4), -reach, reach), reach)
    far = LN2 / 16 + mpf(2) ** 15 * LN2 * abs(1 / LN2 - rounded(1 / LN2, 24))
    assert power_of_two(e.bound(far)) == "2^-25.29"
    return e


def exp_f64():
    """Degree 7 with c0 = c1 = 1. log2 e is one double and |x| <= 2^40: r passes ln2/16 by a factor of 1.0004."""
    reach = LN2 / 16 * mpf("1.0005")
    free = minimax(lambda r: exp(r) - 1 - r, lambda r: exp(-r), range(2, 8), -reach, reach)
    return TableExp(53, {0: mpf(1), 1: mpf(1), **free}, reach)


def exp_small():
    """Coefficients from a^2 on, and the bound. 0.36 is ln2/2 and what one f32 for log2 e adds to it below 2^15."""
    reach = mpf("0.36")
    free = minimax(lambda a: exp(a) - 1 - a, lambda a: exp(-a), range(2, 10), -reach, reach)
    c = {p: rounded(v, 53) for p, v in free.items()}
    return c, largest(lambda a: (1 + a + evaluate(c, a)) * exp(-a) - 1, -reach, reach)


# ---- The logarithm


def log_series():
    """R in ln(1 + f) = 2 atanh(s) = 2 s + s z R(z) with 1 + f in [sqrt(1/2), sqrt(2)]; the absolute error of z R."""

    def series(z):
        return 2 * atanh(sqrt(z)) / sqrt(z) - 2 if z > 0 else mpf(0)

    reach = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2
    c = {p: rounded(v, 53) for p, v in minimax(series, lambda z: mpf(1), range(1, 8), mpf(0), reach).items()}
    return c, largest(lambda z: evaluate(c, z) - series(z), mpf(0), reach)


def log_f32():
    """P in ln(1 + f) = f - f^2 / 2 + f^3 P(f) with 1 + f in [sqrt(1/2), sqrt(2)], and the relative error of the logarithm."""

    def series(f):
        return (log(1 + f) - f + f * f / 2) / f**3 if abs(f) > mpf(2) ** -40 else mpf(1) / 3

    def share(f):
        """Of ln(1 + f), what an error of 1 in P is."""
        return f**3 / log(1 + f) if f != 0 else mpf(2) ** -200

    low, high = sqrt(mpf("0.5")) - 1, sqrt(2) - 1
    c = {p: rounded(v, 24) for p, v in minimax(series, share, range(8), low, high).items()}
    return c, largest(lambda f: share(f) * (evaluate(c, f) - series(f)), low, high)


# ---- The hyperbolic tangent


def tanh_f32():
    """P in tanh(u) = u (1 + q P(q)), q = u^2 < 0x1.4p-2, and the relative error of tanh."""
    reach = mpf("0.3125")

    def series(q):
        return (tanh(sqrt(q)) / sqrt(q) - 1) / q if q > 0 else -mpf(1) / 3

    def share(q):
        """Of tanh(u), what an error of 1 in P is."""
        return q / (1 + q * series(q))

    c = {p: rounded(v, 24) for p, v in minimax(series, share, range(5), mpf(2) ** -40, reach).items()}
    return c, largest(lambda q: share(q) * (evaluate(c, q) - series(q)), mpf(0), reach)


# ---- What a class adds to a divergence


def divergence(bits, degree):
    """P in e^-u - 1 + u = u^2 P(u) from u = -7/4 to 3/2, its constant term 1/2, and the relative error of that."""
    low, high = mpf(-7) / 4, mpf(3) / 2

    def series(u):
        if abs(u) > mpf(2) ** -20:
            return (exp(-u) - 1 + u) / (u * u)
        return mpf(1) / 2 - u / 6 + u**2 / 24 - u**3 / 120

    def rest(u):
        return (series(u) - mpf(1) / 2) / u if abs(u) > mpf(2) ** -40 else -mpf(1) / 6

    free = minimax(rest, lambda u: u / series(u) if u != 0 else mpf(2) ** -200, range(degree), low, high)
    c = {0: mpf(1) / 2, **{p + 1: rounded(v, bits) for p, v in free.items()}}
    return c, largest(lambda u: evaluate(c, u) / series(u) - 1, low, high)


def divergence_lines():
    """The polynomials of both precisions."""
    (f32, f32_bound), (f64, f64_bound) = divergence(24, 8), divergence(53, 15)
    return [
        "/* e^-u - 1 + u = u^2 (1/2 + C1 u + C2 u^2 + ...) from u = -7/4 to 3/2; relative error",
        f"   {power_of_two(f32_bound)} and {power_of_two(f64_bound)}. */",
        *[define(f"DIVERGENCE_F32_C{p}", c, 24) for p, c in f32.items() if p > 0],
        *[define(f"DIVERGENCE_F64_C{p}", c, 53) for p, c in f64.items() if p > 0],
    ]


# ---- The file


def literal(x, bits):
    """x as C writes it in hexadecimal: six digits and an f for f32, thirteen for f64."""
    if x == 0:
        return "0x0p+0" + ("f" if bits == 24 else "")
    sign, number = ("-" if x < 0 else ""), abs(float(x)).hex()
    mantissa, exponent = number.split("p")
    digits = 6 if bits == 24 else 13
    assert x == mpf(float(x)) and set(mantissa[4 + digits :]) <= {"0"}, "does not fit the type"
    return f"{sign}{mantissa[: 4 + digits]}p{exponent}" + ("f" if bits == 24 else "")


def scale_entry(t, j, bits):
    """The bits of t less j at the place where the kernels shift the low bits of their sum to: j / 8 of an octave."""
    mantissa, exponent = mp.frexp(t)
    field = int(mantissa * mpf(2) ** bits) - 2 ** (bits - 1)
    bias = 127 if bits == 24 else 1023
    word = ((int(exponent) - 1 + bias) << (bits - 1)) + field - (j << (bits - 4))
    return f"0x{word:0{8 if bits == 24 else 16}x}"


def power_of_two(bound):
    """A bound as the comments give it, never below the truth: 2^-25.48."""
    return f"2^-{floor(-log(bound, 2) * 100) / 100:.2f}"


def array(head, entries, per_line):
    lines = [", ".join(entries[i : i + per_line]) for i in range(0, len(entries), per_line)]
    return head + " = {\n" + ",\n".join("    " + line for line in lines) + "\n};"


def define(name, x, bits):
    return f"#define {name} {literal(x, bits)}"


def exp_lines(e, bits):
    """The constants of one precision's exponential, all of one naming."""
    kind, word, number = ("F32", "uint32_t", "float") if bits == 24 else ("F64", "uint64_t", "double")
    per_line = 4 if bits == 24 else 3
    high = rounded(LN2, bits)
    small = [define(f"EXP_{kind}_C{p}", c, bits) for p, c in e.c.items() if p > 1]
    scale = [scale_entry(t, j, bits) for j, t in enumerate(e.table)]
    return (
        [
            define(f"EXP_{kind}_LOG2E", rounded(1 / LN2, bits), bits),
            define(f"EXP_{kind}_LN2_HI", high, bits),
            define(f"EXP_{kind}_LN2_LO", rounded(LN2 - high, bits), bits),
        ],
        small,
        [
            array(f"static const {word} exp_{kind.lower()}_scale[8]", scale, per_line + (bits == 24) * 4),
            array(
                f"static const {number} exp_{kind.lower()}_correction[8]",
                [literal(d, bits) for d in e.correction],
                per_line,
            ),
        ],
    )


def constants():
    """The text of constants.h."""
    f32, f64, (small, small_bound), (series, log_bound) = exp_f32(), exp_f64(), exp_small(), log_series()
    tangent, tanh_bound = tanh_f32()
    logarithm, log_f32_bound = log_f32()
    log_high, log_f32_high = (mpf(floor(LN2 * mpf(2) ** bits)) / mpf(2) ** bits for bits in (32, 16))
    bounds = [power_of_two(b) for b in (f32.bound(f32.reach), f64.bound(f64.reach), small_bound, log_bound, tanh_bound)]
    f32_ln2, f32_c, f32_tables = exp_lines(f32, 24)
    f64_ln2, f64_c, f64_tables = exp_lines(f64, 53)
    lines = [
        "/* Written by src/kernels/coefficients.py (mpmath); do not edit. Numerics version 1. */",
        "/* clang-format off */",
        "#ifndef XENT_KERNELS_CONSTANTS_H",
        "#define XENT_KERNELS_CONSTANTS_H",
        "",
        "#include <stdint.h>",
        "",
        "/* f32: exp(x) = 2^n * 2^(j/8) * e^r with 8n + j = round(8 x log2 e); ln 2 in two parts. */",
        *f32_ln2,
        f"/* e^r - 1 = r (1 + r (C2 + r C3)) on |r| <= ln2/16, relative error of the whole term {bounds[0]}. */",
        *f32_c,
        "/* Bits of 2^(j/8) less j << 20, and 2^(j/8) c0 / (what that table holds) - 1. */",
        *f32_tables,
        "",
        "/* f64: the same in double, j << 49, c0 = 1. */",
        *f64_ln2,
        f"/* e^r - 1 = r (1 + r (C2 + ... + C7 r^5)), {bounds[1]}. */",
        *f64_c,
        *f64_tables,
        "",
        "/* What ln 2 is beyond EXP_F32_LN2_HI, in double. */",
        define("EXP_F32_LN2_REST", rounded(LN2 - rounded(LN2, 24), 53), 53),
        f"/* e^a = 1 + (a + a^2 (C2 + ... + C9 a^7)) on |a| <= 0.36 in plain double, relative error {bounds[2]}. */",
        *[define(f"EXP_SMALL_C{p}", c, 53) for p, c in small.items()],
        "",
        "/* ln(1 + f) = f - (h - s (h + z R(z))), s = f / (2 + f), z = s^2, h = f^2 / 2; R of degree 6, error of z R",
        f"   {bounds[3]}; ln 2 so that k * LOG_LN2_HI is exact. */",
        *[define(f"LOG_R{p - 1}", c, 53) for p, c in series.items()],
        define("LOG_LN2_HI", log_high, 53),
        define("LOG_LN2_LO", rounded(LN2 - log_high, 53), 53),
        "",
        "/* ln(1 + f) = f - f^2 / 2 + f^3 (C0 + ... + C7 f^7), relative error",
        f"   {power_of_two(log_f32_bound)}; ln 2 so that k * LOG_F32_LN2_HI is exact. */",
        *[define(f"LOG_F32_C{p}", c, 24) for p, c in logarithm.items()],
        define("LOG_F32_LN2_HI", log_f32_high, 24),
        define("LOG_F32_LN2_LO", rounded(LN2 - log_f32_high, 24), 24),
        "",
        f"/* tanh(u) = u (1 + q (C0 + ... + C4 q^4)), q = u^2 < TANH_F32_REACH, relative error {bounds[4]}. */",
        define("TANH_F32_REACH", mpf("0.3125"), 24),
        *[define(f"TANH_F32_C{p}", c, 24) for p, c in tangent.items()],
        "",
        *divergence_lines(),
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


sys.stdout.write(constants())
