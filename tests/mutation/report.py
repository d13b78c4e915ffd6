"""How many mutants were tried, and what became of them."""
from workshop import QUICK, WHOLE

COLUMNS = ("Room", "mutants", "tried", "killed", "of these by time", "survived", "not yet through the whole suite", "no mutants after all")


# Of survivors under this heading of the document it is shown there that they do the same, so they are no mistakes.
SAME = "### Mutants that do the same"


def section(document, heading):
    return document.partition(heading + "\n")[2].partition("\n#")[0]


def explained(mutant, document):
    return mutant.line.strip() in document and mutant.changed().strip() in document


def count(found, results, same):
    """A row of the table: numbers of these mutants."""
    real = [m for m in found if results.get(str(m)) != WHOLE.passed or not explained(m, same)]
    said = [results[str(m)] for m in real if str(m) in results]
    killed = [r for r in said if r.startswith("killed")]
    alive, waiting = said.count(WHOLE.passed), said.count(QUICK.passed)
    tried = len(killed) + alive + waiting
    by_time = sum(r.endswith((": Timeout", ": SIGXCPU")) for r in killed)
    return len(found), tried, len(killed), by_time, alive, waiting, len(said) - tried + len(found) - len(real)


def report(found, results, document):
    """Prints the table and whom nobody has explained; 1 if the suite is not good enough."""
    rooms = sorted({m.room() for m in found})
    same = section(document, SAME)
    print("|", " | ".join(COLUMNS), "|")
    print("|---" * len(COLUMNS) + "|")
    for name, of_room in [(f"`{room}`", [m for m in found if m.room() == room]) for room in rooms] + [("all", found)]:
        print("|", " | ".join(map(str, (name, *count(of_room, results, same)))), "|")
    survivors = [m for m in found if results.get(str(m)) == WHOLE.passed]
    strangers = [m for m in survivors if not explained(m, document)]
    for m in strangers:
        print(f"not explained in docs/testing.md: {m}")
    _, tried, _, _, alive, waiting, _ = count(found, results, same)
    print(f"{100 * (alive + waiting) / max(1, tried):.1f} % of {tried} survived")
    return 1 if strangers or 100 * (alive + waiting) > 3 * tried else 0
