"""divergence.inc: F.kl_div of two log_softmaxes and its gradient as PyTorch answers them, for tests/unit/values/divergence.c."""
import torch
import torch.nn.functional as F

from notebook import HEADER, wrapped
from record import number

# (name, rows, classes, distance between the rows, offset of q, temperature, softcap, index of p and q that is -inf or None)
CASES = (
    ("few", 2, 3, 1.0, 0.0, 1.0, 0.0, None),
    ("ten", 4, 10, 0.5, 3.0, 1.0, 0.0, None),
    ("near", 2, 40, 1e-3, 0.0, 1.0, 0.0, None),
    ("far", 3, 70, 6.0, -20.0, 1.0, 0.0, None),
    ("soft", 3, 33, 2.0, 0.0, 2.0, 0.0, None),
    ("capped", 2, 20, 2.0, 1.0, 0.5, 4.0, None),
    ("long", 1, 700, 0.7, 0.2, 1.0, 0.0, None),
    ("masked", 2, 9, 1.0, 0.0, 1.0, 0.0, 4),
)


def logits(rows, classes, distance, offset, masked, seed):
    """Two tables of numbers that F32 holds, as float64."""
    source = torch.Generator().manual_seed(seed)
    p = torch.randn(rows, classes, generator=source) * 3
    q = p + torch.randn(rows, classes, generator=source) * distance + offset
    if masked is not None:
        p[:, masked] = -torch.inf
    return p.double(), q.double()


def answers(p, q, temperature, softcap):
    """Each row's divergence, their mean over the rows, and the gradient of the mean times temperature^2."""
    q = q.clone().requires_grad_(True)

    def log_probabilities(z):
        x = z / temperature
        return F.log_softmax(softcap * torch.tanh(x / softcap) if softcap else x, 1)

    # PyTorch makes NaN of a probability 0 of p, where log_target is set
    target = log_probabilities(p).exp()
    rows = F.kl_div(log_probabilities(q), target, reduction="none").sum(1)
    mean = F.kl_div(log_probabilities(q), target, reduction="batchmean")
    return rows.detach(), mean.detach(), torch.autograd.grad(mean * temperature**2, q)[0]


def numbers(tensor):
    return wrapped([number(v).replace("-inf", "-INFINITY") for v in tensor.flatten().tolist()], 4)


def text():
    out = HEADER + "/* F.kl_div in float64, of logits that F32 holds: p, q, each row, the mean, its gradient in q. */\n"
    table = []
    for seed, (name, rows, classes, distance, offset, temperature, softcap, masked) in enumerate(CASES):
        p, q = logits(rows, classes, distance, offset, masked, seed)
        each, mean, gradient = answers(p, q, temperature, softcap)
        for part, values in (("p", p), ("q", q), ("rows", each), ("gradient", gradient)):
            out += f"static const double {name}_{part}[] = {{\n{numbers(values)} }};\n"
        table.append(f"    {{ \"{name}\", {rows}, {classes}, {number(temperature)}, {number(softcap)}, {number(mean.item())},"
                     f" {name}_p, {name}_q, {name}_rows, {name}_gradient }},\n")
    return out + "static const struct golden_divergence golden_divergences[] = {\n" + "".join(table) + "};\n"
