"""What the golden cases vary: parameters, their levels, and which pairs of levels cannot be in one case."""

FLOATING = ("F32", "F64", "F16", "BF16")
INTEGER = ("I64", "I32", "I16", "I8", "U8", "U16", "U32", "U64")
LAYOUTS = ("row_major", "transposed", "spaced", "reversed", "broadcast")
SWITCH = ("off", "on")

# A parameter that a case does not have is at this level.
ABSENT = "-"

LEVELS = {
    "operation": ("softmax", "log_softmax", "logsumexp", "log", "nll_loss", "cross_entropy", "cross_entropy_grad",
                  "mean_divisor", "softmax_backward", "log_softmax_backward", "nll_loss_backward"),
    "in_place": ("off", "input", "upstream"),  # the output replaces the first tensor, or the upstream gradient
    "dtype": FLOATING,  # of the first tensor: logits, log-probabilities, probabilities, or the argument of log
    "rank": tuple(range(1, 9)),  # of that tensor, or of the logits that a target belongs to
    "axis": ("default", "first", "middle", "last", "negative"),
    "layout": LAYOUTS,  # of the first tensor
    "operand_layout": LAYOUTS,  # of target, weights, grad_loss and the upstream gradient
    "out_layout": LAYOUTS[:-1],  # of all outputs
    "values": ("normal", "confident", "masked", "offset", "special"),
    "target": INTEGER + tuple("probability " + d for d in FLOATING) + tuple("one_hot " + d for d in FLOATING),
    "reduction": ("MEAN", "SUM", "NONE"),
    "class_weight": ("off",) + FLOATING,
    "ignore_index": ("off", "outside", "inside"),  # -100, another number that is no class, a class
    "label_smoothing": SWITCH,
    "z_loss": SWITCH,
    "logit_scale": SWITCH,
    "softcap": SWITCH,
    "normalizer": SWITCH,
    "grad_loss": ("off",) + FLOATING,
    "loss": FLOATING + ("none",),  # the dtype of losses and of logsumexp; none: loss is NULL
    "row_weight": ("off",) + FLOATING,
}

POINTWISE = {"in_place", "dtype", "rank", "layout", "out_layout", "values"}
TARGET = {"rank", "axis", "operand_layout", "target", "reduction", "class_weight", "ignore_index", "label_smoothing", "z_loss",
          "logit_scale", "softcap", "normalizer", "row_weight"}
LOSS = TARGET | {"dtype", "layout", "out_layout", "values", "loss"}
SOFTMAX_BACKWARD = POINTWISE | {"axis", "operand_layout"}

# The parameters of each operation, besides itself.
TAKES = {
    "log": POINTWISE,
    "softmax": POINTWISE | {"axis"},
    "log_softmax": POINTWISE | {"axis"},
    "logsumexp": POINTWISE - {"in_place"} | {"axis", "loss"},
    "nll_loss": LOSS,
    "cross_entropy": LOSS,
    "cross_entropy_grad": LOSS | {"in_place", "grad_loss"},
    "mean_divisor": TARGET,
    "softmax_backward": SOFTMAX_BACKWARD,
    "log_softmax_backward": SOFTMAX_BACKWARD,
    "nll_loss_backward": LOSS - {"loss"} | {"in_place", "grad_loss"},
}

NLL = ("nll_loss", "nll_loss_backward")
REDUCED = ("cross_entropy", "nll_loss", "logsumexp")  # the output has one element a row at most
IN_PLACE = ("input", "upstream")
ONE_HOT = tuple(level for level in LEVELS["target"] if level.startswith("one_hot"))

# Levels that no case can have together: why, then the levels. Parameters that no operation takes together are not listed.
EXCLUDED = [
    ("nll_loss answers INVALID_ARGUMENT to it", {"operation": NLL, "label_smoothing": ("on",)}),
    ("nll_loss answers INVALID_ARGUMENT to it", {"operation": NLL, "z_loss": ("on",)}),
    ("nll_loss answers INVALID_ARGUMENT to it", {"operation": NLL, "logit_scale": ("on",)}),
    ("nll_loss answers INVALID_ARGUMENT to it", {"operation": NLL, "softcap": ("on",)}),
    ("only cross_entropy_grad can do without a loss", {"operation": REDUCED, "loss": ("none",)}),
    ("there is no upstream gradient of the input's shape",
     {"in_place": ("upstream",), "operation": ("softmax", "log_softmax", "log", "cross_entropy_grad", "nll_loss_backward")}),
    ("an output must be injective", {"in_place": ("input",), "layout": ("broadcast",)}),
    ("an output must be injective", {"in_place": ("upstream",), "operand_layout": ("broadcast",)}),
    ("the output has the layout of what it replaces", {"in_place": IN_PLACE, "out_layout": LAYOUTS}),
    ("an output of one element has no layout", {"operation": REDUCED, "reduction": ("MEAN", "SUM"), "out_layout": LAYOUTS}),
    ("an output of one element has no layout", {"operation": REDUCED, "rank": (1,), "out_layout": LAYOUTS}),
    ("a target of one element has no layout",
     {"rank": (1,), "target": INTEGER, "class_weight": ("off",), "operand_layout": LAYOUTS}),
    ("a single row with stride 0 is not one-hot", {"rank": (1,), "target": ONE_HOT, "operand_layout": ("broadcast",)}),
    ("one axis or two have none between others", {"rank": (1, 2), "axis": ("middle",)}),
    ("the contract defines no result for NaN or infinity here",
     {"operation": ("softmax_backward", "log_softmax_backward"), "values": ("special",)}),
]

# The parameters that a case may lack although its operation takes them: where EXCLUDED leaves them no level.
MAY_LACK = ("out_layout", "operand_layout")


def excluded(levels):
    """Why these levels (a dict by parameter) cannot be in one case, or None."""
    for reason, row in EXCLUDED:
        if all(levels.get(parameter) in those for parameter, those in row.items()):
            return reason
    return None


def takes(operation, parameter):
    return parameter == "operation" or parameter in TAKES[operation]


def possible(operation, levels):
    """Whether a case of this operation can have these levels."""
    if levels.get("operation", operation) != operation or not all(takes(operation, p) for p in levels):
        return False
    return excluded({**levels, "operation": operation}) is None


def demanded_pairs(restricted=None):
    """All (parameter, level, parameter, level) that the cases must have, parameters in the order of LEVELS; `restricted`: of
    the parameters in it only these levels."""
    levels = {**LEVELS, **(restricted or {})}
    names = list(LEVELS)
    for i, a in enumerate(names):
        for b in names[i + 1:]:
            for x in levels[a]:
                for y in levels[b]:
                    if any(possible(o, {a: x, b: y}) for o in levels["operation"]):
                        yield a, x, b, y
