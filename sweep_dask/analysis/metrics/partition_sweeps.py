"""The sweeps of one partition as the metrics see them, whatever fills they are given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.centre_point.inputs import whole_units
from sweep_dask.analysis.centre_point.order_flow import entry_rows
from sweep_dask.analysis.centre_point.order_log import QuoteSource, fillable_quantity
from sweep_dask.analysis.metrics.populations import SweepFacts
from sweep_dask.analysis.metrics.records import Fills, Quotes, Sweeps
from sweep_dask.analysis.tables import prices, whole_numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep_dask.analysis.centre_point.choices import Lifetime
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_log import OrderLog
    from sweep_dask.analysis.centre_point.sweep_outcomes import SweepFills
    from sweep_dask.analysis.tables import IntArray


@dataclass(frozen=True)
class PartitionSweeps:
    """The sweeps in the book, by arrival, with everything that does not depend on their fills."""

    sweeps: Sweeps
    facts: SweepFacts
    quotes: Quotes
    trading_until_ns: int
    """ns UTC, the last instant of continuous trading or, if that is earlier, of the recording."""

    def measured(self, lifetime: Lifetime) -> PartitionSweeps:
        """The same, with sweeps that end where they are measured, whatever their record says."""
        sweeps = self.sweeps
        until_ns = lifetime.until_ns(sweeps.arrival_ns, sweeps.end_ns, self.trading_until_ns)
        return replace(self, sweeps=replace(sweeps, end_ns=until_ns))


def read_sweeps(
    partition: PartitionInput, nbbo: pa.Table, date: str, security: int
) -> PartitionSweeps:
    """Take the sweeps from the order log, and the quotes around them: `schema.NBBO`, by timestamp.

    Where there is no national quote at all, or the exchange's own one is asked for, the quotes on
    the rows of all orders take its place.

    A sweep arrives with its first row, on the quote of that row or, if it has none, on the last
    national quote before. It works until its record says that it is gone, else until continuous
    trading or the recording ends.
    """
    log = partition.log
    has_file = partition.settings.quote_source is QuoteSource.NATIONAL and len(nbbo) > 0
    quotes = read_quotes(nbbo) if has_file else quotes_of_orders(log)
    recorded_until_ns = _recorded_until(partition, quotes)
    close_ns = max((window.close_ns for window in partition.continuous), default=0)
    still_there_ns = min(close_ns, recorded_until_ns)
    rows = entry_rows(log, partition.is_in)
    rows = rows[log.is_sweep[rows]]
    order = log.order[rows]
    bid, offer = _arrival_quote(log, rows, quotes)
    sweeps = Sweeps(
        order_id=log.order_id[order],
        side=log.side[rows],
        arrival_ns=log.timestamp_ns[rows],
        end_ns=_end_ns(log, still_there_ns)[order],
        limit_x2=log.price_x2[rows],
        quantity=fillable_quantity(log)[order],
        arrival_bid=bid,
        arrival_offer=offer,
    )
    facts = SweepFacts(date, security, log.participant[rows], log.type[rows], partition.continuous)
    # The quote of the closing instant is that of the auction that begins.
    trading_until_ns = min(close_ns - 1, recorded_until_ns)
    return PartitionSweeps(sweeps, facts, quotes.until(recorded_until_ns), trading_until_ns)


def read_quotes(nbbo: pa.Table) -> Quotes:
    """National quotes from rows of `schema.NBBO`, by timestamp."""
    return Quotes(
        whole_numbers(nbbo, "timestamp"),
        whole_units(prices(nbbo, "bidprice")),
        whole_units(prices(nbbo, "offerprice")),
    )


def quotes_of_orders(log: OrderLog) -> Quotes:
    """What the order rows say of the quote, by time; rows without one say nothing."""
    rows = np.flatnonzero((log.bid > 0) | (log.offer > 0))
    rows = rows[np.argsort(log.timestamp_ns[rows], kind="stable")]
    return Quotes(log.timestamp_ns[rows], log.bid[rows], log.offer[rows])


def fills_of_book(log: OrderLog, fills: SweepFills) -> Fills:
    """Fills of sweeps, under the ids of their orders."""
    return Fills(
        order_id=log.order_id[fills.order],
        timestamp_ns=fills.timestamp_ns,
        quantity=fills.quantity,
        price_x2=fills.price_x2,
        is_dark=fills.is_dark,
    )


def fills_by_time_priority(real: Fills, matches: pa.Table) -> Fills:
    """What really filled, and what the time-priority model matches of the rest.

    That model is asked about the rest only; together they answer what would have filled.
    `matches`: columns `simulation.MATCH_DETAIL_COLUMNS`.
    """
    return Fills(
        order_id=np.concatenate([real.order_id, whole_numbers(matches, "sweep_orderid")]),
        timestamp_ns=np.concatenate([real.timestamp_ns, whole_numbers(matches, "timestamp")]),
        quantity=np.concatenate([real.quantity, whole_numbers(matches, "matched_quantity")]),
        price_x2=np.concatenate(
            [real.price_x2, np.rint(2 * prices(matches, "price")).astype(np.int64)]
        ),
        is_dark=np.concatenate([real.is_dark, np.ones(len(matches), dtype=bool)]),
    )


def _recorded_until(partition: PartitionInput, quotes: Quotes) -> int:
    """The last instant of which the input says anything, ns UTC."""
    times = [partition.log.timestamp_ns, quotes.timestamp_ns]
    if partition.tape is not None:
        times.append(partition.tape.timestamp_ns)
    return max(int(known.max(initial=0)) for known in times)


def _end_ns(log: OrderLog, until_ns: int) -> IntArray:
    """int64[orders], when each order stops working; one that is still there does then."""
    last_ns = log.timestamp_ns[log.last_row]
    still_there_ns = np.maximum(last_ns, until_ns)
    return np.where(log.is_on_book[log.last_row], still_there_ns, last_ns)


def _arrival_quote(log: OrderLog, rows: IntArray, quotes: Quotes) -> tuple[IntArray, IntArray]:
    """Bid and offer on arrival, int64[rows], 0 where there is none."""
    bid, offer = log.bid[rows], log.offer[rows]
    # A quote of the very instant may be the order's own doing.
    before = quotes.latest(log.timestamp_ns[rows] - 1)
    use_national = (bid == 0) & (offer == 0) & (before >= 0)
    bid[use_national] = quotes.bid[before[use_national]]
    offer[use_national] = quotes.offer[before[use_national]]
    return bid, offer
