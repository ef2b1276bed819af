"""What sweeps fill under every choice that an answer depends on.

A scenario says what sweeps do. How long they wait, and how many of them do it at the same time, are
choices of whoever asks.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.sweep_outcomes import FillsOfSweeps, SweepFills, real_fills
from sweep_dask.analysis.tables import sums_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_dask.analysis.centre_point.choices import Adoption
    from sweep_dask.analysis.centre_point.scenario_flow import ScenarioFlow
    from sweep_dask.analysis.centre_point.scenarios import Scenarios
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.centre_point import BookResult
    from sweep_dask.terms.choices import Switch


#: What a switch changes is told of so many sweeps of a partition, in so many groups, at least;
#: arbitrary.
_ENOUGH_SWEEPS, _LEAST_GROUPS = 1_000, 4


class AdoptedOutcome(NamedTuple):
    """What becomes of every sweep, of each in a replay in which it is one of those that change."""

    fills: SweepFills
    is_among_adopters: BoolArray
    """bool[fills], whether the sweep met another that changes, too."""
    leaves: IntArray
    """int64[orders], shares of sweeps left in the end; 0 for other orders."""
    obstacle: IntArray
    """int64[orders], `Obstacle` of sweeps; 0 for other orders."""

    def fills_until(self, until_ns: IntArray) -> SweepFills:
        """The fills of each sweep up to the last instant that counts, in the order of time.

        `until_ns`: int64[orders], ns UTC.
        """
        time_ns, order = self.fills.timestamp_ns, self.fills.order
        by_time = np.lexsort((order, time_ns))
        return self.fills.chosen(by_time[(time_ns <= until_ns[order])[by_time]])

    def totals(self, until_ns: IntArray, event: int | None = None) -> FillTotals:
        """Sums over the fills of each sweep up to the last instant that counts.

        Parameters
        ----------
        until_ns
            int64[orders], ns UTC.
        event
            Of those alone that this made the book predict, as `SweepFills.event`; None: of all.
        """
        fills = self.fills
        quantity = fills.quantity * (fills.timestamp_ns <= until_ns[fills.order])
        if event is not None:
            quantity = quantity * (fills.event == event)
        amounts = (
            quantity,
            quantity * fills.price_x2,
            quantity * fills.is_dark,
            quantity * fills.price_x2 * fills.is_dark,
            quantity * self.is_among_adopters,
        )
        return FillTotals(*(sums_at(fills.order, amount, until_ns.size) for amount in amounts))


class FillTotals(NamedTuple):
    """What each sweep filled until it was measured; int64[orders], 0 for other orders."""

    quantity: IntArray
    """Shares."""
    value_x2: IntArray
    """Shares times doubled price."""
    dark_quantity: IntArray
    """Shares filled in the dark."""
    dark_value_x2: IntArray
    """Of these, shares times doubled price."""
    among_adopters_quantity: IntArray
    """Shares of those filled against another sweep that changes, too."""


def real_outcome(scenarios: Scenarios) -> AdoptedOutcome:
    """What really filled; nobody adopted anything."""
    fills = real_fills(scenarios.partition)
    none = np.zeros(scenarios.affected.size, np.int64)
    return AdoptedOutcome(fills, np.zeros(fills.order.size, dtype=bool), none, none)


def adopted_outcomes(
    scenarios: Scenarios,
    flow: ScenarioFlow,
    adoption: Adoption,
    lot: IntArray,
    switches: Iterable[Switch] = (),
) -> dict[Switch | None, AdoptedOutcome]:
    """What fills if some share of the sweeps adopts a scenario, each measured as one that does.

    Parameters
    ----------
    flow
        Of the scenario, with sweeps that wait at least until they are measured.
    lot
        int64[orders], see `choices.lots`.
    switches
        Under each of which it is told once more, of the sweeps in some of the groups: see
        `switched_groups`. Of the others it is told as without a switch.

    Returns
    -------
    dict
        By switch; None: without any.
    """
    parts_of: dict[Switch | None, list[AdoptedOutcome]] = {one: [] for one in (None, *switches)}
    fills_of = FillsOfSweeps(scenarios.record, flow.flow)
    switched_in = switched_groups(scenarios, adoption)
    for group, replay in enumerate(adoption.replays(lot)):
        is_measured = scenarios.record.is_sweep & replay.is_measured
        if not is_measured.any():
            continue  # a small partition has fewer sweeps than there are groups
        adopts = scenarios.affected & replay.adopts
        result = flow.run(adopts)
        plain = _outcome_of(
            scenarios, fills_of.of(result, is_measured), result, adopts, is_measured
        )
        for switch, parts in parts_of.items():
            outcome = plain
            is_asked = group in switched_in
            if switch is not None and is_asked and flow.may_matter(switch, adopts, result):
                switched = flow.run(adopts, switch)
                fills = fills_of.of(switched, is_measured)
                outcome = _outcome_of(scenarios, fills, switched, adopts, is_measured)
            parts.append(outcome)
    plain_parts = parts_of.pop(None)
    plain_outcome = _joined(scenarios, plain_parts)
    return {None: plain_outcome} | {
        switch: plain_outcome if _are_the_same(parts, plain_parts) else _joined(scenarios, parts)
        for switch, parts in parts_of.items()
    }


def _are_the_same(parts: list[AdoptedOutcome], others: list[AdoptedOutcome]) -> bool:
    return all(one is other for one, other in zip(parts, others, strict=True))


def switched_groups(scenarios: Scenarios, adoption: Adoption) -> range:
    """In which groups it is told of switches, too: all, or as many as tell of enough sweeps.

    Groups are dealt at random, and what a switch changes is a mean over sweeps: more of them would
    cost more than they tell.
    """
    sweeps = max(scenarios.record.order.size, 1)
    enough = ceil(_ENOUGH_SWEEPS * adoption.groups / sweeps)
    return range(0, adoption.groups, max(adoption.groups // max(enough, _LEAST_GROUPS), 1))


def _outcome_of(
    scenarios: Scenarios,
    fills: SweepFills,
    result: BookResult,
    adopts: BoolArray,
    is_measured: BoolArray,
) -> AdoptedOutcome:
    """What one replay says of the sweeps that it measures, bool[orders]."""
    leaves, obstacle = np.zeros((2, scenarios.affected.size), np.int64)
    order = scenarios.record.order[is_measured[scenarios.record.order]]
    leaves[order], obstacle[order] = result.leaves[order], result.obstacle[order]
    is_among = (fills.contra >= 0) & adopts[fills.order] & adopts[fills.contra]
    return AdoptedOutcome(fills, is_among, leaves, obstacle)


def _joined(scenarios: Scenarios, parts: list[AdoptedOutcome]) -> AdoptedOutcome:
    if not parts:
        return real_outcome(scenarios)  # there are no sweeps
    fills, is_among, leaves, obstacle = zip(*parts, strict=True)
    return AdoptedOutcome(
        SweepFills.joined(fills),
        np.concatenate(is_among),
        # Each is 0 where another tells of the sweep.
        np.sum(leaves, axis=0),
        np.sum(obstacle, axis=0),
    )
