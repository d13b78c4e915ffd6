# libxent on arrays of numpy, torch, jax or whatever has __dlpack__, by ctypes, without a copy. As a program: libxent against torch.
# Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
import ctypes
import sys
import weakref
from ctypes import byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p

library = ctypes.CDLL("libxent.so.0")
library.xent_error_message.restype = c_char_p
for name in ("xent_tensor_destroy", "xent_options_init", "xent_stats_init"):
    getattr(library, name).restype = None
capsule_name, capsule_pointer, rename_capsule = (
    getattr(ctypes.pythonapi, "PyCapsule_" + name) for name in ("GetName", "GetPointer", "SetName"))
capsule_name.restype, capsule_name.argtypes = c_char_p, [ctypes.py_object]
capsule_pointer.restype, capsule_pointer.argtypes = c_void_p, [ctypes.py_object, c_char_p]
rename_capsule.argtypes = [ctypes.py_object, c_char_p]

AXIS_DEFAULT = -2**31
REDUCTIONS = {"mean": 0, "sum": 1, "none": 2}
# By DLPack's code and width of an element; codes 0 to 2 are signed, unsigned, floating, 4 is bfloat.
DTYPES = {(2, 32): 1, (2, 64): 2, (2, 16): 3, (4, 16): 4, (0, 64): 16, (0, 32): 17, (0, 16): 18, (0, 8): 19,
          (1, 8): 20, (1, 16): 21, (1, 32): 22, (1, 64): 23}
CPU_DEVICES = 1, 3, 11  # its own memory, and what CUDA and ROCm have pinned
# Who takes the memory out of a capsule gives it another name, and then has to call the deleter.
USED = {b"dltensor": b"used_dltensor", b"dltensor_versioned": b"used_dltensor_versioned"}


class XentError(Exception):
    pass


def call(name, *arguments):
    """Calls a function that answers a status; a failure becomes an exception with libxent's message."""
    if getattr(library, name)(*arguments) != 0:
        raise XentError(library.xent_error_message().decode())


class DLTensor(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("device_type", c_int32), ("device_id", c_int32), ("ndim", c_int32), ("code", c_uint8),
                ("bits", c_uint8), ("lanes", c_uint16), ("shape", c_void_p), ("strides", c_void_p), ("byte_offset", c_uint64)]


DELETER = ctypes.CFUNCTYPE(None, c_void_p)


class DLManagedTensor(ctypes.Structure):
    _fields_ = [("tensor", DLTensor), ("manager_ctx", c_void_p), ("deleter", DELETER)]
    major, flags = 1, 0


class DLManagedTensorVersioned(ctypes.Structure):
    _fields_ = [("major", c_uint32), ("minor", c_uint32), ("manager_ctx", c_void_p), ("deleter", DELETER), ("flags", c_uint64),
                ("tensor", DLTensor)]


def release(handle, managed):
    library.xent_tensor_destroy(handle)
    if managed.deleter:
        managed.deleter(ctypes.addressof(managed))


class Tensor:
    """A tensor over the memory of an array, which it keeps alive; read-only if the array says that it is."""

    def __init__(self, array):
        try:
            capsule = array.__dlpack__(max_version=(1, 0))
        except TypeError:  # the array knows no version
            capsule = array.__dlpack__()
        name = capsule_name(capsule)
        if name not in USED:
            raise BufferError(f"a capsule named {name}, expected one of {list(USED)}")
        kind = DLManagedTensorVersioned if name == b"dltensor_versioned" else DLManagedTensor
        managed = kind.from_address(capsule_pointer(capsule, name))
        if managed.major != 1:
            raise BufferError(f"DLPack {managed.major}, expected 1")
        t = managed.tensor
        if t.device_type not in CPU_DEVICES:
            raise BufferError(f"memory of device {t.device_type}, expected the CPU's: one of {CPU_DEVICES}")
        if t.lanes != 1 or (t.code, t.bits) not in DTYPES:
            raise TypeError(f"libxent has no elements of {t.bits} bits, code {t.code}, in {t.lanes} lanes")
        data = t.data + t.byte_offset if t.data else None
        self._as_parameter_ = c_void_p()
        call("xent_tensor_wrap_const" if managed.flags & 1 else "xent_tensor_wrap", byref(self._as_parameter_),
             DTYPES[t.code, t.bits], t.ndim, c_void_p(t.shape), c_void_p(t.strides), c_void_p(data))
        rename_capsule(capsule, USED[name])
        weakref.finalize(self, release, self._as_parameter_, managed)


def optional(array):
    return None if array is None else Tensor(array)


class Options(ctypes.Structure):
    """xent_options, its fields as keywords: arrays for the weights, "mean", "sum" or "none" for the reduction."""
    _fields_ = [("struct_size", c_size_t), ("reduction", c_int32), ("axis", c_int32), ("ignore_index", c_int64),
                ("class_weight", c_void_p), ("label_smoothing", c_double), ("z_loss", c_double), ("logit_scale", c_double),
                ("softcap", c_double), ("normalizer", c_double), ("num_threads", c_int32), ("reserved", c_int32),
                ("row_weight", c_void_p)]
    __slots__ = ("weights",)  # and no other attributes: a misspelt option is an error

    def __init__(self, reduction="mean", class_weight=None, row_weight=None, **fields):
        library.xent_options_init(byref(self), c_size_t(ctypes.sizeof(self)))
        self.weights = optional(class_weight), optional(row_weight)
        self.class_weight, self.row_weight = (weight and weight._as_parameter_ for weight in self.weights)
        self.reduction = REDUCTIONS.get(reduction, reduction)
        for name, value in fields.items():
            setattr(self, name, value)


