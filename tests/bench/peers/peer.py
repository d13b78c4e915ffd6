"""ONNX Runtime or PyTorch as a child process of bench; the protocol is in child.h.

python3 peer.py onnxruntime|torch FD BYTES
"""

import mmap
import sys
import time


class Torch:
    def __init__(self):
        import torch

        self.torch = torch
        self.dtypes = {"f32": torch.float32, "f64": torch.float64, "f16": torch.float16, "bf16": torch.bfloat16}

    def prepare(self, memory, shape, dtype, gradient, threads, logits, target):
        torch = self.torch
        torch.set_num_threads(threads)
        count, rows = size(shape), size(shape) // shape[1]
        self.gradient = gradient
        self.logits = torch.frombuffer(memory, dtype=self.dtypes[dtype], count=count, offset=logits).view(shape)
        self.target = torch.frombuffer(memory, dtype=torch.int64, count=rows, offset=target).view(shape[:1] + shape[2:])
        self.logits.requires_grad_(gradient)
        return True

    def call(self):
        with self.torch.set_grad_enabled(self.gradient):
            self.last = self.torch.nn.functional.cross_entropy(self.logits, self.target)
        if self.gradient:
            self.last.backward()
            self.logits.grad = None

    def loss(self):
        return float(self.last.detach())

    def release(self):
        self.logits = self.target = self.last = None


class OnnxRuntime:
    """SoftmaxCrossEntropyLoss-13; its gradient is not among the operators of the runtime's CPU package."""

    def __init__(self):
        import numpy
        import onnx
        import onnxruntime

        self.numpy, self.onnx, self.runtime = numpy, onnx, onnxruntime
        self.types = {"f32": (numpy.float32, 1), "f64": (numpy.float64, 11), "f16": (numpy.float16, 10)}

    def prepare(self, memory, shape, dtype, gradient, threads, logits, target):
        if gradient or dtype not in self.types:
            return False
        scalar, code = self.types[dtype]
        batch = shape[:1] + shape[2:]
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
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        try:
            self.session = self.runtime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        except Exception:  # an operator that this dtype lacks
            return False
        self.binding = self.session.io_binding()
        base = self.numpy.frombuffer(memory, dtype=self.numpy.uint8).ctypes.data
        self.binding.bind_input("z", "cpu", 0, scalar, shape, base + logits)
        self.binding.bind_input("y", "cpu", 0, self.numpy.int64, batch, base + target)
        self.binding.bind_output("loss", "cpu")
        return True

    def call(self):
        self.session.run_with_iobinding(self.binding)

    def loss(self):
        return float(self.binding.copy_outputs_to_cpu()[0])

    def release(self):
        self.binding = self.session = None


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
        return f"{seconds:.9g} {peer.loss():.9g}"
    if words[0] == "release":
        peer.release()
        return "ok"
    n, classes, inner = map(int, words[1:4])
    shape = [n, classes] + ([inner] if inner > 1 else [])
    threads, logits, _, target = map(int, words[6:10])
    return "ok" if peer.prepare(memory, shape, words[4], words[5] == "gradient", threads, logits, target) else "no"


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
