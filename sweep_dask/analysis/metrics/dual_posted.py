"""Sweeps that really were dual-posted, beside others of the same kind: a test of `dual-post`.

What that scenario assumes of every sweep some have done on the tape. They are matched with others
that were not, exactly on strata: security-day, side, limit against the quote on arrival, size and
hour. The others count in each stratum for as many shares as the dual-posted ones have there. If the
simulator is right, what it says the others would have filled is near to what these really filled,
as far as nothing else tells the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtrit

from sweep_dask.analysis.centre_point.choices import lifetime_of
from sweep_dask.analysis.centre_point.order_flow import entry_rows
from sweep_dask.analysis.centre_point.scenarios import Scenarios, affected_sweeps
from sweep_dask.analysis.centre_point.score import Counts, share
from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.analysis.metrics.choice_replays import under_choices
from sweep_dask.analysis.metrics.fill_sums import fill_sums
from sweep_dask.analysis.metrics.partition_sweeps import fills_of_book
from sweep_dask.analysis.metrics.populations import populations
from sweep_dask.analysis.significance import (
    LEVEL,
    ClusterSquares,
    effective_clusters,
    standard_error,
)
from sweep_dask.analysis.tables import coded, over, sums_at
from sweep_dask.market.order_codes import HALF_TICK
from sweep_dask.terms.arms import DUAL_POST
from sweep_dask.terms.choices import ENOUGH_CLUSTERS
from sweep_dask.terms.dimensions import UNKNOWN

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.choices import Choices
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.metrics.fill_sums import FillSums
    from sweep_dask.analysis.metrics.partition_sweeps import PartitionSweeps
    from sweep_dask.analysis.metrics.records import Fills
    from sweep_dask.analysis.tables import BoolArray, IntArray

#: Strata of a security-day, beside the side; columns of `populations`.
_STRATA = ("marketability", "size_class", "hour")


@dataclass
class DualPosted(Counts):
    """Sums over dual-posted sweeps and those they are matched with; to be added by partition."""

    sweeps: int = 0
    """Dual-posted, with or without a match."""
    matched: int = 0
    """Of these, with another sweep in their stratum; all below is of them."""
    others: int = 0
    """Sweeps they are matched with."""
    days: int = 0
    """Security-days that have any."""
    quantity: int = 0
    """Shares of the dual-posted ones."""
    filled_quantity: int = 0
    """Shares that they really filled."""
    others_filled_quantity: float = 0.0
    """What as many shares of the others really filled."""
    predicted_filled_quantity: float = 0.0
    """And would have, had they been dual-posted."""
    squared_quantity: int = 0
    """Sum over security-days of the square of `quantity`."""
    difference_times_quantity: float = 0.0
    """Likewise, of what was predicted less what these filled, times `quantity`."""
    squared_difference: float = 0.0

    def as_json(self) -> dict[str, Any] | None:
        """As in `fidelity.json`, not rounded; None if no sweep was dual-posted."""
        if not self.sweeps:
            return None
        predicted = self.predicted_filled_quantity
        difference = share(predicted - self.filled_quantity, self.quantity)
        margin = None if difference is None else self._margin(difference)
        return {
            "sweeps": self.sweeps,
            "matched": self.matched,
            "unmatched": self.sweeps - self.matched,
            "others": self.others,
            "security_days": self.days,
            "quantity": self.quantity,
            "filled_share": share(self.filled_quantity, self.quantity),
            "others_filled_share": share(self.others_filled_quantity, self.quantity),
            "predicted_filled_share": share(predicted, self.quantity),
            "difference": difference,
            "low": None if difference is None or margin is None else difference - margin,
            "high": None if difference is None or margin is None else difference + margin,
        }

    def _margin(self, difference: float) -> float | None:
        """Half the interval of a difference; None where too few security-days tell of it."""
        sums = ClusterSquares(
            self.quantity,
            self.days,
            self.squared_difference,
            self.difference_times_quantity,
            self.squared_quantity,
        )
        error = float(standard_error(sums, np.array(difference)))
        if self.days < ENOUGH_CLUSTERS or not error:
            return None
        return float(stdtrit(effective_clusters(sums) - 1, (1 + LEVEL) / 2)) * error


def dual_posted(
    partition: PartitionInput,
    partition_sweeps: PartitionSweeps,
    choices: Choices,
    predicted: Fills | None = None,
) -> DualPosted:
    """Match the sweeps of one partition, each measured at the end of the answer's own lifetime.

    Asked about are those that came in continuous trading, with a limit, and may rest. The others
    are of those that the scenario may change. `predicted`: what `dual-post` says of them under the
    answer's own choice, also what came too late to count; None: it is replayed for this, if any
    sweep was dual-posted.
    """
    log = partition.log
    rows = entry_rows(log, partition.is_in)
    rows = rows[log.is_sweep[rows]]
    is_asked = affected_sweeps(partition)[log.order[rows]] & ~log.is_immediate[rows]
    is_asked &= partition_sweeps.sweeps.quantity > 0
    is_dual = log.effective_midtick[rows] == HALF_TICK
    if partition.tape is None or not (is_asked & is_dual).any():
        return DualPosted()
    is_asked &= is_dual | choices.may_change(partition_sweeps.facts.participant)
    real = fills_of_book(log, real_fills(partition))
    if predicted is None:
        predicted = _replayed(partition, partition_sweeps, choices)
    sweeps = partition_sweeps.measured(lifetime_of(choices.lifetime)).sweeps
    return matched_on_strata(
        is_dual[is_asked],
        _strata(partition_sweeps, fill_sums(partition_sweeps.sweeps, real))[is_asked],
        sweeps.quantity[is_asked],
        fill_sums(sweeps, real).quantity[is_asked],
        fill_sums(sweeps, predicted).quantity[is_asked],
    )


def matched_on_strata(
    is_dual: BoolArray, stratum: IntArray, quantity: IntArray, real: IntArray, predicted: IntArray
) -> DualPosted:
    """Match the sweeps of one security-day.

    Parameters
    ----------
    is_dual
        bool[sweeps], whether each was dual-posted.
    stratum
        int64[sweeps], a number from 0 on.
    quantity, real, predicted
        int64[sweeps], shares of each sweep, above 0; filled; and filled had it been dual-posted.
    """
    size = int(stratum.max(initial=-1)) + 1

    def of_strata(amount: IntArray) -> list[IntArray]:
        return [sums_at(stratum[one], amount[one], size) for one in (is_dual, ~is_dual)]

    (dual, others), (shares, of_others) = of_strata(np.ones_like(stratum)), of_strata(quantity)
    (filled, others_filled), (_, others_predicted) = of_strata(real), of_strata(predicted)
    has_both = (dual > 0) & (others > 0)

    def total(amounts: IntArray) -> int:
        return int(amounts[has_both].sum())

    def weighted(amounts: IntArray) -> float:
        return float((shares * over(amounts, of_others))[has_both].sum())

    matched = total(shares)
    difference = weighted(others_predicted) - total(filled)
    return DualPosted(
        sweeps=int(is_dual.sum()),
        matched=total(dual),
        others=total(others),
        days=int(has_both.any()),
        quantity=matched,
        filled_quantity=total(filled),
        others_filled_quantity=weighted(others_filled),
        predicted_filled_quantity=weighted(others_predicted),
        squared_quantity=matched**2,
        difference_times_quantity=difference * matched,
        squared_difference=difference**2,
    )


def _strata(partition_sweeps: PartitionSweeps, real: FillSums) -> IntArray:
    """int64[sweeps], the number of each sweep's stratum."""
    labels = populations(real, partition_sweeps.facts)
    codes = [coded(labels[name].cast("string").fill_null(UNKNOWN))[0] for name in _STRATA]
    keys = np.column_stack([partition_sweeps.sweeps.side, *codes])
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)


def _replayed(
    partition: PartitionInput, partition_sweeps: PartitionSweeps, choices: Choices
) -> Fills:
    """What each sweep fills under the answer's own choice, and under no other."""
    scenarios = Scenarios(partition, choices.may_change(partition.log.participant_of_order))
    alone = choices._replace(lifetimes=(), adoption_shares=(), switches=())
    return (
        under_choices(scenarios, partition_sweeps, alone, [DUAL_POST])
        .answers[DUAL_POST]
        .outcome.fills
    )
