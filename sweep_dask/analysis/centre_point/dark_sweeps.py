"""Sweep by sweep: whose fills are exactly those of the tape, among those that traded in the dark.

Nearly all that sweeps fill is lit, and copied from the tape: of sweeps without a dark fill a replay
can hardly say anything wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sweep_dask.analysis.centre_point.order_flow import given_fills
from sweep_dask.analysis.centre_point.order_log import sweeps_of
from sweep_dask.analysis.centre_point.score_detail import DarkSweeps
from sweep_dask.analysis.centre_point.sweep_outcomes import real_fills
from sweep_dask.analysis.tables import sums_at
from sweep_dask.matching.events import EventKind

if TYPE_CHECKING:
    from sweep_dask.analysis.centre_point.inputs import PartitionInput
    from sweep_dask.analysis.centre_point.order_flow import OrderFlow
    from sweep_dask.analysis.tables import BoolArray, IntArray
    from sweep_dask.matching.centre_point import BookResult


class Amounts(NamedTuple):
    """What each sweep filled; int64[orders], 0 for other orders."""

    quantity: IntArray
    dark_quantity: IntArray
    value_x2: IntArray
    """Shares times doubled price."""

    def equals(self, other: Amounts) -> BoolArray:
        """bool[orders], whether all three are the same."""
        same = (self.quantity == other.quantity) & (self.dark_quantity == other.dark_quantity)
        is_equal: BoolArray = same & (self.value_x2 == other.value_x2)
        return is_equal


def tape_amounts(partition: PartitionInput) -> Amounts:
    """What sweeps really filled."""
    real = real_fills(partition)
    size = partition.log.order_id.size
    return _amounts(real.order, real.quantity, real.price_x2, real.is_dark, size)


def book_amounts(partition: PartitionInput, flow: OrderFlow, result: BookResult) -> Amounts:
    """What sweeps filled in the book, and what it was given of the tape.

    A replay that is corrected after each event has been given everything.
    """
    tape, fills = partition.tape, result.fills
    assert tape is not None
    given = np.flatnonzero(flow.events["kind"] == EventKind.REDUCE)
    trade, given_quantity = flow.source[given], result.applied[given]
    if not given.size:
        trade = given_fills(tape, partition.is_in).source
        given_quantity = tape.quantity[trade]
    order = np.concatenate((tape.order[trade], fills["buy"], fills["sell"]))
    quantity = np.concatenate((given_quantity, fills["quantity"], fills["quantity"]))
    price_x2 = np.concatenate((tape.price_x2[trade], fills["price_x2"], fills["price_x2"]))
    in_book = np.ones(2 * fills.size, dtype=bool)
    is_dark = np.concatenate((tape.is_dark[trade], in_book))
    ours = np.flatnonzero(sweeps_of(partition.log)[order])
    size = partition.log.order_id.size
    return _amounts(order[ours], quantity[ours], price_x2[ours], is_dark[ours], size)


def compare(tape: Amounts, book: Amounts, by_lot: Amounts) -> DarkSweeps:
    """Count the sweeps with a dark fill on the tape or in the book.

    Parameters
    ----------
    by_lot
        What they filled in a book in which lots rank the orders.
    """
    asked = (tape.dark_quantity > 0) | (book.dark_quantity > 0)
    return DarkSweeps(
        sweeps=int(asked.sum()),
        exact=int((asked & book.equals(tape)).sum()),
        no_dark_book_exact=int((asked & (tape.dark_quantity == 0)).sum()),
        random_priority_exact=int((asked & by_lot.equals(tape)).sum()),
    )


def _amounts(
    order: IntArray, quantity: IntArray, price_x2: IntArray, is_dark: BoolArray, size: int
) -> Amounts:
    columns = (quantity, quantity * is_dark, quantity * price_x2)
    return Amounts(*(sums_at(order, column, size) for column in columns))
