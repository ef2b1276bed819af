"""How many of the tape's dark matches a replay predicted, and how many of its own are real.

A hit is a predicted match with the same buy order, sell order, quantity, price and timestamp. The
book predicts exact prices and the tape has published ones, which are truncated: they are the same
if the one is published as the other (R1). Hits are also counted by kind: by what made a match
happen, and by who took part.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.latest_rows import LatestRows
from sweep_dask.analysis.centre_point.order_checks import order_numbers
from sweep_dask.analysis.centre_point.order_flow import amendment_rows, entry_rows
from sweep_dask.analysis.centre_point.order_log import sweeps_of
from sweep_dask.analysis.centre_point.score import Confusion, Confusions, Score
from sweep_dask.market.ticks import truncated_x2
from sweep_dask.matching.events import EventKind
from sweep_dask.terms.score import EVENTS, KINDS, TRIGGERS
from sweep_dask.terms.sides import BUY, SELL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.centre_point.tape import DarkMatches
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.centre_point import BookResult

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
    """Count the hits; `is_known`, bool[tape], are matches of which both orders are in the book.

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
        all=Confusion(tape.quantity.size, predicted.quantity.size, int(on_tape.sum())),
        quantity=Confusion(
            int(tape.quantity.sum()),
            int(predicted.quantity.sum()),
            int(tape.quantity[on_tape].sum()),
        ),
        within_1ms=Confusion(
            tape.quantity.size, predicted.quantity.size, _hits_within(tape, predicted)
        ),
        by_trigger={
            name: Confusion(
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
    return number < np.bincount(others, minlength=size)[keys]


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


#: Of each name in `EVENTS` and `KINDS` whether a match is of it.
Kinds = dict[str, "BoolArray"]


def kinds_on_tape(partition: PartitionInput, recorded: DarkMatches, is_known: BoolArray) -> Kinds:
    """Of each match on the tape; an order that is not in the input is of no kind.

    `is_known`: bool[tape], whether both orders are in the book.
    """
    log, sweeps = partition.log, sweeps_of(partition.log)
    has_aggressor, aggressor = order_numbers(log, recorded.aggressor_id)
    amends = has_aggressor & _is_amendment(partition, aggressor, recorded.timestamp_ns)
    events = np.select([~is_known, recorded.both_passive, amends], [3, 2, 1], default=0)
    kinds = {name: events == number for number, name in enumerate(EVENTS)}
    kinds |= {name: np.zeros(recorded.size, dtype=bool) for name in KINDS}
    for order_id in (recorded.buy_order_id, recorded.sell_order_id):
        is_there, order = order_numbers(log, order_id)
        _add_leg(kinds, is_there, sweeps[order], order_id == recorded.aggressor_id)
    return kinds


def kinds_in_book(partition: PartitionInput, flow: OrderFlow, result: BookResult) -> Kinds:
    """Of each match that the book predicted."""
    sweeps, fills = sweeps_of(partition.log), result.fills
    is_amendment = flow.events["kind"][fills["event"]] == EventKind.AMEND
    events = np.select([fills["aggressor"] == 0, is_amendment], [2, 1], default=0)
    kinds = {name: events == number for number, name in enumerate(EVENTS)}
    kinds |= {name: np.zeros(fills.size, dtype=bool) for name in KINDS}
    everywhere = np.ones(fills.size, dtype=bool)
    for side, number in (("buy", BUY), ("sell", SELL)):
        _add_leg(kinds, everywhere, sweeps[fills[side]], fills["aggressor"] == number)
    return kinds


def confusions_of(tape: Matches, predicted: Matches, on_tape: Kinds, in_book: Kinds) -> Confusions:
    """Count each kind by itself: a hit is a hit only if it is of the same kind in both."""

    keys = Keys.of(tape, predicted)

    def counted(names: Iterable[str]) -> dict[str, Confusion]:
        return {name: _confusion(keys.only(on_tape[name], in_book[name])) for name in names}

    return Confusions(_confusion(keys), counted(EVENTS), counted(KINDS))


def _confusion(keys: Keys) -> Confusion:
    is_hit, _ = keys.hits()
    return Confusion(keys.tape.size, keys.exact.size, int(is_hit.sum()))


def _add_leg(
    kinds: Mapping[str, BoolArray], is_there: BoolArray, is_sweep: BoolArray, is_active: BoolArray
) -> None:
    """Note what one side of each match is."""
    for role, has_role in (("active", is_active), ("passive", ~is_active)):
        kinds[f"{role}_sweeps"][is_there & has_role & is_sweep] = True
        kinds[f"{role}_orders"][is_there & has_role & ~is_sweep] = True


def _is_amendment(partition: PartitionInput, order: IntArray, timestamp_ns: IntArray) -> BoolArray:
    """Whether an order that looked for contras at a time had been amended; else it arrived."""
    log, is_in = partition.log, partition.is_in
    amendments = amendment_rows(log, is_in)
    rows = np.sort(np.concatenate((entry_rows(log, is_in), amendments)))
    row = LatestRows(log.order[rows], log.timestamp_ns[rows]).at(order, timestamp_ns)
    return (row >= 0) & np.isin(rows[row] if rows.size else row, amendments)
