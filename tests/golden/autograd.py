"""PyTorch's answers, in float64 and by its own autograd."""
import os

os.environ["ATEN_CPU_CAPABILITY"] = "default"  # the same instructions, thus bits, on every x86-64 machine
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

from reference import Options  # noqa: E402

torch.set_num_threads(1)

# What PyTorch does not have; its answer is then composed of operations it has, to be compared, and not recorded.
LACKS = [
    ("z-loss", lambda case: case.z_loss != 0),
    ("probabilities in nll_loss", lambda case: case.operation.startswith("nll") and case.classes is None),
    ("row weights", lambda case: case.row_weights is not None),
    ("the automatic divisor", lambda case: case.operation == "mean_divisor"),
]


def lacks(case):
    return next((what for what, is_so in LACKS if is_so(case)), None)


def tensor(case, numbers):
    return torch.tensor(numbers, dtype=torch.float64).reshape(case.shape)


def where_pytorch_has_it(case, t):
    """The class axis as dimension 1, or 0 of a single row."""
    return t.movedim(case.dimension(), min(1, len(case.shape) - 1)).contiguous()


def flat(t):
    return t.detach().flatten().tolist()


def pointwise(case):
    z = tensor(case, case.input)
    if case.operation == "log":
        return {"output": flat(z.log())}
    function = {"softmax": F.softmax, "log_softmax": F.log_softmax, "logsumexp": torch.logsumexp}[case.operation]
    return {"output": flat(function(z, dim=case.dimension()))}


def softmax_backward(case):
    a, g = tensor(case, case.input), tensor(case, case.upstream)
    function = getattr(torch.ops.aten, "_" + case.operation + "_data")
    return {"gradient": flat(function(g, a, case.dimension(), torch.float64))}


def operands(case):
    """The target as PyTorch takes it, and the weights."""
    weight = None if case.weights is None else torch.tensor(case.weights, dtype=torch.float64)
    if case.classes is None:
        return where_pytorch_has_it(case, tensor(case, case.probabilities)), weight
    return torch.tensor(case.classes, dtype=torch.int64).reshape(case.batch_shape()), weight


def capped(case, x):
    """softcap composed of PyTorch's tanh; as in the contract, what is not finite stays as it is."""
    cap = Options(case).cap
    return x if cap == 0 else torch.where(x.isfinite(), cap * torch.tanh(x / cap), x)


def weighted(case, losses):
    """Each row's loss times its weight; a row of weight 0 is not looked at."""
    if case.row_weights is None:
        return losses
    weight = torch.tensor(case.row_weights, dtype=torch.float64).reshape(losses.shape)
    return torch.where(weight == 0, 0.0, weight * losses)


def row_losses(case, x):
    """The loss of every row, differentiable; x is the scaled tensor, class axis where PyTorch has it."""
    target, weight = operands(case)
    ignore = {} if case.classes is None else {"ignore_index": case.ignore_index}
    if case.operation.startswith("nll"):
        if case.classes is not None:
            return F.nll_loss(x, target, weight, reduction="none", **ignore)
        w = 1 if weight is None else weight.reshape([-1] + [1] * (x.dim() - 2) if x.dim() > 1 else [-1])
        return -(w * target * x).sum(min(1, x.dim() - 1))
    v = capped(case, x)
    losses = F.cross_entropy(v, target, weight, reduction="none", label_smoothing=case.label_smoothing, **ignore)
    if case.z_loss != 0:
        z = case.z_loss * torch.logsumexp(v, min(1, x.dim() - 1)) ** 2
        losses = losses + (z if case.classes is None else torch.where(target == case.ignore_index, 0.0, z))
    return losses


def own_mean(case, x):
    """PyTorch's MEAN itself, which alone knows the gradient of a mean over nothing; None where the case has no such thing."""
    if case.reduction != "MEAN" or case.normalizer != 0 or case.z_loss != 0 or case.softcap != 0 or case.row_weights is not None:
        return None
    target, weight = operands(case)
    ignore = {} if case.classes is None else {"ignore_index": case.ignore_index}
    if not case.operation.startswith("nll"):
        return F.cross_entropy(x, target, weight, label_smoothing=case.label_smoothing, **ignore)
    return F.nll_loss(x, target, weight, **ignore) if case.classes is not None else None


def divisor(case):
    rows = torch.ones(case.batch_shape(), dtype=torch.float64)
    if case.row_weights is not None:
        rows = torch.tensor(case.row_weights, dtype=torch.float64).reshape(case.batch_shape())
    if case.classes is None:
        return float(rows.sum())
    target, weight = operands(case)
    kept = target != case.ignore_index
    return float(rows[kept].sum() if weight is None else (rows[kept] * weight[target[kept]]).sum())


def loss(case):
    options = Options(case)
    z = case.input if options.scale == 1 else [float(options.scaled(x)) for x in case.input]
    leaf = tensor(case, z).requires_grad_()
    x = where_pytorch_has_it(case, leaf)
    losses = weighted(case, row_losses(case, x))
    result = losses
    if case.reduction != "NONE":
        result = losses.sum() if case.reduction == "SUM" else own_mean(case, x)
    if result is None:
        result = losses.sum() / (case.normalizer if case.normalizer != 0 else divisor(case))
    answers = {"loss": flat(result)}
    if case.operation in ("cross_entropy_grad", "nll_loss_backward"):
        g = torch.ones_like(result)
        if case.grad_losses is not None:
            g = torch.tensor(case.grad_losses, dtype=torch.float64).reshape(result.shape)
        answers["gradient"] = flat(torch.autograd.grad(result, leaf, g)[0] * options.scale)
    if case.operation == "nll_loss_backward" or case.loss == "none":
        del answers["loss"]
    return answers


def solve(case):
    """PyTorch's answers as lists of floats."""
    if case.operation == "mean_divisor":
        return {"divisor": [divisor(case)]}
    if case.operation in ("softmax_backward", "log_softmax_backward"):
        return softmax_backward(case)
    return loss(case) if case.has_target() else pointwise(case)
