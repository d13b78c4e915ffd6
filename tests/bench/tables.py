"""Writes the tables of docs/performance.md between their markers, from bench's JSON.

python3 tables.py RESULTS.json PAGE.md
"""

import re
import sys

from goals import goals
from results import OWN_LOSS, TORCH, Results, number, table

PASSES = ("forward", "gradient")
NOT_MEASURED = "Not measured in this run."


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
    for shape in r.values("shape", "table"):
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


def grid(r, what, cell, operations):
    """Operations by shapes, of cell(operation, shape, pass): a figure and whether it is to be seen at once, or None."""
    shapes = r.values("shape", "operations")
    rows = []
    for operation in operations:
        row = []
        for shape in shapes:
            found = [cell(operation, shape, which) for which in r.passes(operation)]
            words = [f"**{number(f[0])}**" if f[1] else number(f[0]) for f in found if f]
            row.append(" / ".join(words))
        if any(row):
            rows.append([operation, *row])
    return table([what, *shapes], rows) if rows else NOT_MEASURED


def beside_torch(r, dtype, threads):
    def cell(operation, shape, which):
        ratio = r.over(TORCH, shape, which, dtype, operation, threads)
        return (ratio, ratio < 1) if ratio else None

    return grid(r, f"{dtype}, {threads} thread{'s' if threads > 1 else ''}", cell, r.values("operation", "operations"))


def beside_own_loss(r, dtype):
    def cell(operation, shape, which):
        ratio = r.over(OWN_LOSS, shape, which, dtype, operation)
        return (1 / ratio, False) if ratio else None

    return grid(r, f"{dtype}, 1 thread", cell, r.values("operation", "operations"))


def offsets(r):
    """ns per logit of the plain loss, each dtype's at either offset."""
    found = sorted({r["offset"] for r in r.results if r["part"] == "operations"})
    dtypes = r.values("dtype", "operations")
    rows = []
    for shape in r.values("shape", "operations"):
        for which in r.passes("loss"):
            row = []
            for dtype in dtypes:
                times = [r.time(r.own, "operations", shape, dtype, which, offset=o) for o in found]
                row.append(" / ".join(f"{t:.3g}" if t else "" for t in times))
            rows.append([shape, which, *row])
    head = ["shape", "pass", *(f"{d}: {' / '.join(map(str, found))} bytes" for d in dtypes)]
    return table(head, rows) if len(found) > 1 else NOT_MEASURED


def main():
    r, page = Results(sys.argv[1]), sys.argv[2]
    parts = {
        "machine": r.caption() + ".",
        "goals": goals(r),
        "operations f32": beside_torch(r, "f32", 1),
        "operations f64": beside_torch(r, "f64", 1),
        "operations f16": beside_torch(r, "f16", 1),
        "operations bf16": beside_torch(r, "bf16", 1),
        "operations threads": beside_torch(r, "f32", 2),
        "own loss": beside_own_loss(r, "f32"),
        "offsets": offsets(r),
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
