# docs/examples/python/xent.py: arrays of numpy, torch and jax, as far as they are here, and producers of DLPack made for the purpose.
import ctypes
import gc
import sys
import unittest

import numpy as np

import xent

try:
    import torch
except ImportError:
    torch = None
try:
    import jax.numpy as jnp
except ImportError:
    jnp = None

FLOATING, INTEGER = ("float32", "float64", "float16"), ("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64")
NUMPY_MARKS_READ_ONLY = np.lib.NumpyVersion(np.__version__) >= "2.1.0"
LOGITS = np.array([[1, 0.5, 2, -1], [0.5, 3, 1, 0], [0, 0, 1, 2]])
TARGET = np.array([2, 1, 3])


class Producer:
    """An array of two float32 numbers behind a capsule of either kind; `changes` go into its DLTensor."""
    new_capsule = ctypes.pythonapi.PyCapsule_New
    new_capsule.restype, new_capsule.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

    def __init__(self, versioned, name=None, deleter=True, major=1, flags=0, **changes):
        self.versioned, self.deleted, self.asked = versioned, 0, []
        self.name = name or (b"dltensor_versioned" if versioned else b"dltensor")
        self.numbers, self.shape = (ctypes.c_float * 4)(0, 1, 2, 3), (ctypes.c_int64 * 9)(2, 1, 1, 1, 1, 1, 1, 1, 1)
        self.managed = (xent.DLManagedTensorVersioned if versioned else xent.DLManagedTensor)()
        if versioned:
            self.managed.major, self.managed.flags = major, flags
        if deleter:
            self.managed.deleter = self.callback = xent.DELETER(self.delete)
        fields = dict(data=ctypes.addressof(self.numbers), device_type=1, ndim=1, code=2, bits=32, lanes=1,
                      shape=ctypes.addressof(self.shape))
        for field, value in {**fields, **changes}.items():
            setattr(self.managed.tensor, field, value)

    def delete(self, managed):
        assert managed == ctypes.addressof(self.managed)
        self.deleted += 1

    def __dlpack__(self, **keywords):
        self.asked.append(keywords)
        if keywords and not self.versioned:
            raise TypeError("an older protocol")
        self.capsule = self.new_capsule(ctypes.addressof(self.managed), self.name, None)
        return self.capsule


def reference(z, y, reduction="mean", class_weight=None, row_weight=None, ignore_index=-100, label_smoothing=0.0, z_loss=0.0,
              logit_scale=1.0, softcap=0.0, normalizer=0.0):
    v = z * logit_scale
    v = softcap * np.tanh(v / softcap) if softcap else v
    lse = np.log(np.exp(v).sum(1))
    q, rows, w = v - lse[:, None], np.arange(len(y)), np.ones(z.shape[1]) if class_weight is None else class_weight
    counted = (y != ignore_index) * (1 if row_weight is None else row_weight)
    at = np.where(y == ignore_index, 0, y)
    losses = (1 - label_smoothing) * w[at] * -q[rows, at] + label_smoothing / z.shape[1] * (w * -q).sum(1) + z_loss * lse**2
    losses = losses * counted
    divisor = normalizer or (counted * w[at]).sum()
    return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / divisor}[reduction]


