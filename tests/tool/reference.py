"""What xent prints, by numpy in extended precision; and how to run it."""
import json
import os
import subprocess

import numpy as np

LONG = np.longdouble


def run(*arguments, code=0):
    done = subprocess.run(os.environ["TOOL"].split() + [str(a) for a in arguments], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    assert code == 2 or done.stderr == "", (arguments, done.stderr)
    return done.stdout


def run_json(*arguments, code=0):
    return json.loads(run(*arguments, "--json", code=code))


def log_softmax(z):
    z = z.astype(LONG)
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def values(z, scale=1, softcap=0):
    v = z.astype(LONG) * LONG(scale)
    return LONG(softcap) * np.tanh(v / LONG(softcap)) if softcap else v


def losses(z, target, ignore=-100):
    """Of each row; NaN where it is ignored."""
    rows = log_softmax(z).reshape(-1, z.shape[-1])
    flat = target.reshape(-1)
    picked = rows[np.arange(len(flat)), np.where(flat == ignore, 0, flat)]
    return np.where(flat == ignore, LONG("nan"), -picked).reshape(target.shape)


def mean_se(x):
    n = len(x)
    return x.mean(), (x.std(ddof=1) / np.sqrt(LONG(n)) if n > 1 else LONG("nan"))


def share_se(hits):
    a, n = LONG(hits.mean()), len(hits)
    return a, np.sqrt(a * (1 - a) / (n - 1))


def ranks(z, target):
    at = np.take_along_axis(z, np.maximum(target, 0)[..., None], -1)
    before = np.arange(z.shape[-1]) < target[..., None]
    return ((z > at) | ((z == at) & before)).sum(-1)


def by_sequence(x):
    means = np.array([row[~np.isnan(row)].mean() for row in x if not np.isnan(row).all()])
    return (len(means), *mean_se(means))


def evaluate(z, target, ignore=-100, bytes=None, sequences=False):
    loss, counts = losses(z, target, ignore), target != ignore
    counted = loss[counts]
    q = log_softmax(z)[counts]
    entropy = -(np.exp(q) * q).sum(-1)
    rank = ranks(z, target)[counts]
    want = {"rows": counts.sum(), "ignored": (~counts).sum()}
    want["loss"], want["loss_se"] = mean_se(counted)
    want["perplexity"] = np.exp(want["loss"])
    want["perplexity_se"] = want["perplexity"] * want["loss_se"]
    want["accuracy"], want["accuracy_se"] = share_se(rank == 0)
    want["top5"] = LONG((rank < 5).mean())
    want["entropy"] = entropy.mean()
    want["bits"] = want["loss"] / np.log(LONG(2))
    if bytes:
        want["bits_per_byte"] = counted.sum() / np.log(LONG(2)) / bytes
    if sequences:
        want["sequences"], want["sequence_loss"], want["sequence_loss_se"] = by_sequence(loss)
        want["sequence_perplexity"] = np.exp(want["sequence_loss"])
        want["sequence_perplexity_se"] = want["sequence_perplexity"] * want["sequence_loss_se"]
    return want


QUANTILES = {"min": 0, "q001": 0.001, "q01": 0.01, "q05": 0.05, "q10": 0.1, "median": 0.5, "q90": 0.9, "q95": 0.95, "q99": 0.99,
             "q999": 0.999, "max": 1}


def quantiles(key, x):
    x = np.sort(x)
    out = {}
    for name, fraction in QUANTILES.items():
        place = LONG(fraction) * (len(x) - 1)
        k = int(np.floor(place))
        out[f"{key}_{name}"] = x[k] + (x[min(k + 1, len(x) - 1)] - x[k]) * (place - k)
    return out


def divergences(zp, zq):
    p, q = log_softmax(zp), log_softmax(zq)
    return (np.exp(p) * (p - q)).sum(-1)


def compare(zp, zq, target=None, ignore=-100, base_loss=None, kl=None, top=None):
    counts = np.ones(zp.shape[:-1], bool) if target is None else target != ignore
    kl = (divergences(zp, zq) if kl is None else kl)[counts]
    top = zp.argmax(-1) if top is None else top
    want = {"rows": counts.sum(), "ignored": (~counts).sum()}
    want["kl_mean"], want["kl_se"] = mean_se(kl)
    want |= quantiles("kl", kl)
    if target is not None:
        base = (losses(zp, target, ignore) if base_loss is None else base_loss)[counts]
        other = losses(zq, target, ignore)[counts]
        change = np.exp(-other) - np.exp(-base)
        for key, x in ("perplexity_base", base), ("perplexity", other):
            mean, se = mean_se(x)
            want[key], want[key + "_se"] = np.exp(mean), np.exp(mean) * se
        cov = ((base - base.mean()) * (other - other.mean())).sum() / (len(base) - 1) / len(base)
        want["ln_ratio"] = other.mean() - base.mean()
        want["ln_ratio_se"] = np.sqrt(mean_se(base)[1] ** 2 + mean_se(other)[1] ** 2 - 2 * cov)
        want["dp_mean"], want["dp_se"] = mean_se(change)
        want["dp_rms"] = np.sqrt((change**2).mean())
        want |= quantiles("dp", change)
    want["same_top"], want["same_top_se"] = share_se((top == zq.argmax(-1))[counts])
    return want


def check(got, want, tolerance=1e-12, floor=1e-14):
    """floor: what a number that nearly cancels may be off by."""
    assert list(got) == list(want), (list(got), list(want))
    for key, x in want.items():
        if got[key] is None:
            assert not np.isfinite(x), key
        else:
            assert abs(LONG(got[key]) - x) <= tolerance * abs(x) + floor, (key, got[key], x)


def check_text(text, want, percent, tolerance=0):
    """Every number of the text, to the last of its six digits; those that stand for fractions are percent."""
    found = [word for line in text.splitlines() for word in line[20:].split() if word[0] in "-0123456789" or word == "nan"]
    expected = []
    for key, x in want.items():
        x = 100 * float(x) if key.split("_")[0] in percent else float(x)
        expected.append("%.6g" % x)
    assert len(found) == len(expected), (found, expected)
    for key, a, b in zip(want, found, expected):
        assert a == b or abs(float(a) - float(b)) <= tolerance * abs(float(b)), (key, a, b)
