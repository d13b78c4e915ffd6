"""A KLD base file as llama-perplexity writes it: float arithmetic of its own kind, written here from the description of the layout."""
import numpy as np

F = np.float32


def encode(row):
    """scale, smallest log-probability, and codes of one row of F32 logits."""
    top, low = row.max(), max(row.min(), row.max() - F(16))
    log_sum = F(np.log(np.exp((row - top).astype("f8")).sum()))
    scale = (top - low) / F(65535)
    codes = np.zeros(len(row), "u2")
    if scale != 0:
        codes[row > low] = np.rint(F(1) / scale * (row[row > low] - low)).astype("u2")
    return scale, low - top - log_sum, codes


def write(path, logits, tokens):
    """logits: (chunks, context, classes), F32; tokens: (chunks, context). Rows are kept for the second half of each chunk."""
    chunks, context, classes = logits.shape
    first = context // 2
    with open(path, "wb") as file:
        file.write(b"_logits_" + np.array([context, classes, chunks], "<i4").tobytes() + tokens.astype("<i4").tobytes())
        for chunk in logits:
            for row in chunk[first : context - 1]:
                scale, smallest, codes = encode(row)
                file.write(np.array([scale, smallest], "<f4").tobytes() + codes.astype("<u2").tobytes() + b"\0\0" * (classes % 2))


def read(path):
    """(chunks, rows, classes) each: codes, log-probabilities as stored; and the rows' targets."""
    data = open(path, "rb").read()
    context, classes, chunks = np.frombuffer(data, "<i4", 3, 8)
    tokens = np.frombuffer(data, "<i4", context * chunks, 20).reshape(chunks, context)
    rows, words = context - 1 - context // 2, 2 * ((classes + 1) // 2) + 4
    body = np.frombuffer(data, "<u2", offset=20 + 4 * context * chunks).reshape(chunks, rows, words)
    scale, smallest = (np.ascontiguousarray(body[..., k : k + 2]).view("<f4").astype("f8") for k in (0, 2))
    codes = body[..., 4 : 4 + classes].astype("f8")
    return codes, scale * codes + smallest, tokens[:, context // 2 + 1 :].astype("i8")