class Conversions(unittest.TestCase):
    def softmax_of_two(self, producer):
        out = np.empty(2, np.float32)
        xent.softmax(producer, 0, out=out)
        return out.tolist()

    def test_deleter_is_called_once(self):
        for versioned in False, True:
            producer = Producer(versioned)
            tensor = xent.Tensor(producer)
            self.assertEqual(xent.capsule_name(producer.capsule), b"used_" + producer.name)
            self.assertEqual(producer.deleted, 0)
            del tensor
            self.assertEqual(producer.deleted, 1)
            gc.collect()
            self.assertEqual(producer.deleted, 1)
            self.assertEqual(producer.asked, [{"max_version": (1, 0)}] + ([] if versioned else [{}]))
            xent.Tensor(Producer(versioned, deleter=False))

    def test_numbers_arrive(self):
        for versioned in False, True:
            self.assertAlmostEqual(self.softmax_of_two(Producer(versioned))[1], 0.7310586, 6)
            strides = (ctypes.c_int64 * 1)(-3)
            backwards = Producer(versioned, byte_offset=12, strides=ctypes.addressof(strides))
            self.assertAlmostEqual(self.softmax_of_two(backwards)[0], 0.9525741, 6)
            for device in 1, 3, 11:
                self.softmax_of_two(Producer(versioned, device_type=device))

    def test_refused_capsules_stay_their_producers(self):
        for versioned in False, True:
            cases = [(BufferError, "used_dltensor", dict(name=b"used_dltensor")), (BufferError, "device 2", dict(device_type=2)),
                     (TypeError, "64 bits, code 5", dict(code=5, bits=64)), (TypeError, "in 4 lanes", dict(lanes=4)),
                     (TypeError, "8 bits, code 6", dict(code=6, bits=8)), (xent.XentError, "ndim is 9", dict(ndim=9)),
                     (xent.XentError, "misaligned", dict(byte_offset=1)), (xent.XentError, "data is NULL", dict(data=None))]
            cases += [(BufferError, "DLPack 2", dict(major=2))] if versioned else []
            for kind, message, changes in cases:
                producer = Producer(versioned, **changes)
                with self.assertRaisesRegex(kind, message):
                    xent.Tensor(producer)
                self.assertEqual(xent.capsule_name(producer.capsule), producer.name)
                self.assertEqual(producer.deleted, 0)

    def test_read_only(self):
        with self.assertRaisesRegex(xent.XentError, "read-only"):
            xent.softmax(Producer(True), 0, out=Producer(True, flags=1))
        xent.softmax(Producer(True, flags=1), 0, out=Producer(True, flags=2))  # 2: a copy, which may be written

    @unittest.skipUnless(NUMPY_MARKS_READ_ONLY, "this numpy does not export read-only arrays")
    def test_read_only_of_numpy(self):
        z = LOGITS.copy()
        z.flags.writeable = False
        np.testing.assert_allclose(xent.softmax(z).sum(1), 1)
        with self.assertRaisesRegex(xent.XentError, "read-only"):
            xent.softmax(LOGITS, out=z)
        np.testing.assert_array_equal(z, LOGITS)

    def test_no_leak(self):
        arrays = [np.zeros((3, 4), np.float32)] + ([torch.zeros(3, 4), torch.zeros(3, 4, dtype=torch.bfloat16)] if torch else [])

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096

        for array in arrays:
            before = sys.getrefcount(array)
            tensor = xent.Tensor(array)
            del tensor
            self.assertEqual(sys.getrefcount(array), before)
            for _ in range(1000):
                xent.Tensor(array)
            bytes_before = resident()
            for _ in range(10000):
                xent.Tensor(array)
            self.assertEqual(sys.getrefcount(array), before)
            self.assertLess(resident() - bytes_before, 400000)  # a tensor has more than 100 bytes

    def test_array_is_kept(self):
        z = LOGITS.astype(np.float32)
        out = np.empty_like(z)
        tensor = xent.Tensor(z)
        del z
        gc.collect()
        xent.call("xent_softmax", tensor, 1, xent.Tensor(out))
        np.testing.assert_allclose(out.sum(1), 1, rtol=1e-6)


