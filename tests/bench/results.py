"""What plots.py, tables.py and goals.py share: bench's JSON, by cases, and words for figures."""

import json

LONG = ["64x1000", "4096x1000", "512x32000", "128x128256", "64x256000"]
GRADIENT = ("in-place", "out-of-place")
FAST, TORCH, OWN_LOSS, MEMORY = "plain fast", "PyTorch", "own loss", "memory"
NO_PEERS = (OWN_LOSS, MEMORY)


class Results:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        self.machine = data["machine"]
        self.results = data["results"]
        timed = [r for r in self.results if r["part"] != "accuracy"]
        for r in timed:  # of a run from before there were these
            r.setdefault("operation", "loss")
            r.setdefault("offset", 0)
        self.offset = timed[0]["offset"]  # where arrays lie, unless said
        keys = ("part", "operation", "shape", "dtype", "pass", "threads", "offset")
        self.cases = {tuple(r[k] for k in keys): r for r in timed}
        self.own = next(name for r in timed for name in r["times"] if name.startswith("libxent "))
        self.peers = []  # in the order in which they were measured, without libxent and memory
        for name in (name for r in timed for name in r["times"]):
            if not name.startswith("libxent ") and name not in NO_PEERS and name not in self.peers:
                self.peers.append(name)

    def values(self, key, part):
        """Of a part's cases, in the order in which they were measured: its shapes, say."""
        return list(dict.fromkeys(r[key] for r in self.results if r["part"] == part))

    def passes(self, operation):
        """forward, gradient or both. What writes an array of the logits' shape counts as gradient."""
        found = {k[4] for k in self.cases if k[0] == "operations" and k[1] == operation}
        return [which for which in ("forward", "gradient") if which in found or (which == "gradient" and found - {"forward"})]

    def case(self, part, shape, dtype, which, threads=1, operation="loss", offset=None):
        return self.cases.get((part, operation, shape, dtype, which, threads, self.offset if offset is None else offset))

    def time(self, name, part, shape, dtype, which, threads=1, operation="loss", offset=None):
        """ns per logit; `gradient` is the better of in place and out of place. None: not measured."""
        found = []
        for step in GRADIENT if which == "gradient" else (which,):
            case = self.case(part, shape, dtype, step, threads, operation, offset)
            if case and name in case["times"]:
                found.append(case["times"][name]["ns_per_logit"])
        return min(found, default=None)

    def ratio(self, name, shape, which, dtype="f32", own=None, part="table", **more):
        """How many times as long `name` takes as libxent. None: not measured."""
        own = own or self.own
        if which != "gradient":
            case = self.case(part, shape, dtype, which, **more)
            if own == self.own and case and name in case["times"]:
                return case["times"][name].get("over_libxent")
        theirs, ours = (self.time(n, part, shape, dtype, which, **more) for n in (name, own))
        return theirs / ours if theirs and ours else None

    def over(self, name, shape, which, dtype, operation, threads=1):
        """The same of an operation."""
        return self.ratio(name, shape, which, dtype, part="operations", operation=operation, threads=threads)

    def caption(self):
        m = self.machine
        where = m["cpu"] + (f", family {m['family']}, model {m['model']}" if m["family"] else "")
        vectors = f", {m['vectors']}" if m["vectors"] else ""
        return f"{where}{vectors}, {m['cpus']} CPUs; {m['compiler']}; libxent {m['libxent']}, {self.own.split()[1]}"


def number(value, unit="x", digits=2):
    return f"{value:.{digits if value < 10 else 0 if value >= 100 else min(digits, 1)}f}{unit}"


def span(values, unit="x", digits=2):
    """1.23x to 4.56x, or one of them."""
    values = sorted(v for v in values if v)
    if not values:
        return "not measured"
    low, high = (number(v, unit, digits) for v in (values[0], values[-1]))
    return low if low == high else f"{low} to {high}"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
