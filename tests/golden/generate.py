#!/usr/bin/env python3
"""Writes notebook.inc and cases.inc beside this file: what PyTorch answers, for tests/unit/notebook.c and pytorch.c.

    python3 generate.py          writes both files; without arguments, network or GPU
    python3 generate.py --check  writes nothing, fails if a file would change

The committed files are from PyTorch 2.13.0 on x86-64. Inputs are drawn once, rounded to the case's dtype and written
out, so that the answers belong to exactly these inputs; answers are PyTorch's in float64. Floats are hexadecimal:
nothing is rounded. Another version of PyTorch may differ in the last bits of the answers, within the tests' bounds.
"""
import pathlib
import sys

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
PYTORCH = {"XENT_F32": torch.float32, "XENT_F64": torch.float64}
HEADER = "/* Written by tests/golden/generate.py: do not edit. */\n"


def number(x):
    """A C constant with exactly the bits of x."""
    if x != x:
        return "NAN"
    if x in (float("inf"), float("-inf")):
        return "-INFINITY" if x < 0 else "INFINITY"
    if x == int(x) and abs(x) < 2**31:
        return "-0.0" if x == 0 and str(x)[0] == "-" else str(int(x))
    mantissa, exponent = x.hex().split("p")
    return mantissa.rstrip("0").rstrip(".") + "p" + exponent.lstrip("+")


def lines(texts, indent, width=114):
    """The texts, comma-separated, on lines of at most `width` columns."""
    rows, row = [], " " * indent
    for text in texts:
        if len(row) + len(text) + 2 > width:
            rows.append(row.rstrip())
            row = " " * indent
        row += text + ", "
    return "\n".join(rows + [row.rstrip().rstrip(",")])


def array(tensor, indent):
    """The initializer of an array of the tensor's elements in row-major order."""
    values = tensor.flatten().tolist()
    texts = [str(v) for v in values] if not tensor.is_floating_point() else [number(v) for v in values]
    short = "{ " + ", ".join(texts) + " }"
    return short if len(short) < 72 else "{\n" + lines(texts, indent) + " }"


# ---- The notebook's table --------------------------------------------------------------------------------------------


def notebook_cells(dtype):
    """Each cell of the notebook, computed as the notebook does, in this dtype."""
    z = torch.tensor([[1, 0.5, 2], [0.5, 3, 1]], dtype=dtype, requires_grad=True)
    y = torch.tensor([2, 1])
    p = F.softmax(z, dim=1)
    logp = F.log_softmax(z, dim=1)
    loss = F.cross_entropy(z, y)
    return {
        "logits": z,
        "softmax": p,
        "log_softmax": p.log(),
        "losses": F.nll_loss(logp, y, reduction="none"),
        "mean_loss": loss,
        "gradient": torch.autograd.grad(loss, z)[0],
    }


def notebook():
    out = HEADER + "/* The notebook's cells in float64, and in float32 as the notebook runs. */\n"
    for name, dtype in (("float64", torch.float64), ("float32", torch.float32)):
        for cell, value in notebook_cells(dtype).items():
            if name == "float64" or cell != "logits":
                out += f"static const double {name}_{cell}[{value.numel()}] = {array(value, 4)};\n"
    return out


# ---- Cases -----------------------------------------------------------------------------------------------------------


class Case:
    """One call: its name, then the designated initializers of a struct golden_case."""

    def __init__(self, name, operation, dtype, shape, axis):
        self.name, self.fields = name, {"operation": operation, "dtype": dtype, "axis": str(axis)}
        self.fields["ndim"], self.fields["shape"] = str(len(shape)), "{ " + ", ".join(map(str, shape)) + " }"

    def set(self, **fields):
        for name, value in fields.items():
            if isinstance(value, torch.Tensor):
                kind = "double" if value.is_floating_point() else "int64_t"
                value = f"(const {kind}[]){array(value, 4)}"
            elif isinstance(value, float):
                value = number(value)
            self.fields[name] = str(value)

    def text(self):
        items = [f'.name = "{self.name}"'] + [f".{name} = {value}" for name, value in self.fields.items()]
        return "{ " + ",\n  ".join(items) + " },\n"


