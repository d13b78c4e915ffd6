"""A copy of the tree with its builds, in which one mutant after the other is made, tried and undone."""
import dataclasses
import filecmp
import hashlib
import json
import math
import os
import re
import resource
import shutil
import signal
import subprocess
import sys

from suites import suite_of, targets

# Quick to compile; an index beyond its array, the last one of a struct too, ends the program, as in the sanitized build of CI.
FLAGS = "-O1 -fsanitize=bounds-strict -fsanitize-undefined-trap-on-error"
CPU_SECONDS, SECONDS = 300, 900  # of a test: one that computes for ever, one that waits for ever
FAILED = re.compile(r"^\s+\d+ - (\S+) \((.+)\)", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Step:
    effort: str  # XENT_TEST_EFFORT
    seconds: float  # tests that take more processor time, at the effort of QUICK, are not of this step
    passed: str  # what is said of a mutant with which all tests pass


QUICK, WHOLE = Step("0.02", 0.25, "waits for the whole suite"), Step("0.1", math.inf, "SURVIVED")
BATCH_SECONDS = 0.5  # tests so short go together


def limit_time():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))


def run(*command, **environment):
    """Exit code and output; nothing that the command has started is left."""
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               env=os.environ | environment, start_new_session=True, preexec_fn=limit_time)
    try:
        output = process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # not reaped so far, so the number is still its own
    return process.wait(), output


def must(*command):
    code, output = run(*command)
    if code != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{output[-2000:]}")


def files(tree):
    found = [p for p in tree.iterdir() if p.is_file()]
    found += [p for top in ("cmake", "docs", "include", "src", "tests") for p in (tree / top).rglob("*") if p.is_file()]
    return sorted(p.relative_to(tree) for p in found if "__pycache__" not in p.parts)


def refresh(source, copy):
    """Makes the copy of a tree what the tree is now, and touches only what differs."""
    for path in files(source):
        if not (copy / path).exists() or not filecmp.cmp(source / path, copy / path, shallow=False):
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / path, copy / path)
    for gone in set(files(copy)) - set(files(source)):
        (copy / gone).unlink()


def digest(tree):
    """Of all that tests are made of."""
    parts = [p for p in files(tree) if p.parts[0] in ("cmake", "include", "src", "tests") and p.parts[:2] != ("tests", "mutation")]
    return hashlib.sha256(b"".join(str(p).encode() + (tree / p).read_bytes() for p in parts)).hexdigest()[:16]


class Build:
    """Kept warm: what a mutant changes is compiled, and what is tried of it."""

    def __init__(self, tree, where, options):
        self.where, self.touched = where, tree / "src" / "args" / "errors.c"
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        must("cmake", "-G", "Ninja", "-S", tree, "-B", where, "-DXENT_BUILD_EXAMPLES=OFF", "-DCMAKE_BUILD_TYPE=Release",
             f"-DCMAKE_C_FLAGS_RELEASE={FLAGS}", "-DCMAKE_LINK_DEPENDS_NO_SHARED=ON", *launcher, *options)
        self.names = re.findall(r"Test +#\d+: (\S+)", run("ctest", "--test-dir", where, "-N", "-LE", "slow")[1])
        self.costs = where / f"costs-{digest(tree)}.json"

    def make(self, goals):
        return not goals or run("ninja", "-C", self.where, "-j", "1", *goals)[0] == 0

    def first_failure(self, names, effort):
        """The first of these tests, which are built first, that fails, and how; None if all pass."""
        if not self.make(sorted(set().union(*map(targets, names)))):
            return names[0], "cannot be built"
        exactly = "^(" + "|".join(map(re.escape, names)) + ")$"
        code, output = run("ctest", "--test-dir", self.where, "-R", exactly, "--no-tests=error", "--stop-on-failure", "--timeout", SECONDS,
                           XENT_TEST_EFFORT=effort)
        if code == 0:
            return None
        failures = [found for found in FAILED.findall(output) if found[1] != "Skipped"]
        return failures[0] if failures else (names[0], "cannot be run")

    def measured(self, suite):
        """Processor seconds that each test takes where the library has changed; without those that fail on the original."""
        names = [name for name in self.names if suite.sees(name)]
        known = json.loads(self.costs.read_text()) if self.costs.exists() else {}
        missing = [name for name in names if name not in known]
        if missing:
            must("ninja", "-C", self.where, "-j", "1", *suite.targets, *sorted(set().union(*map(targets, missing))))
            self.touched.touch()
        for name in missing:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            failure = self.first_failure([name], QUICK.effort)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            known[name] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime if failure is None else None
            if failure is not None:
                print(f"left out, as it fails without a mutant: {name}: {failure[1]}", file=sys.stderr, flush=True)
            self.costs.write_text(json.dumps(known))
        return {name: known[name] for name in names if known[name] is not None}

    def batches(self, suite, step):
        """The tests of a step, the shortest first."""
        costs = self.measured(suite)
        found = []
        for name in sorted((name for name in costs if costs[name] <= step.seconds), key=costs.get):
            if not found or sum(map(costs.get, found[-1])) + costs[name] > BATCH_SECONDS:
                found.append([])
            found[-1].append(name)
        return found


class Workshop:
    def __init__(self, source, where):
        self.where, self.builds, self.original, self.batches = where, {}, {}, {}
        (where / "tree").mkdir(parents=True, exist_ok=True)
        refresh(source, where / "tree")

    def build(self, options):
        if options not in self.builds:
            self.builds[options] = Build(self.where / "tree", self.where / f"build{len(options)}", options)
        return self.builds[options]

    def made(self, build, suite):
        """The bytes of what is made of the sources; None if they do not compile."""
        if not build.make(suite.targets):
            return None
        return [path.read_bytes() for path in sorted(build.where.glob(suite.made))]

    def prepare(self, suite):
        """Builds the original, and learns how long its tests take."""
        build = self.build(suite.options)
        self.batches[suite] = {step: build.batches(suite, step) for step in (QUICK, WHOLE)}
        self.original[suite] = self.made(build, suite)
        if not self.original[suite] or not self.batches[suite][WHOLE]:
            raise RuntimeError(f"{suite} is not built")

    def try_out(self, mutant, step):
        """What happened: 'does not compile', 'no change', 'killed by <test>: <how>', or what it means to pass this step."""
        suite = suite_of(mutant, step is WHOLE)
        build = self.build(suite.options)
        path = self.where / "tree" / mutant.path
        text = path.read_text()
        try:
            path.write_text(mutant.apply(text))
            made = self.made(build, suite)
            if made is None:
                return "does not compile"
            if made == self.original[suite]:
                return "no change"
            for names in self.batches[suite][step]:
                if (failure := build.first_failure(names, step.effort)) is not None:
                    return "killed by {}: {}".format(*failure)
            return step.passed
        finally:
            path.write_text(text)
