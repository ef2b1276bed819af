"""Sums over the sweeps of one partition and participant, under one choice.

All arms of a lifetime are summed over the same sweeps: those that arrived in continuous trading
and have a midpoint both on arrival and when they are measured. What these fill in the dark is also
summed by the participants whose orders gave it.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sweep_dask.analysis.metrics import units
from sweep_dask.analysis.metrics.records import midpoint_x2, quoted_spread
from sweep_dask.analysis.tables import (
    Schema,
    constant,
    constant_category,
    over,
    schema,
    sums_at,
    table,
)
from sweep_dask.market.sessions import is_continuous
from sweep_dask.terms.dimensions import ALL_FILLS, CATEGORIES
from sweep_dask.terms.metrics import ANSWER
from sweep_dask.terms.score import PREDICTED
from sweep_dask.terms.units import BPS

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.choice_fills import AdoptedOutcome
    from sweep_dask.analysis.centre_point.choices import Case, Lifetime
    from sweep_dask.analysis.centre_point.scenarios import Scenarios
    from sweep_dask.analysis.centre_point.sweep_outcomes import SweepFills
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.analysis.metrics.records import Fees
    from sweep_dask.analysis.tables import BoolArray, FloatArray, IntArray

#: A row per participant and `choices.Case`. The participants are those of sweeps, and those who
#: gave them anything in the dark under any choice.
KEYS = schema(
    "date:str security:int32 participant:Int64 scenario:str lifetime:str adoption:float64 "
    "switch:str event:category"
)
COUNTS = schema(
    "n_sweeps:int64 n_affected:int64 n_unmarked:int64 quantity:int64 filled_quantity:int64 "
    "dark_quantity:int64 among_adopters_quantity:int64 contra_quantity:int64"
)
#: Sums over the sweeps: of a metric as it is, and weighted by what each sweep is worth. A cost is
#: positive, and in bps of what its sweep is worth, so that weighted it is an amount of money.
AMOUNTS: Schema = dict.fromkeys(
    ("paper_value_aud", *chain.from_iterable((f"{n}_sum", worth) for n, worth in ANSWER.items())),
    "float64",
)
_EVENTS = CATEGORIES["event"]
#: A participant.
NOT_KNOWN = -1
SENSITIVITY_COLUMNS = {**KEYS, **COUNTS, **AMOUNTS}


class ChoiceSums:
    """The sweeps of a partition of which is told, measured at the end of one lifetime."""

    def __init__(
        self,
        scenarios: Scenarios,
        partition_sweeps: PartitionSweeps,
        lifetime: Lifetime,
        is_told: BoolArray,
        fees: Fees,
    ) -> None:
        self._fees = fees
        sweeps, facts = partition_sweeps.sweeps, partition_sweeps.facts
        every = np.arange(sweeps.size)
        self._order, self._sweeps = scenarios.record.order, sweeps
        self._may_change = scenarios.affected[self._order]
        until_ns = lifetime.until_ns(
            sweeps.arrival_ns, sweeps.end_ns, partition_sweeps.trading_until_ns
        )
        self.until_ns = np.zeros(scenarios.affected.size, np.int64)
        """int64[orders], ns UTC; 0 for other orders."""
        self.until_ns[self._order] = until_ns
        bid, offer = sweeps.arrival_bid, sweeps.arrival_offer
        self._midpoint_x2 = midpoint_x2(bid, offer)
        self._spread = quoted_spread(bid, offer)
        self._mark_x2 = partition_sweeps.quotes.midpoint_x2_at(sweeps, every, until_ns)
        is_asked = is_continuous(sweeps.arrival_ns, facts.continuous) & (sweeps.quantity > 0)
        is_asked &= is_told
        self._has_mark = is_asked & (self._midpoint_x2 > 0) & (self._mark_x2 > 0)
        self._lacks_mark = is_asked & ~self._has_mark
        self._is_told = np.zeros(scenarios.affected.size, dtype=bool)
        """bool[orders], the sweeps that are summed."""
        self._is_told[self._order[self._has_mark]] = True
        of_sweeps = facts.participant
        self._of_order = scenarios.partition.log.participant_of_order
        self._participant = np.union1d(of_sweeps, self._of_order)
        self._group = np.searchsorted(self._participant, of_sweeps)
        size = self._participant.size
        #: Columns that are the same under every choice.
        self._of_partition = {
            "date": constant(facts.date, size),
            "security": pa.repeat(pa.scalar(facts.security, pa.int32()), size),
            "participant": pa.array(self._participant, mask=self._participant < 0),
        }
        self._events = {name: constant_category("event", name, size) for name in _EVENTS}

    def rows(self, case: Case, outcome: AdoptedOutcome) -> pa.Table:
        """A row per participant, columns `SENSITIVITY_COLUMNS`."""
        return self._rows(case, self._columns(case, outcome))

    def switched_rows(
        self, case: Case, plain: AdoptedOutcome, switched: AdoptedOutcome, scale: float
    ) -> pa.Table:
        """The same of a switch that is told of in some of the groups.

        `scale`: all groups for each of those; sums of what changes there stand for those of all.
        """
        before, after = (self._columns(case, outcome) for outcome in (plain, switched))
        changes = {name: scale * (after[name] - before[name]) for name in before}
        whole = {name: before[name] + np.rint(changes[name]).astype(np.int64) for name in COUNTS}
        amounts = {name: before[name] + changes[name] for name in AMOUNTS}
        return self._rows(case, whole | amounts)

    def _rows(self, case: Case, columns: dict[str, Any]) -> pa.Table:
        size = self._participant.size
        keys: dict[str, Any] = {
            **self._of_partition,
            "scenario": constant(case.scenario, size),
            "lifetime": constant(case.lifetime, size),
            "adoption": np.full(size, case.adoption),
            "switch": constant(case.switch, size),
            "event": self._events[case.event],
        }
        return table(SENSITIVITY_COLUMNS, keys | columns)

    def _columns(self, case: Case, outcome: AdoptedOutcome) -> dict[str, Any]:
        is_whole = case.event == ALL_FILLS
        totals = outcome.totals(self.until_ns, None if is_whole else PREDICTED.index(case.event))
        of_sweeps = (total[self._order] for total in totals)
        filled, value_x2, dark, dark_value_x2, among_adopters = of_sweeps
        quantity, sign, midpoint_x2 = self._sweeps.quantity, self._sweeps.sign, self._midpoint_x2
        # Part of the fills adds to a cost what it costs, less what the shares would if left.
        unfilled = np.maximum(quantity - filled, 0) if is_whole else -filled
        drift_x2 = sign * (self._mark_x2 - midpoint_x2)
        shortfall_x2 = sign * (value_x2 - midpoint_x2 * filled) + drift_x2 * unfilled
        shortfall_x2 = shortfall_x2 + self._fees.paid(dark_value_x2, value_x2 - dark_value_x2)
        # Half a spread, doubled.
        completed_x2 = shortfall_x2 + self._spread * unfilled
        traded_x2 = self._mark_x2 + sign * self._spread
        completed_x2 += self._fees.paid_lit(traded_x2 * unfilled)
        paper_x2 = midpoint_x2 * quantity
        whole = {
            "n_sweeps": np.ones_like(quantity),
            "n_affected": self._may_change.astype(np.int64),
            "quantity": quantity,
            "filled_quantity": filled,
            "dark_quantity": dark,
            "among_adopters_quantity": among_adopters,
        }
        amounts = {
            "paper_value_aud": _aud(paper_x2),
            "fill_ratio_sum": over(filled, quantity),
            "filled_paper_value_aud": _aud(midpoint_x2 * filled),
        }
        for name, cost_x2 in (("implementation", shortfall_x2), ("completed", completed_x2)):
            amounts[f"{name}_shortfall_bps_sum"] = BPS * over(cost_x2, paper_x2)
            amounts[f"{name}_shortfall_aud"] = _aud(cost_x2)
        return {
            **{name: self._count(values, self._has_mark) for name, values in whole.items()},
            "n_unmarked": self._count(np.ones_like(quantity), self._lacks_mark),
            # What few give cannot be told of a part, or from some of the groups.
            "contra_quantity": self._given(outcome.fills) * (is_whole and not case.switch),
            **{name: self._sum(values) for name, values in amounts.items()},
        }

    def _given(self, fills: SweepFills) -> IntArray:
        """What orders of each participant gave the sweeps in the dark; 0 for those not known."""
        counts = (fills.contra >= 0) & self._is_told[fills.order]
        counts &= fills.timestamp_ns <= self.until_ns[fills.order]
        participant = self._of_order[fills.contra[counts]]
        quantity = fills.quantity[counts] * (participant != NOT_KNOWN)
        group = np.searchsorted(self._participant, participant)
        return sums_at(group, quantity, self._participant.size)

    def _count(self, values: IntArray, chosen: BoolArray) -> IntArray:
        total = np.zeros(self._participant.size, np.int64)
        np.add.at(total, self._group, values * chosen)
        return total

    def _sum(self, values: FloatArray) -> FloatArray:
        """By participant, added in the order of the sweeps."""
        total = np.zeros(self._participant.size)
        np.add.at(total, self._group, np.where(self._has_mark, values, 0.0))
        return total


def _aud(amount_x2: IntArray | FloatArray) -> FloatArray:
    return units.aud(amount_x2.astype(np.float64))
