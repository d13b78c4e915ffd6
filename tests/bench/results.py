"""What plots.py and tables.py share: bench's JSON, by cases."""

import json

LONG = ["64x1000", "4096x1000", "512x32000", "128x128256", "64x256000"]
GRADIENT = ("in-place", "out-of-place")


class Results:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        self.machine = data["machine"]
        self.results = data["results"]
        timed = [r for r in self.results if r["part"] != "accuracy"]
        self.cases = {(r["part"], r["shape"], r["dtype"], r["pass"], r["threads"]): r for r in timed}
        self.own = next(name for r in timed for name in r["times"] if name.startswith("libxent "))
        self.peers = []  # in the order in which they were measured, without libxent and memory
        for name in (name for r in timed for name in r["times"]):
            if not name.startswith("libxent ") and name != "memory" and name not in self.peers:
                self.peers.append(name)

    def shapes(self, part):
        """In the order in which they were measured."""
        return list(dict.fromkeys(r["shape"] for r in self.results if r["part"] == part))

    def threads(self, part):
        return sorted({r["threads"] for r in self.results if r["part"] == part})

    def case(self, part, shape, dtype, which, threads=1):
        return self.cases.get((part, shape, dtype, which, threads))

    def time(self, name, part, shape, dtype, which, threads=1):
        """ns per logit; `gradient` is the better of in place and out of place. None: not measured."""
        found = []
        for step in GRADIENT if which == "gradient" else (which,):
            case = self.case(part, shape, dtype, step, threads)
            if case and name in case["times"]:
                found.append(case["times"][name]["ns_per_logit"])
        return min(found, default=None)

    def ratio(self, name, shape, which, dtype="f32", own=None):
        """How many times as long `name` takes as libxent, in the table."""
        own = own or self.own
        if which != "gradient":
            case = self.case("table", shape, dtype, which)
            if own == self.own and case and name in case["times"]:
                return case["times"][name].get("over_libxent")
        theirs, ours = (self.time(n, "table", shape, dtype, which) for n in (name, own))
        return theirs / ours if theirs and ours else None

    def caption(self):
        m = self.machine
        where = m["cpu"] + (f", family {m['family']}, model {m['model']}" if m["family"] else "")
        vectors = f", {m['vectors']}" if m["vectors"] else ""
        return f"{where}{vectors}, {m['cpus']} CPUs; {m['compiler']}; libxent {m['libxent']}, {self.own.split()[1]}"
