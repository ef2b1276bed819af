"""Every metric of a sweep, from its fills and the quotes around them.

A cost is positive on both sides (Perold 1988), and an improvement is when it is good for the order.
Prices are in 0.1 cent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from sweep_dask.analysis.metrics import units
from sweep_dask.analysis.metrics.fill_sums import FillSums, fill_sums
from sweep_dask.analysis.metrics.records import NO_FEES, midpoint_x2, quoted_spread, spread_ticks
from sweep_dask.analysis.tables import Schema, category, side_names
from sweep_dask.market.ticks import DEFAULT_TICKS
from sweep_dask.terms.metrics import COLUMNS, REALISED_AFTER_SECONDS
from sweep_dask.terms.units import BPS

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.metrics.records import Fees, Fills, Quotes, Sweeps
    from sweep_dask.analysis.tables import FloatArray, IntArray
    from sweep_dask.market.ticks import TickTable

#: One row per sweep. Each column has an entry in docs/metrics.md.
SWEEP_METRIC_COLUMNS: Schema = {name: column.metric.kind for name, column in COLUMNS.items()}


class SweepMeasure:
    """Measures sweeps by their fills; what does not depend on those is worked out once.

    `fees` are part of arrival cost and shortfalls; `ticks` are behind `arrival_spread_ticks`.
    """

    def __init__(
        self,
        sweeps: Sweeps,
        quotes: Quotes,
        *,
        ticks: TickTable = DEFAULT_TICKS,
        fees: Fees = NO_FEES,
    ) -> None:
        self.sweeps, self.quotes, self.sign, self.fees = sweeps, quotes, sweeps.sign, fees
        bid, offer = sweeps.arrival_bid, sweeps.arrival_offer
        self.midpoint_x2 = units.known(midpoint_x2(bid, offer))
        self.spread = units.known(quoted_spread(bid, offer))
        self.drift_x2 = self._drift_x2(sweeps.end_ns)
        #: The columns that no fill changes.
        self.columns = self._order() | self._arrival_quote(ticks) | self._market()

    def of(self, fills: Fills) -> dict[str, Any]:
        """The columns `SWEEP_METRIC_COLUMNS`, one element a sweep, in their order."""
        sums = fill_sums(self.sweeps, fills)
        unfilled = np.maximum(self.sweeps.quantity - sums.quantity, 0)
        case = _Case(self, sums, unfilled, units.known(2 * sums.quantity))
        columns = dict(self.columns)
        for compute in _OF_FILLS:
            columns |= compute(case)
        return columns

    def bps(self, price: FloatArray) -> FloatArray:
        """A price in bps of the midpoint on arrival, the base of all."""
        return BPS * price / (self.midpoint_x2 / 2)

    def _drift_x2(self, time_ns: IntArray) -> FloatArray:
        """How far the doubled midpoint has moved against the order since arrival."""
        every = np.arange(self.sweeps.size)
        later_x2 = units.known(self.quotes.midpoint_x2_at(self.sweeps, every, time_ns))
        return self.sign * (later_x2 - self.midpoint_x2)

    def _order(self) -> dict[str, Any]:
        sweeps = self.sweeps
        return {
            "order_id": sweeps.order_id,
            "side": side_names(sweeps.side),
            "arrival_ns": sweeps.arrival_ns,
            "end_ns": sweeps.end_ns,
            "working_seconds": units.seconds(sweeps.end_ns - sweeps.arrival_ns),
            "quantity": sweeps.quantity,
            "limit": units.known(sweeps.limit_x2) / 2,
        }

    def _arrival_quote(self, ticks: TickTable) -> dict[str, FloatArray]:
        bid, offer = self.sweeps.arrival_bid, self.sweeps.arrival_offer
        return {
            "arrival_bid": units.known(bid),
            "arrival_offer": units.known(offer),
            "arrival_midpoint": self.midpoint_x2 / 2,
            "arrival_spread_price": self.spread,
            "arrival_spread_bps": self.bps(self.spread),
            "arrival_spread_ticks": spread_ticks(bid, offer, ticks),
        }

    def _market(self) -> dict[str, FloatArray]:
        """What the market did until the sweep was measured, whatever it filled."""
        drift = self.drift_x2 / 2 + 0.0
        spread = self.quotes.working_spread(self.sweeps)
        return {
            "market_drift_price": drift,
            "market_drift_bps": self.bps(drift),
            "working_spread_price": spread,
            "working_spread_bps": self.bps(spread),
        }


class _Case(NamedTuple):
    """What several metrics need of one set of fills; prices are doubled, NaN if there is none."""

    measure: SweepMeasure
    sums: FillSums
    unfilled: IntArray
    filled_x2: FloatArray
    """float64[sweeps], twice the filled quantity; NaN for none."""

    def cost_x2(self, value_x2: FloatArray) -> FloatArray:
        """What the filled shares cost more than a value."""
        # Adding 0 makes a negative zero a plain one.
        return self.measure.sign * (self.sums.value_x2 - value_x2) + 0.0

    def fees_x2(self) -> FloatArray:
        """What was paid for the fills beside their price."""
        sums = self.sums
        dark_x2 = sums.value_x2_where(sums.fills.is_dark)
        return self.measure.fees.paid(dark_x2, sums.value_x2 - dark_x2)

    def per_share(self, name: str, amount_x2: FloatArray) -> dict[str, FloatArray]:
        """An amount per filled share: as a price, and in bps of the midpoint on arrival."""
        price = amount_x2 / self.filled_x2
        return {f"{name}_price": price, f"{name}_bps": self.measure.bps(price)}


_Compute = TypeVar("_Compute", bound=Callable[[_Case], dict[str, Any]])
_OF_FILLS: list[Callable[[_Case], dict[str, Any]]] = []


def _of_fills(compute: _Compute) -> _Compute:
    """Marks what computes columns from a set of fills."""
    _OF_FILLS.append(compute)
    return compute


@_of_fills
def _outcome(case: _Case) -> dict[str, Any]:
    sums = case.sums
    filled = sums.quantity
    return {
        "filled_quantity": filled,
        "unfilled_quantity": case.unfilled,
        "dark_quantity": sums.quantity_where(sums.fills.is_dark),
        "arrival_filled_quantity": sums.quantity_where(sums.waited_ns == 0),
        "fill_ratio": units.over(filled.astype(np.float64), case.measure.sweeps.quantity),
        "fill_count": sums.count,
        "outcome": outcome(filled, case.measure.sweeps.quantity),
        "filled_value_x2": sums.value_x2,
        "vwap": sums.value_x2 / case.filled_x2,
    }


def outcome(filled: IntArray, quantity: IntArray) -> pa.DictionaryArray:
    """The outcome of each sweep, a category; nothing filled is unfilled, also of nothing."""
    return category("outcome", np.where(filled <= 0, 0, np.where(filled < quantity, 1, 2)))


@_of_fills
def _improvement(case: _Case) -> dict[str, FloatArray]:
    """Against three prices known on arrival."""
    measure = case.measure
    references = {
        "limit": units.known(measure.sweeps.limit_x2),
        "midpoint": measure.midpoint_x2,
        "far_touch": units.known(measure.sweeps.far_touch_x2),
    }
    columns: dict[str, FloatArray] = {}
    for name, reference_x2 in references.items():
        gain_x2 = 0.0 - case.cost_x2(reference_x2 * case.sums.quantity)
        columns |= case.per_share(f"{name}_improvement", gain_x2)
        columns[f"{name}_improvement_aud"] = units.aud(gain_x2)
    return columns


@_of_fills
def _shortfall(case: _Case) -> dict[str, FloatArray]:
    """Arrival cost of the filled and opportunity cost of the unfilled shares, and their sum.

    The shortfall with clean-up has the unfilled shares traded after all, in the lit book, for half
    the arrival's spread and the fee: at the midpoint they would be cheaper than any that filled,
    and to fill nothing best of all.
    """
    measure = case.measure
    filled_x2 = case.cost_x2(measure.midpoint_x2 * case.sums.quantity) + case.fees_x2()
    missed_x2 = measure.drift_x2 * case.unfilled + 0.0
    # Nothing unfilled costs nothing, whether or not there was a midpoint to mark it to.
    unfilled_x2 = np.where(case.unfilled > 0, missed_x2, 0 * measure.midpoint_x2)
    # Half a spread, doubled.
    traded_x2 = measure.midpoint_x2 + measure.sign * (measure.drift_x2 + measure.spread)
    fees_x2 = np.where(case.unfilled > 0, measure.fees.paid_lit(traded_x2 * case.unfilled), 0.0)
    shortfall_x2 = filled_x2 + unfilled_x2
    paper_x2 = units.known(measure.midpoint_x2 * measure.sweeps.quantity)
    amounts_x2 = {
        "arrival_cost": filled_x2,
        "opportunity_cost": unfilled_x2,
        "implementation_shortfall": shortfall_x2,
        "completed_shortfall": shortfall_x2 + measure.spread * case.unfilled + fees_x2,
    }
    in_bps = {f"{name}_bps": BPS * amount / paper_x2 for name, amount in amounts_x2.items()}
    return in_bps | {f"{name}_aud": units.aud(amount) for name, amount in amounts_x2.items()}


@_of_fills
def _spreads_paid(case: _Case) -> dict[str, FloatArray]:
    """Against the midpoint at and after each fill, weighted by quantity."""
    at_fill_x2 = case.sums.midpoint_value_x2(case.measure.quotes)
    on_arrival_x2 = case.measure.midpoint_x2 * case.sums.quantity
    columns = case.per_share("slippage", case.measure.sign * (at_fill_x2 - on_arrival_x2) + 0.0)
    columns |= case.per_share("effective_spread", 2 * case.cost_x2(at_fill_x2))
    for seconds in REALISED_AFTER_SECONDS:
        later_x2 = case.sums.midpoint_value_x2(case.measure.quotes, seconds * units.NS_PER_SECOND)
        name = f"realised_spread_{seconds}s"
        columns |= case.per_share(name, 2 * case.cost_x2(later_x2))
    return columns


@_of_fills
def _times(case: _Case) -> dict[str, FloatArray]:
    return {
        "time_to_first_fill_seconds": units.seconds(case.sums.first_wait_ns()),
        "time_to_last_fill_seconds": units.seconds(case.sums.last_wait_ns()),
        "mean_time_to_fill_seconds": case.sums.mean_wait_seconds(),
    }
