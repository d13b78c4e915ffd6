"""row_stats.inc: statistics of rows as PyTorch answers them in float64, for tests/golden/row_stats.c."""
import torch
import torch.nn.functional as F

from notebook import HEADER, array
from record import number

inf, nan = float("inf"), float("nan")
ROUNDED = {"F32": torch.float32, "F64": torch.float64, "F16": torch.float16, "BF16": torch.bfloat16}


def draw(kind, rows, classes, generator):
    z = 4 * torch.randn(rows, classes, dtype=torch.float64, generator=generator)
    if kind == "ties":
        z = torch.round(z / 3)
    if kind == "confident":
        z[torch.arange(rows), torch.randint(classes, (rows,), generator=generator)] += 30
    if kind == "masked":
        z[torch.rand(rows, classes, generator=generator) < 0.3] = -inf
        z[:, 0] = z[:, 0].nan_to_num(neginf=0.5)
    if kind == "special":
        z[0, classes // 2] = nan
        z[1, classes // 3] = inf
        z[2, :] = -inf
    return z


def case(kind, dtype, rows, classes, scale, softcap, generator):
    z = draw(kind, rows, classes, generator).to(ROUNDED[dtype]).double()
    y = torch.randint(classes, (rows,), generator=generator)
    v = z * scale
    if softcap:
        # libxent leaves an infinite logit as it is
        v = torch.where(v.isinf(), v, softcap * torch.tanh(v / softcap))
    target, classes_ahead = v.gather(1, y[:, None]), torch.arange(classes) < y[:, None]
    finite = v.isfinite().any(1) & ~(v.isnan() | (v == inf)).any(1)
    logp = F.log_softmax(v, 1)
    p = logp.exp()
    answers = {
        "loss": torch.where(finite, F.cross_entropy(v, y, reduction="none"), nan),
        "lse": torch.where(v.isnan().any(1), nan, torch.logsumexp(v, 1)),
        "max": v.max(1).values,
        "argmax": v.argmax(1),
        "entropy": torch.where(finite, -torch.where(p == 0, 0, p * logp).sum(1), nan),
        "rank": torch.where(v.isnan().any(1), -1, ((v > target) | ((v == target) & classes_ahead)).sum(1)),
    }
    return {"logits": z, "target": y, **answers}


def text():
    generator = torch.Generator().manual_seed(1)
    out, table = HEADER, ""
    for k, (kind, dtype, rows, classes, scale, softcap) in enumerate(
        [(kind, dtype, 5, classes, 1, 0) for kind in ("normal", "ties", "confident", "masked", "special")
         for dtype, classes in (("F32", 10), ("F64", 33), ("F16", 70), ("BF16", 7))]
        + [("normal", "F64", 4, 20, 0.5, 0), ("normal", "F64", 4, 20, 0.7, 3), ("masked", "F64", 4, 20, 1, 30)]):
        of_case = case(kind, dtype, rows, classes, scale, softcap, generator)
        for name, values in of_case.items():
            out += f"static const double {name}_{k}[{values.numel()}] = {array(values.double(), 4)};\n"
        table += (f"    {{ XENT_{dtype}, {rows}, {classes}, {number(scale)}, {number(softcap)}, "
                  + ", ".join(f"{name}_{k}" for name in of_case) + " },\n")
    return out + "static const struct recorded recorded[] = {\n" + table + "};\n"

