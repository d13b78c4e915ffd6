"""The answers of a case: PyTorch's where it has the thing and is right, else MPFR's; they are compared wherever both answer."""
import math

import autograd
import reference
from gmpy2 import mpfr

# PyTorch's answer is recorded if every element is within `error_of` of the exact one, relative.
FEW_ROUNDINGS = 2.0**-50
FAR_BELOW_F32 = 2.0**-40
MPFR_ERROR = 2.0**-53
# How far PyTorch may be off, relative to the largest numbers it adds up, before the two definitions are said to differ.
AGREEMENT = 2.0**-44


def error_of(case):
    """FAR_BELOW_F32 where the library's own bound is a few units of F32."""
    return FAR_BELOW_F32 if case.narrow() and not case.operation.startswith("nll") else FEW_ROUNDINGS


class Disagreement(Exception):
    pass


def largest(numbers, otherwise=0):
    return mpfr(max((abs(x) for x in numbers or () if math.isfinite(x)), default=otherwise))


def size(case):
    """An upper limit of what PyTorch's rounding errors are relative to, if all numbers that are not finite are left out."""
    classes = max(case.class_count(), 1)
    logits = largest(case.input) * max(case.logit_scale, 1) + math.log(classes) + 1
    weight = largest(case.weights, 1) * max(1, largest(case.probabilities)) * classes * max(1, largest(case.row_weights))
    upstream = max(1, largest(case.grad_losses) + largest(case.upstream) * classes)
    divisor = reference.used_divisor(case) if case.has_target() else 1
    row = (weight * logits + case.z_loss * logits**2) * upstream
    return row * max(case.row_count(), 1) / (divisor if divisor > 0 else 1)


def same(got, want, tolerance):
    """NaN is PyTorch's answer also where the contract has a number beside -inf or in an ignored row."""
    if math.isnan(want) or not math.isfinite(got):
        return math.isnan(got) or got == want
    return abs(got - want) <= tolerance


def is_right(got, want, error):
    if math.isnan(got) or math.isinf(got):
        return got == want or math.isnan(got) and math.isnan(want)
    return abs(mpfr(got) - want) <= error * abs(want)


def compare(case, theirs, exact):
    special = any(not math.isfinite(x) for x in case.input or ()) or case.has_target() and reference.used_divisor(case) == 0
    for name, numbers in exact.items():
        if len(theirs[name]) != len(numbers):
            raise Disagreement(f"{name}: PyTorch has {len(theirs[name])} elements, the contract {len(numbers)}")
        tolerance = AGREEMENT * size(case)
        for i, (got, want) in enumerate(zip(theirs[name], numbers)):
            want = float(want)
            if not same(got, want, tolerance) or math.isnan(got) and not math.isnan(want) and not special:
                raise Disagreement(f"{name}[{i}] is {got!r} in PyTorch, {want!r} in the contract, tolerance {tolerance:g}")


def answer(case):
    """Fills in case.answers and case.source."""
    exact = reference.solve(case)
    theirs = autograd.solve(case)
    compare(case, theirs, exact)
    right = autograd.lacks(case) is None and all(
        is_right(got, want, error_of(case)) for name in exact for got, want in zip(theirs[name], exact[name]))
    case.source, case.error = ("pytorch", error_of(case)) if right else ("mpfr", MPFR_ERROR)
    case.answers = {name: theirs[name] if right else [float(x) for x in numbers] for name, numbers in exact.items()}
