"""Draws the figures of docs/performance.md from bench's JSON, the same bytes from the same data (and matplotlib).

python3 plots.py RESULTS.json DIRECTORY
"""

import pathlib
import sys
from math import log2

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from results import TORCH, Results

# One look for each implementation in all figures: colour (after Okabe and Ito) and marker.
LOOKS = {
    "libxent": ("#D55E00", "o"),
    "plain -O2": ("#999999", "v"),
    "plain fast": ("#000000", "s"),
    "oneDNN": ("#0072B2", "^"),
    "XNNPACK": ("#009E73", "D"),
    "PyTorch": ("#CC79A7", "P"),
    "ONNX Runtime": ("#56B4E9", "X"),
    "memory": ("#777777", ""),
}
PASSES = (("forward", "forward"), ("gradient", "forward + gradient, the better of in place and out of place"))


def look(name):
    return LOOKS["libxent" if name.startswith("libxent") else name]


def plain(value, _=None):
    return f"{value:g}"


def save(figure, handles, labels, results, path):
    # Legend and caption stand below the panels, in strips of fixed height.
    height = figure.get_size_inches()[1]
    figure.tight_layout(rect=(0, 0.6 / height, 1, 1))
    if handles:
        figure.legend(handles, labels, loc="lower center", ncol=len(labels), frameon=False, bbox_to_anchor=(0.5, 0.26 / height))
    figure.text(0.5, 0.1 / height, results.caption(), ha="center", fontsize=8, color="#444444")
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def legend_of(axes):
    """Each label once, whichever panel has it."""
    found = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels()):
            found.setdefault(label, handle)
    return list(found.values()), list(found)


