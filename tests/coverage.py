#!/usr/bin/env python3
"""coverage.py <source> <build>: what the counters of a build say of src/; tests/coverage.sh makes the build and runs the tests.

A source is compiled more than once, for each instruction set and type, and a header wherever it is included: a line is reached if it is
in one of these, and of its branches those that any of these takes. Where a line compiles to different numbers of branches, as different
vectors do, each number counts for itself. Exit code 1: fewer lines or branches than the goal."""
import collections
import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

GOAL = {"lines": 98, "branches": 95}  # per cent


class File:
    def __init__(self):
        self.lines = collections.Counter()  # number -> how often it ran
        self.branches = collections.defaultdict(collections.Counter)  # line, how many it has -> branch -> how often it was taken

    def add(self, line):
        number, branches = line["line_number"], line["branches"]
        self.lines[number] += line["count"]
        for k, branch in enumerate(branches):
            self.branches[number, len(branches)][k] += branch["count"]

    def branch_counts(self):
        return [count for taken in self.branches.values() for count in taken.values()]

    def missing(self):
        """(line, what it lacks), in order."""
        for number in sorted(self.lines):
            if self.lines[number] == 0:
                yield number, "line"
                continue
            for (line, size), taken in self.branches.items():
                if line == number and 0 in taken.values():
                    yield number, f"{sum(count > 0 for count in taken.values())} of {size} branches"


def gcov(notes):
    """The files that went into one object. One whose program never ran has notes and no counters: nothing of it is reached."""
    done = subprocess.run([os.environ.get("GCOV", "gcov"), "--json-format", "--stdout", "--branch-probabilities", notes],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, cwd=notes.parent)
    return [file for text in done.stdout.splitlines() if text for file in json.loads(text)["files"]]


def read(source, build):
    files = collections.defaultdict(File)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(gcov, sorted(build.rglob("*.gcno"))):
            for file in found:
                path = pathlib.Path(file["file"])
                if source / "src" not in path.parents:
                    continue
                for line in file["lines"]:
                    files[path.relative_to(source).as_posix()].add(line)
    return files


class Sums:
    def __init__(self, files):
        lines = [count for file in files for count in file.lines.values()]
        branches = [count for file in files for count in file.branch_counts()]
        self.lines, self.branches = self.share(lines), self.share(branches)

    @staticmethod
    def share(counts):
        return sum(count > 0 for count in counts), len(counts)

    def __str__(self):
        return "  ".join(f"{reached:6d} of {count:6d} {percent((reached, count)):6.2f} %" for reached, count in (self.lines, self.branches))


def percent(share):
    reached, count = share
    return 100 * reached / count if count else 100.0


def main():
    source, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    files = read(source, build)
    rooms = collections.defaultdict(list)
    for path in sorted(files):
        rooms[path.rsplit("/", 1)[0]].append(path)
    print("\nNot reached:")
    for path in sorted(files):
        text = (source / path).read_text().splitlines()
        for number, what in files[path].missing():
            print(f"{path}:{number}: {what}: {text[number - 1].strip()}")
    print(f"\n{'':32}{'lines':>16}{'branches':>27}")
    for room, paths in rooms.items():
        print(f"{room:32}{Sums([files[path] for path in paths])}")
        for path in paths:
            print(f"  {path.rsplit('/', 1)[1]:30}{Sums([files[path]])}")
    total = Sums(files.values())
    print(f"{'src':32}{total}")
    short = [f"{what}: {percent(getattr(total, what)):.2f} %, the goal is {share} %" for what, share in GOAL.items()
             if percent(getattr(total, what)) < share]
    print("\n".join(short), end="\n" if short else "")
    return 1 if short or not files else 0


if __name__ == "__main__":
    sys.exit(main())
