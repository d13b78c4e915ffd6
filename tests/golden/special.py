"""Cases by hand: what PyTorch does at the edges, and where it, or other libraries, lose digits.

Each note says what the case is about; issues are named by project and number.
"""
from case import Case
from formats import INFINITY, LARGEST, NAN, round_to
from parameters import FLOATING

INF = INFINITY


def flattened(table):
    return [x for row in table for x in row] if table and isinstance(table[0], (list, tuple)) else list(table)


def shape_of(table):
    return (len(table), len(table[0])) if table and isinstance(table[0], (list, tuple)) else (len(table),)


def entropy(note, dtype, z, y=None, t=None, shape=None, w=None, g=None, r=None, **fields):
    """cross_entropy_grad of a table of logits, one row or several, with class indices y or probabilities t."""
    case = Case("cross_entropy_grad", dtype=dtype, shape=shape or shape_of(z), note=note, loss=fields.pop("loss", "F64"))
    case.input = [round_to(dtype, float(x)) for x in flattened(z)]
    case.target = fields.pop("target", "I64" if t is None else dtype)
    if t is None:
        case.classes = list(y)
    else:
        case.probabilities = [round_to(case.target, float(x)) for x in flattened(t)]
    if w is not None:
        case.class_weight, case.weights = "F64", list(w)
    if r is not None:
        case.row_weight, case.row_weights = "F64", [float(x) for x in r]
    if g is not None:
        case.grad_loss, case.grad_losses = "F64", list(g)
    for name, value in fields.items():
        setattr(case, name, value)
    return case


def plain(note, operation, dtype, z, shape=None, **fields):
    """softmax and its kin of a table of logits."""
    case = Case(operation, dtype=dtype, shape=shape or shape_of(z), note=note)
    case.input = [round_to(dtype, float(x)) for x in flattened(z)]
    for name, value in fields.items():
        setattr(case, name, value)
    return case


Z = ((1, 0.5, 2), (0.5, 3, 1))


def ignored_and_weightless(d):
    for reduction in ("MEAN", "SUM", "NONE"):
        yield entropy("every row ignored", d, Z, (-100, -100), reduction=reduction)
        yield entropy("every row ignored, weights", d, Z, (-100, -100), w=(1, 2, 3), reduction=reduction)
        yield entropy("every row ignored, smoothing", d, Z, (-100, -100), label_smoothing=0.1, reduction=reduction)
        yield entropy("weight 0 at every target", d, Z, (0, 0), w=(0, 2, 3), reduction=reduction)
        yield entropy("weight 0 at one target", d, Z, (0, 1), w=(0, 2, 3), reduction=reduction)
        yield entropy("NaN in an ignored row", d, ((NAN, 1, 2), Z[1]), (-100, 2), reduction=reduction)
        yield entropy("an ignored row of -inf", d, ((-INF, -INF, -INF), Z[1]), (-100, 2), reduction=reduction)
        yield entropy("+inf in an ignored row", d, (Z[0], (INF, 1, 2)), (2, -100), reduction=reduction, z_loss=0.1)
    yield entropy("every row ignored, normalizer", d, Z, (-100, -100), normalizer=3.0)
    yield entropy("some rows weightless and one ignored, MEAN 0/0", d, Z, (0, -100), w=(0, 1, 1))
    yield entropy("ignore_index is a class", d, Z, (2, 1), ignore_index=2)
    yield entropy("ignore_index of a byte", d, Z, (255, 1), ignore_index=255, target="U8")


def shapes(d):
    for label_smoothing in (0.0, 0.1):
        yield entropy("one class", d, ((3,), (-2,)), (0, 0), label_smoothing=label_smoothing, reduction="NONE")
    for x in (INF, -INF, NAN):
        yield entropy("one class that is not finite", d, ((x,), (1,)), (0, 0), reduction="NONE")
    for reduction in ("MEAN", "SUM", "NONE"):
        yield entropy("an empty batch", d, (), (), shape=(0, 3), reduction=reduction)
        yield entropy("an empty batch of images", d, (), (), shape=(2, 3, 0, 2), reduction=reduction)
        yield entropy("an empty batch, probabilities", d, (), t=(), shape=(0, 3), reduction=reduction)
    yield entropy("an empty batch, normalizer", d, (), (), shape=(0, 3), normalizer=2.0)
    yield plain("no classes", "logsumexp", d, (), shape=(2, 0), loss="F64")
    yield plain("no classes", "softmax", d, (), shape=(2, 0))
    yield plain("an empty batch", "log_softmax", d, (), shape=(0, 3))
    yield plain("no elements", "log", d, (), shape=(2, 0))


