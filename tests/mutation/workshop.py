"""A copy of the tree with its builds, in which one mutant after the other is made, tried and undone."""
import dataclasses
import filecmp
import os
import re
import resource
import shutil
import signal
import subprocess

from suites import suite_of, target

# Quick to compile; an index beyond its array ends the program, as it does in the continuous integration's sanitized build.
FLAGS = "-O1 -fsanitize=bounds -fsanitize-undefined-trap-on-error"
CPU_SECONDS, SECONDS = 100, 900  # of a test: one that computes for ever, one that waits for ever
FAILED = re.compile(r"^\s+\d+ - (\S+) \((.+)\)", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Step:
    effort: str  # XENT_TEST_EFFORT
    passed: str  # what is said of a mutant with which all tests pass


QUICK, WHOLE = Step("0.02", "waits for the whole suite"), Step("0.1", "SURVIVED")


def limit_time():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))


def run(*command, **environment):
    """Exit code and output; nothing that the command has started is left."""
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               env=os.environ | environment, start_new_session=True, preexec_fn=limit_time)
    try:
        output = process.communicate()[0]
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return process.returncode, output


def must(*command):
    code, output = run(*command)
    if code != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{output[-2000:]}")


def refresh(source, copy):
    """Makes the copy of a tree what the tree is now, and touches only what differs."""
    kept = [p.relative_to(source) for top in ("cmake", "docs", "include", "src", "tests") for p in (source / top).rglob("*")
            if p.is_file() and "__pycache__" not in p.parts]
    kept += [p.relative_to(source) for p in source.iterdir() if p.is_file()]
    for path in kept:
        to = copy / path
        if not to.exists() or not filecmp.cmp(source / path, to, shallow=False):
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / path, to)
    for gone in {p.relative_to(copy) for p in copy.rglob("*") if p.is_file()} - set(kept):
        (copy / gone).unlink()


class Build:
    """Kept warm: what a mutant changes is compiled, and what is tried of it."""

    def __init__(self, tree, where, options):
        self.where, self.failing = where, {}
        launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        must("cmake", "-G", "Ninja", "-S", tree, "-B", where, "-DXENT_BUILD_EXAMPLES=OFF", "-DCMAKE_BUILD_TYPE=Release",
             f"-DCMAKE_C_FLAGS_RELEASE={FLAGS}", "-DCMAKE_LINK_DEPENDS_NO_SHARED=ON", *launcher, *options)
        self.names = re.findall(r"Test +#\d+: (\S+)", run("ctest", "--test-dir", where, "-N", "-LE", "slow")[1])

    def make(self, targets):
        return run("ninja", "-C", self.where, "-j", "1", *targets)[0] == 0

    def first_failure(self, names, effort):
        """The first of these tests, which are built first, that fails, and how; None if all pass."""
        if not self.make(sorted({target(name) for name in names} - {None})):
            return names[0], "cannot be built"
        exactly = "^(" + "|".join(map(re.escape, names)) + ")$"
        code, output = run("ctest", "--test-dir", self.where, "-R", exactly, "--no-tests=error", "--stop-on-failure", "--timeout", SECONDS,
                           XENT_TEST_EFFORT=effort)
        if code == 0:
            return None
        return (FAILED.findall(output) or [(names[0], "cannot be run")])[0]

    def matching(self, pattern):
        """The tests whose names match, without those that fail on the original, too (at -O1, or where they are run)."""
        if pattern not in self.failing:
            self.failing[pattern] = set()
            while (failure := self.first_failure(self.whole(pattern), WHOLE.effort)) is not None:
                print(f"left out, as it fails without a mutant: {failure}", flush=True)
                self.failing[pattern].add(failure[0])
        return self.whole(pattern)

    def whole(self, pattern):
        return [name for name in self.names if re.search(pattern, name) and name not in self.failing[pattern]]


class Workshop:
    def __init__(self, source, where):
        self.source, self.where, self.builds, self.original = source, where, {}, {}
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
        """Builds the original, which has to pass the quick tests."""
        build = self.build(suite.options)
        made = self.made(build, suite)
        if not made:
            raise RuntimeError(f"{build.where / suite.made} is not made")
        for names in suite.tests():
            if (failure := build.first_failure(names, QUICK.effort)) is not None:
                raise RuntimeError(f"without a mutant: {failure}")
        self.original[suite] = made

    def try_out(self, mutant, step):
        """What happened: 'does not compile', 'no change', 'killed by <test>: <how>', or what it means to pass this step."""
        suite = suite_of(mutant)
        build = self.build(suite.options)
        tests = suite.tests() if step is QUICK else [build.matching(pattern) for pattern in suite.whole]
        path = self.where / "tree" / mutant.path
        text = path.read_text()
        try:
            path.write_text(mutant.apply(text))
            made = self.made(build, suite)
            if made is None:
                return "does not compile"
            if made == self.original[suite]:
                return "no change"
            for names in tests:
                if (failure := build.first_failure(names, step.effort)) is not None:
                    return "killed by {}: {}".format(*failure)
            return step.passed
        finally:
            path.write_text(text)
