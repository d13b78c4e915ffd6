"""ONNX Runtime or PyTorch as a child process of bench; the protocol is in child.h.

python3 peer.py onnxruntime|torch FD BYTES
"""

import mmap
import sys
import time

VALUE_ELEMENTS = 64  # of problem.h
BEST = 20  # of workload.c
PLAIN = {  # what a cross entropy without options has
    "label_smoothing": 0, "softcap": 0, "logit_scale": 1, "z_loss": 0, "probabilities": -1, "class_weight": -1, "row_weight": -1,
}  # fmt: skip


class Torch:
    """As torch.cpp has it."""

    def __init__(self):
        import torch

        self.torch = torch
        self.dtypes = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16}

    def prepare(self, memory, words):
        torch, loss = self.torch, words["operation"] in ("cross_entropy", "nll_loss", "kl_div")
        torch.set_num_threads(int(words["threads"]))
        shape, batch = shapes(words)
        dtype = self.dtypes[words["dtype"]]

        def wrap(name, dtype, shape):
            place = int(words[name])
            if place < 0:
                return None
            return torch.frombuffer(memory, dtype=dtype, count=size(shape), offset=place).view(shape)

        self.words = words
        self.logits = wrap("logits", dtype, shape)
        self.target = wrap("target", torch.int64, batch)
        self.probabilities, self.upstream = (wrap(name, dtype, shape) for name in ("probabilities", "upstream"))
        self.row_weight, self.class_weight = wrap("row_weight", dtype, batch), wrap("class_weight", dtype, shape[1:2])
        self.autograd = loss and words["pass"] == "array"
        self.logits.requires_grad_(self.autograd)
        self.compute = getattr(self, words["operation"])
        try:
            self.call()
        except RuntimeError:  # no kernel for this dtype
            self.release()
            return False
        return True

    def cross_entropy(self):
        smoothing, softcap, scale, z_loss = (
            float(self.words[name]) for name in ("label_smoothing", "softcap", "logit_scale", "z_loss")
        )
        torch, z, weights = self.torch, self.logits, self.row_weight
        if scale != 1:
            z = z * scale
        if softcap > 0:
            z = softcap * torch.tanh(z / softcap)
        target = self.target if self.probabilities is None else self.probabilities
        loss = torch.nn.functional.cross_entropy(
            z, target, self.class_weight, reduction="mean" if weights is None else "none", label_smoothing=smoothing
        )
        if weights is not None:
            return (loss * weights).sum() / weights.sum()
        return loss + z_loss * torch.logsumexp(z, 1).square().mean() if z_loss > 0 else loss

    def nll_loss(self):
        return self.torch.nn.functional.nll_loss(self.logits, self.target)

    def kl_div(self):
        """Of the rows' mean: batchmean divides by the first extent alone."""
        functional, rows = self.torch.nn.functional, self.logits.numel() // self.logits.shape[1]
        q, p = functional.log_softmax(self.logits, 1), functional.log_softmax(self.upstream, 1)
        return functional.kl_div(q, p, reduction="sum", log_target=True) / rows

    def softmax(self):
        return self.torch.softmax(self.logits, 1)

    def log_softmax(self):
        return self.torch.log_softmax(self.logits, 1)

    def logsumexp(self):
        return self.torch.logsumexp(self.logits, 1)

    def top_k(self):
        best, _ = self.torch.topk(self.logits, min(BEST, self.logits.shape[1]), 1)
        return best - self.torch.logsumexp(self.logits, 1, keepdim=True)

    def row_stats(self):
        torch, z, y = self.torch, self.logits, self.target
        torch.nn.functional.cross_entropy(z, y, reduction="none")
        torch.logsumexp(z, 1)
        torch.amax(z, 1)
        torch.argmax(z, 1)
        (z > z.gather(1, y.unsqueeze(1))).sum(1)
        p = torch.softmax(z, 1)
        return -torch.xlogy(p, p).sum(1)

    def log(self):
        return self.torch.log(self.logits)

    def softmax_backward(self):
        return self.torch._softmax_backward_data(self.upstream, self.logits, 1, self.logits.dtype)

    def log_softmax_backward(self):
        return self.torch._log_softmax_backward_data(self.upstream, self.logits, 1, self.logits.dtype)

    def call(self):
        self.result = None
        with self.torch.set_grad_enabled(self.autograd):
            self.result = self.compute()
        if self.autograd:
            self.result.backward()
            self.result, self.logits.grad = self.logits.grad, None

    def value(self):
        return float(self.result.flatten()[:VALUE_ELEMENTS].double().abs().sum())

    def release(self):
        self.logits = self.target = self.probabilities = self.upstream = self.result = None


