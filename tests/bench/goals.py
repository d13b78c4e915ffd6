"""The table of goals of docs/performance.md."""

from results import FAST, GRADIENT, LONG, MEMORY, OWN_LOSS, TORCH, span, table

PASSES = ("forward", "gradient")
DTYPES = ("f32", "f64", "f16", "bf16")
BACKWARDS = ("softmax_backward", "log_softmax_backward")


class Goal:
    """At least or at most so many times, of figures of which some are None."""

    def __init__(self, limit, figures, least=True, unit="x"):
        self.limit, self.least, self.unit = limit, least, unit
        self.figures = [f for f in figures if f]

    def cells(self):
        """The goal, what was measured, and how many cells meet it."""
        met = sum(f >= self.limit if self.least else f <= self.limit for f in self.figures)
        words = [">=" if self.least else "<=", f"{self.limit:g}{' ' if self.unit.strip() == '%' else ''}{self.unit.strip()}"]
        share = f"{met} of {len(self.figures)}" if self.figures else ""
        return [" ".join(words), span(self.figures, self.unit, 0 if "%" in self.unit else 2), share]


def inverse(figures):
    return [1 / f if f else None for f in figures]


def by_operation(r, name, which, dtypes, operations=None, shapes=None, threads=(1,)):
    """How many times as long `name` takes, of every operation with this pass, or of those named."""
    return [
        r.over(name, shape, which, dtype, operation, count)
        for operation in operations or r.values("operation", "operations")
        if which in r.passes(operation)
        for shape in shapes or r.values("shape", "operations")
        for dtype in dtypes
        for count in threads
    ]


def beside_torch(r, dtype, forward, gradient):
    """softmax and its kin count as forward, whose output has the logits' shape; their backwards as gradients. The logarithm of f32
    has a goal of its own."""
    both, alone = [], []
    for operation in r.values("operation", "operations"):
        passes = r.passes(operation)
        if operation != "log" or dtype != "f32":
            for which in passes:
                late = which == "gradient" and ("forward" in passes or operation in BACKWARDS)
                (both if late else alone).extend(by_operation(r, TORCH, which, [dtype], [operation], threads=(1, 2)))
    return Goal(forward, alone), Goal(gradient, both)


def cost(r, limit, operations):
    """Of an option, in times of the plain loss."""
    return [Goal(limit, inverse(by_operation(r, OWN_LOSS, which, DTYPES, operations)), least=False) for which in PASSES]


def beside_own(r, operation):
    """In times of the plain loss."""
    return inverse(by_operation(r, OWN_LOSS, "forward", ["f32"], [operation], ["8192x10", "128x32000"]))


def long_rows(r, which):
    found = [r.ratio(FAST, s, which) for s in LONG]
    return found + by_operation(r, FAST, which, ["f32"], ["loss"], ["1024x1000", "128x32000"])


def roofline(r):
    """Of f32, in place and out of place; the page's table of memory has the other types, which compute more for a byte."""
    shares = [r.over(MEMORY, "128x32000", which, "f32", operation) for operation in BACKWARDS for which in GRADIENT]
    return [100 * share if share else None for share in shares]


def bf16(r, which):
    pairs = [[r.time(r.own, "table", s, d, which) for d in ("bf16", "f32")] for s in LONG[2:]]
    return [a / b for a, b in pairs if a and b]


def scaling(r, which):
    pairs = [[r.time(r.own, "threads", s, "f32", which, n) for n in (1, 2)] for s in LONG]
    return [a / b for a, b in pairs if a and b]


def goals(r):
    tiny = [inverse([r.ratio(FAST, "2x3", which), r.over(FAST, "2x3", which, "f32", "loss")]) for which in PASSES]
    softmax = inverse(by_operation(r, OWN_LOSS, "gradient", DTYPES, ["softmax", "log_softmax"]))
    rows = [
        ("every operation, option and shape beside PyTorch, on 1 and 2 threads: f32, but for log", *beside_torch(r, "f32", 2, 2.5)),
        ("the same: bf16", *beside_torch(r, "bf16", 2, 2.5)),
        ("the same: f64", *beside_torch(r, "f64", 1.7, 1.7)),
        ("log beside PyTorch", Goal(1, by_operation(r, TORCH, "gradient", ["f32"], ["log"], threads=(1, 2))), None),
        ("smoothing, z_loss, logit_scale: time of our own plain loss, every type", *cost(r, 1.15, ["smoothing", "z_loss", "logit_scale"])),
        ("weights, smoothing+weights, row_weight: the same", *cost(r, 1.2, ["weights", "smoothing+weights", "row_weight"])),
        ("probabilities, softcap: the same", *cost(r, 2, ["probabilities", "softcap"])),
        ("softmax, log_softmax: time of our own loss with its gradient, every type", Goal(1, softmax, least=False), None),
        ("softmax_backward, log_softmax_backward of 128x32000: share of `memory`", None, Goal(70, roofline(r), unit=" %")),
        ("row_stats, all members together: time of our own plain loss, 8192x10 and 128x32000", Goal(1.3, beside_own(r, "row_stats"), least=False), None),
        ("kl_div: the same", Goal(3, beside_own(r, "kl_div"), least=False), None),
        ("row_stats beside PyTorch's separate calls", Goal(8, by_operation(r, TORCH, "forward", ["f32"], ["row_stats"])), None),
        ("kl_div beside PyTorch, 1000 classes and more", Goal(4, by_operation(r, TORCH, "forward", ["f32"], ["kl_div"], ["1024x1000", "128x32000"])), None),
        ("top_20 of 128x32000 beside PyTorch's topk and logsumexp", Goal(3, by_operation(r, TORCH, "forward", ["f32"], ["top_20"], ["128x32000"])), None),
        ("C >= 1000 beside `plain fast`", Goal(2.2, long_rows(r, "forward")), Goal(2, long_rows(r, "gradient"))),
        ("softmax of 8192x10 beside `plain fast`", Goal(2, by_operation(r, FAST, "gradient", ["f32"], ["softmax"], ["8192x10"])), None),
        ("2x3, the whole call: time of `plain fast`", Goal(2, tiny[0], least=False), Goal(2, tiny[1], least=False)),
        ("bf16 logits: time of our own f32, C >= 32000", *(Goal(1.1, bf16(r, which), least=False) for which in PASSES)),
        ("2 threads beside 1, C >= 1000, N >= 64", Goal(1.85, scaling(r, "forward")), Goal(1.7, scaling(r, "gradient"))),
    ]  # fmt: skip
    body = [[what, *(cell for goal in pair for cell in (goal.cells() if goal else ["", "", ""]))] for what, *pair in rows]
    head = ["f32, 1 thread unless said", "forward: goal", "measured", "met", "forward + gradient: goal", "measured", "met"]
    return table(head, body)
