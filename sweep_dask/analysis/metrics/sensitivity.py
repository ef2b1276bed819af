"""Sums over the sweeps of one partition and participant, under every choice an answer depends on.

All lines of a lifetime are summed over the same sweeps: those that arrived in continuous trading
and have a midpoint both on arrival and when they are measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.metrics import units
from sweep_dask.analysis.metrics.quotes import midpoint_x2, quoted_spread
from sweep_dask.analysis.tables import constant, schema, table
from sweep_dask.market.sessions import is_continuous

if TYPE_CHECKING:
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


class Choice(NamedTuple):
    """What a line says under one pair of choices."""

    scenario: str
    lifetime: str
    adoption: float
    """Share of sweeps that change together."""
    totals: FillTotals


class Marks:
    """The sweeps of a partition, measured at the end of one lifetime.

    Parameters
    ----------
    until_ns
        int64[sweeps], ns UTC.
    """

    def __init__(self, found: PartitionSweeps, order: IntArray, until_ns: IntArray) -> None:
        sweeps, quotes = found.sweeps, found.quotes
        every = np.arange(sweeps.size)
        self._order, self._sweeps = order, sweeps
        bid, offer = sweeps.arrival_bid, sweeps.arrival_offer
        self._midpoint_x2 = midpoint_x2(bid, offer)
        self._spread = quoted_spread(bid, offer)
        self._mark_x2 = quotes.midpoint_x2_at(sweeps, every, until_ns)
        is_asked = is_continuous(sweeps.arrival_ns, found.facts.continuous) & (sweeps.quantity > 0)
        self._has_mark = is_asked & (self._midpoint_x2 > 0) & (self._mark_x2 > 0)
        self._lacks_mark = is_asked & ~self._has_mark
        self._participant, self._group = np.unique(found.facts.participant, return_inverse=True)
        self._date, self._security = found.facts.date, found.facts.security

    def rows(self, choice: Choice) -> pa.Table:
        """A row per participant, columns `SENSITIVITY`."""
        columns = self._columns(choice.totals)
        size = self._participant.size
        keys: dict[str, Any] = {
            "date": constant(self._date, size),
            "security": np.full(size, self._security),
            "participant": pa.array(self._participant, mask=self._participant < 0),
            "scenario": constant(choice.scenario, size),
            "lifetime": constant(choice.lifetime, size),
            "adoption": np.full(size, choice.adoption),
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
            "paper_value_aud": units.aud(paper_x2),
            "fill_ratio": units.over(filled, quantity),
            "filled_paper_value_aud": units.aud(midpoint_x2 * filled),
        }
        for name, cost_x2 in (("implementation", shortfall_x2), ("completed", completed_x2)):
            amounts[f"{name}_shortfall_bps"] = units.BPS * units.over(cost_x2, paper_x2)
            amounts[f"{name}_shortfall_aud"] = units.aud(cost_x2)
        return {
            **{name: self._count(values, self._has_mark) for name, values in whole.items()},
            "n_unmarked": self._count(np.ones_like(quantity), self._lacks_mark),
            **{name: self._sum(values) for name, values in amounts.items()},
        }

    def _count(self, values: IntArray, chosen: BoolArray) -> IntArray:
        return self._sum_of(values * chosen).astype(np.int64)

    def _sum(self, values: FloatArray) -> FloatArray:
        return self._sum_of(np.where(self._has_mark, values, 0.0))

    def _sum_of(self, values: Any) -> Any:
        """By participant, added in the order of the sweeps."""
        total = np.zeros(self._participant.size, values.dtype)
        np.add.at(total, self._group, values)
        return total