def class_axis(shape, axis):
    """XENT_AXIS_DEFAULT is PyTorch's rule."""
    if axis == "XENT_AXIS_DEFAULT":
        return 0 if len(shape) == 1 else 1
    return axis % len(shape)


def draw(shape, dtype, scale=3.0):
    """Normal numbers, rounded to dtype, as float64."""
    return (torch.randn(shape, dtype=torch.float64) * scale).to(PYTORCH[dtype]).double()


def coarse(tensor):
    """Multiples of 1/64: exact in every dtype and short to write."""
    return (tensor * 64).round() / 64


def pointwise(operation, dtype, shape, axis, logits=None):
    """A case of softmax, log_softmax or logsumexp."""
    z = draw(shape, dtype) if logits is None else logits
    dim = class_axis(shape, axis)
    function = {"SOFTMAX": F.softmax, "LOG_SOFTMAX": F.log_softmax, "LOGSUMEXP": torch.logsumexp}[operation]
    case = Case(f"{operation.lower()} {tuple(shape)} axis {axis}", operation, dtype, shape, axis)
    case.set(logits=z, result=function(z, dim=dim))
    return case


def divisor_of(target, weight, ignore, rows):
    """What PyTorch divides a mean by."""
    if target.is_floating_point():
        return float(rows)
    kept = target != ignore
    return float(kept.sum() if weight is None else weight[target[kept]].sum())


def per_row(operation, z, target, weight, ignore):
    """The losses of the rows; z has the class axis where PyTorch has it."""
    if operation == "NLL_LOSS" and target.is_floating_point():  # PyTorch's takes no probabilities: the definition
        axis = min(1, z.dim() - 1)
        w = torch.ones(z.shape[axis], dtype=z.dtype) if weight is None else weight
        return -(w * (target * z).movedim(axis, -1)).sum(-1)
    function = F.nll_loss if operation == "NLL_LOSS" else F.cross_entropy
    return function(z, target, weight, ignore_index=ignore, reduction="none")


def loss(operation, dtype, shape, axis="XENT_AXIS_DEFAULT", reduction="MEAN", soft=False, weighted=False, ignore=-100,
         ignored=0.0, normalizer=0.0, upstream=False, logits=None):
    """A case of nll_loss or cross_entropy. soft: probability targets; ignored: the share of rows whose target is
    `ignore`; upstream: with a grad_loss."""
    dim, classes = class_axis(shape, axis), shape[class_axis(shape, axis)]
    batch = [n for d, n in enumerate(shape) if d != dim]
    z = draw(shape, dtype) if logits is None else logits
    if operation == "NLL_LOSS":
        z = F.log_softmax(z, dim).to(PYTORCH[dtype]).double()
    weight = coarse(torch.rand(classes, dtype=torch.float64) + 0.1) if weighted else None
    if soft:
        target = coarse(torch.rand(shape, dtype=torch.float64) * 2 / classes + 1 / 64)
    else:
        target = torch.randint(0, classes, batch)
        target[torch.rand(batch) < ignored] = ignore

    leaf = z.clone().requires_grad_()
    moved = leaf.movedim(dim, min(1, len(shape) - 1))
    label = target.movedim(dim, min(1, len(shape) - 1)) if soft else target
    rows = per_row(operation, moved, label, weight, ignore)
    divisor = divisor_of(label, weight, ignore, rows.numel())
    used = normalizer if normalizer != 0 else divisor
    result = {"NONE": rows, "SUM": rows.sum(), "MEAN": rows.sum() / used}[reduction]
    grad_loss = coarse(torch.randn(result.shape, dtype=torch.float64)) if upstream else torch.ones_like(result)

    notes = [word for word, on in (("probabilities", soft), ("weights", weighted), (f"ignore {ignore}", ignored > 0),
                                   ("normalizer", normalizer != 0), ("grad_loss", upstream)) if on]
    name = f"{operation.lower()} {tuple(shape)} axis {axis} {reduction} " + ", ".join(notes)
    case = Case(name.strip(), operation, dtype, shape, axis)
    case.set(reduction=f"XENT_REDUCTION_{reduction}", ignore_index=ignore, normalizer=normalizer, divisor=divisor)
    case.set(logits=z, **{"probabilities" if soft else "classes": target})
    if weighted:
        case.set(class_weight=weight)
    if upstream:
        case.set(grad_loss=grad_loss)
    case.set(result=result.detach())
    if operation == "CROSS_ENTROPY":
        # Where a mean over nothing is NaN, only PyTorch's own mean knows that its gradient is 0.
        if reduction == "MEAN" and normalizer == 0:
            result = F.cross_entropy(moved, label, weight, ignore_index=ignore)
        case.set(gradient=torch.autograd.grad(result, leaf, grad_loss)[0])
    return case


