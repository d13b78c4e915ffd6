#!/usr/bin/env python3
"""Writes top_k.txt beside this file: the answers for top_k.c.

    python3 top_k.py          writes the file
    python3 top_k.py --check  writes nothing, fails if the file would change

Needs PyTorch and gmpy2; the committed file is from PyTorch 2.13.0 on x86-64. The classes are torch.topk's, of rows without equal
logits, whose order it does not promise; two NaN of a row would be such. The log-probabilities are F.log_softmax's, in float64, of
the logits as their dtype holds them. A case is a line of its dtype, rows, classes and k, then for each row a line of logits, one of
classes and one of log-probabilities.
"""
import pathlib
import random
import sys

sys.dont_write_bytecode = True

import torch
import torch.nn.functional as F

from formats import INFINITY, NAN, Draw, round_to

FILE = pathlib.Path(__file__).parent / "top_k.txt"
SEED = 20261130
DTYPES = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "BF16": torch.bfloat16}
SIZES = ((2, 1, 1), (3, 5, 1), (3, 5, 5), (2, 12, 7), (2, 40, 9), (2, 70, 20), (1, 200, 33))
ROUNDS = 3
SCALES = (1, 8, 30)


def row(draw, dtype, classes, scale):
    """Different numbers; now and then one NaN, one +inf, one -inf."""
    seen = set()
    while len(seen) < classes:
        seen.add(round_to(dtype, scale * draw.normal()) + 0.0)
    values = sorted(seen)
    for i in range(classes - 1, 0, -1):
        k = draw.below(i + 1)
        values[i], values[k] = values[k], values[i]
    for special in (NAN, INFINITY, -INFINITY):
        if classes > 2 and draw.chance(0.1):
            values[draw.below(classes)] = special
    return values


def words(numbers):
    return " ".join(x.hex() if isinstance(x, float) else str(x) for x in numbers)


def case(draw, dtype, rows, classes, k, scale):
    logits = [row(draw, dtype, classes, scale) for _ in range(rows)]
    z = torch.tensor(logits, dtype=torch.float64).to(DTYPES[dtype])
    assert z.double().nan_to_num(7e7).equal(torch.tensor(logits, dtype=torch.float64).nan_to_num(7e7))
    index = torch.topk(z, k).indices
    logp = F.log_softmax(z.double(), 1).gather(1, index)
    yield f"case {dtype} {rows} {classes} {k}"
    for i in range(rows):
        yield f"logits {words(logits[i])}"
        yield f"classes {words(index[i].tolist())}"
        yield f"logp {words(logp[i].tolist())}"


def text():
    draw = Draw(random.Random(SEED))
    lines = [f"# Written by tests/golden/top_k.py: PyTorch {torch.__version__}"]
    for number in range(ROUNDS):
        for dtype in DTYPES:
            for rows, classes, k in SIZES:
                lines += case(draw, dtype, rows, classes, k, SCALES[number])
    return "\n".join(lines) + "\n"


def main():
    answers = text()
    if "--check" not in sys.argv[1:]:
        FILE.write_text(answers)
    elif not FILE.exists() or FILE.read_text() != answers:
        sys.exit(f"{FILE.name} differs from what PyTorch {torch.__version__} answers")


if __name__ == "__main__":
    main()
