"""Writes the tables of docs/performance.md between their markers, from bench's JSON.

python3 tables.py RESULTS.json PAGE.md
"""

import re
import sys

from results import LONG, Results

FAST, TORCH = "plain fast", "PyTorch"
PASSES = ("forward", "gradient")


def span(values, unit="x", digits=2):
    """1.23x to 4.56x, or one of them."""
    values = sorted(v for v in values if v)
    if not values:
        return "not measured"
    low, high = (f"{v:.{digits if v < 10 else 0 if v >= 100 else 1}f}{unit}" for v in (values[0], values[-1]))
    return low if low == high else f"{low} to {high}"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def against(r, peer, shapes, own=None):
    return [span(r.ratio(peer, s, which, own=own) for s in shapes) for which in PASSES]


def times(r, peer, shape):
    """Our time over the peer's, and how many times faster we are."""
    ratios = [r.ratio(peer, shape, which) for which in PASSES]
    return [span([1 / x if x else None]) for x in ratios], [span([x]) for x in ratios]


def bf16(r):
    found = []
    for which in PASSES:
        pairs = [[r.time(r.own, "table", s, d, which) for d in ("bf16", "f32")] for s in LONG[2:]]
        found.append(span(a / b for a, b in pairs if a and b))
    return found


def scaling(r):
    found = []
    for which in PASSES:
        pairs = [[r.time(r.own, "threads", s, "f32", which, n) for n in (1, 2)] for s in LONG]
        found.append(span(a / b for a, b in pairs if a and b))
    return found


def goals(r):
    avx2 = "libxent avx2"
    small, tiny = times(r, FAST, "2x3")[0], times(r, TORCH, "2x3")[1]
    beside = "AVX-512" if r.machine["vectors"] == "AVX-512" else "no AVX-512 here"
    rows = [
        ("f32, C >= 1000, beside `plain fast`, the fastest peer", ">= 2.5x", ">= 2x", against(r, FAST, LONG)),
        ("the same, beside PyTorch at its best allocator setting", ">= 4x", ">= 5x", against(r, TORCH, LONG)),
        (f"the same, backend avx2 beside `plain fast` ({beside})", ">= 1.4x", ">= 1.3x", against(r, FAST, LONG, avx2)),
        ("bf16 logits beside our own f32, C >= 32000", "time <= 1.1x", "time <= 1.1x", bf16(r)),
        ("128x10 beside `plain fast`", ">= 2.5x", ">= 2x", against(r, FAST, ["128x10"])),
        ("2x3, the whole call, beside `plain fast`", "time <= 1.5x", "time <= 2x", small),
        ("2x3, the whole call, beside libtorch", ">= 25x", ">= 75x", tiny),
        ("4x21x256x256 beside PyTorch", ">= 2x", ">= 3x", against(r, TORCH, ["4x21x256x256"])),
        ("2 threads beside 1, C >= 1000, N >= 64", ">= 1.85x", ">= 1.7x", scaling(r)),
    ]
    body = [[what, one, found[0], two, found[1]] for what, one, two, found in rows]
    return table(["f32, 1 thread unless said", "forward: goal", "measured", "forward + gradient: goal", "measured"], body)


def figure(case, name):
    return case["times"].get(name, {}).get("ns_per_logit")


def line(r, case, own):
    mine = case["times"].get(own)
    if not mine:
        return None
    ns = mine["ns_per_logit"]
    memory = figure(case, "memory")
    peers = [figure(case, p) for p in r.peers]
    return [
        case["shape"],
        case["dtype"],
        case["pass"],
        f"{ns:.3g}",
        f"{ns * case['logits']:,.0f}" if ns * case["logits"] < 10000 else f"{ns * case['logits'] / 1000:,.0f} us",
        f"{case['bytes'] / (ns * case['logits']):.2f}",
        f"{100 * memory / ns:.0f} %" if memory else "",
        *[f"{p / ns:.2f}x" if p else "" for p in peers],
    ]


def figures(r, dtypes):
    head = ["shape", "type", "pass", "ns/logit", "us/call", "GB/s", "of memory", *r.peers]
    cases = [c for c in r.results if c["part"] == "table" and c["dtype"] in dtypes]
    return table(head, [row for row in (line(r, c, r.own) for c in cases) if row])


def backends(r):
    names = list(dict.fromkeys(n for c in r.results if c["part"] == "table" for n in c["times"] if n.startswith("libxent ")))
    rows = []
    for shape in r.shapes("table"):
        row = [shape]
        for which in PASSES:
            row += [f"{r.time(n, 'table', shape, 'f32', which) or 0:.3g}" for n in names]
        rows.append(row)
    head = ["f32, ns/logit"] + [f"{which}: {n.split()[1]}" for which in PASSES for n in names]
    return table(head, rows)


def accuracy(r):
    rows = [c for c in r.results if c["part"] == "accuracy"]
    kinds = list(dict.fromkeys(c["rows"] for c in rows))
    found = {(c["name"], c["rows"]): c for c in rows}
    names = list(dict.fromkeys(c["name"] for c in rows))
    body = [[n, *[f"{found[n, k]['median']:.2g}, {found[n, k]['worst']:.2g}" for k in kinds]] for n in names]
    return table(["median, worst, in ulp", *kinds], body)


def main():
    r, page = Results(sys.argv[1]), sys.argv[2]
    parts = {
        "machine": r.caption() + ".",
        "goals": goals(r),
        "f32": figures(r, ["f32"]),
        "types": figures(r, ["f64", "f16", "bf16"]),
        "backends": backends(r),
        "accuracy": accuracy(r),
    }
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for name, body in parts.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        text, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}\n{body}\n{end}", text, flags=re.DOTALL)
        if count != 1:
            sys.exit(f"{page}: {count} places for '{name}', expected one between {begin} and {end}")
    with open(page, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
