"""How many of the tape's dark matches a replay predicted, and how many of its own are real.

A hit is a predicted match with the same buy order, sell order, quantity, price and timestamp. The
book predicts exact prices and the tape has published ones, which are truncated: they are the same
if the one is published as the other (R1).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.score import Score, Tally
from sweep_dask.market.ticks import truncated_x2
from sweep_dask.terms.score import TRIGGERS

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.tape import DarkMatches
    from sweep_dask.analysis.tables import BoolArray, IntArray

_TOLERANCE_NS = 1_000_000


class Matches(NamedTuple):
    """Predicted or recorded matches, one element each."""

    buy_order_id: IntArray
    sell_order_id: IntArray
    quantity: IntArray
    price_x2: IntArray
    timestamp_ns: IntArray
    both_passive: BoolArray

    def chosen(self, rows: IntArray | BoolArray) -> Matches:
        """Some of the matches."""
        return Matches._make(column[rows] for column in self)


def score_matches(
    tape: Matches, predicted: Matches, is_known: BoolArray
) -> tuple[Score, BoolArray, BoolArray]:
    """Count the hits.

    Parameters
    ----------
    is_known
        bool[tape], whether both orders of the match are in the book.

    Returns
    -------
    tuple
        The score without its reachable and its contested part; which matches of the tape were
        predicted, and which predicted ones are on the tape.
    """
    on_tape, is_real = Keys.of(tape, predicted).hits()
    trigger = np.where(~is_known, 2, tape.both_passive.astype(np.int64))
    foretold = predicted.both_passive.astype(np.int64)
    score = Score(
        all=Tally(tape.quantity.size, predicted.quantity.size, int(on_tape.sum())),
        quantity=Tally(
            int(tape.quantity.sum()),
            int(predicted.quantity.sum()),
            int(tape.quantity[on_tape].sum()),
        ),
        within_1ms=Tally(
            tape.quantity.size, predicted.quantity.size, _hits_within(tape, predicted)
        ),
        by_trigger={
            name: Tally(
                int((trigger == number).sum()),
                int((foretold == number).sum()),
                int((on_tape & (trigger == number)).sum()),
            )
            for number, name in enumerate(TRIGGERS)
        },
    )
    return score, on_tape, is_real


def as_matches(recorded: DarkMatches) -> Matches:
    """The tape's matches in the form in which they are compared."""
    return Matches(*(getattr(recorded, name) for name in Matches._fields))


class Keys(NamedTuple):
    """What has to agree of two matches, as numbers: the same if all of it is."""

    tape: IntArray
    exact: IntArray
    """int64[predicted], with the price that the book predicts."""
    published: IntArray
    """int64[predicted], with that price as it would be published."""

    @classmethod
    def of(cls, tape: Matches, predicted: Matches) -> Keys:
        """Of all matches on the tape and all predicted ones."""
        published = predicted._replace(price_x2=truncated_x2(predicted.price_x2))
        rows = [_columns(matches) for matches in (tape, predicted, published)]
        ends = np.cumsum([len(one) for one in rows])
        return cls(*np.split(_equal_rows(np.concatenate(rows)), ends[:-1]))

    def only(self, on_tape: BoolArray, in_book: BoolArray) -> Keys:
        """Of some of the matches, bool[tape] and bool[predicted]."""
        return Keys(self.tape[on_tape], self.exact[in_book], self.published[in_book])

    def hits(self) -> tuple[BoolArray, BoolArray]:
        """Which of the tape's matches are predicted, and which predicted ones are on the tape.

        Those that agree exactly are paired first, so that a truncated price takes no one's partner.
        """
        on_tape, is_real = _in_common(self.tape, self.exact)
        missed, wrong = np.flatnonzero(~on_tape), np.flatnonzero(~is_real)
        if missed.size and wrong.size:
            in_common = _in_common(self.tape[missed], self.published[wrong])
            on_tape[missed], is_real[wrong] = in_common
        return on_tape, is_real