def cases():
    torch.manual_seed(20260824)
    both = ("XENT_F32", "XENT_F64")
    default = "XENT_AXIS_DEFAULT"
    shapes = [((5,), default), ((4, 3), 0), ((2, 5, 3), default), ((4, 2, 3, 1), 0), ((2, 3, 1, 2, 2), default),
              ((3, 7), default), ((2, 3, 4), -1), ((2, 3, 2, 2), default), ((2, 1, 2, 2, 4), 4), ((2, 2, 3, 2, 1), -3)]
    for dtype in both:
        axes = shapes if dtype == "XENT_F32" else shapes[:5]
        for operation in ("SOFTMAX", "LOG_SOFTMAX", "LOGSUMEXP"):
            for shape, axis in axes:
                yield pointwise(operation, dtype, shape, axis)
            yield pointwise(operation, dtype, (1, 130), 1)
            yield pointwise(operation, dtype, (2, 3), 1, torch.tensor([[1e4, 1e4 - 1, 0], [-5e3, -5e3, -5e3]]).double())
        for operation in ("NLL_LOSS", "CROSS_ENTROPY"):
            for shape, axis in axes:
                yield loss(operation, dtype, shape, axis)
                yield loss(operation, dtype, shape, axis, "NONE", weighted=True, ignored=0.3, upstream=True)
                yield loss(operation, dtype, shape, axis, "NONE", soft=True, upstream=True)
            for reduction in ("MEAN", "SUM", "NONE"):
                for weighted in (False, True):
                    options = {"reduction": reduction, "weighted": weighted, "upstream": True}
                    yield loss(operation, dtype, (9, 4), ignored=0.4, **options)
                    yield loss(operation, dtype, (9, 4), ignore=2, ignored=0.4, **options)
                    yield loss(operation, dtype, (3, 4, 2), soft=True, **options)
            yield loss(operation, dtype, (6, 4), weighted=True, normalizer=3.5, ignored=0.3)
            yield loss(operation, dtype, (6, 4), soft=True, weighted=True, normalizer=0.75)
            yield loss(operation, dtype, (3, 4), ignored=2.0)  # every row
            yield loss(operation, dtype, (3, 4), default, "SUM", ignored=2.0)
            yield loss(operation, dtype, (4, 1), weighted=True)
        yield loss("CROSS_ENTROPY", dtype, (70, 3), weighted=True, ignored=0.2)
        yield loss("CROSS_ENTROPY", dtype, (1, 200), default, "NONE", soft=True, weighted=True)
        masked = draw((3, 5), dtype)
        masked[:, 3:] = float("-inf")
        yield loss("CROSS_ENTROPY", dtype, (3, 5), default, "NONE", upstream=True, logits=masked)
        offset = coarse(draw((3, 5), dtype)) + 4096
        yield loss("CROSS_ENTROPY", dtype, (3, 5), default, "SUM", weighted=True, logits=offset)
    wide = coarse(draw((1, 4200), "XENT_F32"))  # more than one chunk of 4096
    yield pointwise("LOGSUMEXP", "XENT_F32", (1, 4200), 1, wide)


def main():
    files = {"notebook.inc": notebook(), "cases.inc": HEADER + "".join(case.text() for case in cases())}
    for name, text in files.items():
        path = HERE / name
        if "--check" not in sys.argv[1:]:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{name} differs from what PyTorch {torch.__version__} answers")


if __name__ == "__main__":
    main()
