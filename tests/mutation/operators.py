"""The mutants: which mistakes are made where. Everything here follows from the source text alone."""
import dataclasses
import re

# Of src/, all but what does not run where mutants are tried: instruction sets that not every CPU of today has, other systems.
ELSEWHERE = ("avx512*.h", "neon.h", "*_windows.c", "cpus_posix.c", "fma.c")
ONE_IN = 6  # of the mutants that could be made of a file

# What a mistake looks like: a pattern and what it becomes. Conversions between types of one size, and what only decides
# how fast something is, are left alone (see SPARED).
OPERATORS = (
    (re.compile(r" < "), " <= "),
    (re.compile(r" <= "), " < "),
    (re.compile(r" > "), " >= "),
    (re.compile(r" >= "), " > "),
    (re.compile(r" == "), " != "),
    (re.compile(r" != "), " == "),
    (re.compile(r" && "), " || "),
    (re.compile(r" \|\| "), " && "),
    (re.compile(r" \+ (?!\+)"), " - "),
    (re.compile(r"(?<=[\w)\]]) - (?!>)"), " + "),
    (re.compile(r"(?<=[\w)\]]) \* (?=[\w(&])"), " / "),
    (re.compile(r" \+= "), " -= "),
    (re.compile(r" << "), " >> "),
    (re.compile(r" >> "), " << "),
    (re.compile(r"\bif \((?!!)(.+)\)(?= (?:return|[\w>.\[\]-]+ [+*]?= ))"), r"if (!(\1))"),
    (re.compile(r" \? 0 : "), " ? 1 : "),
    (re.compile(r" : 0;"), " : 1;"),
    (re.compile(r"(?<== )0;"), "1;"),
    (re.compile(r"(?<== )1;"), "2;"),
    (re.compile(r"\btrue\b"), "false"),
    (re.compile(r"\bfalse\b"), "true"),
    (re.compile(r"\b(F|V)\(fma\)\((\w+), (\w+), (\w+)\)"), r"\1(mul)(\2, \3)"),
    (re.compile(r"_fma\((\w+), (\w+), vf(32|64)_set\((\S+)\)\)"), r"_fma(\2, \1, vf\3_set(-(\4)))"),
    (re.compile(r"_mm256_add_"), "_mm256_sub_"),
    (re.compile(r"_mm256_max_(\w+)\(a, b\)"), r"_mm256_max_\1(b, a)"),
    (re.compile(r"_CMP_LT_OQ"), "_CMP_LE_OQ"),
    (re.compile(r"_mm256_(and|or)_"), r"_mm256_andnot_"),
    (re.compile(r"^( +)XENT_TRY\(.*\);$"), r"\1;"),
    (re.compile(r"^( +)(?!return|break|continue|case|default|else|if|for|while|do)(?:[a-z_]+(?:->|\.))*\w+\(.*\);$"), r"\1;"),
    (re.compile(r"^( +)[a-z_]+(?:->|\.)\w+(?:\[\w+\])? [+|]?= (?!\{).*;$"), r"\1;"),
)

# Prefetching, the size of a task worth a thread, the sizes of texts and buffers, and declarations of meaning.
SPARED = re.compile(r"PREFETCH|WORK_PER_TASK|TEXT|_SIZE\b|SWEEP|static_assert|^#|^\s*/?\*|^\s*(?:typedef|extern|struct \w+;|enum)|memory_order|size_t VALUE")


@dataclasses.dataclass
class Mutant:
    number: int
    path: str
    index: int  # of the line
    line: str
    start: int
    end: int
    text: str

    def changed(self):
        return self.line[: self.start] + self.text + self.line[self.end :]

    def apply(self, source):
        lines = source.split("\n")
        assert lines[self.index] == self.line
        lines[self.index] = self.changed()
        return "\n".join(lines)

    def room(self):
        return self.path.split("/")[1]

    def __str__(self):
        return f"{self.path}:{self.index + 1}: {self.line.strip()}  ->  {self.changed().strip()}"


def code_lines(text):
    """(index, line) of the lines that hold code, comments taken off their ends."""
    inside = False
    for index, line in enumerate(text.split("\n")):
        if inside or line.lstrip().startswith("/*"):
            inside = "*/" not in line
            continue
        if "/*" in line and "*/" not in line:
            inside = True
        code = line.split("/*")[0].rstrip()
        if code and not SPARED.search(code) and '"' not in code and not code.endswith("\\"):
            yield index, line, len(code)


def of_file(root, path):
    found = []
    for index, line, length in code_lines((root / path).read_text()):
        for pattern, replacement in OPERATORS:
            for match in pattern.finditer(line[:length]):
                found.append(Mutant(0, path, index, line, match.start(), match.end(), match.expand(replacement)))
    return found


def evenly(items, count):
    """count of the items, spread over all of them."""
    if count >= len(items):
        return items
    return [items[(2 * k + 1) * len(items) // (2 * count)] for k in range(count)]


def mutants(root):
    """Of each file's mutants one in ONE_IN, so that what is chosen of a file depends on that file alone."""
    files = [p for p in sorted(root.glob("src/*/*.[ch]")) if not any(p.match(name) for name in ELSEWHERE)]
    found = [of_file(root, p.relative_to(root).as_posix()) for p in files]
    chosen = [m for each in found for m in evenly(each, max(1, round(len(each) / ONE_IN)) if each else 0)]
    for number, mutant in enumerate(chosen, 1):
        mutant.number = number
    return chosen
