"""The fuzz of all that is read, longer than in the suite.

    python tests/storage/mutations.py [--inputs 2500] [--seed 0]

tries so many damaged files and prints, as a part of docs/reliability.md, how they ended.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    tests = Path(__file__).parents[1]
    sys.path += [str(tests), str(tests.parent)]

import damaged_documents
import damaged_inputs

#: Each gives, from a seed, a folder for it and what is sound, how a damaged file ended; anything
#: that is not documented is raised.
KINDS = {
    "input tables": lambda seed, folder, _: damaged_inputs.run(seed, folder),
    **damaged_documents.KINDS,
}
#: Commands on a folder take longest.
TURNS = [kind for kind in KINDS for _ in range(1 if kind in ("manifests", "receipts") else 6)]
DEFECT = "defect"


def campaign(inputs: int, first_seed: int) -> Counter[tuple[str, str]]:
    """Damaged files by kind and ending, of each kind in turn; defects are told of."""
    found: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sound = damaged_documents.Sound.make(place / "sound")
        for number in range(inputs):
            kind, seed = TURNS[number % len(TURNS)], first_seed + number
            try:
                found[kind, KINDS[kind](seed, place, sound).rpartition(": ")[2]] += 1
            except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
                found[kind, DEFECT] += 1
                sys.stderr.write(f"{kind} {seed}: {type(error).__name__}: {str(error)[:2000]}\n")
    return found


def told(found: Counter[tuple[str, str]]) -> str:
    """Markdown: a line for each kind, and one for all."""
    head = ["Damaged files", "Tried", "Ended", "Ended as not documented"]
    lines = [head, ["---"] * len(head)]
    for kind in KINDS:
        endings = Counter({ending: n for (of, ending), n in found.items() if of == kind})
        lines.append([kind, *_cells(endings)])
    lines.append(["**all**", f"{found.total():,}", "", str(_defects(found))])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(endings: Counter[str]) -> list[str]:
    good = ", ".join(f"{n:,} {name}" for name, n in endings.most_common() if name != DEFECT)
    return [f"{endings.total():,}", good, f"{endings[DEFECT]:,}"]


def _defects(found: Counter[tuple[str, str]]) -> int:
    return sum(n for (_, ending), n in found.items() if ending == DEFECT)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    found = campaign(arguments.inputs, arguments.seed)
    if found:
        sys.stdout.write(told(found))
    sys.exit(bool(_defects(found)))


if __name__ == "__main__":
    main()
