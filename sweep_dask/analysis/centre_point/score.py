"""The score of a replay, in counts that can be added over partitions; shares are taken at the end.

It is told apart by what made a match happen, by who took part, and sweep by sweep. Beside each
count stands what could be had for nothing: the same book with priority drawn by lot, and no dark
book at all, which predicts no match.

Nearly all that sweeps fill is lit, and copied from the tape: of sweeps without a dark fill a replay
can hardly say anything wrong. So sweeps are counted among those that traded in the dark.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from sweep_dask.analysis.centre_point.order_flow import given_fills
from sweep_dask.analysis.centre_point.order_log import sweeps_of
from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.analysis.significance import ClusterSquares, standard_error
from sweep_dask.analysis.tables import over, sums_at
from sweep_dask.matching.events import EventKind
from sweep_dask.terms.score import EVENTS, KINDS, PREDICTED, TRIGGERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray
    from sweep_dask.matching.centre_point import BookResult


@dataclass
class Counts:
    """Fields that can be added: numbers, counters, other counts, and these by name."""

    def add(self, other: Self) -> None:
        """Add the counts of another partition; what is None here or there is passed over."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if mine is None or theirs is None:
                continue
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, dict):
                for name, counts in theirs.items():
                    mine.setdefault(name, type(counts)()).add(counts)
            elif isinstance(mine, Counts):
                mine.add(theirs)
            else:
                setattr(self, one.name, mine + theirs)


def share(part: float, whole: float) -> float | None:
    """`part / whole`; None where there is no whole, as 0 would be a claim."""
    return part / whole if whole else None


@dataclass
class Confusion(Counts):
    """Things on the tape, predicted, and both: what precision, recall and F1 are made of."""

    tape: int = 0
    predicted: int = 0
    hits: int = 0

    def as_json(self) -> dict[str, Any]:
        """The counts and what follows from them."""
        return {"tape": self.tape, "predicted": self.predicted, "hits": self.hits} | self.shares()

    def shares(self) -> dict[str, float | None]:
        """Precision, recall and their harmonic mean; null where nothing is divided by."""
        return {
            "precision": share(self.hits, self.predicted),
            "recall": share(self.hits, self.tape),
            "f1": share(2 * self.hits, self.predicted + self.tape),
        }


def _empty(names: Iterable[str]) -> dict[str, Confusion]:
    return {name: Confusion() for name in names}


@dataclass
class Confusions(Counts):
    """The matches of one book against those of the tape; a match may be of several kinds."""

    all: Confusion = field(default_factory=Confusion)
    by_event: dict[str, Confusion] = field(default_factory=lambda: _empty(EVENTS))
    by_kind: dict[str, Confusion] = field(default_factory=lambda: _empty(KINDS))

    def as_json(self) -> dict[str, Any]:
        """The counts by event and by kind, and their shares."""
        return {
            "by_event": {name: confusion.as_json() for name, confusion in self.by_event.items()},
            "by_kind": {name: confusion.as_json() for name, confusion in self.by_kind.items()},
        }


@dataclass
class DarkSweeps(Counts):
    """Sweeps with any dark fill, on the tape or in the book, and those filled as on the tape.

    As on the tape: the same filled quantity, dark quantity and value.
    """

    sweeps: int = 0
    exact: int = 0
    no_dark_book_exact: int = 0
    """Of the same sweeps, if nothing traded in the dark: those that did not, really."""
    random_priority_exact: int = 0
    """Of the same sweeps, in a book in which lots rank the orders."""

    def as_json(self) -> dict[str, Any]:
        """The counts, and each as a share of the sweeps."""
        names = ("exact", "no_dark_book_exact", "random_priority_exact")
        counts = {name: getattr(self, name) for name in names}
        shares = {f"{name}_share": share(count, self.sweeps) for name, count in counts.items()}
        return {"sweeps": self.sweeps, **counts, **shares}


@dataclass
class Detail(Counts):
    """What a score is told apart by."""

    dark_sweeps: DarkSweeps = field(default_factory=DarkSweeps)
    book: Confusions = field(default_factory=Confusions)
    random_priority: Confusions = field(default_factory=Confusions)
    """The same of a book in which lots rank the orders."""

    def as_json(self) -> dict[str, Any]:
        """Keys of a score in `fidelity.json`."""
        by_lot = self.random_priority
        return {
            "dark_sweeps": self.dark_sweeps.as_json(),
            **self.book.as_json(),
            "random_priority": by_lot.all.as_json() | by_lot.as_json(),
        }


@dataclass
class Score(Counts):
    """The counts behind the score of one mode; of one partition or of many."""

    all: Confusion = field(default_factory=Confusion)
    quantity: Confusion = field(default_factory=Confusion)
    within_1ms: Confusion = field(default_factory=Confusion)
    by_trigger: dict[str, Confusion] = field(default_factory=lambda: _empty(TRIGGERS))
    reachable: int = 0
    contested: int = 0
    contested_hits: int = 0
    contested_random: float = 0.0
    """Expected number of contested arrivals right under random priority."""
    detail: Detail | None = None
    """What a score is told apart by; None of a replay without a rule."""

    def as_json(self) -> dict[str, Any]:
        """As in `fidelity.json`; numbers are not rounded, a share of nothing is null."""
        quantity = self.quantity.shares()
        return self.all.as_json() | {
            "reachable": self.reachable,
            "reachable_recall": share(self.all.hits, self.reachable),
            "contested": self.contested,
            "contested_hits": self.contested_hits,
            "contested_random": share(self.contested_random, self.contested),
            "quantity_precision": quantity["precision"],
            "quantity_recall": quantity["recall"],
            "within_1ms": self.within_1ms.shares(),
            "by_trigger": {
                name: confusion.as_json() for name, confusion in self.by_trigger.items()
            },
            **({} if self.detail is None else self.detail.as_json()),
        }