def not_finite(d):
    top = LARGEST[d]
    for reduction in ("NONE", "SUM"):
        yield entropy("-inf beside the target", d, ((1, -INF, 2), Z[1]), (2, 1), reduction=reduction)
        yield entropy("-inf at the target", d, ((1, -INF, 2), Z[1]), (1, 1), reduction=reduction)
        yield entropy("-inf at the target, weight 0", d, ((1, -INF, 2), Z[1]), (1, 2), w=(1, 0, 3), reduction=reduction)
        yield entropy("-inf and smoothing", d, ((1, -INF, 2), Z[1]), (2, 1), label_smoothing=0.1, reduction=reduction)
        yield entropy("-inf, smoothing, weight 0", d, ((1, -INF, 2), (3, -INF, 1)), (2, 0), w=(1, 0, 3), label_smoothing=0.1,
                      reduction=reduction)
        yield entropy("a row of -inf", d, ((-INF, -INF, -INF), Z[1]), (2, 1), reduction=reduction)
        yield entropy("+inf", d, ((1, INF, 2), Z[1]), (2, 1), reduction=reduction)
        yield entropy("+inf at the target", d, ((1, INF, 2), Z[1]), (1, 1), reduction=reduction)
        yield entropy("NaN", d, ((1, NAN, 2), Z[1]), (2, 1), reduction=reduction)
        yield entropy("NaN and weight 0", d, ((1, NAN, 2), Z[1]), (2, 1), w=(1, 1, 0), reduction=reduction)
        yield entropy("t = 0 against -inf", d, ((1, -INF, 2),), t=((0.5, 0, 0.5),), reduction=reduction)
        yield entropy("t > 0 against -inf", d, ((1, -INF, 2),), t=((0.5, 0.25, 0.25),), reduction=reduction)
        yield entropy("t < 0 against -inf", d, ((1, -INF, 2),), t=((0.5, -0.25, 0.25),), reduction=reduction)
        yield entropy("t of both signs against -inf", d, ((1, -INF, -INF),), t=((0.5, -0.25, 0.25),), reduction=reduction)
        yield entropy("all t = 0 and NaN", d, ((1, NAN, 2),), t=((0, 0, 0),), reduction=reduction)
    yield entropy("the largest logits, F64 loss", d, ((top, -top, 0),), (1,))
    yield entropy("the largest logits, the logits' loss", d, ((top, -top, 0),), (1,), loss=d)
    for operation in ("softmax", "log_softmax", "logsumexp"):
        loss = {"loss": "F64"} if operation == "logsumexp" else {}
        rows = ((1, INF, 2), (-INF, -INF, -INF), (1, NAN, 2), (1, -INF, 2), (NAN, INF, 0), (-INF, INF, 0), (-0.0, 0.0, -0.0))
        yield plain("rows that are not finite", operation, d, rows, **loss)
        yield plain("one class", operation, d, ((5,), (-INF,), (INF,), (NAN,)), **loss)
    yield plain("log at its edges", "log", d, (0.0, -0.0, 1, -1, INF, -INF, NAN, top))


def probabilities(d):
    for reduction in ("MEAN", "SUM", "NONE"):
        yield entropy("t sums to 2", d, Z, t=((1, 0.5, 0.5), (0.25, 1.5, 0.25)), reduction=reduction)
        yield entropy("t sums to 0", d, Z, t=((1, -0.5, -0.5), (0, 0, 0)), reduction=reduction)
        yield entropy("MEAN is never over weights", d, Z, t=((1, 0, 0), (0, 1, 0)), w=(2, 3, 4), reduction=reduction)
    yield entropy("smoothing of 1", d, Z, (2, 1), label_smoothing=1.0)
    yield entropy("smoothing of 1, probabilities", d, Z, t=((1, 0, 0), (0, 1, 0)), label_smoothing=1.0)
    yield entropy("smoothing weighs each class by its own weight, pytorch#104776", d, Z, (2, 1), w=(0.5, 2, 3),
                  label_smoothing=0.2)
    yield entropy("ignored rows and smoothing, pytorch#73205", d, (Z[0], Z[1], Z[0]), (2, -100, 0), label_smoothing=0.2)
    yield entropy("weights, ignored rows and smoothing, pytorch#69339", d, (Z[0], Z[1], Z[0]), (2, -100, 0), w=(0.5, 2, 3),
                  label_smoothing=0.2)


