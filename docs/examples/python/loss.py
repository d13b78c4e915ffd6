# Loss and gradient of two rows of three logits, on numpy arrays where they lie, whatever their strides.
# Copyright 2026 the libxent authors. SPDX-License-Identifier: Apache-2.0
import sys

import numpy as np

import xent


def main():
    scores = np.array([[1, 0.5], [9, 9], [0.5, 3], [9, 9], [2, 1]], np.float32)
    logits = scores[::2].T  # a view, 2 x 3: its rows are columns of every other row of scores
    loss, _ = xent.cross_entropy_grad(logits, np.array([2, 1]), grad=logits)  # the gradient replaces the logits
    print(f"loss {loss:.4f}")
    print("gradient", *(f"{g:.4f}" for g in logits.flat))


try:
    main()
except xent.XentError as error:
    sys.exit(str(error))
