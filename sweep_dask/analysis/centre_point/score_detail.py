"""A score told apart: by what made a match happen, by who took part, and sweep by sweep.

Beside each count stands what could be had for nothing: the same book with priority drawn by lot,
and no dark book at all, which predicts no match. All counts can be added over partitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweep_dask.analysis.centre_point.tally import Tally, share
from sweep_dask.terms.score import EVENTS, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable


def _empty(names: Iterable[str]) -> dict[str, Tally]:
    return {name: Tally() for name in names}


@dataclass
class Tallies:
    """The matches of one book against those of the tape; a match may be of several kinds."""

    all: Tally = field(default_factory=Tally)
    by_event: dict[str, Tally] = field(default_factory=lambda: _empty(EVENTS))
    by_kind: dict[str, Tally] = field(default_factory=lambda: _empty(KINDS))

    def add(self, other: Tallies) -> None:
        """Add the counts of another partition."""
        self.all.add(other.all)
        for name in EVENTS:
            self.by_event[name].add(other.by_event[name])
        for name in KINDS:
            self.by_kind[name].add(other.by_kind[name])

    def as_json(self) -> dict[str, Any]:
        """The counts by event and by kind, and their shares."""
        return {
            "by_event": {name: tally.as_json() for name, tally in self.by_event.items()},
            "by_kind": {name: tally.as_json() for name, tally in self.by_kind.items()},
        }


@dataclass
class DarkSweeps:
    """Sweeps with any dark fill, on the tape or in the book, and those filled as on the tape.

    As on the tape: the same filled quantity, dark quantity and value.
    """

    sweeps: int = 0
    exact: int = 0
    no_dark_book_exact: int = 0
    """Of the same sweeps, if nothing traded in the dark: those that did not, really."""
    random_priority_exact: int = 0
    """Of the same sweeps, in a book in which lots rank the orders."""

    def add(self, other: DarkSweeps) -> None:
        """Add the counts of another partition."""
        self.sweeps += other.sweeps
        self.exact += other.exact
        self.no_dark_book_exact += other.no_dark_book_exact
        self.random_priority_exact += other.random_priority_exact

    def as_json(self) -> dict[str, Any]:
        """The counts, and each as a share of the sweeps."""
        names = ("exact", "no_dark_book_exact", "random_priority_exact")
        counts = {name: getattr(self, name) for name in names}
        shares = {f"{name}_share": share(count, self.sweeps) for name, count in counts.items()}
        return {"sweeps": self.sweeps, **counts, **shares}


@dataclass
class Detail:
    """What a score is told apart by."""

    dark_sweeps: DarkSweeps = field(default_factory=DarkSweeps)
    book: Tallies = field(default_factory=Tallies)
    random_priority: Tallies = field(default_factory=Tallies)
    """The same of a book in which lots rank the orders."""

    def add(self, other: Detail) -> None:
        """Add the counts of another partition."""
        self.dark_sweeps.add(other.dark_sweeps)
        self.book.add(other.book)
        self.random_priority.add(other.random_priority)

    def as_json(self) -> dict[str, Any]:
        """Keys of a score in `fidelity.json`."""
        by_lot = self.random_priority
        return {
            "dark_sweeps": self.dark_sweeps.as_json(),
            **self.book.as_json(),
            "random_priority": by_lot.all.as_json() | by_lot.as_json(),
        }
