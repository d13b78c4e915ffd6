"""xent eval, kl and diff on random logits, against reference.py."""
import numpy as np

from reference import LONG, check, check_text, compare, evaluate, losses, divergences, run, run_json, values

PERCENT = {"accuracy", "top5", "dp", "same"}  # what keys begin with
rng = np.random.default_rng(20261130)
B, T, C = 7, 23, 611
z = rng.normal(0, 2, (B, T, C))
q = z + rng.normal(0, 0.3, z.shape)
target = rng.integers(0, C, (B, T))
target[:, :: 3] = z.argmax(-1)[:, :: 3]
target[:, 5] = -100
target[2] = -100
np.save("z.npy", z)
np.save("q.npy", q)
np.save("t.npy", target)
WAYS = [[], ["--threads", 1], ["--threads", 2, "--block", 1], ["--block", 5], ["--threads", 2, "--block", 100000]]


def same_in_all_ways(*arguments):
    outputs = {run(*arguments, *way) for way in WAYS}
    assert len(outputs) == 1, (arguments, outputs)


def test_eval():
    want = evaluate(z, target, bytes=4321, sequences=True)
    arguments = ["eval", "z.npy", "t.npy", "--bytes", 4321, "--by-sequence"]
    check(run_json(*arguments), want)
    check_text(run(*arguments), want, PERCENT)
    same_in_all_ways(*arguments)
    same_in_all_ways(*arguments, "--json")
    check(run_json("eval", "z.npy", "t.npy"), evaluate(z, target))


def test_kl():
    want = compare(z, q, target)
    check(run_json("kl", "z.npy", "q.npy", "t.npy"), want)
    check_text(run("kl", "z.npy", "q.npy", "t.npy"), want, PERCENT)
    same_in_all_ways("kl", "z.npy", "q.npy", "t.npy", "--json")
    check(run_json("kl", "z.npy", "q.npy"), compare(z, q))
    same = run_json("kl", "z.npy", "z.npy", "t.npy")
    assert same["kl_max"] == 0 and same["same_top"] == 1 and same["dp_rms"] == 0 and same["ln_ratio_se"] == 0
    got = run_json("kl", "z.npy", "q.npy", "t.npy", "--by-sequence", "--bytes", 100)
    kl = np.where(target == -100, LONG("nan"), divergences(z, q))
    means = np.array([row[~np.isnan(row)].mean() for row in kl if not np.isnan(row).all()])
    assert got["sequences"] == B - 1 and abs(got["sequence_kl"] - means.mean()) < 1e-14
    bits = losses(q, target)[target != -100].sum() / np.log(LONG(2)) / 100
    assert abs(got["bits_per_byte"] - bits) < 1e-12 * bits


def test_types():
    """Each type of logits means its numbers; F32 and 16 bits are summed up as F32 is."""
    for name in "f4", "f2":
        x, y = z.astype(name), q.astype(name)
        np.save("x.npy", x)
        np.save("y.npy", y)
        check(run_json("eval", "x.npy", "t.npy"), evaluate(x.astype("f8"), target), 2e-7)
        check_text(run("eval", "x.npy", "t.npy"), evaluate(x.astype("f8"), target), PERCENT)
        check(run_json("kl", "x.npy", "y.npy", "t.npy"), compare(x.astype("f8"), y.astype("f8"), target), 2e-5, 1e-8)
        check(run_json("kl", "z.npy", "y.npy"), compare(z, y.astype("f8")), 1e-12)
    words = (z.astype("f4").view("u4") >> 16).astype("<u2")
    x = (words.astype("u4") << 16).view("f4").astype("f8")
    for descr in "<u2", "<i2", "|V2":
        np.save("x.npy", words.view(descr))
        check(run_json("eval", "x.npy", "t.npy", "--as", "bf16"), evaluate(x, target), 2e-7)
    np.save("x.npy", z.astype("f2").view("u2"))
    check(run_json("eval", "x.npy", "t.npy", "--as", "f16"), evaluate(z.astype("f2").astype("f8"), target), 2e-7)
    for name in "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8":
        t = (target % 100).astype(name)
        np.save("s.npy", t)
        check(run_json("eval", "z.npy", "s.npy"), evaluate(z, t.astype("i8")))


def test_layouts():
    for axis in 0, 1, 2, -1, -2, -3:
        x = np.ascontiguousarray(np.moveaxis(z, -1, axis))
        np.save("x.npy", x)
        np.save("y.npy", np.asfortranarray(x))
        np.save("w.npy", np.moveaxis(q, -1, axis))
        for x_file, way in ("x.npy", []), ("y.npy", ["--block", 4]):
            check(run_json("eval", x_file, "t.npy", "--axis", axis, *way), evaluate(z, target))
            check(run_json("kl", x_file, "w.npy", "t.npy", "--axis", axis, *way), compare(z, q, target))
    np.save("x.npy", np.asfortranarray(target))
    check(run_json("eval", "z.npy", "x.npy"), evaluate(z, target))
    for version in (1, 0), (2, 0), (3, 0):
        with open("x.npy", "wb") as file:
            np.lib.format.write_array(file, z, version=version)
        check(run_json("eval", "x.npy", "t.npy"), evaluate(z, target))


