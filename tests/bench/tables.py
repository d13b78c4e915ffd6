"""Writes the tables of docs/performance.md between their markers, from bench's JSON.

python3 tables.py RESULTS.json PAGE.md
"""

import re
import sys

from goals import goals
from results import FAST, MEMORY, OWN_LOSS, TORCH, Results, number, table

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


def grid(head, columns, rows, cell):
    """Rows of (label, operation, more, passes); cell(operation, more, column, pass) is a figure's words or None."""
    body = []
    for label, operation, more, passes in rows:
        cells = [" / ".join(filter(None, (cell(operation, more, c, which) for which in passes))) for c in columns]
        if any(cells):
            body.append([label, *cells])
    return table([head, *columns], body) if body else NOT_MEASURED


def operations(r):
    return [(o, o, None, r.passes(o)) for o in r.values("operation", "operations")]


def beside_torch(r, dtype, threads):
    """Bold: libxent is behind."""

    def cell(operation, _, shape, which):
        ratio = r.over(TORCH, shape, which, dtype, operation, threads)
        return ratio and (number(ratio) if ratio >= 1 else f"**{number(ratio)}**")

    head = f"{dtype}, {threads} thread{'s' if threads > 1 else ''}"
    return grid(head, r.values("shape", "operations"), operations(r), cell)


def beside_own_loss(r, dtype):
    def cell(operation, _, shape, which):
        ratio = r.over(OWN_LOSS, shape, which, dtype, operation)
        return ratio and number(1 / ratio)

    return grid(f"{dtype}, 1 thread", r.values("shape", "operations"), operations(r), cell)


def beside_plain(r):
    def cell(operation, dtype, shape, which):
        ratio = r.over(FAST, shape, which, dtype, operation)
        return ratio and number(ratio)

    dtypes = r.values("dtype", "operations")
    rows = [(f"{o}, {d}", o, d, r.passes(o)) for o in ("loss", "softmax") for d in dtypes]
    return grid("1 thread", r.values("shape", "operations"), rows, cell)


def share_of_memory(r, shape):
    def cell(operation, _, dtype, which):
        share = r.over(MEMORY, shape, which, dtype, operation)
        return share and f"{100 * share:.0f} %"

    return grid(f"{shape}, 1 thread", r.values("dtype", "operations"), operations(r), cell)


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
        "plain": beside_plain(r),
        "memory": share_of_memory(r, "128x32000"),
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