class OnnxRuntime:
    """SoftmaxCrossEntropyLoss-13; its gradient is not among the operators of the runtime's CPU package."""

    def __init__(self):
        import numpy
        import onnx
        import onnxruntime

        self.numpy, self.onnx, self.runtime = numpy, onnx, onnxruntime
        self.types = {"f32": (numpy.float32, 1), "f64": (numpy.float64, 11), "f16": (numpy.float16, 10)}

    def prepare(self, memory, words):
        plain = words["operation"] == "cross_entropy" and all(float(words[name]) == value for name, value in PLAIN.items())
        if words["pass"] != "forward" or words["dtype"] not in self.types or not plain:
            return False
        scalar, code = self.types[words["dtype"]]
        shape, batch = shapes(words)
        make = self.onnx.helper
        node = make.make_node("SoftmaxCrossEntropyLoss", ["z", "y"], ["loss"], reduction="mean")
        graph = make.make_graph(
            [node],
            "loss",
            [make.make_tensor_value_info("z", code, shape), make.make_tensor_value_info("y", 7, batch)],
            [make.make_tensor_value_info("loss", code, [])],
        )
        model = make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8)
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = int(words["threads"])
        options.log_severity_level = 4
        try:
            self.session = self.runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        except Exception:  # an operator that this dtype lacks
            return False
        self.binding = self.session.io_binding()
        base = self.numpy.frombuffer(memory, dtype=self.numpy.uint8).ctypes.data
        self.binding.bind_input("z", "cpu", 0, scalar, shape, base + int(words["logits"]))
        self.binding.bind_input("y", "cpu", 0, self.numpy.int64, batch, base + int(words["target"]))
        self.binding.bind_output("loss", "cpu")
        return True

    def call(self):
        self.session.run_with_iobinding(self.binding)

    def value(self):
        return float(self.binding.copy_outputs_to_cpu()[0])

    def release(self):
        self.binding = self.session = None


def shapes(words):
    """Of the logits and of the batch."""
    n, classes, inner = (int(words[name]) for name in ("n", "classes", "inner"))
    tail = [inner] if inner > 1 else []
    return [n, classes, *tail], [n, *tail]


def size(shape):
    count = 1
    for extent in shape:
        count *= extent
    return count


def timed(peer, calls):
    if calls > 1:
        peer.call()
    begin = time.perf_counter()
    for _ in range(calls):
        peer.call()
    return time.perf_counter() - begin


def answer(peer, memory, words):
    if words[0] == "time":
        seconds = timed(peer, int(words[1]))
        return f"{seconds:.9g} {peer.value():.9g}"
    if words[0] == "release":
        peer.release()
        return "ok"
    return "ok" if peer.prepare(memory, dict(word.split("=") for word in words[1:])) else "no"


def main():
    try:
        peer = {"torch": Torch, "onnxruntime": OnnxRuntime}[sys.argv[1]]()
    except ImportError:
        return 3
    memory = mmap.mmap(int(sys.argv[2]), int(sys.argv[3]))
    print("ready", flush=True)
    for line in sys.stdin:
        print(answer(peer, memory, line.split()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
