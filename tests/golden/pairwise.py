"""Few assignments of levels to parameters that have every demanded pair."""
from parameters import ABSENT, LEVELS, MAY_LACK, demanded_pairs, excluded, possible, takes

ATTEMPTS = 12  # assignments tried for each one that is kept


class Cover:
    """`only`: of the pairs those with this parameter; `without`: a parameter that stays off."""

    def __init__(self, random, restricted=None, only=None, without=None):
        self.random, self.names = random, [name for name in LEVELS if name != without]
        self.levels = {**LEVELS, **(restricted or {})}
        self.order = {name: i for i, name in enumerate(self.names)}
        self.open = dict.fromkeys(
            (a, x, b, y) for a, x, b, y in demanded_pairs(restricted) if without not in (a, b) and (only is None or only in (a, b)))

    def key(self, a, x, b, y):
        return (a, x, b, y) if self.order[a] < self.order[b] else (b, y, a, x)

    def gain(self, assignment, name, level):
        """How many open pairs the level adds."""
        return sum(self.key(name, level, other, at) in self.open for other, at in assignment.items())

    def best(self, assignment, name, levels):
        return max(levels, key=lambda level: (self.gain(assignment, name, level), self.random.random()))

    def choose(self, assignment, name):
        """A level of the parameter; None if the assignment leaves it none."""
        if not takes(assignment["operation"], name):
            return ABSENT
        levels = [level for level in self.levels[name] if excluded({**assignment, name: level}) is None]
        if not levels:
            return ABSENT if name in MAY_LACK else None
        return self.best(assignment, name, levels)

    def complete(self, pair):
        """The rest of an assignment, greedily; None if that ends where a parameter has no level."""
        a, x, b, y = pair
        assignment = {a: x, b: y}
        if "operation" not in assignment:
            operations = [o for o in self.levels["operation"] if possible(o, assignment)]
            assignment["operation"] = self.best(assignment, "operation", operations)
        rest = sorted((name for name in self.names if name not in assignment), key=lambda _: self.random.random())
        for name in sorted(rest, key=lambda name: name in MAY_LACK):  # whether those have levels depends on the others
            assignment[name] = self.choose(assignment, name)
            if assignment[name] is None:
                return None
        return assignment

    def pairs(self, assignment):
        names = [name for name in self.names if assignment[name] != ABSENT]
        for i, a in enumerate(names):
            for b in names[i + 1:]:
                yield a, assignment[a], b, assignment[b]

    def assignments(self):
        while self.open:
            pair = next(iter(self.open))
            tries = [t for t in (self.complete(pair) for _ in range(ATTEMPTS)) if t is not None]
            if not tries:
                raise SystemExit(f"no case can have {pair}: declare why in parameters.EXCLUDED")
            best = max(tries, key=lambda t: sum(p in self.open for p in self.pairs(t)))
            for p in self.pairs(best):
                self.open.pop(p, None)
            yield best