class Numpy(unittest.TestCase):
    def test_every_dtype(self):
        expected = reference(LOGITS, TARGET)
        for dtype in FLOATING:
            z = LOGITS.astype(dtype)  # exact
            loss, grad = xent.cross_entropy_grad(z, TARGET)
            self.assertEqual((loss.dtype, grad.dtype), (z.dtype, z.dtype))
            np.testing.assert_allclose(loss, expected, rtol=2 * np.finfo(dtype).eps)
        for dtype in INTEGER:
            np.testing.assert_allclose(xent.cross_entropy(LOGITS, TARGET.astype(dtype)), expected)

    def test_layouts(self):
        expected = xent.cross_entropy(LOGITS, TARGET, reduction="none")
        spaced = np.zeros((6, 12))
        spaced[::2, 1::3] = LOGITS
        for z in spaced[::2, 1::3], np.asfortranarray(LOGITS), np.ascontiguousarray(LOGITS[::-1, ::-1])[::-1, ::-1]:
            np.testing.assert_array_equal(xent.cross_entropy(z, TARGET, reduction="none"), expected)
        np.testing.assert_array_equal(xent.cross_entropy(LOGITS.T, TARGET, reduction="none", axis=0), expected)
        np.testing.assert_array_equal(xent.cross_entropy(LOGITS[:, ::-1], 3 - TARGET, reduction="none", axis=-1), expected)
        np.testing.assert_array_equal(xent.cross_entropy(LOGITS[1], TARGET[1:2].reshape(())), expected[1])

    def test_zero_sized(self):
        self.assertEqual(xent.softmax(np.empty((0, 5))).shape, (0, 5))
        self.assertEqual(xent.cross_entropy(np.empty((0, 5)), np.empty(0, int), reduction="none").shape, (0,))
        self.assertEqual(xent.cross_entropy(np.empty((0, 5)), np.empty(0, int), reduction="sum"), 0)

    def test_options(self):
        weight, rows, y = np.array([1, 2, 0.5, 3]), np.array([1, 0.25, 2]), np.array([2, -7, 3])
        several = dict(class_weight=weight, row_weight=rows, label_smoothing=0.1, z_loss=0.01, logit_scale=0.5, softcap=3.0)
        cases = [{name: value} for name, value in several.items()] + [several, dict(normalizer=5.0), dict(several, normalizer=5.0)]
        for options in cases:
            for reduction in "none", "sum", "mean":
                got = xent.cross_entropy(LOGITS, TARGET, reduction=reduction, num_threads=1, **options)
                np.testing.assert_allclose(got, reference(LOGITS, TARGET, reduction, **options), rtol=1e-12)
                got = xent.cross_entropy(LOGITS, y, reduction=reduction, ignore_index=-7, **options)
                np.testing.assert_allclose(got, reference(LOGITS, y, reduction, ignore_index=-7, **options), rtol=1e-12)

    def test_gradient(self):
        p = np.exp(LOGITS) / np.exp(LOGITS).sum(1)[:, None]
        expected = p - np.eye(4)[TARGET]
        z, loss = LOGITS.copy(), np.empty((), np.float32)
        got_loss, got = xent.cross_entropy_grad(z, TARGET, loss=loss, grad=z)
        self.assertTrue(got_loss is loss and got is z)
        np.testing.assert_allclose(z, expected / 3, atol=1e-15)
        np.testing.assert_allclose(loss, reference(LOGITS, TARGET), rtol=1e-7)
        upstream = np.array([1, 2, -3.0])
        _, got = xent.cross_entropy_grad(LOGITS, TARGET, upstream, reduction="none")
        np.testing.assert_allclose(got, expected * upstream[:, None], atol=1e-15)
        np.testing.assert_allclose(xent.softmax(LOGITS), p)
        np.testing.assert_allclose(xent.softmax(LOGITS.T, 0), p.T)
        np.testing.assert_allclose(xent.log_softmax(LOGITS), np.log(p))

    def test_kl_div(self):
        q = LOGITS[::-1] / 2
        logp, logq = xent.log_softmax(LOGITS), xent.log_softmax(q)
        expected = (np.exp(logp) * (logp - logq)).sum(1)
        np.testing.assert_allclose(xent.kl_div(LOGITS, q, reduction="none"), expected, rtol=1e-6)
        np.testing.assert_allclose(xent.kl_div(LOGITS, q, np.array([0, -100, 1])), (expected[0] + expected[2]) / 2, rtol=1e-6)
        out = np.empty((), np.float32)
        self.assertTrue(xent.kl_div(LOGITS, LOGITS, kl=out) is out)
        self.assertEqual(out, 0)

    def test_row_stats(self):
        stats = xent.row_stats(LOGITS, TARGET, ["loss", "lse", "max", "argmax", "entropy", "rank"])
        logp = xent.log_softmax(LOGITS)
        np.testing.assert_allclose(stats["loss"], reference(LOGITS, TARGET, "none"))
        np.testing.assert_allclose(stats["lse"], np.log(np.exp(LOGITS).sum(1)))
        np.testing.assert_array_equal(stats["max"], LOGITS.max(1))
        np.testing.assert_array_equal(stats["argmax"], LOGITS.argmax(1))
        np.testing.assert_allclose(stats["entropy"], -(np.exp(logp) * logp).sum(1))
        np.testing.assert_array_equal(stats["rank"], [0, 0, 0])
        stats = xent.row_stats(LOGITS.T, None, ["argmax"], axis=0)
        self.assertEqual((list(stats), stats["argmax"].tolist()), (["argmax"], LOGITS.argmax(1).tolist()))

    def test_errors(self):
        for message, arguments in [
                ("target[1] = 4 is outside [0, 4)", dict(target=np.array([0, 4, 0]))),
                ("axis is 2, expected -2 to 1: logits has rank 2", dict(axis=2)),
                ("axis is -3, expected -2 to 1: logits has rank 2", dict(axis=-3)),
                ("options->label_smoothing is 2, expected a number in [0, 1]", dict(label_smoothing=2)),
                ("logits has rank 0, expected 1 to 8: it has no class axis", dict(logits=np.zeros(())))]:
            with self.assertRaises(xent.XentError) as caught:
                xent.cross_entropy(**{"logits": LOGITS, "target": TARGET, **arguments})
            self.assertEqual(str(caught.exception), message)
        with self.assertRaisesRegex(AttributeError, "smoothing"):
            xent.cross_entropy(LOGITS, TARGET, smoothing=0.1)
        with self.assertRaisesRegex(AttributeError, "perplexity"):
            xent.row_stats(LOGITS, TARGET, ["perplexity"])
        with self.assertRaises(AttributeError):
            xent.softmax([1.0, 2.0])


