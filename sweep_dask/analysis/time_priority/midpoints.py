"""The price a candidate trades at: the midpoint when it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sweep_dask.analysis.tables import FloatArray, prices, whole_numbers

if TYPE_CHECKING:
    import pyarrow as pa


def arrival_midpoints(first: pa.Table, nbbo: pa.Table) -> FloatArray:
    """The midpoint of the last quote at or before each order's arrival, NaN if none is known.

    Parameters
    ----------
    first
        First state of each order.
    nbbo
        Quotes of the partition by timestamp, then sequence. A quote has no age limit. Where it is
        missing or one-sided, the quotes on the order itself are used.
    """
    own = _midpoint(prices(first, "bid"), prices(first, "offer"))
    if not len(nbbo):
        return own
    quote_ns = whole_numbers(nbbo, "timestamp")
    latest = np.searchsorted(quote_ns, whole_numbers(first, "timestamp"), side="right") - 1
    quoted = _midpoint(prices(nbbo, "bidprice"), prices(nbbo, "offerprice"))[latest.clip(0)]
    return np.where((latest < 0) | np.isnan(quoted), own, quoted)


def _midpoint(bid: FloatArray, offer: FloatArray) -> FloatArray:
    """`(bid + offer) / 2` by way of doubled integers; a quarter of their sum is exact."""
    quoted = ~(np.isnan(bid) | np.isnan(offer))
    bid_x2 = np.rint(np.where(quoted, bid, 0.0) * 2).astype(np.int64)
    offer_x2 = np.rint(np.where(quoted, offer, 0.0) * 2).astype(np.int64)
    return np.where(quoted, (bid_x2 + offer_x2) / 4, np.nan)