class Amounts(NamedTuple):
    """What each sweep filled; int64[orders], 0 for other orders."""

    quantity: IntArray
    dark_quantity: IntArray
    value_x2: IntArray
    """Shares times doubled price."""

    def equals(self, other: Amounts) -> BoolArray:
        """bool[orders], whether all three are the same."""
        same = [one == its for one, its in zip(self, other, strict=True)]
        is_equal: BoolArray = np.all(same, axis=0)
        return is_equal


def tape_amounts(partition: PartitionInput) -> Amounts:
    """What sweeps really filled."""
    real = real_fills(partition)
    size = partition.log.order_id.size
    return _amounts(real.order, real.quantity, real.price_x2, real.is_dark, size)


def book_amounts(partition: PartitionInput, flow: OrderFlow, result: BookResult) -> Amounts:
    """What sweeps filled in the book, and what it was given of the tape.

    A replay that is corrected after each event has been given everything.
    """
    tape, fills = partition.tape, result.fills
    assert tape is not None
    given = np.flatnonzero(flow.events["kind"] == EventKind.REDUCE)
    trade, given_quantity = flow.source[given], result.applied[given]
    if not given.size:
        trade = given_fills(tape, partition.is_in).source
        given_quantity = tape.quantity[trade]
    order = np.concatenate((tape.order[trade], fills["buy"], fills["sell"]))
    quantity = np.concatenate((given_quantity, fills["quantity"], fills["quantity"]))
    price_x2 = np.concatenate((tape.price_x2[trade], fills["price_x2"], fills["price_x2"]))
    in_book = np.ones(2 * fills.size, dtype=bool)
    is_dark = np.concatenate((tape.is_dark[trade], in_book))
    ours = np.flatnonzero(sweeps_of(partition.log)[order])
    size = partition.log.order_id.size
    return _amounts(order[ours], quantity[ours], price_x2[ours], is_dark[ours], size)


def compare(tape: Amounts, book: Amounts, by_lot: Amounts) -> DarkSweeps:
    """Count the sweeps with a dark fill on the tape or in the book; `by_lot` is ranked by lots."""
    asked = (tape.dark_quantity > 0) | (book.dark_quantity > 0)
    return DarkSweeps(
        sweeps=int(asked.sum()),
        exact=int((asked & book.equals(tape)).sum()),
        no_dark_book_exact=int((asked & (tape.dark_quantity == 0)).sum()),
        random_priority_exact=int((asked & by_lot.equals(tape)).sum()),
    )


def _amounts(
    order: IntArray, quantity: IntArray, price_x2: IntArray, is_dark: BoolArray, size: int
) -> Amounts:
    columns = (quantity, quantity * is_dark, quantity * price_x2)
    return Amounts(*(sums_at(order, column, size) for column in columns))


def book_errors(tape: IntArray, predicted: IntArray, hits: IntArray) -> FloatArray:
    """By which share the matches of the book are too many or too few, over all security-days.

    A replay misses matches of the tape and has others that are not on it. As many too many, or too
    few, for what makes a match happen (`PREDICTED`), a scenario may fill that is played in the same
    book.

    Which way that turns an effect cannot be told, so that it is an error and no correction. If
    orders are not in the input, the book lacks what they would have given to others, and it has
    what they really took: others meet there that never met, and the book has too many matches of
    those it knows, although it fills too little.

    Parameters
    ----------
    tape, predicted, hits
        int64[security-days, `PREDICTED`], matches of two orders that the book knows: on the tape,
        in the book, and in both.

    Returns
    -------
    float64[`PREDICTED`]
        With the standard error of that share, which goes by security-days and is never below what
        as many misses and false alarms would make, each by itself, or one if there are none. NaN
        where the book predicted no match of the kind.
    """
    n, found = predicted.sum(axis=0), hits.sum(axis=0)
    ratio = over(tape.sum(axis=0), n)
    squares = ClusterSquares(
        n,
        ((tape > 0) | (predicted > 0)).sum(axis=0),
        (tape * tape).sum(axis=0),
        (tape * predicted).sum(axis=0),
        (predicted * predicted).sum(axis=0),
    )
    of_days = np.nan_to_num(standard_error(squares, ratio))
    misses, false_alarms = tape.sum(axis=0) - found, n - found
    # To be right in all of a few is no proof: one more might have been wrong.
    one_by_one = over(np.sqrt(np.maximum(misses + false_alarms, 1)), n)
    return np.hypot(ratio - 1, np.maximum(of_days, one_by_one))


def no_book_errors() -> FloatArray:
    """Nothing is known of the book."""
    return np.full(len(PREDICTED), np.nan)
