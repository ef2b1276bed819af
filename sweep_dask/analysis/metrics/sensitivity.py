"""Sums over the sweeps of one partition and participant, under every choice an answer depends on.

All lines of a lifetime are summed over the same sweeps: those that arrived in continuous trading
and have a midpoint both on arrival and when they are measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.centre_point.adoption import NOBODY, lots
from sweep_dask.analysis.centre_point.choices import Round
from sweep_dask.analysis.centre_point.lifetimes import CLOSE
from sweep_dask.analysis.centre_point.scenarios import AS_ENTERED
from sweep_dask.analysis.centre_point.sensitivity import adoption_totals, tape_totals
from sweep_dask.analysis.metrics import units
from sweep_dask.analysis.metrics.lines import TAPE
from sweep_dask.analysis.metrics.quotes import midpoint_x2, quoted_spread
from sweep_dask.analysis.tables import constant, over, schema, table
from sweep_dask.market.sessions import is_continuous

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.analysis.centre_point.lifetimes import Lifetime
    from sweep_dask.analysis.centre_point.scenarios import Scenarios
    from sweep_dask.analysis.centre_point.sensitivity import FillTotals
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray

#: A row per participant, line, lifetime and share of sweeps that change (0: none does).
KEYS = schema(
    "date:str security:int32 participant:Int64 scenario:str lifetime:str adoption:float64"
)
COUNTS = schema(
    "n_sweeps:int64 n_unmarked:int64 quantity:int64 filled_quantity:int64 dark_quantity:int64 "
    "among_adopters_quantity:int64"
)
#: Sums over the sweeps: of a metric as it is, and weighted by what each sweep is worth. A cost is
#: positive, and in bps of what its sweep is worth, so that weighted it is an amount of money.
AMOUNTS = schema(
    "paper_value_aud:float64 fill_ratio:float64 filled_paper_value_aud:float64 "
    "implementation_shortfall_bps:float64 implementation_shortfall_aud:float64 "
    "completed_shortfall_bps:float64 completed_shortfall_aud:float64"
)
SENSITIVITY = {**KEYS, **COUNTS, **AMOUNTS}


def sensitivity_tables(
    scenarios: Scenarios, found: PartitionSweeps, choices: Choices, names: Iterable[str]
) -> Iterator[pa.Table]:
    """Columns `SENSITIVITY`, a table for each line, lifetime and share; none without a tape.

    Parameters
    ----------
    found
        The sweeps of the same partition.
    names
        Of the scenarios, beside the tape.
    """
    if scenarios.partition.tape is None:
        return  # what really filled is not known, and the book is given no lit fills
    lifetimes = choices.all_lifetimes()
    is_told = choices.may_change(found.facts.participant)
    marks = {one.name: _Marks(scenarios, found, one, is_told) for one in lifetimes}
    until_ns = {name: one.until_ns for name, one in marks.items()}
    lot = lots(scenarios.partition.log.order_id, choices.adoption_seed)
    real = tape_totals(scenarios, list(until_ns.values()))
    for lifetime, totals in zip(lifetimes, real, strict=True):
        yield marks[lifetime.name].rows(TAPE, 0.0, totals)
    for name in names:
        rows: dict[tuple[str, float], pa.Table] = {}
        as_entered = [Round(CLOSE, NOBODY, lifetimes)]
        rounds = as_entered if name == AS_ENTERED else choices.rounds()
        for measured, share, totals in _totals(scenarios, name, rounds, lot, until_ns):
            rows[measured, share] = marks[measured].rows(name, share, totals)
        order = list(until_ns)
        for key in sorted(rows, key=lambda key: (order.index(key[0]), key[1])):
            yield rows[key]


def _totals(
    scenarios: Scenarios,
    name: str,
    rounds: Iterable[Round],
    lot: IntArray,
    until_ns: Mapping[str, IntArray],
) -> Iterator[tuple[str, float, FillTotals]]:
    """Lifetime, share of adopters, and what fills."""
    orders = scenarios.orders(name)
    flow, flow_waits = None, None
    for waits, adoption, measured in rounds:
        if flow is None or waits != flow_waits:
            flow = scenarios.flow(orders, None if waits == CLOSE else until_ns[waits.name])
            flow_waits = waits
        found = adoption_totals(
            scenarios, flow, adoption, lot, [until_ns[one.name] for one in measured]
        )
        for lifetime, totals in zip(measured, found, strict=True):
            yield lifetime.name, adoption.share, totals


class _Marks:
    """The sweeps of a partition of which is told, measured at the end of one lifetime."""

    def __init__(
        self,
        scenarios: Scenarios,
        found: PartitionSweeps,
        lifetime: Lifetime,
        is_told: BoolArray,
    ) -> None:
        sweeps, quotes = found.sweeps, found.quotes
        every = np.arange(sweeps.size)
        self._order, self._sweeps = scenarios.record.order, sweeps
        until_ns = lifetime.until_ns(sweeps.arrival_ns, sweeps.end_ns, found.trading_until_ns)
        self.until_ns = np.zeros(scenarios.affected.size, np.int64)
        """int64[orders], ns UTC; 0 for other orders."""
        self.until_ns[self._order] = until_ns
        bid, offer = sweeps.arrival_bid, sweeps.arrival_offer
        self._midpoint_x2 = midpoint_x2(bid, offer)
        self._spread = quoted_spread(bid, offer)
        self._mark_x2 = quotes.midpoint_x2_at(sweeps, every, until_ns)
        is_asked = is_continuous(sweeps.arrival_ns, found.facts.continuous) & (sweeps.quantity > 0)
        is_asked &= is_told
        self._has_mark = is_asked & (self._midpoint_x2 > 0) & (self._mark_x2 > 0)
        self._lacks_mark = is_asked & ~self._has_mark
        self._participant, self._group = np.unique(found.facts.participant, return_inverse=True)
        self._date, self._security = found.facts.date, found.facts.security
        self._lifetime = lifetime.name

    def rows(self, scenario: str, adoption: float, totals: FillTotals) -> pa.Table:
        """A row per participant, columns `SENSITIVITY`."""
        columns = self._columns(totals)
        size = self._participant.size
        keys: dict[str, Any] = {
            "date": constant(self._date, size),
            "security": np.full(size, self._security),
            "participant": pa.array(self._participant, mask=self._participant < 0),
            "scenario": constant(scenario, size),
            "lifetime": constant(self._lifetime, size),
            "adoption": np.full(size, adoption),
        }
        return table(SENSITIVITY, keys | columns)

    def _columns(self, totals: FillTotals) -> dict[str, Any]:
        filled, value_x2, dark, among_adopters = (total[self._order] for total in totals)
        quantity, sign, midpoint_x2 = self._sweeps.quantity, self._sweeps.sign, self._midpoint_x2
        unfilled = np.maximum(quantity - filled, 0)
        drift_x2 = sign * (self._mark_x2 - midpoint_x2)
        shortfall_x2 = sign * (value_x2 - midpoint_x2 * filled) + drift_x2 * unfilled
        # Half a spread, doubled.
        completed_x2 = shortfall_x2 + self._spread * unfilled
        paper_x2 = midpoint_x2 * quantity
        whole = {
            "n_sweeps": np.ones_like(quantity),
            "quantity": quantity,
            "filled_quantity": filled,
            "dark_quantity": dark,
            "among_adopters_quantity": among_adopters,
        }
        amounts = {
            "paper_value_aud": _aud(paper_x2),
            "fill_ratio": over(filled, quantity),
            "filled_paper_value_aud": _aud(midpoint_x2 * filled),
        }
        for name, cost_x2 in (("implementation", shortfall_x2), ("completed", completed_x2)):
            amounts[f"{name}_shortfall_bps"] = units.BPS * over(cost_x2, paper_x2)
            amounts[f"{name}_shortfall_aud"] = _aud(cost_x2)
        return {
            **{name: self._count(values, self._has_mark) for name, values in whole.items()},
            "n_unmarked": self._count(np.ones_like(quantity), self._lacks_mark),
            **{name: self._sum(values) for name, values in amounts.items()},
        }

    def _count(self, values: IntArray, chosen: BoolArray) -> IntArray:
        total = np.zeros(self._participant.size, np.int64)
        np.add.at(total, self._group, values * chosen)
        return total

    def _sum(self, values: FloatArray) -> FloatArray:
        """By participant, added in the order of the sweeps."""
        total = np.zeros(self._participant.size)
        np.add.at(total, self._group, np.where(self._has_mark, values, 0.0))
        return total


def _aud(amount_x2: IntArray) -> FloatArray:
    return units.aud(amount_x2.astype(np.float64))
