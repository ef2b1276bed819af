"""The rows of an order's record, and what it asked for with the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sweep_dask.explain.files import doubled
from sweep_dask.explain.records import Arrival, Message, Terms
from sweep_dask.market.change_reasons import AMENDED, ENTERS, WORDS
from sweep_dask.market.order_codes import (
    CENTRE_POINT,
    CENTRE_POINT_BLOCK,
    CENTRE_POINT_CROSSING,
    SHORT_SELL,
    SWEEP,
    is_immediate,
)
from sweep_dask.terms.sides import SIDE_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def message(row: Mapping[str, Any], *, is_on_book: bool) -> Message:
    """One row of `cp_orders_filtered`, and whether the order is on the book after it."""
    reason = row["changereason"]
    return Message(
        sequence=row["sequence"],
        time_ns=row["timestamp"],
        change_reason=reason,
        what=WORDS.get(reason, f"change reason {reason}"),
        is_on_book=is_on_book,
        limit_x2=doubled(row["price"]),
        quantity=row["quantity"],
        leaves_quantity=row["leavesquantity"],
        matched_quantity=row["totalmatchedquantity"],
        bid_x2=doubled(row.get("national_bid")),
        offer_x2=doubled(row.get("national_offer")),
        minimum_quantity=row.get("minimumquantity") or None,
    )


def terms(row: Mapping[str, Any], participant_name: str | None) -> Terms:
    """What the order asked for with its first row."""
    validity = row.get("timevalidity")
    return Terms(
        side=SIDE_NAMES.get(row["side"], str(row["side"])),
        kind=kind_of(row["exchangeordertype"]),
        order_type=row["exchangeordertype"],
        quantity=row["quantity"],
        limit_x2=doubled(row["price"]),
        participant=row.get("participantid"),
        participant_name=participant_name,
        mid_tick=row.get("midtick"),
        minimum_quantity=row.get("minimumquantity") or None,
        is_single_fill=row.get("singlefillminimumquantity") == 1,
        is_immediate=validity is not None and bool(is_immediate(np.array([validity]))[0]),
        validity=row.get("timevaliditydecoded"),
    )


def looks_ns(messages: Sequence[Message]) -> set[int]:
    """When the order looked for contras itself: as it arrived, and as it was amended."""
    asks = (*ENTERS, AMENDED)
    return {one.time_ns for one in messages if one.change_reason in asks}


def arrival(first: Message, measured: Mapping[str, Any] | None) -> Arrival:
    """The quote on arrival.

    Parameters
    ----------
    measured
        The row of `sweep_metrics`, which has the last national quote where the order's row has
        none.
    """
    if measured is None:
        bid_x2, offer_x2 = first.bid_x2, first.offer_x2
        return Arrival(first.time_ns, bid_x2, offer_x2, _midpoint_x2(bid_x2, offer_x2))
    bid_x2, offer_x2 = doubled(measured["arrival_bid"]), doubled(measured["arrival_offer"])
    return Arrival(
        measured["arrival_ns"],
        bid_x2,
        offer_x2,
        _midpoint_x2(bid_x2, offer_x2),
        known(measured["arrival_spread_ticks"]),
        known(measured["arrival_spread_bps"]),
        measured.get("marketability"),
    )


def known(value: float | None) -> float | None:
    """None for NaN, which no JSON document can hold."""
    return None if value is None or value != value else value


def _midpoint_x2(bid_x2: int | None, offer_x2: int | None) -> int | None:
    """Of a normal quote; a doubled price, as bid and offer are whole units."""
    if bid_x2 is None or offer_x2 is None or bid_x2 >= offer_x2:
        return None
    return (bid_x2 + offer_x2) // 2


_KINDS = {
    SWEEP: "sweep",
    CENTRE_POINT: "dark order",
    CENTRE_POINT_BLOCK: "dark block order",
    CENTRE_POINT_CROSSING: "crossing order",
}


def kind_of(order_type: int) -> str:
    """`sweep`, `dark order`, `dark block order, short sale`, ..."""
    kind = next((word for bit, word in _KINDS.items() if order_type & bit), "lit order")
    return f"{kind}, short sale" if order_type & SHORT_SELL else kind
