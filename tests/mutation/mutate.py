#!/usr/bin/env python3
"""Does the test suite notice when the library is wrong? Changes one line of it at a time and expects a test to fail.

    python3 tests/mutation/mutate.py --log FILE          all mutants; goes on with a log that is there
    python3 tests/mutation/mutate.py --list              prints the mutants, in the order in which they are tried
    python3 tests/mutation/mutate.py --sample kernels=60,tool=100   at most so many of these rooms of src/
    python3 tests/mutation/mutate.py --sample 20         at most so many of each room
    python3 tests/mutation/mutate.py --files pool.c,tile   those of files whose path has one of these in it
    python3 tests/mutation/mutate.py --report --log FILE   what the log says, and nothing is tried
    python3 tests/mutation/mutate.py --where DIRECTORY     keeps its copy of the tree and the builds there, for the next run

A mutant is a small mistake of the kind people make (operators.py) in one line of src/. Which ones are made is decided by
the source text alone, before anything is run. One that does not compile, or leaves what is made of it as it was, is no
mutant. The order within a room follows from --seed, so what has been tried at any time is a random sample of each room.

A mutant has to pass a few quick tests first (suites.py); those that do wait until all have been tried, then each has the
whole suite to pass, as far as that looks at its part of src/. It survives if all tests pass; docs/testing.md explains each
survivor, by the text of its line. Exit code 1: more than 3 % survive, or one that docs/testing.md does not explain.
"""
import argparse
import pathlib
import random
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

from operators import mutants
from report import report
from suites import suite_of
from workshop import QUICK, WHOLE, Workshop

ROOT = pathlib.Path(__file__).resolve().parents[2]


def in_order(found, sample, seed):
    """A random sample of each room, the rooms side by side: each is as far as the others wherever a run ends."""
    limits = dict(part.split("=") if "=" in part else ("", part) for part in sample.split(",") if part)
    placed = []
    for room in sorted({m.room() for m in found}):
        of_room = [m for m in found if m.room() == room]
        random.Random(f"{seed} {room}").shuffle(of_room)
        chosen = of_room[: int(limits.get(room, limits.get("", len(of_room))))]
        placed += [((k + 0.5) / len(chosen), room, m) for k, m in enumerate(chosen)]
    return [m for _, _, m in sorted(placed, key=lambda place: place[:2])]


class Log:
    """What is known of mutants, a line each; the last one of a mutant holds. On disk at once."""

    def __init__(self, path):
        self.results = {}
        self.file = open(path, "a+") if path else None
        if self.file:
            self.file.seek(0)
            for line in self.file:
                result, mutant = line.rstrip("\n").split("\t")
                self.results[mutant] = result

    def write(self, mutant, result):
        self.results[str(mutant)] = result
        print(f"{result:<40} {mutant}", flush=True)
        if self.file:
            print(result, mutant, sep="\t", file=self.file, flush=True)


def workshops_for(chosen, where, count):
    ready = Queue()
    for k in range(count):
        workshop = Workshop(ROOT, where / str(k))
        for suite in dict.fromkeys(suite_of(mutant, whole) for whole in (False, True) for mutant in chosen):
            workshop.prepare(suite)
        ready.put(workshop)
    return ready


def try_all(chosen, log, workshops, step):
    """Tries these at a step, several at a time."""
    def work(mutant):
        workshop = workshops.get()
        try:
            log.write(mutant, workshop.try_out(mutant, step))
        finally:
            workshops.put(workshop)

    with ThreadPoolExecutor(workshops.qsize()) as pool:
        list(pool.map(work, chosen))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--list", action="store_true")
    options.add_argument("--report", action="store_true")
    options.add_argument("--files", default="")
    options.add_argument("--sample", default="")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--log")
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--where", type=pathlib.Path)
    options.add_argument("--steps", default="quick,whole", help="quick alone leaves the whole suite to another run")
    arguments = options.parse_args()
    found = mutants(ROOT)
    files = arguments.files.split(",")
    chosen = [m for m in in_order(found, arguments.sample, arguments.seed) if any(part in m.path for part in files)]
    if arguments.list:
        print(*chosen, sep="\n")
        return 0
    log = Log(arguments.log)
    if not arguments.report:
        with tempfile.TemporaryDirectory(prefix="xent-mutation-") as scratch:
            workshops = workshops_for(chosen, arguments.where or pathlib.Path(scratch), arguments.workers)
            if "quick" in arguments.steps:
                try_all([m for m in chosen if str(m) not in log.results], log, workshops, QUICK)
            if "whole" in arguments.steps:
                try_all([m for m in chosen if log.results.get(str(m)) == QUICK.passed], log, workshops, WHOLE)
    return report(found, log.results, (ROOT / "docs" / "testing.md").read_text())


if __name__ == "__main__":
    sys.exit(main())
