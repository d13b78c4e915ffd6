"""A case with random numbers for an assignment of levels to parameters."""
import math

from case import Case
from formats import INFINITY, NAN, round_to
from parameters import ABSENT
from reference import log_softmax_of, softmax_of

OFFSET = {"F32": 4096.0, "F64": 1e6, "F16": 256.0, "BF16": 64.0}  # a few bits of the logits are left
LARGEST_CASE = 40  # elements


def draw_shape(draw, rank, axis):
    """A shape, and the axis as the option has it."""
    dimension = {"default": min(1, rank - 1), "first": 0, "last": rank - 1}.get(axis)
    if axis == "middle":
        dimension = 1 + draw.below(rank - 2)
    if axis == "negative":
        dimension = draw.below(rank)
    shape = [1] * rank
    shape[dimension] = draw.choice((2, 3, 3, 4, 5, 7))
    others = [d for d in range(rank) if d != dimension]
    while others:
        d, factor = draw.choice(others), draw.choice((2, 2, 3))
        if math.prod(shape) * factor > LARGEST_CASE:
            break
        shape[d] *= factor
    return tuple(shape), {"default": None, "negative": dimension - rank}.get(axis, dimension)


def stretched(shape, kept=None):
    """The dimension along which a broadcast tensor has stride 0: the longest one, but `kept` only where there is no other."""
    dimensions = [d for d in range(len(shape)) if d != kept] or list(range(len(shape)))
    return max(dimensions, key=lambda d: shape[d]) if dimensions else None


