"""cases.txt: the cases as lines of `key value...`, one block a case, an empty line after each. Without PyTorch or MPFR."""
import dataclasses

from case import Case

HEADER = """# Written by tests/golden/generate.py: do not edit. Read by tests/golden/case_file.c and coverage.py.
# Floats are hexadecimal and exact; x*n is n times x. What a block does not say is as in XENT_OPTIONS_INIT, or absent.
"""
LISTS = ("input", "upstream", "classes", "probabilities", "weights", "row_weights", "grad_losses")
ANSWERS = ("output", "loss", "gradient", "divisor")
NOT_WRITTEN = ("note", "answers", "operation") + LISTS


def number(x):
    """x exactly, in a form that C's strtod reads."""
    if isinstance(x, int):
        return str(x)
    if x != x:
        return "nan"
    if x in (float("inf"), float("-inf")):
        return "-inf" if x < 0 else "inf"
    if x == int(x) and abs(x) < 2**31:
        return "-0" if x == 0 and str(x)[0] == "-" else str(int(x))
    mantissa, exponent = x.hex().split("p")
    return mantissa.rstrip("0").rstrip(".") + "p" + exponent.lstrip("+")


def numbers(values):
    """The list with runs of one number written once."""
    runs = []
    for text in map(number, values):
        if runs and runs[-1][0] == text:
            runs[-1][1] += 1
        else:
            runs.append([text, 1])
    return " ".join(text if n == 1 else f"{text}*{n}" for text, n in runs)


def parse_numbers(text, kind):
    result = []
    for word in text.split():
        value, _, count = word.partition("*")
        result += [int(value) if kind is int else float.fromhex(value)] * int(count or 1)
    return result


def block(case, index):
    title = " ".join(filter(None, (case.operation, case.dtype, case.target, case.note or case.values)))
    lines = [f"case {index} {title}", f"operation {case.operation}"]
    for field in dataclasses.fields(Case):
        value = getattr(case, field.name)
        if field.name in NOT_WRITTEN or value == field.default and field.name != "source":
            continue
        text = " ".join(map(str, value)) if field.name == "shape" else number(value) if isinstance(value, float) else str(value)
        lines.append(f"{field.name} {text}")
    lines += [f"{name} {numbers(getattr(case, name))}".rstrip() for name in LISTS if getattr(case, name) is not None]
    lines += [f"answer_{name} {numbers(case.answers[name])}".rstrip() for name in ANSWERS if name in case.answers]
    return "\n".join(lines) + "\n\n"


def text_of(cases):
    return HEADER + "".join(block(case, i + 1) for i, case in enumerate(cases)) + f"end {len(cases)}\n"


def parse_block(text):
    fields = dict((line.partition(" ")[0], line.partition(" ")[2]) for line in text.splitlines())
    case = Case(fields.pop("operation"), note=fields.pop("case"))
    types = {field.name: field.type for field in dataclasses.fields(Case)}
    for name, value in fields.items():
        if name in LISTS:
            setattr(case, name, parse_numbers(value, int if name == "classes" else float))
        elif name.startswith("answer_"):
            case.answers[name[len("answer_"):]] = parse_numbers(value, float)
        elif name == "shape":
            case.shape = tuple(map(int, value.split()))
        else:
            setattr(case, name, float.fromhex(value) if types[name] is float else types[name](value))
    return case


def read(path):
    """The cases of a file; the count at its end shows that nothing is missing."""
    lines = [line for line in path.read_text().splitlines(keepends=True) if not line.startswith("#")]
    blocks = "".join(lines).split("\n\n")
    end = blocks.pop().split()
    if end != ["end", str(len(blocks))]:
        raise SystemExit(f"{path}: {len(blocks)} cases, but it ends with: {' '.join(end)}")
    return [parse_block(text) for text in blocks]
