#!/usr/bin/env python3
"""Does the test suite notice when the library is wrong? Changes one line of it at a time and expects a test to fail.

    python3 tests/mutation/mutate.py                 all mutants, two at a time; takes hours on two cores
    python3 tests/mutation/mutate.py --list          prints the mutants
    python3 tests/mutation/mutate.py --only 17,203   these alone, by their numbers in the list
    python3 tests/mutation/mutate.py --files pool.c,tile   these alone, of files whose path has one of these in it

A mutant is a small mistake of the kind people make (operators.py) in one line of src/. Which ones are made is decided by
the source text alone, before anything is run. One that does not compile, or leaves every object file as it was, is no
mutant. A mutant survives if all tests pass; docs/testing.md explains each survivor, by the text of its line. Exit code 1:
more than 3 % survive, or one that docs/testing.md does not explain.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

from operators import mutants

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Quick to compile; an index beyond its array ends the program, as it does in the continuous integration's sanitized build.
FLAGS = "-O1 -fsanitize=bounds -fsanitize-undefined-trap-on-error"
# Fast and sharp first: most mutants fall to the hashes, what is not arithmetic to the unit tests.
STAGES = ("^golden/bits/scalar", "^contract/|^values/reductions|^machine/parallel", "^golden/",
          "^(values|placement|machine|pieces|abi)/", "^property/")
# What no other tests see.
STAGES_OF = {"src/tool": ("^tool/(options|bad_files|rows|safetensors|readers|plot|values)", "^tool/"),
             "src/mpi": ("^mpi/(errors|faulty|same_bits)_2x1/", "^mpi/.*/[1-4]$|^mpi/alone")}
MADE = ("src/libxent.a", "src/tool/xent", "src/mpi/libxent-mpi-*.so")


class Workshop:
    """A copy of the tree with its own build, in which one mutant after the other is made and undone."""

    def __init__(self, where):
        self.tree, self.build = where / "tree", where / "build"
        shutil.copytree(ROOT, self.tree, ignore=shutil.ignore_patterns(".git", "build*"))
        self.shell("cmake", "-S", self.tree, "-B", self.build, "-DXENT_BUILD_EXAMPLES=OFF", "-DCMAKE_BUILD_TYPE=Release",
                   f"-DCMAKE_C_FLAGS_RELEASE={FLAGS}", check=True)
        self.shell("cmake", "--build", self.build, check=True)
        self.original = self.made()

    def made(self):
        """The bytes of all that is made of src/."""
        return [path.read_bytes() for pattern in MADE for path in sorted(self.build.glob(pattern))]

    def shell(self, *command, check=False):
        return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=check)

    def tests(self, stage):
        """The test of this stage that fails first; None if all pass."""
        done = self.shell("ctest", "--test-dir", self.build, "-R", stage, "--stop-on-failure", "--timeout", "90")
        if done.returncode == 0:
            return None
        failed = [line for line in done.stdout.splitlines() if "***" in line or "(Failed)" in line or "(Timeout)" in line]
        return failed[0].split(":", 1)[1].split()[0] if failed and ":" in failed[0] else stage

    def try_out(self, mutant):
        """What happened: 'does not compile', 'no change', 'killed by <test>' or 'SURVIVED'."""
        path = self.tree / mutant.path
        text = path.read_text()
        path.write_text(mutant.apply(text))
        try:
            if self.shell("cmake", "--build", self.build).returncode != 0:
                return "does not compile"
            if self.made() == self.original:
                return "no change"
            for stage in STAGES_OF.get(mutant.path.rsplit("/", 1)[0], STAGES):
                killer = self.tests(stage)
                if killer is not None:
                    return f"killed by {killer}"
            return "SURVIVED"
        finally:
            path.write_text(text)


def explained(mutant, document):
    return mutant.line.strip() in document and mutant.changed().strip() in document


def report(results):
    """Prints the sums; 1 if the suite is not good enough."""
    counted = [(m, r) for m, r in results if r.startswith("killed") or r == "SURVIVED"]
    survivors = [m for m, r in counted if r == "SURVIVED"]
    document = (ROOT / "docs" / "testing.md").read_text()
    strangers = [m for m in survivors if not explained(m, document)]
    for m in strangers:
        print(f"not explained in docs/testing.md: {m}")
    print(f"{len(counted)} mutants, {len(counted) - len(survivors)} killed, {len(survivors)} survived "
          f"({100 * len(survivors) / max(1, len(counted)):.1f} %); {len(results) - len(counted)} more changed nothing or "
          "did not compile")
    return 1 if strangers or 100 * len(survivors) > 3 * len(counted) else 0


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--list", action="store_true")
    options.add_argument("--only", default="")
    options.add_argument("--files", default="")
    options.add_argument("--workers", type=int, default=2)
    arguments = options.parse_args()
    chosen = mutants(ROOT)
    if arguments.only:
        numbers = {int(n) for n in arguments.only.split(",")}
        chosen = [m for m in chosen if m.number in numbers]
    if arguments.files:
        parts = arguments.files.split(",")
        chosen = [m for m in chosen if any(part in m.path for part in parts)]
    if arguments.list:
        for m in chosen:
            print(m)
        return 0
    workshops, results = Queue(), []
    with tempfile.TemporaryDirectory(prefix="xent-mutation-") as scratch:
        for k in range(arguments.workers):
            workshops.put(Workshop(pathlib.Path(scratch) / str(k)))

        def work(mutant):
            workshop = workshops.get()
            try:
                result = workshop.try_out(mutant)
            finally:
                workshops.put(workshop)
            results.append((mutant, result))
            print(f"{result:<40} {mutant}", flush=True)

        with ThreadPoolExecutor(arguments.workers) as pool:
            list(pool.map(work, chosen))
    return report(results)


if __name__ == "__main__":
    sys.exit(main())
