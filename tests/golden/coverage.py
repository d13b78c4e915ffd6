#!/usr/bin/env python3
"""python3 coverage.py: the pairs of levels (parameters.py) that no case of cases.txt has, none in a complete file. Judged by
what the cases hold, not by what they were drawn for. Needs neither PyTorch nor MPFR."""
import pathlib
import sys

sys.dont_write_bytecode = True

import record
from parameters import ABSENT, LEVELS, demanded_pairs, takes

HERE = pathlib.Path(__file__).parent
LARGEST_FOLDER = 2 * 2**20  # bytes


def axes(case):
    rank = len(case.shape)
    if case.axis is None:
        return ["default"]
    if case.axis < 0:
        return ["negative"]
    return [name for name, is_so in (("first", case.axis == 0), ("last", case.axis == rank - 1),
                                     ("middle", 0 < case.axis < rank - 1)) if is_so]


def target_kind(case):
    if case.probabilities is None:
        return case.target
    rows = [sorted(case.probabilities[i] for i in row) for row in case.rows()]
    one_hot = all(row == [0.0] * (len(row) - 1) + [1.0] for row in rows)
    return ("one_hot " if one_hot else "probability ") + case.target


def ignored(case):
    if case.ignore_index == -100:
        return "off"
    return "inside" if 0 <= case.ignore_index < case.class_count() else "outside"


def switch(on):
    return "on" if on else "off"


def has_operand_layout(case):
    """Whether target, weights or upstream gradients have more than one element."""
    operands = (case.classes, case.probabilities, case.weights, case.row_weights, case.grad_losses, case.upstream)
    return any(operand is not None and len(operand) > 1 for operand in operands)


def has_out_layout(case):
    """Whether an output of more than one element has memory of its own."""
    outputs = [numbers for name, numbers in case.answers.items() if name != "divisor"]
    return case.in_place == "off" and any(len(numbers) > 1 for numbers in outputs)


def levels_of(case):
    """The levels of each parameter that the case has; a case has several where they are the same."""
    levels = {
        "operation": [case.operation],
        "in_place": [case.in_place],
        "dtype": [case.dtype],
        "rank": [len(case.shape)],
        "axis": axes(case) if case.operation != "log" else [],
        "layout": [case.layout],
        "operand_layout": [case.operand_layout] if has_operand_layout(case) else [],
        "out_layout": [case.out_layout] if has_out_layout(case) else [],
        "values": [case.values],
        "target": [target_kind(case)] if case.has_target() else [],
        "reduction": [case.reduction],
        "class_weight": [case.class_weight],
        "ignore_index": [ignored(case)] if case.has_target() else [],
        "label_smoothing": [switch(case.label_smoothing)],
        "z_loss": [switch(case.z_loss)],
        "logit_scale": [switch(case.logit_scale != 1)],
        "softcap": [switch(case.softcap)],
        "normalizer": [switch(case.normalizer)],
        "grad_loss": [case.grad_loss],
        "loss": [case.loss],
        "row_weight": [case.row_weight] if case.has_target() else [],
    }
    return {name: those if takes(case.operation, name) and those != [ABSENT] else [] for name, those in levels.items()}


def covered_pairs(cases):
    names = list(LEVELS)
    for case in cases:
        levels = levels_of(case)
        for i, a in enumerate(names):
            for b in names[i + 1:]:
                yield from ((a, x, b, y) for x in levels[a] for y in levels[b])


def main():
    cases = [case for case in record.read(HERE / "cases.txt") if all(n > 0 for n in case.shape)]
    demanded = list(demanded_pairs())
    covered = set(covered_pairs(cases))
    missing = [pair for pair in demanded if pair not in covered]
    for a, x, b, y in missing:
        print(f"not covered: {a} {x} with {b} {y}")
    size = sum(path.stat().st_size for path in HERE.iterdir() if path.is_file())
    print(f"{len(cases)} cases, {len(demanded) - len(missing)} of {len(demanded)} pairs; the folder has {size} bytes")
    if size > LARGEST_FOLDER:
        print(f"that is more than {LARGEST_FOLDER}")
    sys.exit(1 if missing or size > LARGEST_FOLDER else 0)


if __name__ == "__main__":
    main()
