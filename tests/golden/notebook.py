"""notebook.inc: the notebook's cells as PyTorch answers them, for tests/unit/values/notebook.c."""
import torch
import torch.nn.functional as F

from record import number

HEADER = "/* Written by tests/golden/generate.py: do not edit. */\n"


def wrapped(texts, indent, width=114):
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
    texts = [number(v) for v in tensor.flatten().tolist()]
    short = "{ " + ", ".join(texts) + " }"
    return short if len(short) < 72 else "{\n" + wrapped(texts, indent) + " }"


def cells(dtype):
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


def text():
    out = HEADER + "/* The notebook's cells in float64, and in float32 as the notebook runs. */\n"
    for name, dtype in (("float64", torch.float64), ("float32", torch.float32)):
        for cell, value in cells(dtype).items():
            if name == "float64" or cell != "logits":
                out += f"static const double {name}_{cell}[{value.numel()}] = {array(value, 4)};\n"
    return out