def _columns(matches: Matches) -> IntArray:
    """int64[matches, 5], what has to agree."""
    return np.stack(matches[:5], axis=1)


def _equal_rows(rows: IntArray) -> IntArray:
    """int64[rows], a number that equal rows share, from 0 on without gaps."""
    order = np.lexsort(rows.T)
    is_new = np.any(rows[order[1:]] != rows[order[:-1]], axis=1)
    number = np.empty(len(rows), np.int64)
    number[order] = np.cumsum(np.concatenate(([0], is_new)))[: len(rows)]
    return number


def _in_common(one: IntArray, other: IntArray) -> tuple[BoolArray, BoolArray]:
    """Which keys of each are in the other; the second of two equal ones needs a second partner."""
    size = 1 + max(one.max(initial=-1), other.max(initial=-1))
    return _have_partners(one, other, size), _have_partners(other, one, size)


def _have_partners(keys: IntArray, others: IntArray, size: int) -> BoolArray:
    order = np.argsort(keys, kind="stable")
    begins = np.searchsorted(keys[order], keys[order], side="left")
    number = np.empty_like(keys)
    number[order] = np.arange(keys.size) - begins
    has_partner: BoolArray = number < np.bincount(others, minlength=size)[keys]
    return has_partner


def _hits_within(tape: Matches, predicted: Matches) -> int:
    """Hits if timestamps may differ by a millisecond; each match has one partner at most."""
    recorded, foretold = _but_for_time(tape, predicted)
    size = 1 + max(recorded.max(initial=-1), foretold.max(initial=-1))
    n_recorded, n_foretold = (np.bincount(keys, minlength=size) for keys in (recorded, foretold))
    # Nearly all that could meet are one and one.
    is_pair = (n_recorded == 1) & (n_foretold == 1)
    position = np.zeros(size, np.int64)
    position[foretold] = np.arange(foretold.size)
    one = np.flatnonzero(is_pair[recorded])
    other = position[recorded[one]]
    wait_ns = np.abs(tape.timestamp_ns[one] - predicted.timestamp_ns[other])
    price_x2, exact_x2 = tape.price_x2[one], predicted.price_x2[other]
    is_same = (price_x2 == exact_x2) | (price_x2 | 1 == exact_x2)
    are_more = (n_recorded > 0) & (n_foretold > 0) & ~is_pair
    return int((is_same & (wait_ns <= _TOLERANCE_NS)).sum()) + _hits_in_turn(
        tape.chosen(are_more[recorded]), predicted.chosen(are_more[foretold])
    )


def _but_for_time(tape: Matches, predicted: Matches) -> tuple[IntArray, IntArray]:
    """Numbers that matches share which could be the same but for their times.

    A published price without a half unit may be that of the half unit above it.
    """
    rows = [
        np.stack((*matches[:3], matches.price_x2 >> 1), axis=1) for matches in (tape, predicted)
    ]
    numbers = _equal_rows(np.concatenate(rows))
    return numbers[: len(rows[0])], numbers[len(rows[0]) :]


def _hits_in_turn(tape: Matches, predicted: Matches) -> int:
    """The same where several may meet: by time, each match has the first that is left."""
    waiting: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for *key, time_ns in _rows(predicted):
        waiting[tuple(key)].append(time_ns)
    for times in waiting.values():
        times.sort(reverse=True)
    hits = 0
    for *key, price_x2, time_ns in sorted(_rows(tape), key=lambda row: row[-1]):
        for exact_x2 in (price_x2, price_x2 | 1):
            times = waiting.get((*key, exact_x2), [])
            while times and times[-1] < time_ns - _TOLERANCE_NS:
                times.pop()
            if times and times[-1] <= time_ns + _TOLERANCE_NS:
                times.pop()
                hits += 1
                break
    return hits


def _rows(matches: Matches) -> list[list[int]]:
    rows: list[list[int]] = _columns(matches).tolist()
    return rows
