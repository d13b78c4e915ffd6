# Loss and gradient of two rows of three logits, by ctypes over numpy arrays: nothing is copied, whatever their strides.
# Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
import ctypes
import sys
import weakref

import numpy as np

xent = ctypes.CDLL("libxent.so.0")
xent.xent_error_message.restype = ctypes.c_char_p
xent.xent_tensor_destroy.restype = None
DTYPES = {np.dtype(name): number for name, number in dict(
    float32=1, float64=2, float16=3, int64=16, int32=17, int16=18, int8=19, uint8=20, uint16=21, uint32=22, uint64=23).items()}


class XentError(Exception):
    pass


def call(name, *arguments):
    """Calls a function that answers a status; a failure becomes an exception."""
    if getattr(xent, name)(*arguments) != 0:
        raise XentError(xent.xent_error_message().decode())


class Tensor:
    """A tensor over the memory of an array, which it keeps alive; read-only if the array is."""

    def __init__(self, array):
        if array.dtype not in DTYPES:
            raise TypeError(f"libxent has no {array.dtype!r}")
        if any(stride % array.itemsize for stride in array.strides):
            raise ValueError("the strides are no multiples of the element's size")
        self.array, self._as_parameter_ = array, ctypes.c_void_p()
        extents = ctypes.c_int64 * array.ndim
        call("xent_tensor_wrap" if array.flags.writeable else "xent_tensor_wrap_const", ctypes.byref(self._as_parameter_),
             DTYPES[array.dtype], array.ndim, extents(*array.shape),
             extents(*(stride // array.itemsize for stride in array.strides)), ctypes.c_void_p(array.ctypes.data))
        weakref.finalize(self, xent.xent_tensor_destroy, self._as_parameter_)


def main():
    scores = np.array([[1, 0.5], [9, 9], [0.5, 3], [9, 9], [2, 1]], np.float32)
    logits = scores[::2].T  # a view, 2 x 3: its rows are columns of every other row of scores
    target = np.array([2, 1])
    loss = np.empty((), np.float32)

    z = Tensor(logits)
    call("xent_cross_entropy_grad", z, Tensor(target), None, None, Tensor(loss), z)  # the gradient replaces the logits

    print(f"loss {loss:.4f}")
    print("gradient", *(f"{g:.4f}" for g in logits.flat))


try:
    main()
except XentError as error:
    sys.exit(str(error))
