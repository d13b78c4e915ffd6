"""Numbers of the library's dtypes, and random ones that depend on nothing but the seed."""
import math

import gmpy2

# Significant bits, and the exponent of the smallest positive number.
FORMATS = {"F32": (24, -149), "F64": (53, -1074), "F16": (11, -24), "BF16": (8, -133)}
LARGEST = {"F32": 2.0**128 - 2.0**104, "F64": 1.7976931348623157e308, "F16": 65504.0, "BF16": 2.0**128 - 2.0**120}
INFINITY, NAN = math.inf, math.nan


def round_to(dtype, x):
    """The number of the dtype nearest to x, a float or an mpfr number; ties to even."""
    bits, smallest = FORMATS[dtype]
    if not gmpy2.is_finite(x) or x == 0:
        return float(x)
    exponent = math.frexp(x)[1] if isinstance(x, float) else gmpy2.get_exp(x)
    unit = max(exponent - bits, smallest)
    scaled = gmpy2.mul_2exp(gmpy2.mpfr(x), -unit) if unit < 0 else gmpy2.div_2exp(gmpy2.mpfr(x), unit)
    rounded = math.ldexp(int(gmpy2.rint(scaled)), unit) if dtype != "F64" else float(gmpy2.mpfr(x))
    if abs(rounded) > LARGEST[dtype]:
        return math.copysign(INFINITY, rounded)
    return rounded if rounded != 0 else math.copysign(0.0, float(x))


class Draw:
    """Random numbers from a random.Random of which only random() is used: its sequence is promised."""

    def __init__(self, random):
        self.random = random

    def uniform(self, low, high):
        return low + (high - low) * self.random.random()

    def below(self, n):
        return int(self.random.random() * n)

    def chance(self, probability):
        return self.random.random() < probability

    def choice(self, options):
        return options[self.below(len(options))]

    def normal(self):
        """Nearly a normal deviate: a sum of uniform ones, exact to the last bit on every machine."""
        return sum(self.random.random() for _ in range(12)) - 6