@unittest.skipUnless(torch, "there is no torch here")
class Torch(unittest.TestCase):
    def test_every_dtype(self):
        expected = float(reference(LOGITS, TARGET))
        for dtype in torch.float32, torch.float64, torch.float16, torch.bfloat16:
            z, y = torch.from_numpy(LOGITS).to(dtype), torch.from_numpy(TARGET)
            loss, grad = xent.cross_entropy_grad(z, y)
            self.assertEqual((loss.dtype, grad.dtype, grad.shape), (dtype, dtype, z.shape))
            self.assertLess(abs(loss.item() - expected), 2 * torch.finfo(dtype).eps)
            exact = xent.cross_entropy_grad(LOGITS, TARGET)[1]
            np.testing.assert_allclose(grad.double().numpy(), exact, atol=torch.finfo(dtype).eps)
        for name in INTEGER:
            if hasattr(torch, name):
                y = torch.from_numpy(TARGET).to(getattr(torch, name))
                self.assertAlmostEqual(xent.cross_entropy(torch.from_numpy(LOGITS), y).item(), expected, 12)

    def test_layouts(self):
        y, z = torch.from_numpy(TARGET), torch.from_numpy(LOGITS).bfloat16()
        expected = xent.cross_entropy(z, y, reduction="none")
        spaced = torch.zeros(6, 12, dtype=torch.bfloat16)
        spaced[::2, 1::3] = z
        for layout in spaced[::2, 1::3], z.t().contiguous().t():
            self.assertTrue(torch.equal(xent.cross_entropy(layout, y, reduction="none"), expected))
        image = z.t().reshape(1, 4, 3, 1).contiguous(memory_format=torch.channels_last)
        self.assertTrue(torch.equal(xent.cross_entropy(image, y.reshape(1, 3, 1), reduction="none").flatten(), expected))
        self.assertEqual(xent.softmax(torch.empty(0, 5)).shape, (0, 5))
        stats = xent.row_stats(z, y, ["rank", "loss"])
        self.assertEqual((stats["rank"].tolist(), stats["loss"].tolist()), ([0, 0, 0], expected.tolist()))

    def test_as_torch(self):
        generator = torch.Generator().manual_seed(1)
        z = torch.randn(8, 5, 3, dtype=torch.float64, generator=generator).requires_grad_()
        y = torch.randint(5, (8, 3), generator=generator)
        y[0, 0] = -100
        weight = torch.rand(5, dtype=torch.float64, generator=generator)
        loss = torch.nn.functional.cross_entropy(z, y, weight=weight, label_smoothing=0.2)
        loss.backward()
        got, grad = xent.cross_entropy_grad(z.detach(), y, class_weight=weight, label_smoothing=0.2)
        torch.testing.assert_close(got, loss.detach())
        torch.testing.assert_close(grad, z.grad)
        with self.assertRaisesRegex(BufferError, "grad"):
            xent.cross_entropy(z, y)


@unittest.skipUnless(jnp, "there is no jax here")
class Jax(unittest.TestCase):
    def test_arrays(self):
        z, y = jnp.asarray(LOGITS, jnp.float32), jnp.asarray(TARGET)
        np.testing.assert_allclose(xent.cross_entropy(z, y), reference(LOGITS, TARGET), rtol=1e-6)


unittest.main(verbosity=2)