def classes(results, path):
    """ns per logit over the number of classes."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 5), sharey=True)
    shapes = results.values("shape", "sweep")
    dtype = next(r["dtype"] for r in results.results if r["part"] == "sweep")
    for axis, (which, title) in zip(axes, PASSES):
        for name in [results.own, *results.peers, "memory"]:
            points = [(int(s.split("x")[1]), results.time(name, "sweep", s, dtype, which)) for s in shapes]
            points = [(x, y) for x, y in points if y]
            colour, marker = look(name)
            if points:
                axis.plot(*zip(*points), color=colour, marker=marker, markersize=4.5, label=name,
                          linestyle="--" if name == "memory" else "-", linewidth=2 if name == results.own else 1.2,
                          zorder=3 if name == results.own else 2)  # fmt: skip
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        axis.xaxis.set_major_locator(FixedLocator([2, 8, 64, 512, 4096, 32768, 262144]))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.yaxis.set_major_locator(FixedLocator([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]))
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.yaxis.set_major_formatter(FuncFormatter(plain))
        axis.tick_params(labelleft=True)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("classes C, N * C = 2^20 logits")
        axis.grid(True, which="major", color="#e0e0e0")
    axes[0].set_ylabel(f"ns per {dtype} logit")
    save(figure, *legend_of(axes), results, path)


def dots(results, path, rows, names, value, xlabel, titles, ticks):
    """A row a shape, a mark an implementation; value(panel, row, name) is x or None."""
    figure, axes = plt.subplots(1, len(titles), figsize=(11, 1.9 + 0.42 * len(rows)), sharey=True)
    for panel, (axis, title) in enumerate(zip(axes, titles)):
        for k, name in enumerate(names):
            # Marks of a row stand a little apart, so that equal values can be told.
            points = [(value(panel, r, name), i + 0.09 * (k - (len(names) - 1) / 2)) for i, r in enumerate(rows)]
            points = [(x, y) for x, y in points if x]
            colour, marker = look(name)
            if points:
                axis.scatter(*zip(*points), color=colour, marker=marker, s=38, label=name, zorder=3)
        axis.axvline(1, color="#D55E00", linewidth=1.2, zorder=2)
        if ticks:
            axis.set_xscale("log")
            low, high = axis.get_xlim()
            axis.xaxis.set_major_locator(FixedLocator([t for t in ticks if low <= t <= high]))
            axis.xaxis.set_minor_formatter(NullFormatter())
        axis.xaxis.set_major_formatter(FuncFormatter(plain))
        axis.set_yticks(range(len(rows)), rows)
        axis.set_ylim(len(rows) - 0.5, -0.5)
        for border in range(1, len(rows)):
            axis.axhline(border - 0.5, color="#eeeeee", zorder=1)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel(xlabel)
        axis.grid(True, axis="x", color="#e0e0e0")
    save(figure, *legend_of(axes), results, path)


def speedup(results, path):
    def value(panel, shape, name):
        return results.ratio(name, shape, PASSES[panel][0])

    rows = results.values("shape", "table")
    label = "times as long as libxent (f32, 1 thread); right of the line libxent is faster"
    ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]
    dots(results, path, rows, results.peers, value, label, [title for _, title in PASSES], ticks)


def threads(results, path):
    most = max(results.values("threads", "threads"))
    dtype = next(r["dtype"] for r in results.results if r["part"] == "threads")

    def value(panel, shape, name):
        one, all_of_them = (results.time(name, "threads", shape, dtype, PASSES[panel][0], n) for n in (1, most))
        return one / all_of_them if one and all_of_them else None

    names = [results.own, *results.peers, "memory"]
    LOOKS["memory"] = ("#777777", "|")
    label = f"times as fast on {most} threads as on 1 ({dtype})"
    dots(results, path, results.values("shape", "threads"), names, value, label, [title for _, title in PASSES], None)


def accuracy(results, path):
    rows = [r for r in results.results if r["part"] == "accuracy"]
    kinds, names = (list(dict.fromkeys(r[key] for r in rows)) for key in ("rows", "name"))
    figure, axes = plt.subplots(1, len(kinds), figsize=(11, 1.9 + 0.36 * len(names)), sharey=True)
    for axis, kind in zip(axes, kinds):
        for r in (r for r in rows if r["rows"] == kind):
            y, colour = names.index(r["name"]), look(r["name"])[0]
            # An exact result has no place on a logarithmic axis; a hundredth of an ulp stands for it.
            median, worst = max(r["median"], 0.01), max(r["worst"], 0.01)
            axis.plot([median, worst], [y, y], color=colour, linewidth=1.2, zorder=2)
            axis.scatter([median], [y], marker="o", s=30, facecolor="white", edgecolor=colour, zorder=3)
            axis.scatter([worst], [y], marker="o", s=30, color=colour, zorder=3)
        axis.axvline(1, color="#D55E00", linewidth=1.2, linestyle=":", zorder=1)
        axis.set_xscale("log")
        low, high = axis.get_xlim()
        if high < 1000:  # not decades alone
            ticks = [t for t in (0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= t <= high]
            axis.xaxis.set_major_locator(FixedLocator(ticks))
            axis.xaxis.set_major_formatter(FuncFormatter(plain))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.set_yticks(range(len(names)), names)
        axis.set_ylim(len(names) - 0.5, -0.5)
        axis.set_title(kind, fontsize=10)
        axis.set_xlabel("error of the f32 loss, ulp")
        axis.grid(True, axis="x", color="#e0e0e0")
    marks = [axes[0].scatter([], [], marker="o", s=30, facecolor=face, edgecolor="black") for face in ("white", "black")]
    count = rows[0]["count"]
    save(figure, marks, [f"median of {count} rows of 1000 classes", "worst"], results, path)


# From an eighth to eight times, the same on either side of 1: red where libxent is behind.
BEHIND_AND_AHEAD = LinearSegmentedColormap.from_list("ahead", ["#A50026", "#F99858", "#FFFFFF", "#85B8D6", "#2A5C9A"])
DOUBLINGS = 3


def heat(axis, results, rows, columns, threads):
    """A cell an operation, pass, dtype and shape; empty ones were not measured."""
    for y, (operation, which) in enumerate(rows):
        for x, (dtype, shape) in enumerate(columns):
            ratio = results.over(TORCH, shape, which, dtype, operation, threads)
            if not ratio:
                continue
            place = min(max(log2(ratio) / DOUBLINGS, -1), 1)
            axis.add_patch(plt.Rectangle((x, y), 1, 1, facecolor=BEHIND_AND_AHEAD((place + 1) / 2), edgecolor="white"))
            axis.text(x + 0.5, y + 0.5, f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}", ha="center", va="center", fontsize=7,
                      color="white" if abs(place) > 0.7 else "black", weight="bold" if ratio < 1 else "normal")  # fmt: skip
    axis.set_xlim(0, len(columns))
    axis.set_ylim(len(rows), 0)
    axis.set_facecolor("#f4f4f4")
    axis.set_xticks([x + 0.5 for x in range(len(columns))], [shape for _, shape in columns], rotation=45, ha="right", fontsize=7)
    axis.tick_params(length=0)
    dtypes = [dtype for dtype, _ in columns]
    for x in range(len(columns)):
        if dtypes[x] not in dtypes[:x]:
            axis.axvline(x, color="black", linewidth=0.8)
            axis.text(x + dtypes.count(dtypes[x]) / 2, -0.3, dtypes[x], ha="center", va="bottom", weight="bold")
    axis.set_title(f"{threads} thread{'s' if threads > 1 else ''}", fontsize=10, loc="left", pad=18)


def operations(results, path):
    """Where libxent is ahead of PyTorch, and where it is not."""
    shapes, dtypes, threads = (results.values(key, "operations") for key in ("shape", "dtype", "threads"))
    rows = [(o, which) for o in results.values("operation", "operations") for which in results.passes(o)]
    columns = [(dtype, shape) for dtype in dtypes for shape in shapes]
    names = [" ".join(row) if len(results.passes(row[0])) > 1 else row[0] for row in rows]
    size = (2.6 + 0.5 * len(columns), 0.9 + len(threads) * (1.4 + 0.23 * len(rows)))
    with plt.rc_context({"svg.fonttype": "none"}):  # so many figures as paths would be four times the bytes
        figure, axes = plt.subplots(len(threads), 1, figsize=size, squeeze=False)
        for axis, count in zip(axes.flat, threads):
            heat(axis, results, rows, columns, count)
            axis.set_yticks([y + 0.5 for y in range(len(rows))], names, fontsize=8)
            axis.set_xlabel("times as long as libxent PyTorch takes; red and bold: libxent is behind")
        save(figure, [], [], results, path)


def main():
    results, directory = Results(sys.argv[1]), pathlib.Path(sys.argv[2])
    plt.rcParams.update({"svg.hashsalt": "xent", "font.size": 9, "font.family": "DejaVu Sans", "axes.axisbelow": True})
    directory.mkdir(parents=True, exist_ok=True)
    parts = {"operations": operations, "sweep": classes, "table": speedup, "threads": threads, "accuracy": accuracy}
    for part, draw in parts.items():
        if results.values("part", part):
            draw(results, directory / f"{draw.__name__}.svg")


if __name__ == "__main__":
    main()