def lost_digits(d):
    for lead in (5, 15, 16.6, 17, 30, 80):
        yield entropy("a confident row, pytorch#113708", d, ((lead, 0, 0),), (0,), loss="F64")
        yield entropy("a confident row, the logits' loss", d, ((lead, 0, 0),), (0,), loss=d)
        yield entropy("a confident row, wrong", d, ((lead, 0, 0),), (1,))
    yield entropy("the target's gradient, pytorch#195678", d, ((37.5, 0),), (0,), loss="none")
    yield entropy("a large offset, pytorch#11752", d, ((1e8, 1e8),) if d != "F16" else ((6e4, 6e4),), (0,))
    yield entropy("a large offset, mlx#4188", d, ((1e6, 1e6 - 3),) if d != "F16" else ((1000, 997),), (0,))
    yield plain("[0, -40], scipy#18295", "logsumexp", d, ((0, -40),), loss="F64")
    yield plain("a common offset", "log_softmax", d, ((1e4, 1e4 - 64, 0), (-4e3, -4e3, -4e3)))
    yield entropy("a mean over 257 equal rows", d, [(1, 0)] * 257, [0] * 257, loss=d)
    yield entropy("one logit of 15 against 999 zeros", d, [[15] + [0] * 999], (0,), loss="F32")
    yield entropy("one logit of 12 against 999 zeros, the logits' loss", d, [[12] + [0] * 999], (0,), loss=d)
    yield entropy("results that are subnormal in F16", d, ((0, -10, -14, -16.5, -17.5),), (0,))
    yield entropy("a small grad_loss", d, Z, (2, 1), g=(2.0**-20,))


def composed(d):
    """What PyTorch is used for in two steps."""
    yield entropy("a large softcap", d, Z, (2, 1), softcap=1e30)
    yield entropy("a saturated softcap", d, ((50, 0, -50), (49, 50, 1)), (0, 0), softcap=2.5)
    yield entropy("a small softcap", d, Z, (2, 1), softcap=1e-3)
    yield entropy("softcap against -inf", d, ((1, -INF, 2), Z[1]), (2, 1), softcap=5.0)
    yield entropy("softcap against -inf, smoothing", d, ((1, -INF, 2), Z[1]), (2, 1), softcap=5.0, label_smoothing=0.1)
    yield entropy("softcap and +inf", d, ((1, INF, 2), Z[1]), (2, 1), softcap=5.0, reduction="NONE")
    yield entropy("a scale that makes infinities", d, ((LARGEST[d] / 2, 0, 1), (-LARGEST[d] / 2, 0, 1)), (0, 1),
                  logit_scale=1e30, reduction="NONE")
    yield entropy("a scale that makes zeros", d, Z, (2, 1), logit_scale=1e-30)
    yield entropy("scale, softcap, smoothing, z-loss, weights", d, Z, (2, 1), w=(0.5, 2, 3), logit_scale=0.7, softcap=3.0,
                  label_smoothing=0.1, z_loss=0.01, reduction="NONE", g=(0.3, -2.0))
    yield entropy("z-loss of a large logsumexp", d, ((3e3, 3e3, 2.5e3),), (0,), z_loss=1e-4)
    yield entropy("z-loss of a confident row", d, ((40, 0, 0),), (0,), z_loss=1e-4)


def wide(d):
    """More classes than lanes, and more than a chunk."""
    z = [((7 * c) % 41) / 4 - 5 for c in range(200)]
    for shape in ((1, 200), (2, 100), (200,)):
        rows = 200 // shape[-1]
        yield entropy("more classes than lanes", d, z, [60] * rows, shape=shape, label_smoothing=0.1)
        yield plain("more classes than lanes", "logsumexp", d, z, shape=shape, loss="F64")
    long = [((7 * c) % 41) / 4 - 5 for c in range(4200)]
    yield plain("more classes than a chunk", "logsumexp", d, long, shape=(1, 4200), loss="F64")
    rows = [(x, 0) for x in z]
    yield entropy("more rows than a leaf", d, rows, [int(x > 0) for x in z], w=(0.3, 1.7), operation="cross_entropy")


def row_weights(d):
    """Rows that count for more, for less or for nothing; a mask for probabilities."""
    soft = ((0.2, 0.1, 0.7), (0, 1, 0), (1, 0, 0))
    for reduction in ("MEAN", "SUM", "NONE"):
        for target in ({"y": (2, 1, 0)}, {"t": soft}):
            yield entropy("row weights", d, (*Z, Z[0]), r=(1, 0.5, 3), reduction=reduction, **target)
            yield entropy("row weight 0 and NaN", d, (Z[0], (NAN, 1, 2), Z[1]), r=(2, 0, 1), reduction=reduction, **target)
            yield entropy("row weight 0 everywhere", d, (*Z, Z[0]), r=(0, 0, 0), reduction=reduction, **target)
        yield entropy("row weights and class weights", d, (*Z, Z[0]), (2, -100, 0), r=(0.5, 2, 3), w=(1, 2, 4), reduction=reduction)
        yield entropy("row weights next to the ends of F64", d, (*Z, Z[0]), (2, 1, 0), r=(1e-290, 3e-290, 2e-290), w=(1, 2, 4),
                      reduction=reduction, loss="F64")
    yield entropy("large row weights and a normalizer", d, Z, (2, 1), r=(1e300, 2e300), normalizer=4e300, g=(1e-3,))


GROUPS = (ignored_and_weightless, shapes, not_finite, probabilities, lost_digits, composed, wide, row_weights)


def special_cases():
    for group in GROUPS:
        for dtype in FLOATING:
            yield from group(dtype)
