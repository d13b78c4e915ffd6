"""One golden case: a call of the library and, once solved, its answers. All tensors are lists in row-major order."""
import dataclasses
import math

ROW_MAJOR = "row_major"
REFUSING = -100  # ignore_index where no target is ignored


@dataclasses.dataclass
class Case:
    operation: str
    dtype: str = "-"  # of the first tensor; "-" where there is none
    shape: tuple = ()  # of the first tensor, or of the logits that the target belongs to
    axis: int = None  # None: XENT_AXIS_DEFAULT
    layout: str = ROW_MAJOR
    operand_layout: str = ROW_MAJOR
    out_layout: str = ROW_MAJOR
    in_place: str = "off"
    values: str = "normal"
    note: str = ""  # what a case written by hand is about

    input: list = None
    upstream: list = None  # the upstream gradient of the backward operations, in the input's shape and dtype
    target: str = "-"  # its dtype
    classes: list = None
    probabilities: list = None
    class_weight: str = "off"
    weights: list = None
    row_weight: str = "off"
    row_weights: list = None
    grad_loss: str = "off"
    grad_losses: list = None
    loss: str = "-"  # its dtype, also that of logsumexp's result; "none" where the loss is not asked for

    reduction: str = "MEAN"
    ignore_index: int = REFUSING
    label_smoothing: float = 0.0
    z_loss: float = 0.0
    logit_scale: float = 1.0
    softcap: float = 0.0
    normalizer: float = 0.0

    answers: dict = dataclasses.field(default_factory=dict)
    source: str = ""  # of the answers: "pytorch" or "mpfr"
    error: float = 0.0  # of the answers, relative to each

    def dimension(self):
        """The class axis, counted from the first."""
        if self.axis is None:
            return 0 if len(self.shape) == 1 else 1
        return self.axis % len(self.shape)

    def class_count(self):
        return self.shape[self.dimension()]

    def batch_shape(self):
        return tuple(n for d, n in enumerate(self.shape) if d != self.dimension())

    def row_count(self):
        return math.prod(self.batch_shape())

    def rows(self):
        """The positions of each row's elements in the lists."""
        inner = math.prod(self.shape[self.dimension() + 1:])
        for row in range(self.row_count()):
            first = row // inner * inner * self.class_count() + row % inner
            yield [first + c * inner for c in range(self.class_count())]

    def has_target(self):
        return self.target != "-"

    def is_loss(self):
        """Whether options apply: the operations from nll_loss on that are not plain backward ones."""
        return self.has_target() and self.operation != "mean_divisor"

    def counted(self):
        """Per row, whether it is not ignored."""
        counted = [True] * self.row_count() if self.classes is None else [y != self.ignore_index for y in self.classes]
        return [counts and self.weight_of(k) != 0 for k, counts in enumerate(counted)]

    def weight_of(self, row):
        return 1 if self.row_weights is None else self.row_weights[row]

    def narrow(self):
        """Whether the library computes in F32."""
        return self.dtype in ("F32", "F16", "BF16")
