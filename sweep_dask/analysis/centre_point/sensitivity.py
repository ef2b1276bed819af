"""What sweeps fill under every choice that an answer depends on.

A scenario says what sweeps do. How long they wait, and how many of them do it at the same time, are
choices of whoever asks; of each pair of choices only sums are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.matching.events import EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep_dask.analysis.centre_point.adoption import Adoption
    from sweep_dask.analysis.centre_point.scenarios import ScenarioFlow, Scenarios
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.centre_point import BookResult


class FillTotals(NamedTuple):
    """What each sweep filled until it was measured; int64[orders], 0 for other orders."""

    quantity: IntArray
    """Shares."""
    value_x2: IntArray
    """Shares times doubled price."""
    dark_quantity: IntArray
    """Shares filled in the dark."""
    among_adopters_quantity: IntArray
    """Shares of those filled against another sweep that changes, too."""


def tape_totals(scenarios: Scenarios, until_ns: Sequence[IntArray]) -> list[FillTotals]:
    """What really filled until each of several times, int64[orders], ns UTC."""
    real = real_fills(scenarios.partition)
    totals = [_Totals(until) for until in until_ns]
    for total in totals:
        total.add(real.order, real.timestamp_ns, real.quantity, real.price_x2, is_dark=real.is_dark)
    return [total.found for total in totals]


def adoption_totals(
    scenarios: Scenarios,
    flow: ScenarioFlow,
    adoption: Adoption,
    lot: IntArray,
    until_ns: Sequence[IntArray],
) -> list[FillTotals]:
    """What fills if some share of the sweeps adopts a scenario, each measured as one that does.

    Parameters
    ----------
    flow
        Of the scenario, with sweeps that wait at least until they are measured.
    lot
        int64[orders], see `adoption.lots`.
    until_ns
        int64[orders] each, ns UTC: when each sweep is measured.
    """
    given = _GivenFills(scenarios, flow)
    totals = [_Totals(until) for until in until_ns]
    for replay in adoption.replays(lot):
        is_told = scenarios.record.is_sweep & replay.is_measured
        if not is_told.any():
            continue  # a small partition has fewer sweeps than there are groups
        adopts = scenarios.affected & replay.adopts
        result = flow.run(adopts)
        for total in totals:
            given.add_to(total, result, is_told)
            _add_matches(total, flow, result, adopts, is_told)
    return [total.found for total in totals]


class _Totals:
    """Sums that grow with each replay."""

    def __init__(self, until_ns: IntArray) -> None:
        self._until_ns = until_ns
        self.found = FillTotals(*(np.zeros(until_ns.size, np.int64) for _ in FillTotals._fields))

    def add(
        self,
        order: IntArray,
        timestamp_ns: IntArray,
        quantity: IntArray,
        price_x2: IntArray,
        *,
        is_dark: BoolArray | bool = False,
        is_among_adopters: BoolArray | bool = False,
    ) -> None:
        """Add fills, those that come in time."""
        quantity = quantity * (timestamp_ns <= self._until_ns[order])
        amounts = (quantity, quantity * price_x2, quantity * is_dark, quantity * is_among_adopters)
        for total, amount in zip(self.found, amounts, strict=True):
            np.add.at(total, order, amount)


class _GivenFills:
    """Recorded fills of sweeps that the book is given, as far as anything is left to fill."""

    def __init__(self, scenarios: Scenarios, flow: ScenarioFlow) -> None:
        events, tape = flow.flow.events, scenarios.partition.tape
        if tape is None:
            self._event = np.zeros(0, np.int64)
            return
        order = events["order"]
        is_given = (events["kind"] == EventKind.REDUCE) & scenarios.record.is_sweep[order]
        self._event = np.flatnonzero(is_given)
        trade = flow.flow.source[self._event]
        self._order, self._timestamp_ns = order[self._event], flow.flow.timestamp_ns[self._event]
        self._price_x2, self._is_dark = tape.exact_x2[trade], tape.is_dark[trade]

    def add_to(self, total: _Totals, result: BookResult, is_told: BoolArray) -> None:
        """Add those of one replay, of the sweeps of which it tells."""
        if not self._event.size:
            return
        quantity = result.applied[self._event] * is_told[self._order]
        total.add(self._order, self._timestamp_ns, quantity, self._price_x2, is_dark=self._is_dark)


def _add_matches(
    total: _Totals,
    flow: ScenarioFlow,
    result: BookResult,
    adopts: BoolArray,
    is_told: BoolArray,
) -> None:
    """Add the dark matches of one replay."""
    fills = result.fills
    for side, contra in (("buy", "sell"), ("sell", "buy")):
        at = np.flatnonzero(is_told[fills[side]])
        total.add(
            fills[side][at],
            flow.flow.timestamp_ns[fills["event"][at]],
            fills["quantity"][at],
            fills["price_x2"][at],
            is_dark=True,
            is_among_adopters=adopts[fills[side][at]] & adopts[fills[contra][at]],
        )
