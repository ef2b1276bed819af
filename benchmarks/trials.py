"""What became of a disturbed run: compared with an undisturbed one, and counted in a table."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: Result folders whose bytes may not depend on what happened on the way.
RESULT_FOLDERS = ("processed", "outputs", "tables", "rejects")

#: Stands for the exit code of a command that had to be killed because it did not end.
HANGS = -999

_ENDINGS = {0: "done", 1: "partial", 2: "usage", 3: "input", 4: "resources", 70: "internal error"}
_ENDINGS |= {130: "interrupted", -9: "killed", HANGS: "hangs"}
#: No exit code is that of a command that was not given; what a signal ends tells nothing.
_TOLD_WELL = {None, *_ENDINGS} - {70}
_TITLES = (
    *("Fault", "Phase", "Times", "Too late", "Outcome", "Same command again"),
    *("Rows lost", "Bytes differing", "Unsound", "Told badly", "Left"),
)
_TOLD_BADLY = ("Traceback (most recent call last)", "a defect of sweep_dask")


class Undisturbed:
    """What a run leaves that nothing happened to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._contents = dict(_results(folder))
        self._rows = _rows(folder)
        self.rows_read = self._rows["read"]
        self.files = len(self._contents)

    def bytes_differing(self, output: Path) -> int:
        """Bytes of results that are not as they are here; missing and surplus ones count."""
        found = dict(_results(output))
        return sum(
            _differing(self._contents.get(name, b""), found.get(name, b""))
            for name in self._contents.keys() | found
        )

    def rows_lost(self, output: Path) -> int:
        """Rows of the input that are not accounted for as here, and rows missing in tables."""
        return (self._rows - _rows(output)).total()


def _differing(one: bytes, other: bytes) -> int:
    if one == other:
        return 0
    length = max(len(one), len(other))
    pairs = zip(one.ljust(length, b"\0"), other.ljust(length, b"\0"), strict=True)
    return max(sum(a != b for a, b in pairs), abs(len(one) - len(other)))


def _results(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name in RESULT_FOLDERS:
        for path in (folder / name).rglob("*"):
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path.read_bytes()


def _rows(folder: Path) -> Counter[str]:
    """Rows by where they ended: in the ledger of a folder, and in each of its tables."""
    rows: Counter[str] = Counter()
    try:
        ledger = json.loads((folder / "manifest.json").read_bytes())["ledger"]
    except (OSError, ValueError, LookupError):
        ledger = []
    for line in ledger:
        rows["read"] += line["read"]
        rows["kept"] += line["kept"]
        rows["filtered"] += sum(line["filtered"].values())
        rows["rejected"] += sum(line["rejected"].values())
    tables = folder / "tables"
    for path in (path for path in tables.rglob("*.parquet") if path.is_file()):
        rows[path.relative_to(tables).parts[0]] += pq.read_metadata(path).num_rows
    return rows


@dataclass(frozen=True)
class Trial:
    """A run to which something was done, and the same command afterwards."""

    fault: str
    phase: str
    was_hit: bool
    code: int
    between_code: int | None
    """Of the command before the same command again, if there was one."""
    resumed_code: int
    verified_code: int
    rows_lost: int
    bytes_differing: int
    processes_left: int
    is_foreign_kept: bool
    printed: str = field(repr=False)

    def ending(self) -> str:
        """How the run ended that met the fault."""
        ending = _ENDINGS.get(self.code, f"code {self.code}")
        return ending if self.was_hit else "too late"

    def is_told_badly(self) -> bool:
        """Whether a message has a traceback or calls this a defect, or an exit code is ill."""
        is_ill = bool(self._codes() - _TOLD_WELL)
        return is_ill or any(words in self.printed for words in _TOLD_BADLY)

    def _codes(self) -> set[int | None]:
        return {self.code, self.between_code, self.resumed_code, self.verified_code}

    def is_unsound(self) -> bool:
        """Whether the folder is not whole in the end."""
        return self.verified_code != 0 or not self.is_foreign_kept

    def problems(self) -> list[str]:
        """What should not be; nothing of a good trial."""
        found = {
            "the same command fails": self.resumed_code != 0,
            "hangs": HANGS in self._codes(),
            "rows lost": self.rows_lost > 0,
            "bytes differ": self.bytes_differing > 0,
            "unsound": self.is_unsound(),
            "told badly": self.is_told_badly(),
            "processes left": self.processes_left > 0,
        }
        return [problem for problem, is_so in found.items() if is_so]

    def __str__(self) -> str:
        told = ", ".join(self.problems()) or "good"
        return f"{self.fault}, {self.phase}: {self.ending()}; then {self.resumed_code}: {told}"


def table(trials: Sequence[Trial]) -> str:
    """Markdown, a line for each fault and phase and one for all."""
    groups: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.fault, trial.phase), []).append(trial)
    lines = [_line(*group, those) for group, those in sorted(groups.items(), key=_fault)]
    head = [_row(_TITLES), _row(["---"] * len(_TITLES))]
    return "\n".join([*head, *lines, _line("**all**", "", trials)])


def _fault(group: tuple[tuple[str, str], list[Trial]]) -> str:
    return group[0][0]


def _line(fault: str, phase: str, trials: Sequence[Trial]) -> str:
    endings = Counter(trial.ending() for trial in trials if trial.was_hit)
    done = sum(trial.resumed_code == 0 for trial in trials)
    cells = [
        fault,
        phase,
        endings.total(),
        len(trials) - endings.total(),
        ", ".join(f"{number} {ending}" for ending, number in endings.most_common()),
        f"{done} of {len(trials)} done",
        sum(trial.rows_lost for trial in trials),
        sum(trial.bytes_differing for trial in trials),
        sum(trial.is_unsound() for trial in trials),
        sum(trial.is_told_badly() for trial in trials),
        sum(trial.processes_left for trial in trials),
    ]
    return _row(cells)


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
