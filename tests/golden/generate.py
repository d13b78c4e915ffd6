#!/usr/bin/env python3
"""Writes notebook.inc, divergence.inc, row_stats.inc and cases.txt beside this file: the answers for tests/unit/values/notebook.c,
divergence.c and row_stats.c, and for cases.c.

    python3 generate.py          writes the files; without arguments, network or GPU
    python3 generate.py --check  writes nothing, fails if a file would change

Needs PyTorch and gmpy2 (MPFR); the committed files are from PyTorch 2.13.0 (CPU) and MPFR 4.2 on x86-64.

    parameters.py  what the cases vary, and what excludes what     special.py    cases by hand
    pairwise.py    few cases that have all pairs                   autograd.py   PyTorch's answers, in float64
    draw.py        the numbers of a case (formats.py: dtypes)      reference.py  the contract in MPFR
    solve.py       which answer is recorded, and the comparison    record.py     cases.txt, written and read (case.py: a case)
    coverage.py    the pairs that cases.txt lacks

Inputs are rounded to the case's dtype, so that the answers belong to exactly these inputs.
"""
import pathlib
import random
import sys

sys.dont_write_bytecode = True

import solve  # before torch: it chooses PyTorch's instructions
import torch

import divergence
import notebook
import record
import row_stats
from draw import draw_case
from formats import Draw
from pairwise import Cover
from parameters import FLOATING
from special import special_cases

HERE = pathlib.Path(__file__).parent
SEED = 20260824

# Every pair without row weights once, and every pair of what PyTorch has once more in cases that PyTorch can answer.
COVERS = (None, {"z_loss": ("off",), "values": ("normal",)})
# Then, behind the cases by hand, every pair with a row weight.
WEIGHTED = {"row_weight": FLOATING}


def cases():
    source = random.Random(SEED)
    for restricted in COVERS:
        for levels in Cover(source, restricted, without="row_weight").assignments():
            yield draw_case(Draw(source), levels)
    yield from special_cases()
    for levels in Cover(source, WEIGHTED, only="row_weight").assignments():
        yield draw_case(Draw(source), levels)


def solved():
    result = []
    for case in cases():
        try:
            solve.answer(case)
        except solve.Disagreement as difference:
            sys.exit(f"{record.block(case, len(result) + 1)}{difference}")
        result.append(case)
    return result


def main():
    files = {"notebook.inc": notebook.text(), "divergence.inc": divergence.text(), "row_stats.inc": row_stats.text(),
             "cases.txt": record.text_of(solved())}
    for name, text in files.items():
        path = HERE / name
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{name} differs from what PyTorch {torch.__version__} and MPFR answer")


if __name__ == "__main__":
    main()