def test_ranks():
    np.save("x.npy", z[0, 0])
    np.save("s.npy", target[0, 1])
    got = run_json("eval", "x.npy", "s.npy")
    assert got["rows"] == 1 and got["loss_se"] is None and got["accuracy_se"] is None
    assert abs(got["loss"] - losses(z[0, 0][None], target[0, 1][None])[0]) < 1e-14
    x = z.reshape(B * T, C)
    np.save("x.npy", x)
    np.save("s.npy", target.reshape(-1))
    check(run_json("eval", "x.npy", "s.npy"), evaluate(x, target.reshape(-1)))


def test_options():
    want = evaluate(values(z, 0.7, 3.5), target)
    check(run_json("eval", "z.npy", "t.npy", "--scale", 0.7, "--softcap", 3.5), want, 1e-11)
    want = compare(values(z, 2.5), values(q, 2.5), target)
    check(run_json("kl", "z.npy", "q.npy", "t.npy", "--scale", 2.5), want, 1e-11)
    ignored = int(target[0, 1])
    t = np.where(target == -100, 0, target)
    np.save("s.npy", t)
    check(run_json("eval", "z.npy", "s.npy", "--ignore-index", ignored), evaluate(z, t, ignored))
    np.save("s.npy", np.where(target == -100, -1, target))  # no class either
    check(run_json("eval", "z.npy", "s.npy", "--ignore-index", -1), evaluate(z, target))
    tokens = np.where(target == -100, 3, target)
    shifted = np.concatenate([tokens[:, 1:], np.full((B, 1), -100)], 1)
    np.save("s.npy", tokens)
    check(run_json("eval", "z.npy", "s.npy", "--shift"), evaluate(z, shifted))
    check(run_json("kl", "z.npy", "q.npy", "s.npy", "--shift"), compare(z, q, shifted))


def test_not_finite():
    """A target that is masked, a row with NaN: what the library says, null in JSON, and no quantile that hides it."""
    x = z.copy()
    x[0, 1, target[0, 1]] = -np.inf
    np.save("x.npy", x)
    got = run_json("eval", "x.npy", "t.npy")
    assert got["loss"] is None and got["perplexity"] is None and got["entropy"] is not None
    assert " inf " in run("eval", "x.npy", "t.npy")
    got = run_json("kl", "z.npy", "x.npy", "t.npy")
    assert got["kl_max"] is None and got["kl_median"] is not None
    x[0, 1, 0] = np.nan
    np.save("x.npy", x)
    got = run_json("kl", "z.npy", "x.npy", "t.npy")
    assert got["kl_median"] is None and " nan" in run("kl", "z.npy", "x.npy", "t.npy")


def test_diff():
    def differ(a, b, code, *arguments, **want):
        np.save("a.npy", a)
        np.save("b.npy", b)
        got = run_json("diff", "a.npy", "b.npy", *arguments, code=code)
        assert list(got) == ["elements", "different", "nan", "ulp", "first"], got
        for key, x in want.items():
            assert got[key] == x, (key, got, want)
        return run("diff", "a.npy", "b.npy", *arguments, code=code)

    assert "none" in differ(z, z, 0, elements=z.size, different=0, nan=0, ulp=0, first=None)
    differ(z, np.asfortranarray(z), 0, "--block", 3, different=0)
    differ(np.asfortranarray(z), z, 0, "--block", 3, different=0)
    y = z.astype("f4").copy()
    y[3, 4, 5] = np.nextafter(y[3, 4, 5], np.float32(np.inf))
    y[6, 0, 1] = np.nan
    text = differ(z.astype("f4"), y, 1, different=2, nan=1, ulp=1, first=[3, 4, 5])
    assert "at (3, 4, 5): " in text and "1 ulp" in text
    differ(np.float32([-0.0, -1e-45]), np.float32([0.0, 1e-45]), 1, different=2, ulp=2, first=[0])
    differ(np.float64(1), np.nextafter(np.float64(1), 0), 1, different=1, ulp=1, first=[])
    differ(np.float16([1, np.inf]), np.float16([1, 65504]), 1, ulp=1, first=[1])
    text = differ(np.uint16([0x3F80, 0x7F80]), np.uint16([0xBF80, 0x7F80]), 1, "--as", "bf16", ulp=2 * 0x3F80, first=[0])
    assert "(0,): 1 and -1" in text
    differ(np.int16([0x3F80]), np.int16([-0x4080]), 1, "--as", "bf16", ulp=2 * 0x3F80)
    one = np.float32([1])
    differ(one, np.nextafter(one, np.float32([2])), 1, "--as", "bf16", ulp=1)  # has a type of its own
    differ(np.array([1, -5], "i8"), np.array([1, 5], "i8"), 1, different=1, ulp=10, first=[1])
    differ(np.array([2**64 - 1], "u8"), np.array([2**64 - 3], "u8"), 1, ulp=2)
    differ(np.array([-128], "i1"), np.array([127], "i1"), 1, ulp=255)
    for name in "i1", "i2", "i4", "i8":
        differ(np.array([5], name), np.array([-7], name), 1, ulp=12)
    for name in "i2", "i4", "u1", "u2", "u4":
        differ(np.array([7], name), np.array([4], name), 1, ulp=3)
    nan = np.array([0x7FC00001], "u4").view("f4")
    differ(nan, np.float32([np.nan]), 1, different=1, nan=0, ulp=0)


tests = [f for name, f in list(globals().items()) if name.startswith("test_")]
for test in tests:
    test()
print(f"{len(tests)} tests")