class Stats(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t)] + [(name, c_void_p) for name in ("loss", "lse", "max", "argmax", "entropy", "rank")]
    __slots__ = ()


def empty(like, shape, dtype=None):
    """A new array: torch's for a tensor of torch, else numpy's. The dtype is a name; that of `like` if there is none."""
    torch = sys.modules.get("torch")
    if torch and isinstance(like, torch.Tensor):
        return torch.empty(tuple(shape), dtype=getattr(torch, dtype) if dtype else like.dtype)
    import numpy
    return numpy.empty(tuple(shape), dtype=dtype or like.dtype)


def batch_shape(logits, axis):
    """The shape without the class axis. One that is not there is libxent's to refuse."""
    rank = len(logits.shape)
    axis = min(1, rank - 1) if axis == AXIS_DEFAULT else axis
    return [extent for d, extent in enumerate(logits.shape) if d not in (axis, axis + rank)]


def reduced(logits, options):
    """A new array for a loss with these options, of the logits' dtype."""
    return empty(logits, batch_shape(logits, options.axis) if options.reduction == REDUCTIONS["none"] else ())


def cross_entropy(logits, target, *, loss=None, **options):
    """The loss, written to `loss` if that is given: any floating dtype."""
    options = Options(**options)
    loss = reduced(logits, options) if loss is None else loss
    call("xent_cross_entropy", Tensor(logits), Tensor(target), byref(options), Tensor(loss))
    return loss


def cross_entropy_grad(logits, target, grad_loss=None, *, loss=None, grad=None, **options):
    """Loss and gradient. With grad=logits the gradient replaces the logits."""
    options = Options(**options)
    loss = reduced(logits, options) if loss is None else loss
    grad = empty(logits, logits.shape) if grad is None else grad
    call("xent_cross_entropy_grad", Tensor(logits), Tensor(target), byref(options), optional(grad_loss), Tensor(loss), Tensor(grad))
    return loss, grad


def kl_div(logits_p, logits_q, target=None, *, kl=None, **options):
    """KL(p || q) of two sets of logits; p is the reference."""
    options = Options(**options)
    kl = reduced(logits_q, options) if kl is None else kl
    call("xent_kl_div", Tensor(logits_p), Tensor(logits_q), optional(target), byref(options), Tensor(kl))
    return kl


def softmax(z, axis=AXIS_DEFAULT, *, out=None, function="xent_softmax"):
    out = empty(z, z.shape) if out is None else out
    call(function, Tensor(z), axis, Tensor(out))
    return out


def log_softmax(z, axis=AXIS_DEFAULT, *, out=None):
    return softmax(z, axis, out=out, function="xent_log_softmax")


def row_stats(logits, target, wanted, **options):
    """A dict of what is wanted of each row, by the names of Stats; the target may be None where neither loss nor rank is."""
    options, stats = Options(**options), Stats()
    library.xent_stats_init(byref(stats), c_size_t(ctypes.sizeof(stats)))
    shape = batch_shape(logits, options.axis)
    arrays = {name: empty(logits, shape, "int64" if name in ("argmax", "rank") else None) for name in wanted}
    tensors = {name: Tensor(array) for name, array in arrays.items()}
    for name, tensor in tensors.items():
        setattr(stats, name, tensor._as_parameter_)
    call("xent_row_stats", Tensor(logits), optional(target), byref(options), byref(stats))
    return arrays


def main():
    """How far libxent and torch are from torch's answer in float64, on random data."""
    import torch
    failed = False
    print("             loss: libxent    torch    gradient: libxent    torch")
    for dtype in torch.float64, torch.float32, torch.float16, torch.bfloat16:
        logits = (torch.randn(64, 1000, dtype=torch.float64) * 3).to(dtype)
        target = torch.randint(1000, (64,))

        def by_torch(z):
            z = z.detach().requires_grad_()
            loss = torch.nn.functional.cross_entropy(z, target, label_smoothing=0.1)
            loss.backward()
            return loss.detach(), z.grad

        exact = by_torch(logits.double())
        errors = [[(got.double() - want).abs().max() / want.abs().max() for got, want in zip(answer, exact)]
                  for answer in (cross_entropy_grad(logits, target, label_smoothing=0.1), by_torch(logits))]
        (loss, grad), (torch_loss, torch_grad) = errors
        print(f"{dtype!s:16}{loss:14.1e}{torch_loss:9.1e}{grad:21.1e}{torch_grad:9.1e}")
        failed |= max(loss, grad) > 8 * torch.finfo(dtype).eps
    if failed:
        sys.exit("libxent is further from it than 8 units of rounding")


if __name__ == "__main__":
    main()
