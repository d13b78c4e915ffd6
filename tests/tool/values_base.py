"""xent eval and kl on KLD base files, against numpy."""
import numpy as np

import base_file
from reference import LONG, check, compare, divergences, log_softmax, mean_se, ranks, run, run_json, share_se

rng = np.random.default_rng(20261130)


# In a row that is cut off, 16 nats below its top, the classes of code 0 are masked.


def merged(masked, logp, scale, rest_of_other=None):
    """Log-probabilities of the classes that have a code, -inf for the others, and in a last class what these leave: of what the rounding
    of the codes leaves open, that which is nearest to the other model's."""
    alone = np.where(~masked, logp.astype(LONG), -LONG("inf"))
    total = np.exp(alone).sum(-1)
    top = np.exp(logp.max(-1))
    doubt = np.maximum(0, total - top) * scale / 2 + total * 2.0**-19
    most = np.minimum(1, masked.sum(-1) * np.exp(logp.min(-1) + scale / 2 + 2.0**-19))
    rest = 1 - total if rest_of_other is None else np.clip(rest_of_other, 1 - total - doubt, 1 - total + doubt)
    with np.errstate(divide="ignore"):
        return np.concatenate([alone, np.log(np.clip(rest, 0, most))[..., None]], -1)


def merge_like(masked, logits):
    q = log_softmax(logits.astype("f8"))
    with np.errstate(divide="ignore"):
        rest = np.log(np.where(~masked, 0, np.exp(q)).sum(-1, keepdims=True))
    return np.concatenate([np.where(~masked, q, -LONG("inf")), rest], -1)


def divergence(p, q):
    p = p - np.log(np.exp(p).sum(-1, keepdims=True))
    return np.where(np.isfinite(p), np.exp(p) * (np.where(np.isfinite(p), p, 0) - np.where(np.isfinite(q), q, 0)), 0).sum(-1)


def case(classes, context, spread):
    chunks = 3
    logits = (rng.normal(0, spread, (chunks, context, classes)) + rng.normal(0, 5)).astype("f4")
    logits[..., 7] += 6
    logits[0, context // 2] = 1.5  # all equal: a scale of 0
    tokens = rng.integers(0, classes, (chunks, context))
    tokens[:, ::2] = 7
    base_file.write("base", logits, tokens)
    codes, logp, target = base_file.read("base")
    rows = logits[:, context // 2 : context - 1]
    masked = (codes == 0) & (logp.max(-1) - logp.min(-1) > 15.98)[..., None]
    # Only what the format means is trusted: each class that is not masked is as it was, to half a step.
    step = (logp.max(-1) - logp.min(-1)) / 65535 / 2
    error = np.abs(np.where(~masked, logp - log_softmax(rows.astype("f8")), 0)).max(-1)
    assert (error <= 1.01 * step + 4e-6).all(), error

    scale = 2 * step
    p = merged(masked, logp, scale)
    base_loss = -np.take_along_axis(logp, target[..., None], -1)[..., 0].astype(LONG)
    got = run_json("eval", "base")
    normal = p - np.log(np.exp(p).sum(-1, keepdims=True))
    entropy = -np.where(np.isfinite(normal), np.exp(normal) * np.where(np.isfinite(normal), normal, 0), 0).sum(-1)
    rank = ranks(codes, target).reshape(-1)
    want = {"rows": target.size, "ignored": 0}
    want["loss"], want["loss_se"] = mean_se(base_loss.reshape(-1))
    want["perplexity"] = np.exp(want["loss"])
    want["perplexity_se"] = want["perplexity"] * want["loss_se"]
    want["accuracy"], want["accuracy_se"] = share_se(rank == 0)
    want |= {"top5": LONG((rank < 5).mean()), "entropy": entropy.mean(), "bits": want["loss"] / np.log(LONG(2)), "lossy_base": 1}
    check(got, want)

    np.save("same.npy", rows)
    np.save("all.npy", logits)
    np.save("flat.npy", rows.reshape(-1, classes))
    same = run_json("kl", "base", "same.npy")
    assert 0 <= same["kl_min"] and same["kl_max"] <= 1.3e-5, (same["kl_min"], same["kl_max"])

    other = rows + rng.normal(0, 0.5, rows.shape).astype("f4")
    np.save("other.npy", other.astype("f8"))
    q = merge_like(masked, other)
    p = merged(masked, logp, scale, np.exp(q[..., -1]))
    want = compare(rows, other.astype("f8"), target, base_loss=base_loss, kl=divergence(p, q), top=codes.argmax(-1))
    want["lossy_base"] = 1
    check(run_json("kl", "base", "other.npy"), want, 1e-11, 1e-13)
    # Merging classes hides some of a divergence, and a few of them hide little.
    run("kl", "base", "other.npy", "--rows", "kl.npy")
    kl, whole = np.load("kl.npy"), divergences(rows.astype("f8"), other.astype("f8"))
    assert kl.shape == target.shape and (kl <= whole + 3e-5).all(), (kl - whole).max()
    assert spread > 2 or (kl > 0.98 * whole).all(), (kl / whole).min()
    outputs = {run("kl", "base", "other.npy", *way) for way in ([], ["--threads", 2, "--block", 1], ["--block", 4])}
    assert len(outputs) == 1 and "16 bits" in outputs.pop()
    assert run_json("kl", "base", "flat.npy") == same and run_json("kl", "base", "all.npy") == same
    return same["kl_max"]


largest = [case(classes, context, spread) for classes in (600, 601) for context in (16, 17) for spread in (1, 2, 6)]
print(f"{len(largest)} cases; KL of equal logits at most {max(largest):.3g}")
case(20000, 9, 4)