def spread(values, shape, layout, kept=None):
    """What a tensor of this layout can hold: a broadcast one repeats its first elements along a dimension."""
    if layout != "broadcast" or not shape or not values:
        return values
    d = stretched(shape, kept)
    inner = math.prod(shape[d + 1:])
    return [values[i // (inner * shape[d]) * inner * shape[d] + i % inner] for i in range(len(values))]


class Maker:
    def __init__(self, draw, levels):
        self.draw, self.levels = draw, levels
        shape, axis = draw_shape(draw, levels["rank"], levels["axis"] if levels["axis"] != ABSENT else "last")
        self.case = Case(levels["operation"], dtype=levels["dtype"], shape=shape, axis=axis)
        for name in ("layout", "operand_layout", "out_layout", "in_place", "values", "loss"):
            if levels[name] != ABSENT:
                setattr(self.case, name, levels[name])

    def on(self, name):
        return self.levels.get(name, "off") not in ("off", ABSENT)

    # ---- The first tensor ------------------------------------------------------------------------------------------------

    def logit(self):
        return self.draw.normal() * (1 if self.levels["values"] == "confident" else 3)

    def draw_logits(self):
        """Logits of the kind that `values` names, without regard to what they are for."""
        case, draw = self.case, self.draw
        z = [self.logit() for _ in range(math.prod(case.shape))]
        for k, row in enumerate(case.rows()):
            if case.values == "confident":
                z[draw.choice(row)] += draw.uniform(5, 100 if case.dtype == "F64" else 40)
            if case.values == "offset":
                for i in row:
                    z[i] += OFFSET[case.dtype]
            if case.values == "special":
                self.make_special(z, row, draw.below(4) if case.row_count() < 4 else k % 5)
        if case.values == "masked":
            self.mask(z)
        return [round_to(case.dtype, x) for x in z]

    def make_special(self, z, row, kind):
        """NaN, +inf, nothing but -inf, -inf beside +inf; every fifth row is an ordinary one."""
        for i in row if kind == 2 else [self.draw.choice(row)]:
            if kind < 4:
                z[i] = (NAN, INFINITY, -INFINITY, INFINITY)[kind]
        if kind == 3 and len(row) > 1:
            z[row[0] if z[row[0]] != INFINITY else row[1]] = -INFINITY

    def mask(self, z):
        """-inf for some classes, the same in every row; at least one is left."""
        count = self.case.class_count()
        masked = [self.draw.chance(0.4) for _ in range(count)]
        masked[self.draw.below(count)] = False
        if not any(masked) and count > 1:
            masked[(masked.index(False) + 1) % count] = True
        for row in self.case.rows():
            for c, i in enumerate(row):
                if masked[c]:
                    z[i] = -INFINITY

    def argument_of_log(self):
        """Positive numbers of all sizes; confident: next to 1; masked: zeros; offset: at the ends of the range."""
        draw, x = self.draw, math.ldexp(1 + self.draw.random.random(), int(3 * self.draw.normal()))
        kind = self.levels["values"]
        if kind == "confident":
            return 1 + (x - math.floor(x)) * draw.choice((1, -1)) / 64
        if kind == "masked" and draw.chance(0.4):
            return draw.choice((0.0, -0.0))
        if kind == "offset":
            lowest, highest = {"F32": (-149, 127), "F64": (-1074, 1023), "F16": (-24, 15), "BF16": (-133, 127)}[self.case.dtype]
            return math.ldexp(1 + draw.random.random(), draw.choice((lowest, lowest + 3, highest)))
        if kind == "special" and draw.chance(0.7):
            return draw.choice((NAN, INFINITY, -INFINITY, -x, 1.0))
        return x

    def fill_input(self):
        case = self.case
        if case.operation == "log":
            numbers = [round_to(case.dtype, self.argument_of_log()) for _ in range(math.prod(case.shape))]
            case.input = spread(numbers, case.shape, case.layout)
            return
        z = spread(self.draw_logits(), case.shape, case.layout, case.dimension())
        if case.operation in ("nll_loss", "nll_loss_backward", "log_softmax_backward"):
            z = log_softmax_of(case, z)
        elif case.operation == "softmax_backward":
            z = softmax_of(case, z)
        case.input = z

    # ---- Targets and options ---------------------------------------------------------------------------------------------

    def masked_classes(self):
        """Classes whose logits are -inf in the first row; a target there would make every loss infinite."""
        if self.case.values != "masked":
            return set()
        first = next(self.case.rows())
        return {c for c, i in enumerate(first) if self.case.input[i] == -INFINITY}

    def draw_class(self):
        classes = range(self.case.class_count())
        return self.draw.choice([c for c in classes if c not in self.masked_classes()] or classes)

    def fill_classes(self):
        case, draw, rows = self.case, self.draw, self.case.row_count()
        y = [self.draw_class() for _ in range(rows)]
        if self.on("ignore_index"):
            ignored = [draw.chance(0.35) for _ in range(rows)]
            if rows > 1:
                ignored[draw.below(rows - 1) + 1], ignored[0] = True, False
            y = [case.ignore_index if i else (c if c != case.ignore_index or rows == 1 else (c + 1) % case.class_count())
                 for c, i in zip(y, ignored)]
        case.classes = spread(y, case.batch_shape(), case.operand_layout)

    def fill_probabilities(self, one_hot):
        case, draw = self.case, self.draw
        t = [0.0] * math.prod(case.shape)
        masked = self.masked_classes()
        for row in case.rows():
            y = self.draw_class()
            for c, i in enumerate(row):
                if one_hot:
                    t[i] = 1.0 if c == y else 0.0
                elif c not in masked:
                    t[i] = round_to(case.target, draw.uniform(0, 2 / len(row)) if draw.chance(0.85) else 0.0)
        case.probabilities = spread(t, case.shape, case.operand_layout, case.dimension())

    def ignored_number(self):
        """An ignore_index outside [0, C) that the target's dtype can hold; for probabilities it means nothing."""
        if self.levels["target"] == "U64":
            return 2**40 + self.draw.below(1000)
        if self.levels["target"][0] == "U":
            return 100 + self.draw.below(100)
        return self.draw.choice((-1, -7, 113))

    def fill_target(self):
        case, draw, kind = self.case, self.draw, self.levels["target"]
        case.reduction = self.levels["reduction"]
        if self.on("ignore_index"):
            inside = self.levels["ignore_index"] == "inside"
            case.ignore_index = draw.below(case.class_count()) if inside else self.ignored_number()
        case.target = kind.split()[-1]
        if " " in kind:
            self.fill_probabilities(kind.startswith("one_hot"))
        else:
            self.fill_classes()
        if self.on("class_weight"):
            case.class_weight = self.levels["class_weight"]
            w = [round_to(case.class_weight, draw.uniform(0.1, 2)) for _ in range(case.class_count())]
            masked = self.masked_classes()
            w = [0.0 if c in masked else x for c, x in enumerate(w)]  # as one smooths with masked classes
            case.weights = spread(w, (len(w),), case.operand_layout)
        if self.on("row_weight"):
            case.row_weight = self.levels["row_weight"]
            r = [0.0 if draw.chance(0.25) else round_to(case.row_weight, draw.uniform(0.1, 2)) for _ in range(case.row_count())]
            case.row_weights = spread(r, case.batch_shape(), case.operand_layout)

    def fill_options(self):
        case, draw = self.case, self.draw
        if self.on("label_smoothing"):
            case.label_smoothing = draw.choice((0.1, 0.3, draw.random.random()))
        if self.on("z_loss"):
            case.z_loss = draw.choice((1e-4, 0.03, 0.5))
        if self.on("logit_scale"):
            case.logit_scale = draw.choice((0.7, 1.9, draw.uniform(0.5, 2)))
        if self.on("softcap"):
            case.softcap = draw.choice((30.0, draw.uniform(2, 20)))
        if self.on("normalizer"):
            case.normalizer = draw.choice((4.0, draw.uniform(0.5, 9)))

    def fill_upstream(self):
        case = self.case
        if case.operation in ("softmax_backward", "log_softmax_backward"):
            g = [round_to(case.dtype, self.draw.normal()) for _ in case.input]
            case.upstream = spread(g, case.shape, case.operand_layout)
        if self.on("grad_loss"):
            case.grad_loss = self.levels["grad_loss"]
            shape = case.batch_shape() if case.reduction == "NONE" else ()
            g = [round_to(case.grad_loss, self.draw.normal()) for _ in range(math.prod(shape))]
            case.grad_losses = spread(g, shape, case.operand_layout)


def draw_case(draw, levels):
    maker = Maker(draw, levels)
    if levels["dtype"] != ABSENT:
        maker.fill_input()
    if levels["target"] != ABSENT:
        maker.fill_target()
        maker.fill_options()
    maker.fill_upstream()
    return maker.case
